// What a short loss of the connection does to what is pending: nothing.

import { test } from 'node:test';
import { api, assert, joined, joinLobby, message, mock, outcome, setUp, settled } from './setup.js';

const own = setUp();

/** A message without a reply that is not volatile. */
const typing = { ...api.userTyping, volatile: false };
const type = (roomId, options) => own.client.send(typing, { roomId }, options);
const resume = api.protocol.session.resume;

/** A client whose session can be resumed. */
async function connect(...args) {
  const client = own.connect(...args);
  await own.server.welcome({ received: 0 });
  return client;
}

/** Loses the connection, and comes back until the hello. */
async function lose(code) {
  const { server, clock } = own;
  const before = server.connections.length;
  await server.drop(code);
  await clock.until(() => server.connections.length > before);
  await server.accept();
}

const ready = payload => own.server.say({ type: 'ready', payload: { version: '1.2.0', hash: own.server.hash, session: 's2', ...payload } });
const sent = () => own.server.connection.heard.slice(1);
const rooms = () => sent().map(({ payload }) => payload.roomId ?? payload);

test('what is pending stays pending, and what the server has not received is sent again in order', async () => {
  const { server } = own;
  const client = await connect();
  const first = client.call(api.chatSend, { roomId: 'lobby', text: 'one' });
  const second = client.call(api.chatSend, { roomId: 'lobby', text: 'two' });
  type('a');
  await server.say({ type: 'chat.sent', id: '1' });
  assert.ok((await first).ok);
  await lose();
  assert.deepEqual(server.last.payload.resume, { session: 's', received: 1 });
  const third = client.call(api.chatSend, { roomId: 'lobby', text: 'three' });
  type('b');
  assert.equal(sent().length, 0, 'nothing is sent before ready');
  await ready({ resumed: true, received: 1 });
  assert.deepEqual(sent().map(({ payload }) => payload.text ?? payload.roomId), ['two', 'a', 'three', 'b']);
  await server.say({ type: 'chat.sent', id: '2' });
  await server.say({ type: 'chat.sent', id: '3' });
  assert.deepEqual([(await second).ok, (await third).ok], [true, true]);
});

test('the state and the event say that the session was resumed', async () => {
  const client = await connect();
  const states = [];
  const opened = [];
  client.state.subscribe(({ status }) => states.push(status));
  client.on('open', ready => opened.push(ready));
  await lose();
  await ready({ resumed: true, received: 0 });
  await lose();
  await ready({ received: 0 });
  const { version, hash } = api.protocol;
  assert.deepEqual(states, ['connected', 'reconnecting', 'connected', 'reconnecting', 'connected']);
  assert.deepEqual(opened, [{ version, hash, resumed: true }, { version, hash }]);
});

test('a stream goes on without a hole, and can be cancelled meanwhile', async () => {
  const { server } = own;
  const client = await connect();
  const stream = client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });
  const tick = price => server.say({ type: 'prices.tick', id: '1', payload: { symbol: 'BTC-EUR', price, side: 'buy' } });
  await server.say({ type: 'prices.watching', id: '1' });
  await tick('1');
  await lose();
  assert.equal(server.last.payload.resume.received, 2);
  await ready({ resumed: true, received: 1 });
  await tick('2');
  const items = stream[Symbol.asyncIterator]();
  assert.deepEqual([(await items.next()).value.price, (await items.next()).value.price], ['1', '2']);
  await server.drop();
  stream.cancel();
  await server.comeBack(own.clock, { session: 's3', resumed: true, received: 1 });
  assert.deepEqual(sent(), [{ type: 'prices.stop', id: '1' }]);
});

test('a subscription receives what was published meanwhile, and no gap', async () => {
  const { server } = own;
  await connect();
  const heard = [];
  const lobby = await joinLobby(own, 41);
  for (const event of ['gap', 'joined', 'lost']) lobby.on(event, () => heard.push(event));
  lobby.on(api.chatMessage, ({ text }) => heard.push(text));
  await server.say(message(42, 'one'));
  await lose();
  await ready({ resumed: true, received: 1 });
  assert.equal(sent().length, 0, 'it is not joined again');
  await server.say(message(43, 'two'));
  assert.deepEqual(heard, ['one', 'two']);
});

