// Channels: who holds them, how they are joined again, and how their messages are counted.

import { test } from 'node:test';
import { defaultEnvelope, delimited, flatPayload, joinChannel, noPayload, onAdded, presence } from '../build/out/handfast.js';
import { api, assert, joined, joinLobby, laidOut, message, mock, outcome, refusal, setUp } from './setup.js';

const own = setUp();
const { roomChannel, chatMessage } = api;
const lobby = { roomId: 'lobby' };

test('a channel that one leaves stays with the other, as in a page that renders twice', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const left = client.join(roomChannel, lobby).then(room => room.leave());
  const joining = client.join(roomChannel, lobby);
  for (const id of ['1', '2']) await server.say(joined(id, 41));
  assert.deepEqual(await outcome(left.then(({ ok }) => ok)), true);
  const room = await joining;
  const heard = mock.fn();
  room.on(chatMessage, heard);
  await server.say(message(42));
  assert.equal(heard.mock.callCount(), 1);
  assert.deepEqual(server.types, ['hello', 'room.join', 'room.join']);
  assert.equal(room.send(api.userTyping, lobby).ok, true);
});

test('each who joins has listeners of its own, and leaves once', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const first = await joinLobby(own);
  const second = await joinLobby(own);
  const heard = [];
  first.on(chatMessage, () => heard.push('first'));
  second.on(chatMessage, () => heard.push('second'));
  await server.say(message(42));
  await first.leave();
  assert.equal((await first.leave()).ok, true);
  await server.say(message(43));
  assert.deepEqual(heard, ['first', 'second', 'second']);
  assert.deepEqual(server.types, ['hello', 'room.join', 'room.join']);
  assert.equal(first.send(api.userTyping, lobby).error.code, 'CLOSED');
  assert.equal(second.joined.topic, null);
});

test('a join after a leave gets a fresh room, in the order of the calls', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const old = await joinLobby(own);
  const leaving = old.leave();
  const joining = client.join(roomChannel, lobby);
  assert.deepEqual(server.types, ['hello', 'room.join', 'room.leave', 'room.join']);
  const [, , leave, join] = server.connection.heard;
  await server.say(message(42)); // of the old one
  await server.say({ type: 'room.left', id: leave.id });
  await server.say(joined(join.id, 50));
  const fresh = await joining;
  assert.equal((await leaving).ok, true);
  const heard = mock.fn();
  const gap = mock.fn();
  fresh.on(chatMessage, heard);
  fresh.on('gap', gap);
  await server.say(message(51));
  assert.deepEqual([heard.mock.callCount(), gap.mock.callCount()], [1, 0]);
  assert.equal(old.send(api.userTyping, lobby).error.code, 'CLOSED');
});

test('a join that is given up before it was answered is followed by a leave', async () => {
  const { clock, server } = own;
  const client = own.connect();
  await server.welcome();
  const late = outcomeOf(client.join(roomChannel, lobby));
  await clock.pass(10000);
  assert.equal(await late, 'TIMEOUT');
  assert.deepEqual(server.types, ['hello', 'room.join', 'room.leave']);

  const controller = new AbortController();
  const aborted = outcomeOf(client.join(roomChannel, lobby, undefined, { signal: controller.signal }));
  controller.abort();
  assert.equal(await aborted, 'CANCELLED');
  assert.deepEqual(server.types.slice(3), ['room.join', 'room.leave']);
  // The answer comes late, and is nobody's.
  const unhandled = mock.fn();
  client.on('unhandled', unhandled);
  await server.say(joined(server.connection.heard[3].id));
  assert.equal(unhandled.mock.callCount(), 0);
});

test('so is one that the server cannot say the outcome of', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const late = outcomeOf(client.join(roomChannel, lobby));
  await server.say(refusal('1', { code: 'TIMEOUT' }));
  assert.equal(await late, 'TIMEOUT');
  const bad = outcomeOf(client.join(roomChannel, lobby));
  await server.say({ ...joined(server.last.id), payload: {} });
  assert.equal(await bad, 'BAD_REPLY');
  assert.deepEqual(server.types, ['hello', 'room.join', 'room.leave', 'room.join', 'room.leave']);
  const other = outcomeOf(client.join(roomChannel, lobby));
  await server.say(joined(server.last.id, 1, { room: 'other' }));
  assert.equal(await other, 'BAD_REPLY');
  assert.equal(server.last.type, 'room.leave');
});

test('a join that is given up while another waits disturbs nobody', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const controller = new AbortController();
  const aborted = outcomeOf(client.join(roomChannel, lobby, undefined, { signal: controller.signal }));
  const joining = client.join(roomChannel, lobby);
  controller.abort();
  assert.equal(await aborted, 'CANCELLED');
  await server.say(joined('1')); // nobody's
  assert.equal(await outcome(joining), 'pending');
  await server.say(joined('2'));
  assert.equal((await joining).key, 'room:lobby');
  assert.deepEqual(server.types, ['hello', 'room.join', 'room.join']);
});

