// The client against a server and a clock made in `fakes.js`.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import * as api from '../build/out/api.js';
import { AdaptedClient, Client, CallFailedError, defaultEnvelope, SessionRefusedError } from '../build/out/handfast.js';
import { FakeClock, FakeServer, laidOut, settled } from './fakes.js';

let clock, server, client, warn;

const connect = options =>
  (client = api.connect('ws://test/', { auth: { name: 'ada' }, ...server.options, clock, ...options }));

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer(api.protocol.hash);
  warn = mock.method(console, 'warn', () => {});
});

afterEach(() => {
  client.close();
  assert.equal(clock.timers, 0, 'a closed client leaves no timer');
  warn.mock.restore();
});

const message = (seq, text = 'hi') => ({
  type: 'chat.message',
  payload: { from: 'bob', text },
  channel: 'room:lobby',
  ...(seq !== undefined && { seq }),
});

const joined = (id, seq, epoch = 'k3J9') => ({
  type: 'room.joined',
  payload: { topic: null },
  id,
  channel: 'room:lobby',
  seq,
  epoch,
});

async function joinLobby(seq = 41) {
  const joining = client.join(api.roomChannel, { roomId: 'lobby' });
  await server.say(joined(server.last.id, seq));
  return joining;
}

test('hello carries version, hash and proof, and ready follows', async () => {
  connect({ token: async () => 'secret' });
  await server.welcome();
  assert.equal(server.connection.subprotocol, `chat.v1+${process.env.ENCODING ?? 'json'}`);
  assert.deepEqual(server.connection.heard[0], {
    type: 'hello',
    payload: { version: '1.2.0', hash: api.protocol.hash, auth: { name: 'ada', token: 'secret' }, resume: {} },
  });
  assert.deepEqual(await client.ready, { version: '1.2.0', hash: api.protocol.hash }, 'without the token of the session');
  assert.equal(warn.mock.callCount(), 0);
});

test('a request is answered by its id, in any order', async () => {
  connect();
  await server.accept();
  const first = client.call(api.pricesBook, { symbol: 'BTC-EUR' });
  const second = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  assert.deepEqual(server.last, { type: 'chat.send', payload: { roomId: 'lobby', text: 'hi' }, id: '2' });
  await server.say({ type: 'chat.sent', id: '2' });
  await server.say({ type: 'prices.snapshot', id: '1', payload: { symbol: 'BTC-EUR', bids: [['1', '2']], asks: [] } });
  assert.deepEqual((await first).orThrow().bids, [['1', '2']]);
  assert.equal((await second).orThrow(), undefined);
});

test('a call waits for the connection', async () => {
  connect();
  const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  await server.welcome();
  await server.say({ type: 'chat.sent', id: '1' });
  assert.equal((await calling).ok, true);
});

test('what a server would refuse is not sent', async () => {
  connect();
  await server.welcome();
  const { error } = await client.call(api.chatSend, { roomId: 'Lobby', text: '', mood: 'fine' });
  assert.equal(error.code, 'INVALID');
  assert.deepEqual(
    error.violations.map(({ path }) => path),
    ['/payload/roomId', '/payload/text', '/payload/mood'],
  );
  assert.equal(client.send(api.userTyping, { roomId: '' }).error.code, 'INVALID');
  assert.equal(server.connection.heard.length, 1);
});

test('what nests too deeply, or without end, is not sent', async () => {
  connect();
  await server.welcome();
  const circle = { roomId: 'lobby', text: 'hi' };
  circle.attachments = [circle];
  const { error } = await client.call(api.chatSend, circle);
  assert.deepEqual(
    error.violations.map(({ path, keyword }) => [path, keyword]),
    [['/payload', 'depth']],
  );
});

test('what leaves a channel is told its parameters and nothing else', async () => {
  connect();
  await server.welcome();
  const channel = { ...api.roomChannel, join: { ...api.roomJoin, send: () => {} } };
  const joining = client.join(channel, { roomId: 'lobby', password: 'x' });
  await server.say(joined(server.last.id, 1));
  const leaving = (await joining).leave();
  await settled();
  assert.deepEqual(server.last.payload, { roomId: 'lobby' });
  await server.say({ type: 'room.left', id: server.last.id });
  assert.ok((await leaving).ok);
});

