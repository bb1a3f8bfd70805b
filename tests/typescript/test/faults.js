// A client of the chat example's server, over a network that loses connections: at every byte of the first connection and of the one
// that resumes its session, in both directions. Each message arrives once and in order.
//
// `cargo xtask test browser` runs it; by itself: CHAT=target/debug/chat node --test. SEED=… repeats the random cuts.

import assert from 'node:assert/strict';
import { connect as dial, createServer } from 'node:net';
import { after, before, mock, test } from 'node:test';
import { WebSocket } from 'ws';
import * as api from '../build/out/api.js';
import { Client } from '../build/out/handfast.js';
import { serve } from './server.js';

const chat = process.env.CHAT ?? '../../target/debug/chat';
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
/** How many sessions run at a time. */
const CONCURRENT = 32;
const MESSAGES = 4;
/** Short delays between connections. */
const protocol = { ...api.protocol, session: { ...api.protocol.session, backoff: { min: 1, max: 2 } } };

let server;

before(async () => {
  console.log(`seed: ${seed}`);
  mock.method(console, 'warn', () => {}); // a client that does not get through
  server = await serve(chat, ['--port', '0']);
});

after(() => server?.stop());

let sessions = 0;

/**
 * A network of one client's own, with an address of its own, as a server limits each address. `cut(connection)` says after how many
 * bytes of which direction a connection is lost.
 */
async function network(cut) {
  const number = sessions++;
  const { port } = new URL(server.url);
  const localAddress = `127.${1 + (number >> 14)}.${(number >> 7) & 127}.${1 + (number & 127)}`;
  const sockets = new Set();
  const connections = [];
  const proxy = createServer(client => {
    const connection = { up: 0, down: 0, cut: cut(connections.length) };
    connections.push(connection);
    const own = dial({ port, host: '127.0.0.1', localAddress });
    const both = [client, own];
    const lose = () => both.forEach(socket => socket.destroy());
    both.forEach(socket => {
      sockets.add(socket);
      socket.on('error', lose).on('close', lose).on('close', () => sockets.delete(socket)).setNoDelay(true);
    });
    for (const [direction, from, to] of [['up', client, own], ['down', own, client]]) {
      from.on('data', data => {
        const { direction: where, at } = connection.cut ?? {};
        const isLost = where === direction && connection[direction] + data.length >= at;
        const rest = isLost ? data.subarray(0, at - connection[direction]) : data;
        connection[direction] += rest.length;
        if (!isLost) return void to.write(rest);
        // What was passed on arrives; nothing follows.
        from.removeAllListeners('data').pause();
        to.end(rest, lose);
      });
    }
  });
  await new Promise(resolve => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `ws://127.0.0.1:${proxy.address().port}/ws`,
    number,
    connections,
    close() {
      sockets.forEach(socket => socket.destroy());
      proxy.close();
    },
  };
}

/** One session: a room is joined, and messages are sent that come back through it. Returns its connections. */
async function session(cut, words) {
  const wire = await network(cut);
  const client = new Client(protocol, wire.url, { auth: { name: 'ada' }, WebSocket });
  const room = `r${wire.number}`;
  const heard = [];
  const problems = [];
  const resumed = [];
  let watchdog;
  client.on('open', ready => resumed.push(ready.resumed === true));
  for (const event of ['error', 'invalid', 'unhandled']) client.on(event, what => problems.push([event, what]));
  try {
    let all;
    const complete = new Promise((resolve, reject) => {
      all = resolve;
      watchdog = setTimeout(() => reject(new Error(`${words}: it hangs with ${JSON.stringify([heard, problems, resumed, wire.connections])}`)), 15_000);
    });
    await client.join(api.roomChannel, { roomId: room }, lobby => {
      for (const event of ['gap', 'rejoined', 'lost']) lobby.on(event, what => problems.push([event, what]));
      lobby.on(api.userPresence, () => {});
      lobby.on(api.chatMessage, ({ text }) => {
        heard.push(text);
        if (heard.length === MESSAGES) all();
      });
    });
    // A loss before this may end the first session, which joins again.
    await client.ready;
    problems.length = 0;
    const texts = Array.from({ length: MESSAGES }, (_, i) => `message ${i}`);
    const calls = texts.map(text => client.call(api.chatSend, { roomId: room, text }, { timeout: 20_000 }));
    const results = await Promise.all(calls);
    await complete;
    // What follows would be one too many.
    await client.call(api.pricesBook, { symbol: 'BTC-EUR' }, { timeout: 20_000 });
    assert.deepEqual(results.map(({ ok, error }) => ok || error), texts.map(() => true), words);
    assert.deepEqual(heard, texts, words);
    assert.deepEqual(problems, [], words);
  } finally {
    clearTimeout(watchdog);
    client.close();
    wire.close();
  }
  return { connections: wire.connections, resumed };
}

async function all(cuts) {
  const queue = [...cuts];
  const resumptions = { done: 0 };
  const work = async () => {
    for (let next; (next = queue.shift()) !== undefined; ) {
      const { resumed } = await session(n => next[n], `cut ${JSON.stringify(next)}, seed ${seed}`);
      if (resumed.includes(true)) resumptions.done++;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, work));
  return resumptions.done;
}

const bytes = (direction, to) => Array.from({ length: to }, (_, at) => ({ direction, at }));

test('a connection is lost at every byte, in either direction', async () => {
  const { connections: [{ up, down }] } = await session(() => undefined, 'no cut');
  assert.ok(up + down > 2000, `${up} + ${down} bytes`);
  const resumed = await all([...bytes('up', up), ...bytes('down', down)].map(cut => [cut]));
  console.log(`${up} + ${down} bytes: ${resumed} sessions were resumed`);
  assert.ok(resumed > (up + down) / 2, `${resumed} were resumed`);
});

test('so is the one that resumes the session, and the one after', async () => {
  const { connections: [whole] } = await session(() => undefined, 'no cut');
  const first = { direction: 'down', at: whole.down - 400 };
  const { connections: [, { up, down }] } = await session(n => [first][n], 'one cut');
  const random = randomFrom(seed);
  const third = () => ({ direction: random() < 0.5 ? 'up' : 'down', at: Math.floor(random() * 700) });
  const seconds = [...bytes('up', up), ...bytes('down', down)];
  const resumed = await all(seconds.map(second => [first, second, third()]));
  console.log(`${up} + ${down} bytes: ${resumed} sessions were resumed`);
  assert.ok(resumed > seconds.length / 2, `${resumed} were resumed`);
});

/** Random numbers that a seed repeats. */
function randomFrom(state) {
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