test('each join is sent and has its own answer; one that is refused leaves the others where they are', async () => {
  const { clock, server } = own;
  const client = own.connect();
  await server.welcome();
  // The parameters of a join may be more than its key.
  const channel = { ...roomChannel, key: () => 'room:lobby' };
  const heard = [];
  const join = async (name, answer, of = ({ error }) => error.code) => {
    const joining = client.join(channel, { roomId: name }, room => {
      room.on(chatMessage, ({ text }) => heard.push(`${name} ${text}`));
      room.on('lost', () => heard.push(`${name} lost`));
    }).catch(of);
    const { type, id, payload } = server.last;
    assert.deepEqual([type, payload], ['room.join', { roomId: name }]);
    await server.say(message(undefined, `before ${name}`));
    await server.say(answer(id));
    return joining;
  };
  const topic = name => id => ({ ...joined(id, 41), payload: { topic: name } });
  const first = await join('first', topic('old'));
  const second = await join('second', topic('new'));
  assert.deepEqual([first.joined, second.joined], [{ topic: 'new' }, { topic: 'new' }]);
  assert.equal(await join('third', id => refusal(id, { code: 'NOT_IN_ROOM' }), error => error.message), 'UNDECLARED (NOT_IN_ROOM): no');
  assert.equal(await join('fourth', id => refusal(id, { code: 'ROOM_FULL', data: { limit: 1 } })), 'ROOM_FULL');
  await server.say(message(42, 'last'));
  assert.deepEqual(heard, ['first before second', 'first before third', 'second before third', 'first before fourth', 'second before fourth', 'first last', 'second last']);
  // Joined again, it is as it was joined last.
  await server.drop(1001);
  await server.comeBack(clock);
  assert.deepEqual(server.last.payload, { roomId: 'second' });
});

test('a reply is heard before the messages that arrive with it, and the promise of the join resolves later', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const shown = [];
  const joining = client.join(roomChannel, lobby, room => {
    room.on(chatMessage, ({ text }) => shown.push(text));
    room.on('joined', ({ topic }) => shown.push(topic));
  });
  joining.then(() => shown.push('resolved'));
  // `ws` reports several frames in one turn.
  await Promise.all([server.say({ ...joined(server.last.id, 41), payload: { topic: 'reply' } }), server.say(message(42, 'newer'))]);
  assert.deepEqual(shown, ['reply', 'newer', 'resolved']);
  await joinLobby(own, 42);
  assert.equal(shown.length, 3, 'it is told those who joined by it');
});

test('a listener of the reply may leave', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const joining = client.join(roomChannel, lobby, room => room.on('joined', () => void room.leave()));
  await server.say(joined(server.last.id));
  assert.equal((await joining).send(api.userTyping, lobby).error.code, 'CLOSED');
  assert.deepEqual(server.types, ['hello', 'room.join', 'room.leave']);
});

test('a join that succeeds before the channel is joined again takes the place of that', async () => {
  const { clock, server } = own;
  const client = own.connect();
  await server.welcome();
  const again = mock.fn();
  await joinLobby(own, 41, room => room.on('joined', again));
  await server.drop(1001);
  await server.comeBack(clock);
  await server.say(refusal(server.last.id, { code: 'ROOM_FULL', data: { limit: 1 }, retryable: true }));
  const joining = client.join(roomChannel, lobby);
  await server.say(joined(server.last.id, 41));
  await joining;
  assert.equal(again.mock.callCount(), 2);
  await clock.pass(10_000);
  assert.deepEqual(server.types.filter(type => type === 'room.join').length, 2);
});

test('what is lost for the others is not for a join that waits', async () => {
  const { clock, server } = own;
  const client = own.connect();
  await server.welcome();
  const lost = mock.fn();
  await joinLobby(own, 41, room => room.on('lost', lost));
  await server.drop(1001);
  await server.comeBack(clock);
  const { id } = server.last;
  const joining = client.join(roomChannel, lobby);
  await server.say(refusal(id, { code: 'ROOM_FULL', data: { limit: 1 } }));
  assert.equal(lost.mock.callCount(), 1);
  await server.say(joined(server.last.id, 50));
  const room = await joining;
  const heard = mock.fn();
  room.on(chatMessage, heard);
  await server.say(message(51));
  assert.equal(heard.mock.callCount(), 1);
  await server.say(added('room:lobby', undefined, 'leave'));
  assert.equal(room.send(api.userTyping, lobby).error.code, 'CLOSED');
});

test('a join that was aborted before it was written is not written', async () => {
  const { server } = own;
  const client = own.connect();
  const controller = new AbortController();
  const aborted = outcomeOf(client.join(roomChannel, lobby, undefined, { signal: controller.signal }));
  const never = outcomeOf(client.join(roomChannel, lobby, undefined, { signal: AbortSignal.abort() }));
  controller.abort();
  assert.deepEqual([await aborted, await never], ['CANCELLED', 'CANCELLED']);
  await server.welcome();
  assert.deepEqual(server.types, ['hello']);
});