test('errors are told apart by their code', async () => {
  connect();
  await server.welcome();
  const failing = async payload => {
    const calling = client.call(api.roomJoin, { roomId: 'lobby' });
    await server.say({ type: 'error', id: server.last.id, payload });
    return (await calling).error;
  };
  const full = { code: 'ROOM_FULL', message: 'The room has no place left.', retryable: true, data: { limit: 9 } };
  assert.deepEqual(await failing(full), full);
  assert.equal((await failing({ ...full, data: { limit: 0 } })).code, 'BAD_REPLY');
  const violations = [{ path: '/payload/roomId', keyword: 'pattern', message: 'must match the pattern x' }];
  assert.deepEqual((await failing({ code: 'INVALID', message: 'no', violations })).violations, violations);
  assert.equal((await failing({ code: 'INTERNAL', message: 'no' })).code, 'INTERNAL');
  const undeclared = await failing({ code: 'NEW', message: 'no' });
  assert.deepEqual([undeclared.code, undeclared.received], ['UNDECLARED', 'NEW']);
});

test('a call that is late before there is a connection is a timeout, and is not sent any more', async () => {
  connect();
  const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' }, { timeout: 1000 });
  await clock.pass(1000);
  assert.equal((await calling).error.code, 'TIMEOUT');
  await server.welcome();
  assert.deepEqual(server.types, ['hello']);
});

test('orThrow throws the error', async () => {
  connect();
  const calling = client.call(api.chatSend, { roomId: '', text: '' });
  await assert.rejects(
    calling.then(r => r.orThrow()),
    error => error instanceof CallFailedError && error.error.code === 'INVALID',
  );
});

test('a reply that does not fit is a bad reply', async () => {
  connect();
  await server.welcome();
  const calling = client.call(api.pricesBook, { symbol: 'BTC-EUR' });
  await server.say({ type: 'prices.snapshot', id: '1', payload: { symbol: 'BTC-EUR' } });
  const { error } = await calling;
  assert.equal(error.code, 'BAD_REPLY');
  assert.deepEqual(error.reply.payload, { symbol: 'BTC-EUR' });
});

test('a request times out, and its late answer is dropped', async () => {
  connect();
  await server.welcome();
  const unhandled = mock.fn();
  client.on('unhandled', unhandled);
  const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  await clock.pass(4999);
  await clock.pass(1);
  assert.equal((await calling).error.code, 'TIMEOUT');
  await server.say({ type: 'chat.sent', id: '1' });
  assert.equal(unhandled.mock.callCount(), 0);
});

test('a stream is acknowledged, carries items and ends', async () => {
  connect();
  await server.welcome();
  const stream = client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });
  const tick = price => ({ type: 'prices.tick', id: '1', payload: { symbol: 'BTC-EUR', price, side: 'buy' } });
  await server.say({ type: 'prices.watching', id: '1' });
  assert.equal((await stream.ack).ok, true);
  await clock.pass(6000); // the timeout was for the acknowledgement
  for (const price of ['1', '2']) await server.say(tick(price));
  await server.say({ type: 'prices.done', id: '1', payload: { ticks: 2 } });
  const prices = [];
  for await (const { price } of stream) prices.push(price);
  assert.deepEqual(prices, ['1', '2']);
  assert.deepEqual((await stream.end).orThrow(), { ticks: 2 });
});

test('leaving the loop cancels the stream', async () => {
  connect();
  await server.welcome();
  const stream = client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });
  const tick = { type: 'prices.tick', id: '1', payload: { symbol: 'BTC-EUR', price: '1', side: 'buy' } };
  await server.say(tick);
  for await (const item of stream) {
    assert.equal(item.price, '1');
    break;
  }
  assert.deepEqual(server.last, { type: 'prices.stop', id: '1' });
  assert.equal((await stream.end).error.code, 'CANCELLED');
  await server.say(tick);
  client.close();
});

