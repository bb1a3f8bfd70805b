// Who is in a channel: lists, events, joining again, and what is not valid.

import { test } from 'node:test';
import { noPayload, presence, reportObject, string } from '../build/out/handfast.js';
import { api, assert, joined, mock, setUp } from './setup.js';

const own = setUp();
const info = (value, report) => reportObject(value, report, { '?': [], name: string });
const roomChannel = { ...api.roomChannel, presence: { info, members: 3, via: presence } };
const lobby = { roomId: 'lobby' };

const member = (id, name = id, more = {}) => ({ id, principal: name, info: { name }, ...more });
const notice = (event, count, more) => ({ type: 'presence', payload: { channel: 'room:lobby', event, count, ...more } });
const list = (members, more = {}) => notice('list', members.length, { self: 'me', members, ...more });

async function join(channel = roomChannel, id) {
  const { client, server } = own;
  const joining = client.join(channel, lobby);
  await server.say(joined(id ?? server.last.id));
  return joining;
}

const names = room => room.members.get().list.map(({ info }) => info.name);

test('members are a store, and what happens to them are events', async () => {
  const { server } = own;
  own.connect();
  await server.welcome();
  const room = await join();
  assert.deepEqual(room.members.get(), { list: [], count: 0 });
  const states = [];
  const unsubscribe = room.members.subscribe(({ list }) => states.push(list.length));
  const events = [];
  room.on('presence', ({ event, member }) => events.push(`${event} ${member.info.name} ${member.away}`));
  await server.say(list([member('a', 'ada'), member('me')]));
  assert.deepEqual(room.members.get().self, 'me');
  assert.deepEqual(room.members.get().list[0], { id: 'a', principal: 'ada', away: false, info: { name: 'ada' } });
  await server.say(notice('join', 3, { member: member('b', 'bob') }));
  await server.say(notice('away', 3, { member: { id: 'b' } }));
  await server.say(notice('back', 3, { member: { id: 'b' } }));
  await server.say(notice('update', 3, { member: member('b', 'rob') }));
  await server.say(notice('leave', 2, { member: { id: 'b' } }));
  await server.say(notice('of a newer server', 2, {}));
  assert.deepEqual(events, ['join bob false', 'away bob true', 'back bob false', 'update rob false', 'leave rob false']);
  assert.deepEqual(states, [0, 2, 3, 3, 3, 3, 2]);
  assert.equal(room.members.get().count, 2);
  unsubscribe();
});

test('a list may come in parts, and a new one is compared with the last', async () => {
  const { server } = own;
  own.connect();
  await server.welcome();
  const room = await join();
  const events = [];
  room.on('presence', ({ event, member }) => events.push(`${event} ${member.id}`));
  await server.say(list([member('a')], { more: true, count: 3 }));
  assert.deepEqual(names(room), []);
  await server.say(list([member('b'), member('me')], { count: 3 }));
  assert.deepEqual(names(room), ['a', 'b', 'me']);
  assert.deepEqual(events, [], 'the first list is no news');
  await server.say(list([member('b', 'b', { away: true }), member('c'), member('me', 'you')]));
  assert.deepEqual(events, ['away b', 'join c', 'update me', 'leave a']);
});

test('of more members than are listed, only the number is known', async () => {
  const { server } = own;
  own.connect();
  await server.welcome();
  const room = await join();
  await server.say(list([member('a'), member('b'), member('me')], { count: 9 }));
  await server.say(notice('join', 10, { member: member('c') }));
  assert.deepEqual(names(room), ['a', 'b', 'me']);
  assert.equal(room.members.get().count, 10);
  await server.say(notice('leave', 9, { member: { id: 'c' } }));
  await server.say(notice('leave', 8, { member: { id: 'a' } }));
  assert.deepEqual(names(room), ['b', 'me']);
});

test('members are kept within the limit of bytes, by what is said of them', async () => {
  const { server } = own;
  own.connect({}, { limits: { ...api.protocol.limits, outbound: 10_000 } });
  await server.welcome();
  const room = await join();
  const long = 'x'.repeat(4000);
  await server.say(list([member('a', long), member('b', long), member('me', long)]));
  assert.deepEqual(room.members.get().list.map(({ id }) => id), ['a'], 'the principal counts too');
  assert.equal(room.members.get().count, 3);
  await server.say(notice('leave', 2, { member: { id: 'a' } }));
  await server.say(notice('join', 3, { member: member('c', long) }));
  await server.say(notice('update', 3, { member: member('c', 'carl') }));
  await server.say(notice('join', 4, { member: member('d', long) }));
  assert.deepEqual(names(room), ['carl', long]);
  await server.say(notice('update', 4, { member: member('c', long) }));
  assert.deepEqual(names(room), [long], 'what was known of it is outdated');
  await server.say(notice('join', 5, { member: member('e', 'eve') }));
  assert.deepEqual(names(room), [long, 'eve']);
});