test('leaving while there is no connection asks nobody', async () => {
  const { clock, server } = own;
  own.connect();
  await server.welcome();
  const room = await joinLobby(own);
  await server.drop();
  assert.equal((await room.leave()).ok, true);
  await server.comeBack(clock);
  assert.deepEqual(server.types, ['hello']);
});

test('a leave whose connection is lost has left', async () => {
  const { clock, server } = own;
  const client = own.connect();
  await server.welcome();
  const room = await joinLobby(own);
  const leaving = room.leave();
  const joining = client.join(roomChannel, lobby);
  await server.drop();
  assert.equal((await leaving).ok, true);
  await server.comeBack(clock);
  assert.deepEqual(server.types, ['hello', 'room.join']);
  await server.say(joined(server.last.id));
  await joining;
});

test('a leave that nobody waits for any more is sent when the session is resumed', async () => {
  const { clock, server } = own;
  own.connect();
  await server.welcome({ received: 0 });
  const room = await joinLobby(own);
  await server.drop();
  const leaving = room.leave();
  await clock.pass(15_000);
  assert.equal((await leaving).error.code, 'TIMEOUT');
  await server.welcome({ resumed: true, received: 1 });
  assert.equal(server.last.type, 'room.leave');
});

test('what the server adds while a leave is not answered is left by it, however late the answer is', async () => {
  const { clock, server } = own;
  const client = own.connect();
  const keys = [];
  onAdded(client, roomChannel, ({ key }) => keys.push(key));
  await server.welcome();
  const room = await joinLobby(own);
  void room.leave();
  const { id } = server.last;
  await clock.pass(15_000);
  await server.say(added('room:lobby', 42));
  assert.deepEqual(keys, []);
  await server.say({ type: 'room.left', id });
  await server.say(added('room:lobby', 43));
  assert.deepEqual(keys, ['room:lobby']);
});

test('without the role a channel is left at once, and nothing is sent', async () => {
  const { server } = own;
  const { leave, ...channel } = roomChannel;
  const client = own.connect({}, { roles: { leave: null } });
  await server.welcome();
  const joining = client.join(channel, lobby);
  await server.say(joined(server.last.id));
  const room = await joining;
  assert.equal((await room.leave()).ok, true);
  assert.deepEqual(server.types, ['hello', 'room.join']);
});

test('without the role a channel without a join of its own cannot be joined, and nothing is sent', async () => {
  const { server } = own;
  const { join, ...channel } = roomChannel;
  const client = own.connect({}, { roles: { join: null } });
  await server.welcome();
  assert.equal(await outcome(client.join(channel, lobby)), 'INVALID');
  assert.deepEqual(server.types, ['hello']);
});

test('a channel whose key could be of another is not joined', async () => {
  const { server } = own;
  const desk = { name: 'desk', key: params => `desk:${delimited(params, 'floor', ':')}:${params.place}`, via: joinChannel };
  const client = own.connect();
  const seen = [];
  onAdded(client, desk, (_, params) => seen.push(params));
  await server.welcome();
  const { error } = await client.join(desk, { floor: '1:2', place: '3' }).catch(failure => failure);
  assert.equal(error.code, 'INVALID');
  const message = 'must not contain ":", which follows it in the key of the channel';
  assert.deepEqual(error.violations, [{ path: '/floor', keyword: 'not', message }]);
  assert.deepEqual(server.types, ['hello']);
  // A key is taken apart as it was made.
  for (const key of ['desk:1:2:3', 'desk::2:3', 'desk:1:', 'desk:1']) await server.say(added(key, 41));
  assert.deepEqual(seen, [{ floor: '1', place: '2:3' }, { floor: '', place: '2:3' }, { floor: '1', place: '' }]);
});

test('leaves that are never answered use no room once their time is over', async () => {
  const { clock, server } = own;
  const client = own.connect({}, { limits: { message: 65_536, outbound: 1800 } });
  await server.welcome();
  for (let i = 0; i < 5; i++) {
    const room = await joinLobby(own);
    void room.leave();
  }
  const call = () => client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  assert.equal((await call()).error.code, 'QUEUE_FULL');
  await clock.pass(15_000);
  assert.equal(await outcome(call()), 'pending');
});

test('of leaves that are never answered the oldest are forgotten', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const seen = [];
  onAdded(client, roomChannel, (_, { roomId }) => void seen.push(roomId));
  const leave = async roomId => {
    const joining = client.join(roomChannel, { roomId });
    await server.say(joined(server.last.id, 1, { room: roomId }));
    void (await joining).leave();
  };
  for (let i = 0; i < 1024; i++) await leave(`r${i}`);
  await leave('more');
  await server.say(added('room:r0')); // somebody waits for its answer
  await own.clock.pass(10_000);
  await server.say({ type: 'pong' });
  await leave('last');
  for (const roomId of ['r0', 'r1', 'r2', 'more', 'last']) await server.say(added(`room:${roomId}`));
  assert.deepEqual(seen, ['r0', 'r1']);
});