test('a stream fails with the error of its request', async () => {
  connect();
  await server.welcome();
  const stream = client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });
  const reading = assert.rejects(
    stream[Symbol.asyncIterator]().next(),
    error => error instanceof CallFailedError && error.error.code === 'UNKNOWN_SYMBOL',
  );
  await server.say({ type: 'error', id: '1', payload: { code: 'UNKNOWN_SYMBOL', message: 'no' } });
  await reading;
  assert.equal((await stream.ack).error.code, 'UNKNOWN_SYMBOL');
});

test('a room hears its messages and counts them', async () => {
  connect();
  await server.welcome();
  const room = await joinLobby();
  assert.equal(room.joined.topic, null);
  const heard = [];
  const gaps = [];
  room.on(api.chatMessage, (m, { seq }) => heard.push([m.text, seq]));
  room.on('gap', gap => gaps.push(gap));
  await server.say(message(42, 'one'));
  await server.say(message(42, 'one'));
  await server.say(message(undefined, 'volatile'));
  await server.say({ type: 'chat.message', channel: 'room:lobby', seq: 43, payload: {} });
  await server.say(message(46, 'two'));
  await server.say({ type: 'gap', payload: { channel: 'room:lobby', from: 47, to: 50 } });
  await server.say(message(51, 'three'));
  await server.say({ ...message(1, 'four'), epoch: 'other' });
  assert.deepEqual(heard, [
    ['one', 42],
    ['volatile', undefined],
    ['two', 46],
    ['three', 51],
    ['four', 1],
  ]);
  assert.deepEqual(gaps, [{ from: 44, to: 45 }, { from: 47, to: 50 }, { reason: 'epoch' }]);
});

test('setup hears what comes right behind the answer to a join', async () => {
  connect();
  await server.welcome();
  const heard = mock.fn();
  const joining = client.join(api.roomChannel, { roomId: 'lobby' }, room => room.on(api.chatMessage, heard));
  server.say(joined('1', 41));
  server.say(message(42));
  await joining;
  assert.equal(heard.mock.callCount(), 1);
});

test('a channel is joined for each subscription, and again after it was left', async () => {
  connect();
  await server.welcome();
  const both = [1, 2].map(() => client.join(api.roomChannel, { roomId: 'lobby' }));
  assert.deepEqual(
    server.connection.heard.map(({ type }) => type),
    ['hello', 'room.join', 'room.join'],
  );
  for (const id of ['1', '2']) await server.say(joined(id, 41));
  const [first, second] = await Promise.all(both);
  assert.notEqual(first, second);
  void first.leave();
  void second.leave();
  assert.notEqual(await joinLobby(), first);
});

test('without ids, answers come in the order of the requests', async () => {
  const inOrder = { ...defaultEnvelope, id: null, correlate: 'order' };
  const protocol = { ...api.protocol, envelope: laidOut({ client: { ...inOrder }, server: inOrder }) };
  client = new AdaptedClient(protocol, 'ws://test/', { ...server.options, clock });
  await server.welcome();
  const calls = [1, 2, 3].map(() => client.call(api.pricesQuote, { symbol: 'BTC-EUR' }, { timeout: 100 }));
  await server.say({ type: 'from.a.newer.server' });
  await server.say({ type: 'prices.quoted', payload: { price: '1' } });
  await clock.pass(100);
  await server.say({ type: 'prices.quoted', payload: { price: '2' } });
  await server.say({ type: 'error', payload: { code: 'INTERNAL', message: 'no' } });
  const last = client.call(api.pricesQuote, { symbol: 'BTC-EUR' });
  await server.say({ type: 'prices.quoted', payload: { price: '4' } });
  const results = await Promise.all([...calls, last]);
  assert.deepEqual(
    results.map(r => (r.ok ? r.value.price : r.error.code)),
    ['1', 'TIMEOUT', 'TIMEOUT', '4'],
  );
});