test('members stay the same object until something changes', async () => {
  const { server } = own;
  own.connect();
  await server.welcome();
  const room = await join();
  await server.say(list([member('a'), member('me')]));
  const before = room.members.get();
  const changed = mock.fn();
  const unsubscribe = room.members.subscribe(changed);
  const events = [];
  room.on('presence', ({ event, member }) => events.push(`${event} ${member.id}`));
  await server.say(notice('leave', 2, { member: { id: 'unknown' } }));
  await server.say(notice('update', 2, { member: member('a') }));
  await server.say(list([member('a'), member('me')]));
  assert.equal(room.members.get(), before);
  assert.equal(changed.mock.callCount(), 1);
  assert.deepEqual(events, []);
  await server.say(list([{ ...member('a'), principal: 'another' }, member('me')]));
  assert.deepEqual(events, [], 'another principal alone is no event');
  const [a, me] = room.members.get().list;
  assert.deepEqual([a.principal, me], ['another', before.list[1]]);
  assert.equal(me, before.list[1], 'a member stays the same object too');
  await server.say(list([member('me'), { ...member('a'), principal: 'another' }]));
  assert.deepEqual(names(room), ['me', 'a']);
  assert.equal(changed.mock.callCount(), 3);
  unsubscribe();
});

test('what the server says of a member is validated', async () => {
  const { server } = own;
  const client = own.connect();
  const invalid = mock.fn();
  client.on('invalid', invalid);
  await server.welcome();
  const room = await join();
  await server.say(list([member('a'), { ...member('b'), info: { name: 7 } }, member('me')]));
  assert.deepEqual(names(room), ['a', 'me']);
  await server.say(notice('update', 3, { member: { ...member('a'), info: {} } }));
  assert.deepEqual(names(room), ['me'], 'what was known of it is outdated');
  const paths = invalid.mock.calls.map(({ arguments: [{ violations }] }) => violations.map(({ path }) => path));
  assert.deepEqual(paths, [['/payload/members/1/info/name'], ['/payload/member/info']]);
  // A notice that is not one is an invalid message.
  await server.say({ type: 'presence', payload: { channel: 7 } });
  assert.equal(invalid.mock.callCount(), 3);
  // One of another channel is nobody's.
  await server.say({ type: 'presence', payload: { channel: 'room:x', event: 'list', count: 1, members: [] } });
  assert.equal(invalid.mock.callCount(), 3);
});

test('two subscriptions see the same members, and a channel without presence has none', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const first = await join();
  const second = await join();
  await server.say(list([member('me')]));
  assert.equal(first.members, second.members);
  assert.deepEqual(names(second), ['me']);
  const { presence: _, ...plain } = api.roomChannel;
  const without = client.join(plain, { roomId: 'other' });
  await server.say(joined(server.last.id, 1, { room: 'other' }));
  assert.equal((await without).members, undefined);
});

test('a presence may have no info', async () => {
  const { server } = own;
  own.connect();
  await server.welcome();
  const room = await join({ ...roomChannel, presence: { info: noPayload, members: 3, via: presence } });
  await server.say(list([{ id: 'me' }]));
  assert.deepEqual(room.members.get().list, [{ id: 'me', away: false, info: undefined }]);
});

test('a channel from which the server removes the client is lost', async () => {
  const { server } = own;
  own.connect();
  await server.welcome();
  const room = await join();
  const lost = mock.fn();
  room.on('lost', lost);
  await server.say({ type: 'leave', payload: { channel: 'room:other' }, channel: 'room:other' });
  assert.equal(lost.mock.callCount(), 0);
  await server.say({ type: 'leave', payload: { channel: 'room:lobby' }, channel: 'room:lobby' });
  assert.deepEqual(lost.mock.calls[0].arguments[0].code, 'CLOSED');
  const before = server.types.length;
  assert.equal((await room.leave()).ok, true);
  assert.equal(server.types.length, before, 'there is nothing to leave');
});