test('a removal beside a join that waits leaves before the next join', async () => {
  const { clock, server } = own;
  const client = own.connect();
  await server.welcome();
  await joinLobby(own);
  await server.drop();
  await server.comeBack(clock); // it is joined again
  await server.say(added('room:lobby', 41, 'join'));
  await server.say(added('room:lobby', undefined, 'leave'));
  void client.join(roomChannel, lobby);
  assert.deepEqual(server.types, ['hello', 'room.join', 'room.leave', 'room.join']);
});

test('a rejoin that is refused after one of unknown outcome leaves', async () => {
  const { clock, server } = own;
  own.connect();
  await server.welcome();
  await joinLobby(own);
  await server.drop();
  await server.comeBack(clock);
  await server.say(refusal(server.last.id, { code: 'TIMEOUT' }));
  await clock.until(() => server.connection.heard.length > 2);
  await server.say(refusal(server.last.id, { code: 'NOT_IN_ROOM' }));
  assert.deepEqual(server.types, ['hello', 'room.join', 'room.join', 'room.leave']);
});

test('a refused join leaves what the server has added and the application has left', async () => {
  const { server } = own;
  const client = own.connect();
  onAdded(client, roomChannel, room => void room.leave());
  await server.welcome();
  const joining = outcome(client.join(roomChannel, lobby));
  const { id } = server.last;
  await server.say(added('room:lobby', 41));
  await server.say(refusal(id, { code: 'NOT_IN_ROOM' }));
  await joining;
  assert.deepEqual(server.types, ['hello', 'room.join', 'room.leave']);
});

test('a subscription that waits to be added again hears that its channel is joined', async () => {
  const { clock, server } = own;
  const client = own.connect();
  const heard = [];
  onAdded(client, roomChannel, room => ['gap', 'joined'].forEach(event => room.on(event, () => heard.push(event))));
  await server.welcome();
  await server.say(added('room:lobby', 41));
  await server.drop(1001);
  await server.comeBack(clock);
  await joinLobby(own, 41);
  assert.deepEqual(heard, ['gap', 'joined']);
  void client;
});

test('a setup that throws holds nothing', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const failing = client.join(roomChannel, lobby, () => {
    throw new Error('oops');
  });
  await assert.rejects(failing, /oops/);
  assert.deepEqual(server.types, ['hello']);
  await joinLobby(own);
});

test('an old rejoin that is refused does not disturb a new room of the same key', async () => {
  const { clock, server } = own;
  const client = own.connect();
  await server.welcome();
  const old = await joinLobby(own);
  await server.drop();
  await server.comeBack(clock);
  const rejoin = server.last.id;
  void old.leave();
  const joining = client.join(roomChannel, lobby);
  const join = server.last.id;
  await server.say(refusal(rejoin, { code: 'ROOM_FULL', data: { limit: 1 } }));
  await server.say(joined(join, 60));
  const fresh = await joining;
  const heard = mock.fn();
  fresh.on(chatMessage, heard);
  await server.say(message(61));
  assert.equal(heard.mock.callCount(), 1);
});

test('a room that was lost says so, and is joined afresh', async () => {
  const { clock, server } = own;
  const client = own.connect();
  await server.welcome();
  const lost = await joinLobby(own);
  await server.drop();
  await server.comeBack(clock);
  await server.say(refusal(server.last.id, { code: 'INTERNAL' }));
  assert.equal(lost.send(api.userTyping, lobby).error.code, 'CLOSED');
  assert.equal((await lost.leave()).ok, true);
  assert.notEqual(server.types.at(-1), 'room.leave');
  const fresh = await joinLobby(own);
  assert.equal(fresh.send(api.userTyping, lobby).ok, true);
  void client;
});

test('a rejoin that is refused for now keeps the room, with a gap, and is made again', async () => {
  const { clock, server } = own;
  own.connect();
  await server.welcome();
  const room = await joinLobby(own);
  const events = [];
  room.on('gap', gap => events.push(gap));
  room.on('joined', () => events.push('rejoined'));
  room.on('lost', () => events.push('lost'));
  await server.drop();
  await server.comeBack(clock);
  const limited = { code: 'RATE_LIMITED', retryable: true };
  for (const error of [limited, limited, { code: 'TIMEOUT' }]) {
    const before = server.connection.heard.length;
    await server.say(refusal(server.last.id, error));
    assert.equal(server.connection.heard.length, before, 'not at once');
    await clock.until(() => server.connection.heard.length > before);
    assert.equal(server.last.type, 'room.join');
  }
  await server.say(joined(server.last.id, 44));
  assert.deepEqual(events, [{}, 'rejoined', { from: 42, to: 44 }]);
});