test('a join that fails throws, and a room that was left hears nothing', async () => {
  connect();
  await server.welcome();
  const joining = assert.rejects(
    client.join(api.roomChannel, { roomId: 'lobby' }),
    error => error.error.code === 'ROOM_FULL',
  );
  await server.say({ type: 'error', id: '1', payload: { code: 'ROOM_FULL', message: 'full', data: { limit: 1 } } });
  await joining;

  const room = await joinLobby();
  const heard = mock.fn();
  room.on(api.chatMessage, heard);
  const leaving = room.leave();
  assert.equal(server.last.type, 'room.leave');
  await server.say(message(42));
  await server.say({ type: 'room.left', id: server.last.id });
  assert.equal((await leaving).ok, true);
  assert.equal(heard.mock.callCount(), 0);
});

test('the client hears messages of every room, and of none', async () => {
  connect();
  await server.welcome();
  const unhandled = mock.fn();
  client.on('unhandled', unhandled);
  const heard = mock.fn();
  const off = client.on(api.chatMessage, heard);
  await server.say(message(1));
  off();
  await server.say(message(2));
  await server.say({ type: 'from.a.newer.server', payload: { x: 1 } });
  assert.equal(heard.mock.callCount(), 1);
  assert.deepEqual(
    unhandled.mock.calls.map(({ arguments: [m] }) => m.type),
    ['chat.message', 'from.a.newer.server'],
  );
});

test('a message that does not fit is told, not fatal', async () => {
  connect();
  await server.welcome();
  const invalid = mock.fn();
  client.on('invalid', invalid);
  client.on(api.chatMessage, () => assert.fail('not a message'));
  await server.say({ ...message(1), payload: {} });
  await server.say('{');
  assert.deepEqual(
    invalid.mock.calls.map(({ arguments: [e] }) => e.kind),
    ['invalid', 'syntax'],
  );
});

test('after a loss: hello, rooms, then what may be sent again', async () => {
  connect();
  await server.welcome();
  const room = await joinLobby();
  const gaps = [];
  room.on('gap', gap => gaps.push(gap));
  const unsafe = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  const safe = client.call(api.pricesBook, { symbol: 'BTC-EUR' });
  const closed = [];
  client.on('close', event => closed.push(event));
  await server.drop();
  assert.deepEqual(closed, [{ code: 1006, reason: '', final: false, retryIn: 375 }]);
  assert.equal((await unsafe).error.code, 'OUTCOME_UNKNOWN');
  const unwritten = client.call(api.chatSend, { roomId: 'lobby', text: 'again' });

  await clock.pass(375);
  assert.equal(server.connections.length, 2);
  await server.welcome();
  const { heard } = server.connection;
  assert.deepEqual(
    heard.map(({ type }) => type),
    ['hello', 'room.join', 'prices.book', 'chat.send'],
  );
  await server.say(joined(heard[1].id, 44));
  await server.say({ type: 'prices.snapshot', id: heard[2].id, payload: { symbol: 'BTC-EUR', bids: [], asks: [] } });
  await server.say({ type: 'chat.sent', id: heard[3].id });
  assert.deepEqual(gaps, [{ from: 42, to: 44 }]);
  assert.equal((await safe).ok, true);
  assert.equal((await unwritten).ok, true);
});

test('a rejoin with another epoch is a gap, with nothing missed it is none, and a failing one loses the room', async () => {
  connect();
  await server.welcome();
  const room = await joinLobby();
  const told = [];
  room.on('gap', () => told.push('gap'));
  room.on('joined', () => told.push('rejoined'));
  room.on('lost', error => told.push(error.code));
  const again = async answer => {
    await server.drop();
    await server.comeBack(clock);
    await server.say({ ...answer, id: server.last.id });
  };
  await again(joined('', 41));
  await again(joined('', 41, 'other'));
  await again({ type: 'error', payload: { code: 'ROOM_FULL', message: 'full', data: { limit: 1 } } });
  assert.deepEqual(told, ['rejoined', 'rejoined', 'gap', 'ROOM_FULL']);
});