test('a channel can be left and joined without a connection', async () => {
  const { server } = own;
  const client = await connect();
  const lobby = await joinLobby(own, 41);
  await server.drop();
  const leaving = lobby.leave();
  const joining = client.join(api.roomChannel, { roomId: 'den' });
  await server.comeBack(own.clock, { resumed: true, received: 1 });
  assert.deepEqual(server.types, ['hello', 'room.leave', 'room.join']);
  await server.say({ type: 'room.left', id: '2' });
  await server.say(joined('3', 1, { room: 'den' }));
  assert.ok((await leaving).ok);
  assert.equal((await joining).key, 'room:den');
});

test('timeouts run on', async () => {
  const { server, clock } = own;
  const client = await connect();
  const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' }, { timeout: 3000 });
  await server.drop();
  await clock.pass(3000);
  assert.equal((await calling).error.code, 'TIMEOUT');
});

test('volatile messages count and are not sent again, and none is sent without a connection', async () => {
  const client = await connect();
  const wave = roomId => client.send(api.userTyping, { roomId });
  for (const act of [() => type('a'), () => wave('v'), () => wave('w'), () => type('b'), () => wave('x')]) act();
  await own.server.drop();
  wave('lost');
  await own.server.comeBack(own.clock, { resumed: true, received: 0 });
  assert.deepEqual(rooms(), ['a', { sent: 3 }, 'b', { sent: 5 }]);
  assert.deepEqual(server0().at(-1).type, 'received');
});

const server0 = () => own.server.connection.heard;

test('what was sent behind the first hello counts as well', async () => {
  const { server } = own;
  own.connect();
  await server.accept();
  type('a');
  type('b');
  await ready({ received: 0 });
  await lose();
  await ready({ resumed: true, received: 1 });
  assert.deepEqual(rooms(), ['b']);
});

for (const [name, payload] of [
  ['another session', { received: 0 }],
  ['a server that does not count', {}],
]) {
  test(`not resumed, ${name}: idempotent requests are sent again, and the outcome of others is unknown`, async () => {
    const { server } = own;
    const client = await connect();
    const heard = [];
    const lobby = await joinLobby(own, 41);
    lobby.on('joined', () => heard.push('rejoined'));
    const book = client.call(api.pricesBook, { symbol: 'BTC-EUR' });
    const saying = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
    const delivered = mock.fn();
    type('a', { delivered });
    await lose();
    type('b');
    await ready(payload);
    assert.equal((await saying).error.code, 'OUTCOME_UNKNOWN');
    assert.equal(delivered.mock.calls[0].arguments[0].error.code, 'OUTCOME_UNKNOWN');
    assert.deepEqual(sent().map(({ type, id }) => [type, id]), [['room.join', '4'], ['prices.book', '2'], ['user.typing', undefined]]);
    await server.say(joined('4', 41));
    assert.deepEqual(heard, ['rejoined']);
    await server.say({ type: 'prices.snapshot', id: '2', payload: { symbol: 'BTC-EUR', bids: [], asks: [] } });
    assert.ok((await book).ok);
  });
}

test('a new session counts from one', async () => {
  const { server } = own;
  await connect();
  type('a');
  await server.say(message(1));
  await lose();
  await ready({ received: 0 });
  type('b');
  type('c');
  await lose();
  assert.deepEqual(server.last.payload.resume, { session: 's2', received: 0 });
  await ready({ resumed: true, received: 1 });
  assert.deepEqual(rooms(), ['c']);
});

test('after `resume` without a connection the session is over', async () => {
  const { server, clock } = own;
  const client = await connect();
  const saying = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' }, { timeout: 2 * resume });
  await server.drop();
  await clock.pass(resume - 1);
  assert.equal(await outcome(saying), 'pending');
  await clock.pass(1);
  assert.equal((await saying).error.code, 'OUTCOME_UNKNOWN');
  await server.comeBack(clock, { received: 0 });
  assert.deepEqual(server0()[0].payload.resume, {});
});