test('many rooms are joined again a few at a time, also where the server takes them slowly', async () => {
  const { clock, server } = own;
  const client = own.connect();
  await server.welcome();
  const names = Array.from({ length: 130 }, (_, i) => `r${i}`);
  const joining = names.map(async roomId => client.join(roomChannel, { roomId }));
  for (const { id, payload } of server.connection.heard.slice(1)) {
    await server.say(joined(id, 1, { room: payload.roomId }));
  }
  const rooms = await Promise.all(joining);
  const events = [];
  for (const room of rooms) {
    room.on('lost', () => events.push('lost'));
    room.on('joined', () => events.push('rejoined'));
  }
  await server.drop();
  await server.comeBack(clock);
  // A hundred a minute, as a bucket of twenty that fills slowly.
  let [tokens, at, inARow, worst] = [20, clock.now(), 0, 0];
  let next = 1;
  while (events.length < 130) {
    const { heard } = server.connection;
    assert.ok(heard.length - next <= 16, 'at most 16 are unanswered');
    if (next === heard.length) {
      await clock.until(() => heard.length > next || server.connection.closed !== undefined);
      assert.equal(server.connection.closed, undefined);
    }
    const { id, type, payload } = heard[next++];
    if (type === 'ping') {
      await server.say({ type: 'pong' });
      continue;
    }
    tokens = Math.min(20, tokens + ((clock.now() - at) * 100) / 60000);
    at = clock.now();
    inARow = tokens >= 1 ? 0 : inARow + 1;
    worst = Math.max(worst, inARow);
    if (tokens < 1) await server.say(refusal(id, { code: 'RATE_LIMITED', retryable: true }));
    else await server.say(joined(id, 1, { room: payload.roomId }));
    tokens -= tokens >= 1 ? 1 : 0;
  }
  assert.deepEqual(new Set(events), new Set(['rejoined']));
  assert.ok(worst < 5, `${worst} refusals in a row would close the connection`);
});

test('rejoins that are not answered do not keep the others from theirs', async () => {
  const { clock, server } = own;
  const client = own.connect();
  await server.welcome();
  const joining = Array.from({ length: 20 }, (_, i) => client.join(roomChannel, { roomId: `r${i}` }));
  for (const { id, payload } of server.connection.heard.slice(1)) await server.say(joined(id, 1, { room: payload.roomId }));
  const rooms = await Promise.all(joining);
  void rooms[0].leave();
  await server.drop();
  await server.comeBack(clock);
  void rooms[1].leave();
  const seen = new Set();
  for (let next = 1; seen.size < 19; next++) {
    const { heard } = server.connection;
    await clock.until(() => heard.length > next);
    if (heard[next].type === 'ping') await server.say({ type: 'pong' });
    else seen.add(heard[next].payload.roomId);
  }
  assert.equal(server.connections.length, 2);
});

test('a forged number does not silence a channel', async () => {
  const { server } = own;
  own.connect();
  await server.welcome();
  const room = await joinLobby(own);
  const events = [];
  room.on('gap', gap => events.push(gap));
  room.on(chatMessage, (_, { seq }) => events.push(seq));
  const forged = Number.MAX_SAFE_INTEGER;
  for (const seq of [forged, 42, 43, 43, 44]) await server.say(message(seq));
  assert.deepEqual(events, [{ from: 42, to: forged - 1 }, forged, {}, 42, 43, 44]);
});

test('neither does a forged gap, and what was here before is dropped', async () => {
  const { server } = own;
  own.connect();
  await server.welcome();
  const room = await joinLobby(own);
  const events = [];
  room.on('gap', gap => events.push(gap));
  room.on(chatMessage, (_, { seq }) => events.push(seq));
  const gap = { channel: 'room:lobby', from: 42, to: Number.MAX_SAFE_INTEGER };
  await server.say({ type: 'gap', payload: gap });
  for (const seq of [41, 42, 42, 43]) await server.say(message(seq));
  assert.deepEqual(events, [{ from: 42, to: gap.to }, {}, 42, 43]);
});

/** The code a join fails with. */
const outcomeOf = joining => joining.then(() => 'ok', error => error.error.code);

test('a join whose setup leaves is no room', async () => {
  const client = own.connect();
  await own.server.welcome();
  await assert.rejects(
    client.join(api.roomChannel, { roomId: 'lobby' }, room => void room.leave()),
    ({ error }) => error.code === 'CLOSED',
  );
  assert.deepEqual(own.server.types, ['hello']);
});

test('a rejoin has the position, and continues with the replay', async () => {
  const { clock, server } = own;
  own.connect();
  await server.welcome();
  const room = await joinLobby(own);
  const events = [];
  room.on('gap', gap => events.push(gap));
  room.on(chatMessage, (_, { seq }) => events.push(seq));
  await server.say(message(42));
  await server.drop();
  await server.comeBack(clock);
  const rejoin = server.last;
  assert.deepEqual(rejoin, { type: 'room.join', payload: lobby, id: rejoin.id, seq: 42, epoch: 'k3J9' });
  await server.say(joined(rejoin.id, 42));
  for (const seq of [43, 44]) await server.say(message(seq));
  assert.deepEqual(events, [42, 43, 44]);
  await server.drop();
  await server.comeBack(clock);
  assert.deepEqual([server.last.seq, server.last.epoch], [44, 'k3J9']);
  await server.say(joined(server.last.id, 44));
  const gap = { from: 45, to: 50, reason: 'evicted' };
  await server.say({ type: 'gap', payload: { channel: 'room:lobby', ...gap } });
  for (const seq of [51, 52]) await server.say(message(seq));
  assert.deepEqual(events.slice(3), [gap, 51, 52]);
  // The numbering begins anew: the next rejoin has no position to continue from.
  await server.say({ type: 'gap', payload: { channel: 'room:lobby', reason: 'epoch' } });
  await server.say(message(1));
  await server.drop();
  await server.comeBack(clock);
  assert.deepEqual(server.last, { type: 'room.join', payload: lobby, id: server.last.id });
  assert.deepEqual(events.slice(6), [{ reason: 'epoch' }, 1]);
});