test('a refusal rejects ready and is final', async () => {
  connect();
  await server.accept();
  await server.say({ type: 'refuse', payload: { code: 'VERSION', message: 'too old', side: 'client' } });
  await assert.rejects(
    client.ready,
    error => error instanceof SessionRefusedError && error.side === 'client' && error.code === 'VERSION',
  );
  await clock.pass(60000);
  assert.equal(server.connections.length, 1);
  assert.equal((await client.call(api.chatSend, { roomId: 'lobby', text: 'hi' })).error.message, 'too old');
});

test('a client leaves a server whose version it does not accept, for good', async () => {
  connect();
  const closed = mock.fn();
  client.on('close', closed);
  const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  const refused = assert.rejects(client.join(api.roomChannel, { roomId: 'lobby' }));
  await server.accept();
  await server.say({ type: 'ready', payload: { version: '0.9.0', hash: server.hash, session: 's', received: 2 } });
  const message = 'the server speaks 0.9.0, and this client takes >=1.0: the server is too old';
  await assert.rejects(client.ready, error => error instanceof SessionRefusedError && error.side === 'server' && error.message === message);
  assert.equal((await calling).error.code, 'OUTCOME_UNKNOWN', 'the server may have handled it');
  await refused;
  const { code, reason, final } = closed.mock.calls[0].arguments[0];
  assert.deepEqual([code, reason, final], [4406, message, true]);
  assert.equal(server.connection.closed.code, 4406);
  await clock.pass(60000);
  assert.equal(server.connections.length, 1);
});

test('a ready before the hello is held to its version as well', async () => {
  connect({ auth: () => new Promise(resolve => setTimeout(resolve, 0, { name: 'ada' })) });
  await server.welcome({ version: '0.1.0' });
  await assert.rejects(client.ready, ({ code, side }) => code === 'VERSION' && side === 'server');
});

test('a proof that does not fit is not sent', async () => {
  connect({ auth: { name: '' } });
  await server.accept();
  await assert.rejects(client.ready, error => error instanceof SessionRefusedError && error.code === 'INVALID');
  assert.deepEqual(server.connection.heard, []);
});

test('a proof that cannot be fetched is tried again', async () => {
  let attempts = 0;
  connect({
    token: () => {
      if (attempts++ === 0) throw new Error('offline');
      return 'secret';
    },
  });
  const errors = [];
  client.on('error', error => errors.push(error.message));
  await server.accept();
  assert.deepEqual(errors, ['offline']);
  await server.comeBack(clock);
  assert.equal(server.connection.heard[0].payload.auth.token, 'secret');
});

test('unequal hashes are told as skew, or warned of once where nobody listens', async () => {
  connect();
  const skews = [];
  const ignore = client.on('skew', skew => skews.push(skew));
  await server.welcome({ version: '1.3.0', hash: 'f'.repeat(32) });
  assert.equal(skews[0].server.version, '1.3.0');
  assert.equal(warn.mock.callCount(), 0);
  ignore();
  for (let i = 0; i < 2; i++) {
    await server.drop();
    await server.comeBack(clock, { version: '1.3.0', hash: 'f'.repeat(32) });
  }
  assert.equal(skews.length, 1);
  assert.equal(warn.mock.callCount(), 1);
  const { server: { version, hash }, message } = skews[0];
  assert.equal(message, `handfast: skew: the server was generated from a different spec, version ${version} (${hash}); generate both ends from the same spec`);
  assert.equal(warn.mock.calls[0].arguments[0], message);
});

test('silence is answered with a ping, and a ping without answer with another connection', async () => {
  connect();
  await server.welcome();
  const pings = () => server.connection.heard.filter(({ type }) => type === 'ping').length;
  await clock.pass(20000);
  await server.say({ type: 'pong' });
  await clock.pass(24999);
  assert.equal(pings(), 0);
  await clock.pass(1);
  assert.equal(pings(), 1);
  await server.say({ type: 'pong' });
  await clock.pass(24999);
  assert.equal(pings(), 1);
  await clock.pass(1);
  assert.equal(pings(), 2);
  await clock.pass(10000);
  assert.equal(server.connections[0].closed.code, 4000);
  await server.say({ type: 'ping' });
  await clock.pass(375);
  assert.equal(server.connections.length, 2);
});