test('it may end while the server is asked', async () => {
  const { server, clock } = own;
  await connect();
  type('a');
  await server.drop();
  await clock.until(() => server.connections.length > 1);
  await clock.block(resume);
  await server.accept();
  await clock.pass(0);
  type('b');
  await ready({ resumed: true, received: 0 });
  assert.equal(server.connection.closed?.code, 4000);
  await server.comeBack(clock, { received: 0 });
  assert.deepEqual(server0()[0].payload.resume, {});
  assert.deepEqual(rooms(), ['b']);
});

for (const [code, keeps] of [[1006, true], [4000, true], [1001, false], [1011, false], [1012, false], [4008, false], [4429, false]]) {
  test(`a connection that ends with ${code} ${keeps ? 'can be resumed' : 'ends the session'}`, async () => {
    await connect();
    await lose(code);
    assert.deepEqual(own.server.last.payload.resume, keeps ? { session: 's', received: 0 } : {});
  });
}

test('while the session waits, attempts that fail change nothing', async () => {
  const { server, clock } = own;
  const client = await connect();
  const saying = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  await server.drop();
  for (const code of [1006, 1013, 4429]) {
    const before = server.connections.length;
    await clock.until(() => server.connections.length > before);
    await server.drop(code);
  }
  const before = server.connections.length;
  await clock.until(() => server.connections.length > before);
  await server.accept();
  await server.say({ type: 'refuse', payload: { code: 'RATE_LIMITED', message: 'later', retryable: true } });
  assert.equal(await outcome(saying), 'pending');
  await server.comeBack(clock, { resumed: true, received: 0 });
  assert.deepEqual(server.types, ['hello', 'chat.send']);
});

test('a client that takes its session over is closed for good', async () => {
  const client = await connect();
  const saying = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  await own.server.drop(4409);
  assert.equal(client.state.get().status, 'closed');
  assert.equal((await saying).error.code, 'OUTCOME_UNKNOWN');
});

test('a client that is closed while it waits reports what is unknown', async () => {
  const client = await connect();
  const saying = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  const results = [];
  type('a', { delivered: result => results.push(result.error.code) });
  await own.server.drop();
  type('b', { delivered: result => results.push(result.error.code) });
  const queued = client.call(api.chatSend, { roomId: 'lobby', text: 'ho' });
  client.close();
  assert.equal((await saying).error.code, 'OUTCOME_UNKNOWN');
  assert.equal((await queued).error.code, 'CLOSED');
  assert.deepEqual(results, ['OUTCOME_UNKNOWN', 'CLOSED']);
});

test('a refusal for good ends what waits', async () => {
  const client = await connect();
  const saying = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  await lose();
  await own.server.say({ type: 'refuse', payload: { code: 'BAD_TOKEN', message: 'no' } });
  assert.equal((await saying).error.code, 'OUTCOME_UNKNOWN');
  assert.equal(client.state.get().status, 'closed');
});

// A server that does not follow the protocol

for (const [name, payload] of [
  ['more than was sent', { resumed: true, received: 2 }],
  ['less than was acknowledged', { resumed: true, received: 0 }],
  ['no number', { resumed: true }],
]) {
  test(`a session that is resumed with ${name} is broken, and another is begun`, async () => {
    const { server, clock } = own;
    const client = await connect();
    const saying = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
    await server.say({ type: 'received', payload: { received: 1 } });
    await lose();
    await ready(payload);
    assert.equal(server.connection.closed?.code, 4000);
    assert.equal((await saying).error.code, 'OUTCOME_UNKNOWN');
    await server.comeBack(clock, { received: 0 });
    assert.deepEqual(server0()[0].payload.resume, {});
  });
}

test('a session that is resumed unasked is broken, whenever that is said', async () => {
  const { server, clock } = own;
  own.connect({ auth: () => new Promise(resolve => setImmediate(() => resolve({ name: 'ada' }))) });
  await ready0({ resumed: true, received: 0 });
  await server.accept();
  await settled();
  assert.equal(server.connection.closed?.code, 4000);
  await server.comeBack(clock, { received: 0 });
  await settled();
  assert.equal(own.client.state.get().status, 'connected');
});

