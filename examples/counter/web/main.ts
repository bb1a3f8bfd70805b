import { changesChannel, connect, counterAdd, countChanged } from './api.js';

const output = document.querySelector('output') as HTMLOutputElement;
const client = connect('/ws');

function show({ count }: { readonly count: number }): void {
  output.value = String(count);
}

await client.join(changesChannel, undefined, changes => {
  changes.on('joined', show);
  changes.on(countChanged, show);
});

for (const button of document.querySelectorAll('button')) {
  button.addEventListener('click', () => void client.call(counterAdd, { by: Number(button.value) }));
}