test('a ping is answered', async () => {
  connect();
  await server.welcome();
  await server.say({ type: 'ping' });
  assert.deepEqual(server.last, { type: 'pong' });
  for (const [length, id] of [[128, 'i'.repeat(128)], [129, undefined]]) {
    await server.say({ type: 'ping', id: 'i'.repeat(length) });
    assert.equal(server.last.id, id);
  }
});

test('no ready in time is a loss', async () => {
  connect();
  await server.accept();
  await clock.pass(10000);
  assert.equal(server.connection.closed.code, 4000);
});

test('close fails what is pending and leaves nothing behind', async () => {
  connect();
  await server.welcome();
  const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  const stream = client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });
  client.close();
  assert.equal((await calling).error.code, 'OUTCOME_UNKNOWN');
  assert.equal((await stream.end).error.code, 'OUTCOME_UNKNOWN');
  assert.equal((await client.call(api.pricesBook, { symbol: 'BTC-EUR' })).error.code, 'CLOSED');
  assert.equal(server.connection.closed.code, 1000);
  assert.equal(clock.timers, 0);
});

test('a volatile message is not kept for a later connection', async () => {
  connect();
  assert.equal(client.send(api.userTyping, { roomId: 'lobby' }).ok, true);
  await server.welcome();
  assert.equal(server.connection.heard.length, 1);
  client.send(api.userTyping, { roomId: 'lobby' });
  assert.deepEqual(server.last, { type: 'user.typing', payload: { roomId: 'lobby' } });
});

test('a listener that throws keeps no other from hearing', async () => {
  connect();
  await server.welcome();
  const errors = [];
  client.on('error', error => errors.push(error.message));
  client.on(api.chatMessage, () => {
    throw new Error('oops');
  });
  const heard = mock.fn();
  client.on(api.chatMessage, heard);
  await server.say(message(1));
  await settled();
  assert.deepEqual(errors, ['oops']);
  assert.equal(heard.mock.callCount(), 1);
});

const watch = () => client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });

test('a stream is not sent again, even where its request may be', async () => {
  connect();
  await server.welcome();
  const stream = client.stream({ ...api.pricesWatch, idempotent: true }, { symbols: ['BTC-EUR'] });
  await server.say({ type: 'prices.watching', id: '1' });
  await server.drop();
  assert.equal((await stream.end).error.code, 'OUTCOME_UNKNOWN');
  await server.comeBack(clock);
  assert.deepEqual(
    server.connection.heard.map(({ type }) => type),
    ['hello'],
  );
});

test('a stream without ack and end goes on until it is cancelled', async () => {
  connect();
  await server.welcome();
  const { ack: _ack, end: _end, ...quiet } = api.pricesWatch;
  const stream = client.stream(quiet, { symbols: ['BTC-EUR'] });
  for (const price of ['1', '2']) {
    await server.say({ type: 'prices.tick', id: '1', payload: { symbol: 'BTC-EUR', price, side: 'buy' } });
  }
  const prices = [];
  for await (const { price } of stream) {
    prices.push(price);
    if (prices.length === 2) break;
  }
  assert.deepEqual(prices, ['1', '2']);
  assert.deepEqual(server.last, { type: 'prices.stop', id: '1' });
  assert.equal((await stream.end).error.code, 'CANCELLED');
});

test('a rejoin without an answer keeps the room, and the next connection tries again', async () => {
  connect();
  await server.welcome();
  const room = await joinLobby();
  const told = [];
  room.on('gap', gap => told.push(gap));
  room.on('lost', error => told.push(error.code));
  await server.drop();
  await server.comeBack(clock);
  await clock.pass(9999);
  assert.deepEqual(told, []);
  await clock.pass(1);
  assert.deepEqual(told, [{}]);
  await server.drop();
  await server.comeBack(clock);
  assert.equal(server.last.type, 'room.join');
  await clock.pass(10000);
  await server.say(joined(server.last.id, 44)); // late, but there
  await server.say(message(45));
  assert.deepEqual(told, [{}, {}, { from: 42, to: 44 }]);
});