const ready0 = payload => own.server.say({ type: 'ready', payload: { version: '1.2.0', session: 's', ...payload } });

test('a second ready changes nothing', async () => {
  const client = await connect();
  const opened = mock.fn();
  client.on('open', opened);
  type('a');
  await ready({ resumed: true, received: 1 });
  await ready({ received: 0 });
  await lose();
  assert.equal(own.server.last.payload.resume.session, 's');
  await ready({ resumed: true, received: 0 });
  assert.deepEqual(rooms(), ['a']);
  assert.equal(opened.mock.callCount(), 1);
});

test('numbers that cannot be are reported, and cost nothing', async () => {
  const { server, warn } = own;
  const client = await connect();
  const invalid = [];
  client.on('invalid', ({ violations }) => invalid.push(...violations.map(({ path, keyword }) => `${path} ${keyword}`)));
  type('a');
  for (const wrong of [-1, 1.5, '1', 2 ** 60, null]) {
    await server.say({ type: 'received', payload: { received: wrong, sent: wrong } });
  }
  assert.deepEqual(invalid, ['minimum', 'type', 'type', 'maximum', 'type'].flatMap(
    keyword => [`/payload/received ${keyword}`, `/payload/sent ${keyword}`],
  ));
  await server.say({ type: 'received', payload: { received: 7 } });
  assert.match(warn.mock.calls[0].arguments[0], /never sent/);
  await server.say({ type: 'received', payload: { sent: Number.MAX_SAFE_INTEGER } });
  await server.say({ type: 'received', payload: { sent: 3 } });
  await lose();
  assert.equal(Number(server.last.payload.resume.received), Number.MAX_SAFE_INTEGER);
  await ready({ resumed: true, received: 0 });
  assert.deepEqual(rooms(), ['a']);
});

test('nothing that the application sees has the token', async () => {
  const { server, clock, warn } = own;
  const token = 'top-secret-token';
  const client = own.connect();
  const seen = [];
  for (const event of ['open', 'close', 'skew', 'error', 'invalid', 'unhandled']) client.on(event, value => seen.push(value));
  client.state.subscribe(state => seen.push(state));
  const saying = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  await server.welcome({ session: token, received: 0 });
  await server.drop();
  await server.comeBack(clock, { session: `${token}2`, hash: 'other', resumed: true, received: 9 });
  await server.comeBack(clock, { session: token, version: 7 });
  await server.say({ type: 'ready', payload: { session: token } });
  await server.say({ type: 'ready', payload: { session: token, version: '1.2.0' } });
  client.close();
  seen.push(await saying, await client.ready, warn.mock.calls.map(call => call.arguments));
  assert.ok(seen.length > 5);
  assert.doesNotMatch(JSON.stringify(seen), /top-secret/);
});

// Acknowledging

const acknowledged = () => sent().filter(({ type }) => type === 'received').map(({ payload }) => payload.received);

test('received messages are acknowledged: every 64, after five seconds, and before a pong', async () => {
  const { server, clock } = own;
  await connect();
  for (let seq = 0; seq < 130; seq++) await server.say(message(seq));
  assert.deepEqual(acknowledged(), [64, 128]);
  await clock.pass(4999);
  assert.deepEqual(acknowledged(), [64, 128]);
  await clock.pass(1);
  assert.deepEqual(acknowledged(), [64, 128, 130]);
  await server.say(message(131));
  await server.say({ type: 'ping' });
  assert.deepEqual(sent().slice(-2), [{ type: 'received', payload: { received: 131 } }, { type: 'pong' }]);
  await server.say({ type: 'ping' });
  assert.deepEqual(server.types.slice(-2), ['pong', 'pong']);
});

