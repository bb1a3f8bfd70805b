// The client of the package `graphql-ws` against a server of ours. Prints what it sees, one JSON value a line.
//
//   node peers/graphql-client.js ws://127.0.0.1:1234/ws

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url] = process.argv.slice(2);
const say = value => console.log(JSON.stringify(value));

/** Runs an operation to its end. */
function run(client, payload) {
  const results = [];
  return new Promise(resolve => {
    client.subscribe(payload, {
      next: result => results.push(result),
      error: error => resolve({ results, error: Array.isArray(error) ? error : { code: error.code, reason: error.reason } }),
      complete: () => resolve({ results }),
    });
  });
}

/** The close code that a server answers raw messages with. */
function closeOf(...messages) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, 'graphql-transport-ws');
    socket.on('open', () => messages.forEach(message => socket.send(typeof message === 'string' ? message : JSON.stringify(message))));
    socket.on('close', code => resolve(code));
    socket.on('error', reject);
  });
}

/** The answers to raw messages, up to one of a type. */
function answersTo(messages, last) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, 'graphql-transport-ws');
    const answers = [];
    socket.on('open', () => messages.forEach(message => socket.send(JSON.stringify(message))));
    socket.on('message', data => {
      answers.push(JSON.parse(data.toString()));
      if (answers.at(-1).type === last) socket.close(1000);
    });
    socket.on('close', () => resolve(answers));
    socket.on('error', reject);
  });
}

const pongs = [];
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: { token: 'secret' },
  lazy: false,
  retryAttempts: 0,
  on: { pong: (received, payload) => received && pongs.push(payload ?? null) },
});
const acknowledged = await new Promise(resolve => client.on('connected', (_, payload) => resolve(payload)));
say({ ack: acknowledged });
say({ query: await run(client, { query: '{ hello }' }) });
say({ subscription: await run(client, { query: 'subscription { count }', variables: { to: 3 } }) });
say({ error: await run(client, { query: '{ nothing }' }) });

// Cancel: the iterator sends `complete`.
const forever = client.iterate({ query: 'subscription { forever }' });
const first = await forever.next();
await forever.return();
say({ cancelled: first.value });
say({ after: await run(client, { query: '{ open }' }) });
await client.dispose();

const init = { type: 'connection_init', payload: { token: 'secret' } };
say({
  pings: await answersTo([{ type: 'ping' }, init, { type: 'ping', payload: { n: 1 } }, { type: 'pong', payload: {} }, { type: 'ping', payload: { last: true } }, { id: '1', type: 'subscribe', payload: { query: '{ hello }' } }], 'complete'),
});
const subscribe = { id: '1', type: 'subscribe', payload: { query: 'subscription { forever }' } };
say({
  closes: [
    await closeOf('nonsense'),
    await closeOf({ type: 'connection_init', payload: 7 }),
    await closeOf(subscribe),
    await closeOf(init, subscribe, subscribe),
    await closeOf(init, init),
    await closeOf(init, { type: 'nothing' }),
    await closeOf(init, { id: '1', type: 'subscribe' }),
    await closeOf({ type: 'connection_init', payload: { token: 'wrong' } }),
    await closeOf(),
  ],
});
process.exit(0);