test('a first join, and a protocol without epochs, have no position', async () => {
  const { clock, server } = own;
  own.connect({}, { envelope: laidOut({ client: { ...defaultEnvelope, epoch: null } }) });
  await server.welcome();
  await joinLobby(own);
  const [, join] = server.connection.heard;
  assert.equal('seq' in join, false);
  await server.drop();
  await server.comeBack(clock);
  assert.deepEqual(server.last, { ...join, id: server.last.id });
});

test('a number of others is not missing', async () => {
  const { server } = own;
  own.connect();
  await server.welcome();
  const room = await joinLobby(own);
  const events = [];
  room.on('gap', gap => events.push(gap));
  room.on(chatMessage, (_, { seq }) => events.push(seq));
  const skip = (seq, channel = 'room:lobby') => server.say({ type: 'skip', payload: { channel, seq } });
  await skip(42);
  await skip(7, 'room:elsewhere');
  await server.say(message(43));
  await skip(46);
  await server.say(message(47));
  assert.deepEqual(events, [43, { from: 44, to: 45 }, 47]);
});

test("where payloads have no field of their own, the session's messages have their channel and their number nevertheless", async () => {
  const { server } = own;
  const flat = { ...defaultEnvelope, content: null, flat: flatPayload };
  const { join: _, leave: _leave, ...channel } = roomChannel;
  const room = { ...channel, presence: { info: noPayload, members: 3, via: presence } };
  const client = own.connect({}, { envelope: laidOut({ client: flat, server: flat }) });
  await server.accept();
  await server.say({ type: 'ready', version: '1.2.0', session: 's' });
  const events = [];
  onAdded(client, room, ({ key }) => events.push(key));
  const joining = client.join(room, lobby);
  const key = { channel: 'room:lobby' };
  assert.deepEqual(server.last, { type: 'join', id: '1', ...key });
  await server.say({ type: 'join', id: '1', ...key, seq: 41, epoch: 'k3J9' });
  const lobbyRoom = await joining;
  lobbyRoom.on('gap', gap => events.push(gap));
  lobbyRoom.on(chatMessage, ({ text }) => events.push(text));
  await server.say({ type: 'skip', ...key, seq: 42 });
  await server.say({ type: 'chat.message', from: 'bob', text: 'hi', ...key, seq: 43 });
  await server.say({ type: 'gap', ...key, from: 44, to: 50, reason: 'evicted' });
  await server.say({ type: 'presence', ...key, event: 'list', count: 1, self: 'me', members: [{ id: 'me' }] });
  await server.say({ type: 'join', channel: 'room:hall', seq: 1, epoch: 'k3J9' });
  assert.deepEqual(events, ['hi', { from: 44, to: 50, reason: 'evicted' }, 'room:hall']);
  assert.equal(lobbyRoom.members.get().count, 1);
  const leaving = lobbyRoom.leave();
  assert.deepEqual(server.last, { type: 'leave', id: '2', ...key });
  await server.say({ type: 'leave', id: '2', ...key });
  assert.equal((await leaving).ok, true);
  assert.deepEqual(own.warn.mock.calls, []);
});

/** The server adds the client to a channel, or removes it. */
const added = (key, seq, type = 'join') => ({ type, payload: { channel: key }, channel: key, ...(seq !== undefined && { seq, epoch: 'k3J9' }) });

test('a channel that the server adds the client to has a subscription, before any of its messages', async () => {
  const { server } = own;
  const client = own.connect();
  const heard = [];
  onAdded(client, roomChannel, (room, params) => {
    heard.push(params, room.key, room.joined);
    room.on(chatMessage, ({ text }, { seq }) => heard.push([text, seq]));
    room.on('gap', gap => heard.push(gap));
    room.on('presence', ({ event, member }) => heard.push([event, member.id]));
    room.on('lost', ({ code }) => heard.push(code));
    room.members.subscribe(({ count }) => heard.push(count));
  });
  await server.welcome();
  for (const one of [added('room:lobby', 41), message(42), message(44)]) await server.say(one);
  await server.say({ type: 'presence', payload: { channel: 'room:lobby', event: 'list', count: 1, self: 'me', members: [{ id: 'me', info: { name: 'Ada' } }] } });
  for (const key of ['room:lobby', 'room', 'hall:lobby']) await server.say(added(key, 44));
  for (const one of [message(45), added('room:lobby', undefined, 'leave'), message(46)]) await server.say(one);
  const expected = [{ roomId: 'lobby' }, 'room:lobby', undefined, 0, ['hi', 42], { from: 43, to: 43 }, ['hi', 44], 1, ['hi', 45], 'CLOSED'];
  assert.deepEqual(heard, expected);
  assert.deepEqual(server.types, ['hello']);
});