test('what counts is every message but those of the session, valid or not', async () => {
  const { server } = own;
  const client = await connect();
  client.on('invalid', () => {});
  const said = [
    message(1),
    'not JSON',
    { type: 'unknown' },
    { type: 'chat.message', payload: { from: 7 }, channel: 'room:lobby' },
    { type: 'chat.sent', id: '99' },
    { type: 'error', payload: { code: 'INTERNAL', message: 'failed' } },
    { type: 'gap', payload: { channel: 'room:lobby' } },
  ];
  const uncounted = ['ping', 'pong', { received: 0 }, { received: -1 }];
  for (const message of said) await server.say(message);
  for (const own of uncounted) await server.say(typeof own === 'string' ? { type: own } : { type: 'received', payload: own });
  await lose();
  assert.equal(server.last.payload.resume.received, said.length);
});

test('a server that does not read gets one acknowledgement and one pong', async () => {
  const { server, clock } = own;
  await connect();
  server.buffered = 10 * 1024 * 1024;
  for (let seq = 0; seq < 200; seq++) await server.say(message(seq));
  await server.say({ type: 'ping' });
  assert.equal(sent().length, 0);
  server.buffered = 0;
  await clock.pass(20);
  assert.deepEqual(sent(), [{ type: 'received', payload: { received: 200 } }, { type: 'pong' }]);
});

test('beyond the bound nothing is written until the server acknowledges', async () => {
  const { server } = own;
  await connect({}, { limits: { message: 65536, outbound: 1000 } });
  const delivered = [];
  for (const roomId of ['a', 'b', 'c', 'd', 'e']) type(roomId, { delivered: ({ ok }) => delivered.push([roomId, ok]) });
  assert.deepEqual(rooms(), ['a', 'b', 'c']);
  assert.deepEqual(delivered, []);
  await server.say({ type: 'received', payload: { received: 1 } });
  assert.deepEqual(rooms(), ['a', 'b', 'c', 'd']);
  assert.deepEqual(delivered, [['a', true]]);
  await lose();
  await ready({ resumed: true, received: 4 });
  assert.deepEqual(rooms(), ['e']);
  assert.deepEqual(delivered, [['a', true], ['b', true], ['c', true], ['d', true]]);
});

test('a volatile message is delivered if the server has received it, and otherwise that is not known', async () => {
  const { server } = own;
  const client = await connect();
  const delivered = [];
  const send = roomId =>
    client.send(api.userTyping, { roomId }, { delivered: result => delivered.push([roomId, result.ok || result.error.code]) });
  send('a');
  send('b');
  send('c');
  await server.say({ type: 'received', payload: { received: 1 } });
  assert.deepEqual(delivered, [['a', true]]);
  await lose();
  send('d'); // there is no connection
  await settled();
  assert.deepEqual(delivered.splice(1), [['d', 'OUTCOME_UNKNOWN']]);
  await ready({ resumed: true, received: 2 });
  assert.deepEqual(delivered.splice(1), [['b', true], ['c', 'OUTCOME_UNKNOWN']]);
  send('e');
  await lose();
  await ready({ received: 0 });
  assert.deepEqual(delivered.splice(1), [['e', 'OUTCOME_UNKNOWN']]);
  // A server that never acknowledges does not make the client keep them all.
  for (let i = 0; i <= 1024; i++) send(`${i}`);
  await settled();
  assert.deepEqual(delivered.splice(1), [['0', 'OUTCOME_UNKNOWN']]);
  client.close();
  await settled();
  assert.equal(delivered.splice(1).length, 1024);
});

test('what became of a volatile message behind a hello that is refused is not known', async () => {
  const { server } = own;
  own.connect();
  await server.accept();
  const delivered = [];
  own.client.send(api.userTyping, { roomId: 'a' }, { delivered: result => delivered.push(result.error.code) });
  await server.say({ type: 'refuse', payload: { code: 'RATE_LIMITED', message: 'later', retryable: true } });
  await settled();
  assert.deepEqual(delivered, ['OUTCOME_UNKNOWN']);
});

