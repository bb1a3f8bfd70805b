// What is sent: its order and its bounds.

import { test } from 'node:test';
import { api, assert, mock, outcome, setUp, settled } from './setup.js';

const own = setUp();
const hi = text => ({ roomId: 'lobby', text });
const silent = { ...api.userTyping, volatile: false };

test('what was sent before the connection opened goes out in the order of the calls', async () => {
  const { server } = own;
  const client = own.connect();
  client.send(silent, { roomId: 'a' });
  void client.call(api.chatSend, hi('1'));
  client.send(silent, { roomId: 'b' });
  const joining = client.join(api.roomChannel, { roomId: 'c' });
  client.send(silent, { roomId: 'd' });
  client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });
  await server.welcome();
  assert.deepEqual(server.types, [
    'hello', 'user.typing', 'chat.send', 'user.typing', 'room.join', 'user.typing', 'prices.watch',
  ]);
  client.close();
  assert.equal(await outcome(joining), 'CLOSED');
});

test('what waits for a connection is bounded, and the caller hears of it', async () => {
  const { server } = own;
  const client = own.connect({}, { limits: { message: 65536, outbound: 10000 } });
  let taken = 0;
  let refused;
  for (let i = 0; i < 200000 && refused === undefined; i++) {
    const sent = client.send(silent, { roomId: 'lobby' });
    if (sent.ok) taken++;
    else refused = sent.error;
  }
  assert.deepEqual([refused?.code, refused?.retryable], ['QUEUE_FULL', true]);
  assert.equal(taken, Math.floor(10000 / (256 + server.encode({ type: 'user.typing', payload: { roomId: 'lobby' } }).length)));
  assert.equal((await client.call(api.chatSend, hi('x'))).error.code, 'QUEUE_FULL');
  await assert.rejects(client.join(api.roomChannel, { roomId: 'x' }), ({ error }) => error.code === 'QUEUE_FULL');
  assert.equal((await client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] }).end).error.code, 'QUEUE_FULL');
  await server.welcome();
  assert.equal(server.connection.heard.length, 1 + taken);
  assert.equal(client.send(silent, { roomId: 'lobby' }).ok, true);
});

test('requests that nobody answers are bounded', async () => {
  const { server } = own;
  const client = own.connect({}, { limits: { message: 65536, outbound: 10000 } });
  await server.welcome();
  const calls = Array.from({ length: 100 }, (_, i) => client.call(api.chatSend, hi(`${i}`)));
  await settled();
  const written = server.connection.heard.length - 1;
  assert.ok(written < 40, `${written} were taken`);
  assert.equal((await calls.at(-1)).error.code, 'QUEUE_FULL');
  for (let i = 1; i <= written; i++) await server.say({ type: 'chat.sent', id: `${i}` });
  assert.equal((await calls[0]).ok, true);
  void client.call(api.chatSend, hi('there is room again'));
  assert.equal(server.last.payload.text, 'there is room again');
});

test('a stream that has begun takes no room', async () => {
  const { server } = own;
  const client = own.connect({}, { limits: { message: 65536, outbound: 2000 } });
  await server.welcome();
  for (let i = 1; i <= 20; i++) {
    client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });
    await server.say({ type: 'prices.watching', id: `${i}` });
  }
  assert.equal(server.connection.heard.length, 21);
});

test('a socket that takes nothing is not filled, and what waits goes out in order when it does', async () => {
  const { clock, server } = own;
  const client = own.connect({}, { limits: { message: 65536, outbound: 10000 } });
  await server.welcome();
  server.buffered = 6000;
  client.send(silent, { roomId: 'a' });
  void client.call(api.chatSend, hi('b'));
  await server.say({ type: 'ping' });
  await server.say({ type: 'ping' });
  assert.deepEqual(server.types, ['hello']);
  client.send(api.userTyping, { roomId: 'volatile' });
  let sent;
  do sent = client.send(silent, { roomId: 'c' });
  while (sent.ok);
  assert.equal(sent.error.code, 'QUEUE_FULL');
  server.buffered = 0;
  await clock.pass(100);
  assert.deepEqual(server.types.slice(0, 4), ['hello', 'pong', 'user.typing', 'chat.send']);
  assert.equal(server.connection.heard.filter(({ type }) => type === 'pong').length, 1);
  assert.equal(server.connection.heard.some(({ payload }) => payload?.roomId === 'volatile'), false);
});

test('volatile messages are dropped while half of the bound is taken', async () => {
  const { server } = own;
  const client = own.connect({}, { limits: { message: 65536, outbound: 4000 } });
  await server.welcome();
  server.buffered = 1900;
  assert.equal(client.send(api.userTyping, { roomId: 'lobby' }).ok, true);
  assert.equal(client.send(silent, { roomId: 'lobby' }).ok, true);
  assert.deepEqual(server.types, ['hello', 'user.typing']);
});

test('a call that is aborted is cancelled, and not written if it was not', async () => {
  const { server } = own;
  const client = own.connect();
  const controller = new AbortController();
  const { signal } = controller;
  const unwritten = client.call(api.chatSend, hi('1'), { signal });
  controller.abort();
  assert.equal((await unwritten).error.code, 'CANCELLED');
  assert.equal((await client.call(api.chatSend, hi('2'), { signal })).error.code, 'CANCELLED');
  await server.welcome();
  const second = new AbortController();
  const written = client.call(api.chatSend, hi('3'), { signal: second.signal });
  second.abort();
  assert.equal((await written).error.code, 'CANCELLED');
  assert.deepEqual(server.types, ['hello', 'chat.send']);
  await server.say({ type: 'chat.sent', id: server.last.id });
});

test('a signal that is kept gathers no listeners', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const { signal } = new AbortController();
  const [added, removed] = ['addEventListener', 'removeEventListener'].map(name => mock.method(signal, name));
  const calling = client.call(api.chatSend, hi('1'), { signal });
  await server.say({ type: 'chat.sent', id: server.last.id });
  await calling;
  const stream = client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] }, { signal });
  await server.say({ type: 'prices.done', id: server.last.id, payload: { ticks: 0 } });
  await stream.end;
  await settled();
  const joining = client.join(api.roomChannel, { roomId: 'lobby' }, undefined, { signal });
  const failing = assert.rejects(joining);
  await server.say({ type: 'error', id: server.last.id, payload: { code: 'INTERNAL', message: 'no' } });
  await failing;
  assert.equal(added.mock.callCount(), 3);
  assert.ok(removed.mock.callCount() >= 3);
});

test('a stream that is aborted is cancelled', async () => {
  const { server } = own;
  const client = own.connect();
  const aborted = client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] }, { signal: AbortSignal.abort() });
  assert.equal((await aborted.end).error.code, 'CANCELLED');
  await server.welcome();
  const controller = new AbortController();
  const stream = client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] }, { signal: controller.signal });
  const reading = (async () => {
    for await (const item of stream) assert.fail(item);
    return 'over';
  })();
  controller.abort();
  assert.equal((await stream.end).error.code, 'CANCELLED');
  assert.equal(await reading, 'over');
  assert.deepEqual(server.types, ['hello', 'prices.watch', 'prices.stop']);
});

test('what cannot be written is no throw', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const any = { ...api.chatSend, send: () => {} };
  const { error } = await client.call(any, { roomId: 'lobby', text: 1n });
  assert.equal(error.code, 'INVALID');
  assert.equal(client.send({ ...silent, send: () => {} }, { x: 1n }).error.code, 'INVALID');
});