test('what the server adds the client to is left with the last subscription, by the parameters in its key', async () => {
  const { server } = own;
  const client = own.connect();
  const rooms = [];
  const listen = room => rooms.push(room);
  onAdded(client, roomChannel, listen);
  const stop = onAdded(client, roomChannel, listen);
  await server.welcome();
  await server.say(added('room:lobby', 41));
  assert.equal(rooms.length, 2);
  stop();
  stop();
  assert.equal((await rooms[0].leave()).ok, true);
  assert.deepEqual(server.types, ['hello']);
  const leaving = rooms[1].leave();
  assert.deepEqual(server.last, { type: 'room.leave', payload: { roomId: 'lobby' }, id: '1' });
  await server.say(added('room:lobby', 49));
  assert.equal(rooms.length, 2, 'the leave is handled after that');
  // Both arrive in one turn.
  await Promise.all([server.say({ type: 'room.left', id: '1' }), server.say(added('room:lobby', 50))]);
  assert.equal((await leaving).ok, true);
  assert.equal(rooms.length, 3, 'the other listener was removed');
});

test('the client does not join again what the server has added it to; joined as well, it does', async () => {
  const { server, clock } = own;
  const client = own.connect();
  const heard = [];
  onAdded(client, roomChannel, room => {
    room.on('gap', gap => heard.push(gap));
    room.on('joined', reply => heard.push(reply ?? 'added'));
  });
  await server.welcome();
  await server.say(added('room:lobby', 41));
  await server.drop(1001);
  await clock.pass(1000);
  await server.welcome();
  assert.deepEqual(heard, [{}]);
  await server.say(added('room:lobby', 43));
  assert.deepEqual(heard.splice(0), [{}, 'added', { from: 42, to: 43 }]);
  assert.deepEqual(server.types, ['hello']);
  await joinLobby(own, 43);
  assert.deepEqual(heard, []);
  await server.drop(1001);
  await clock.pass(1000);
  await server.welcome();
  const { type, id, seq } = server.last;
  assert.deepEqual([type, seq], ['room.join', 43]);
  await server.say(joined(id, 43));
  assert.deepEqual(heard, [{ topic: null }]);
});

test('the server adds the client while its join waits: there is a subscription, and it stays if the join is refused', async () => {
  const { server } = own;
  const client = own.connect();
  const heard = [];
  onAdded(client, roomChannel, room => {
    room.on(chatMessage, ({ text }) => heard.push(text));
    room.on('lost', ({ code }) => heard.push(code));
  });
  await server.welcome();
  const refused = assert.rejects(client.join(roomChannel, lobby), ({ error }) => error.code === 'ROOM_FULL');
  await server.say(added('room:lobby', 41));
  await server.say(message(42));
  await server.say(refusal('1', { code: 'ROOM_FULL', data: { limit: 1 } }));
  await refused;
  await server.say(message(43));
  assert.deepEqual(heard, ['hi', 'hi']);
  assert.deepEqual(server.types, ['hello', 'room.join']);
});

test('the server adds or removes the client while it joins again', async () => {
  const { server, clock } = own;
  own.connect();
  await server.welcome();
  const heard = [];
  const room = await joinLobby(own);
  room.on('joined', reply => heard.push(reply));
  room.on('lost', ({ code }) => heard.push(code));
  for (const type of ['join', 'leave']) {
    await server.drop(1001);
    await clock.pass(1000);
    await server.welcome();
    const { id } = server.last;
    await server.say(added('room:lobby', type === 'join' ? 41 : undefined, type));
    await server.say(joined(id, 41));
  }
  assert.deepEqual(heard, [{ topic: null }, 'CLOSED']);
  assert.equal(server.last.type, 'room.leave');
});

test('a channel whose key has more than 1,024 bytes is not one that the server can add the client to', async () => {
  const { server } = own;
  const client = own.connect();
  const keys = [];
  onAdded(client, roomChannel, ({ key }) => keys.push(key));
  await server.welcome();
  const longest = `room:${'ä'.repeat(509)}!`;
  for (const key of [`${longest}!`, longest]) await server.say(added(key, 41));
  assert.deepEqual(keys, [longest]);
});

test('what a listener of added channels throws is reported, and the channel is left', async () => {
  const { server } = own;
  const client = own.connect();
  const failed = mock.fn();
  client.on('error', failed);
  onAdded(client, roomChannel, () => {
    throw new Error('no');
  });
  await server.welcome();
  await server.say(added('room:lobby', 41));
  assert.equal(failed.mock.calls[0].arguments[0].message, 'no');
  assert.equal(server.last.type, 'room.leave');
});