test('what was received once is not sent again, however often the connection is lost', async () => {
  await connect();
  type('a');
  type('b');
  await lose();
  await ready({ resumed: true, received: 0 });
  assert.deepEqual(rooms(), ['a', 'b']);
  await lose();
  await ready({ session: 's3', resumed: true, received: 1 });
  assert.deepEqual(rooms(), ['b']);
  type('c');
  await lose();
  assert.equal(own.server.last.payload.resume.session, 's3');
  await ready({ resumed: true, received: 3 });
  assert.deepEqual(rooms(), []);
});

// Where nobody counts

for (const [name, protocol] of [
  ['turned off', { session: { ...api.protocol.session, resume: null } }],
  ['without the role', { roles: { received: null } }],
]) {
  test(`resuming can be ${name}`, async () => {
    const { server, clock } = own;
    const client = own.connect({}, protocol);
    await server.welcome();
    assert.equal('resume' in server0()[0].payload, false);
    const delivered = mock.fn();
    type('a', { delivered });
    const saying = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
    await settled();
    assert.equal(delivered.mock.calls[0].arguments[0].error.code, 'OUTCOME_UNKNOWN');
    await server.drop();
    assert.equal((await saying).error.code, 'OUTCOME_UNKNOWN');
    await server.comeBack(clock);
    assert.equal('resume' in server0()[0].payload, false);
  });
}

test('messages without a reply behind a hello that is refused for now are sent again', async () => {
  const { server, clock } = own;
  own.connect();
  await server.accept();
  const delivered = mock.fn();
  type('a', { delivered });
  await server.say({ type: 'refuse', payload: { code: 'RATE_LIMITED', message: 'later', retryable: true } });
  type('b');
  await server.comeBack(clock, { received: 0 });
  assert.deepEqual(rooms(), ['a', 'b']);
  assert.equal(delivered.mock.callCount(), 0);
});

test('a message before ready does not count', async () => {
  const { server } = own;
  await connect();
  await lose();
  await server.say(message(1));
  await ready({ resumed: true, received: 0 });
  await lose();
  assert.equal(server.last.payload.resume.received, 0);
});

test('nothing is kept for a server that does not count', async () => {
  const { server } = own;
  own.connect({}, { limits: { message: 65536, outbound: 1000 } });
  await server.welcome();
  const many = Array.from({ length: 100 }, (_, i) => `r${i}`);
  for (const roomId of many) type(roomId);
  assert.deepEqual(rooms(), many);
});

test('what found the socket full is not sent on the next connection, if it is volatile or does not count', async () => {
  const { server, clock } = own;
  const client = await connect();
  server.buffered = 600_000;
  type('a');
  client.send(api.userTyping, { roomId: 'v' });
  await server.say({ type: 'ping' });
  await server.drop();
  server.buffered = 0;
  await server.comeBack(clock, { resumed: true, received: 0 });
  assert.deepEqual(rooms(), ['a']);
});

test('a channel that is joined again while the connection is lost is joined on the next', async () => {
  const { server, clock } = own;
  const client = await connect();
  for (const room of ['a', 'b', 'c', 'd']) {
    const joining = client.join(api.roomChannel, { roomId: room });
    await server.say(joined(server.last.id, 1, { room }));
    await joining;
  }
  await lose(1001);
  await ready({ received: 0 });
  assert.deepEqual(rooms(), ['a', 'b', 'c']);
  await server.drop();
  const attempts = server.connections.length;
  await clock.until(() => server.connections.length > attempts);
  await clock.pass(api.protocol.session.timeout - 500);
  await server.accept();
  await clock.pass(400); // the three were not answered in time
  await ready({ resumed: true, received: 3 });
  assert.deepEqual(rooms(), ['d']);
});

test('a connection that cannot be written to is closed so that its session can be resumed', async () => {
  const { server, clock } = own;
  let fails = false;
  const transport = (...args) => {
    const made = server.transport(...args);
    return { ...made, send: text => (fails ? assert.fail('no') : made.send(text)) };
  };
  await connect({ transport });
  fails = true;
  type('a');
  fails = false;
  assert.equal(server.connection.closed.code, 4000);
  await server.comeBack(clock, { resumed: true, received: 0 });
  assert.deepEqual(rooms(), ['a']);
});
