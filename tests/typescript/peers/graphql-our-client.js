// The generated TypeScript client against a server of the package `graphql-ws`. Prints what it sees, one JSON value a line.
//
//   node peers/graphql-our-client.js FOLDER ws://127.0.0.1:1234/     FOLDER has the generated `api.ts`

import { build } from 'esbuild';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import WebSocket from 'ws';

const [folder, url] = process.argv.slice(2);
const say = value => console.log(JSON.stringify(value));
const outfile = join(folder, 'api.mjs');
await build({ entryPoints: [join(folder, 'api.ts')], outfile, bundle: true, format: 'esm', logLevel: 'error' });
const { connect, subscribe } = await import(pathToFileURL(outfile));

const client = connect(url, { WebSocket, auth: { token: 'secret' } });
const invalid = [];
client.on('invalid', error => invalid.push(error.message));

/** Runs an operation to its end. */
async function run(payload) {
  const stream = client.stream(subscribe, payload);
  const results = [];
  try {
    for await (const { data, errors } of stream) results.push(errors === undefined ? data : errors.map(error => error.message));
  } catch (error) {
    return { results, error: error.message };
  }
  return results;
}

await client.ready;
say({ query: await run({ query: '{ hello }' }) });
say({ subscription: await run({ query: 'subscription ($to: Int!) { count(to: $to) }', variables: { to: 3 } }) });
say({ error: await run({ query: '{ nothing }' }) });
say({ fails: await run({ query: '{ fails }' }) });
const forever = client.stream(subscribe, { query: 'subscription { forever }' });
for await (const item of forever) {
  say({ first: item.data });
  break;
}
// The cancel ends it at the server.
for (;;) {
  const [{ hello }] = await run({ query: '{ hello }' });
  if (hello.endsWith(' 0 running')) break;
}
say({ invalid });
client.close();

const wrong = connect(url, { WebSocket, auth: { token: 'wrong' } });
wrong.on('close', ({ code, final }) => say({ refused: { code, final } }));
await wrong.ready.catch(() => {});
await new Promise(resolve => setImmediate(resolve));
process.exit(0);