test('a key has the parameters of its channel: one that another follows ends where the text behind it first occurs', async () => {
  const { server } = own;
  const client = own.connect();
  const heard = [];
  const channel = key => ({ name: 'x', key, via: joinChannel });
  for (const key of [
    ({ a, b }) => `${a}-${b}!`,
    ({ a, b, c }) => `x:${a}--${b}-${c}`,
    () => 'lobby',
    params => params['__proto__'] + '/',
  ]) {
    onAdded(client, channel(key), ({ key }, params) => heard.push([key, Object.entries(params)]));
  }
  await server.welcome();
  for (const key of ['1-2-3!', '-2!', '1-!', '12!', '1-2!?', 'x:1--2-3-4', 'x:------', 'x:1-2-3', 'lobby', 'lobby2', 'p/', '/', '']) await server.say(added(key));
  assert.deepEqual(heard, [
    ['1-2-3!', [['a', '1'], ['b', '2-3']]],
    ['-2!', [['a', ''], ['b', '2']]],
    ['1-!', [['a', '1'], ['b', '']]],
    ['x:1--2-3-4', [['a', '1'], ['b', '2'], ['c', '3-4']]],
    ['x:------', [['a', ''], ['b', ''], ['c', '---']]],
    ['lobby', []],
    ['p/', [['__proto__', 'p']]],
    ['/', [['__proto__', '']]],
  ]);
});

test('a join that is given up before it is sent is not sent, also where the server has added the client', async () => {
  const { clock, server } = own;
  const client = own.connect();
  onAdded(client, roomChannel, () => {});
  await server.welcome();
  await server.say(added('room:lobby', 41));
  await server.drop(1011);
  const controller = new AbortController();
  const joining = client.join(roomChannel, lobby, undefined, { signal: controller.signal });
  const other = client.join(roomChannel, lobby, undefined, { timeout: 10 });
  for (const each of [joining, other]) each.catch(() => {});
  controller.abort();
  await clock.pass(10);
  assert.deepEqual([await outcome(joining), await outcome(other)], ['CANCELLED', 'TIMEOUT']);
  await server.comeBack(clock);
  await clock.pass(1000);
  assert.deepEqual(server.types, ['hello']);
  // Nor is one sent again that is given up when it was written, and its session is lost. Until then the client may be in the channel by it.
  const late = client.join(roomChannel, lobby, undefined, { timeout: 10 });
  late.catch(() => {});
  assert.equal(server.last.type, 'room.join');
  await clock.pass(10);
  assert.equal(await outcome(late), 'TIMEOUT');
  await server.drop(1011);
  await server.comeBack(clock);
  await clock.pass(1000);
  assert.deepEqual(server.types, ['hello']);
  // The next one is sent.
  const third = client.join(roomChannel, lobby);
  await server.say(joined(server.last.id));
  await third;
});

test('a channel that a listener of added channels leaves is not given to the next', async () => {
  const { server } = own;
  const failed = mock.fn();
  const seen = mock.fn();
  const acts = [
    room => void room.leave(),
    () => {
      throw new Error('no');
    },
    () => client.close(),
    () => removeSeen(),
  ];
  const client = own.connect();
  client.on('error', failed);
  onAdded(client, roomChannel, room => acts.shift()(room));
  let removeSeen = onAdded(client, roomChannel, seen);
  await server.welcome();
  for (let i = 0; i < 2; i++) {
    await server.say(added('room:lobby', 41));
    assert.equal(server.last.type, 'room.leave');
    await server.say({ type: 'room.left', id: server.last.id });
  }
  assert.equal(seen.mock.callCount(), 0);
  assert.equal(failed.mock.callCount(), 1);
  await joinLobby(own);
  const remove = acts.pop();
  const close = acts.pop();
  acts.push(remove, close);
  await server.say(added('room:music', 41));
  assert.equal(seen.mock.callCount(), 0, 'it was removed by the one before it');
  removeSeen = onAdded(client, roomChannel, seen);
  await server.say(added('room:markets', 41));
  assert.equal(seen.mock.callCount(), 0, 'the client is closed');
});

test('a server that adds more channels than a client takes is a warning', async () => {
  const { server, warn } = own;
  const client = own.connect();
  const seen = mock.fn();
  onAdded(client, roomChannel, seen);
  await server.welcome();
  for (let i = 0; i < 4098; i++) void server.say(added(`room:${i}`, 41));
  await server.say({ type: 'pong' });
  assert.equal(seen.mock.callCount(), 4096);
  assert.deepEqual(warn.mock.calls.map(({ arguments: [words] }) => words), ['handfast: the server adds this client to more than 4096 channels']);
});

test('a subscription hears that it is lost, but not by the close of its own client', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const lost = mock.fn();
  const listen = room => room.on('lost', lost);
  await joinLobby(own, 41, listen);
  await server.say(added('room:lobby', undefined, 'leave'));
  assert.equal(lost.mock.callCount(), 1);
  const room = await joinLobby(own, 41, listen);
  client.close();
  assert.equal(lost.mock.callCount(), 1);
  assert.equal(room.send(api.userTyping, lobby).error.code, 'CLOSED');
  const other = own.connect();
  await server.welcome();
  await joinLobby({ client: other, server }, 41, listen);
  await server.drop(1000, 'over');
  assert.equal(lost.mock.callCount(), 2);
});