test('a count that went back within its epoch is a gap without bounds', async () => {
  connect();
  await server.welcome();
  const room = await joinLobby();
  const gaps = [];
  const heard = [];
  room.on('gap', gap => gaps.push(gap));
  room.on(api.chatMessage, (_, { seq }) => heard.push(seq));
  await server.drop();
  await server.comeBack(clock);
  await server.say(joined(server.last.id, 7));
  await server.say(message(8));
  assert.deepEqual(gaps, [{}]);
  assert.deepEqual(heard, [8]);
});

test('a request behind a refused hello was not looked at', async () => {
  connect();
  const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  const safe = client.call(api.pricesBook, { symbol: 'BTC-EUR' });
  const stream = watch();
  await server.accept();
  assert.equal(server.connection.heard.length, 4);
  await server.say({ type: 'refuse', payload: { code: 'BAD_TOKEN', message: 'no' } });
  for (const { error } of [await calling, await safe, await stream.end]) assert.equal(error.code, 'CLOSED');
});

test('a close instead of a refusal says the same', async () => {
  connect();
  const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  await server.accept();
  await server.drop(4401, 'no');
  assert.equal((await calling).error.code, 'CLOSED');
});

test('what an earlier connection carried has an unknown outcome, refused or not', async () => {
  connect();
  await server.welcome();
  const safe = client.call(api.pricesBook, { symbol: 'BTC-EUR' });
  await server.drop();
  await clock.pass(375);
  await server.accept();
  assert.equal(server.last.type, 'prices.book');
  await server.say({ type: 'refuse', payload: { code: 'BAD_TOKEN', message: 'no' } });
  assert.equal((await safe).error.code, 'OUTCOME_UNKNOWN');
});

test('what is larger than the server takes is not sent', async () => {
  const protocol = { ...api.protocol, limits: { ...api.protocol.limits, message: 200 } };
  client = new Client(protocol, 'ws://test/', { auth: { name: 'ada' }, ...server.options, clock });
  await server.welcome();
  const heard = server.connection.heard.length;
  const { error } = await client.call(api.chatSend, { roomId: 'lobby', text: 'ü'.repeat(80) });
  assert.equal(error.code, 'TOO_LARGE');
  assert.equal(client.send(api.userTyping, { roomId: 'r'.repeat(20) }).ok, true);
  assert.equal(server.connection.heard.length, heard + 1);
});

test('a server that tells no hash is not compared', async () => {
  connect();
  const skew = mock.fn();
  client.on('skew', skew);
  await server.welcome({ version: '1.3.0', hash: undefined });
  assert.equal((await client.ready).version, '1.3.0');
  assert.equal(skew.mock.callCount() + warn.mock.callCount(), 0);
});

test('a reply that says it failed is a failure, whatever it carries', async () => {
  const outcome = { name: 'ok', kind: 'text', presence: 'optional', success: true, failure: false };
  const envelope = laidOut({ server: { ...defaultEnvelope, outcome } });
  const protocol = { ...api.protocol, envelope };
  client = new AdaptedClient(protocol, 'ws://test/', { auth: { name: 'ada' }, ...server.options, clock });
  await server.welcome();
  const failing = async payload => {
    const calling = client.call(api.roomJoin, { roomId: 'lobby' });
    await server.say({ type: 'room.joined', id: server.last.id, ok: false, payload });
    return (await calling).error;
  };
  const full = { code: 'ROOM_FULL', message: 'full', retryable: true, data: { limit: 9 } };
  assert.deepEqual(await failing(full), full);
  assert.equal((await failing({ code: 'NEW', message: 'no' })).received, 'NEW');
  const { code, received, data } = await failing({ why: 'no' });
  assert.deepEqual([code, received, data], ['UNDECLARED', 'FAILED', { why: 'no' }]);
});
