// One client and a server that both join and leave rooms at random, over a slow network that loses connections. When everything has settled, both
// have to agree on which rooms the client is in, and each subscription has to receive what is published once.
//
//     ROUNDS=10000 SEED=2 node --test test/memberships.test.js

import { test } from 'node:test';
import { onAdded } from '../build/out/handfast.js';
import { ModelServer } from './model-server.js';
import { random as randomFrom } from './oracles.js';
import { api, assert, setUp } from './setup.js';

const own = setUp();
const seed = Number(process.env.SEED ?? 1);
const rounds = Number(process.env.ROUNDS ?? 300);
const ROOMS = ['a', 'b', 'c'];

const HAPPENINGS = ['added', 'gap', 'join failed', 'joined', 'left', 'lost', 'new session', 'rejoined', 'removed', 'resumed', 'settled as a member', 'subscribed'];

/** Reads a subscription: each message comes once, in order, and none is missing without a gap. */
function follow(seat, subscription, isOwn, count) {
  const reader = { subscription, isOwn, texts: [], wrong: [], hasEnded: false, isOut: false };
  let last;
  let hasGap = false;
  subscription.on(api.chatMessage, ({ text }, { seq }) => {
    const isNext = last === undefined || seq === last + 1 || (seq > last && hasGap);
    if (!isNext) reader.wrong.push(`${seq} after ${last}`);
    [last, hasGap] = [seq, false];
    reader.texts.push(text);
  });
  subscription.on('gap', () => {
    count('gap');
    hasGap = true;
  });
  subscription.on('joined', () => {
    count('rejoined');
    reader.isOut = false;
  });
  subscription.on('lost', () => {
    count('lost');
    reader.hasEnded = true;
  });
  seat.push(reader);
  return reader;
}

async function round(number, count) {
  const random = randomFrom(seed * 1_000_000 + number);
  const below = bound => Math.floor(random() * bound);
  const { clock } = own;
  clock.random = randomFrom(below(2 ** 32));
  const server = new ModelServer(clock, randomFrom(below(2 ** 32)), count);
  server.calm = below(4) === 0;
  const client = own.connect({ transport: server.transport });
  const seats = new Map(ROOMS.map(room => [room, []]));
  const readers = () => [...seats.values()].flat();
  onAdded(client, api.roomChannel, (subscription, { roomId }) => {
    count('subscribed');
    follow(seats.get(roomId), subscription, false, count);
  });
  client.on('open', ({ resumed }) => {
    if (!resumed) for (const reader of readers()) reader.isOut = true;
  });
  const join = async roomId => {
    let reader;
    try {
      await client.join(api.roomChannel, { roomId }, subscription => (reader = follow([], subscription, true, count)), { timeout: [50, 3000, 20_000][below(3)] });
    } catch {
      return count('join failed');
    }
    count('joined');
    seats.get(roomId).push(reader);
  };
  const leave = reader => {
    if (!reader || reader.hasEnded) return undefined;
    reader.hasEnded = true;
    count('left');
    return reader.subscription.leave();
  };

  let published = 0;
  const pending = [];
  for (let i = 0; i < 60; i++) {
    if (below(60) === 0) server.endSession();
    const roomId = ROOMS[below(ROOMS.length)];
    const key = `room:${roomId}`;
    const what = below(20);
    if (what < 6) pending.push(join(roomId));
    else if (what < 12) pending.push(leave(readers()[below(readers().length)]));
    else if (what < 14) server.add(key);
    else if (what < 16) server.remove(key);
    else server.publish(key, `${++published}`);
    const most = [1, 3, 20, 2000][below(4)];
    await clock.pass(below(most));
  }
  server.calm = true;
  await clock.pass(400_000);
  await Promise.all(pending);
  for (const roomId of ROOMS) server.publish(`room:${roomId}`, `${++published}`); // it may show that some were missed
  await clock.pass(10_000);
  for (const roomId of ROOMS) {
    const key = `room:${roomId}`;
    const open = seats.get(roomId).filter(({ hasEnded }) => !hasEnded);
    // Those that the server made wait for it to add the client again, or a join whose outcome is unknown has done that.
    const waiting = open.filter(({ isOwn, isOut }) => isOut && !isOwn);
    const isIn = server.has(key);
    assert.ok(isIn ? open.length > 0 : open.length === waiting.length, `round ${number}, ${key}: ${isIn}, with ${open.length} subscriptions, ${waiting.length} waiting`);
    server.publish(key, 'last');
    await clock.pass(1000);
    for (const reader of seats.get(roomId)) assert.deepEqual(reader.wrong, [], `round ${number}, ${key}`);
    for (const reader of open) {
      const times = reader.texts.filter(text => text === 'last').length;
      assert.equal(times, Number(isIn), `round ${number}, ${key}: ${reader.texts}`);
    }
    if (isIn) count('settled as a member');
  }
  await Promise.all([...readers().map(leave), clock.pass(30_000)]);
  for (const roomId of ROOMS) assert.equal(server.has(`room:${roomId}`), false, `round ${number}: ${roomId} is left at the end`);
  client.close();
  await clock.pass(10_000); // what is in transit arrives
  assert.equal(clock.timers, 0, `round ${number}: a timer is left`);
}

test('both ends agree on the rooms of a client', async t => {
  t.diagnostic(`seed ${seed}, ${rounds} rounds`);
  const counts = new Map();
  const count = what => counts.set(what, (counts.get(what) ?? 0) + 1);
  for (let number = 0; number < rounds; number++) await round(number, count);
  t.diagnostic([...counts].map(([what, times]) => `${what}: ${times}`).sort().join(', '));
  for (const what of HAPPENINGS) assert.ok(counts.has(what), `${what} never happened`);
});
