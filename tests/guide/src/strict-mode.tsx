// Mounts the guide's page under React's StrictMode, in a DOM without a browser, against the guide's server.

import { StrictMode } from 'react';
import { Window } from 'happy-dom';
import { WebSocket } from 'ws';

const window = new Window({ url: `http://${process.env.GUIDE_ADDRESS}/` });
Object.assign(globalThis, { window, document: window.document, location: window.location, WebSocket });
if (!('navigator' in globalThis)) Object.assign(globalThis, { navigator: window.navigator }); // Node 20 has none

// They look for the globals above when they are loaded.
const { createRoot } = await import('react-dom/client');
const { default: App } = await import('./App.js');
const { add } = await import('./counter.js');

async function shows(text: string): Promise<void> {
  const end = Date.now() + 15_000;
  for (;;) {
    const output = document.querySelector('output')?.textContent;
    if (output === text) return;
    if (Date.now() > end) throw new Error(`the page shows ${output}, not ${text}`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

function mount() {
  const element = document.createElement('div');
  document.body.append(element);
  const root = createRoot(element);
  root.render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
  return () => {
    root.unmount();
    element.remove();
  };
}

const unmount = mount();
await shows('0');
await add(1);
await shows('1');
document.querySelectorAll('button')[1]?.click();
await shows('2');

// A page that comes and goes: what it joined is left, and joined anew.
unmount();
mount()();
mount();
await shows('2');
await add(-1);
await shows('1');
console.log('the hooks survive StrictMode');
process.exit(0);
