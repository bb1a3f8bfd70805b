// Losing the connection and making it again.

import { test } from 'node:test';
import { api, assert, outcome, setUp } from './setup.js';

const own = setUp();

/** Collects what `close` reports. */
function closes(client) {
  const all = [];
  client.on('close', closed => all.push(closed));
  return all;
}

/** A protocol whose backoff gives up. */
const attempts = count => ({
  session: { ...api.protocol.session, backoff: { ...api.protocol.session.backoff, attempts: count } },
});

test('backoff doubles up to its bound over a floor', async () => {
  const { clock, server } = own;
  const waits = closes(own.connect());
  for (let i = 0; i < 8; i++) {
    await server.drop();
    await clock.until(() => server.connections.length > i + 1);
  }
  assert.deepEqual(
    waits.map(({ retryIn }) => retryIn),
    [375, 625, 1125, 2125, 4125, 8125, 15125, 15125],
  );
});

test('no chance makes a wait nothing', async () => {
  const { clock, server } = own;
  clock.chance = 0;
  const client = own.connect({}, { session: { ...api.protocol.session, backoff: { min: 10, max: 30000 } } });
  const waits = closes(client);
  await server.drop();
  assert.equal(waits[0].retryIn, 100);
  client.close();
  const small = own.connect({}, { session: { ...api.protocol.session, backoff: { min: 10, max: 20 } } });
  const few = closes(small);
  await server.drop();
  assert.equal(few[0].retryIn, 20);
});

test('a server that says ready and closeCodes is not asked as if it worked', async () => {
  const { clock, server } = own;
  const waits = closes(own.connect());
  await server.welcome();
  for (let i = 0; i < 60; i++) {
    await server.drop(1011);
    if (clock.now() > 60000) break;
    await server.comeBack(clock);
  }
  assert.ok(server.connections.length < 15, `${server.connections.length} in a minute`);
  assert.ok(waits.at(-1).retryIn > 8000);
});

test('a session that lasted begins the backoff anew', async () => {
  const { clock, server } = own;
  const waits = closes(own.connect());
  await server.drop();
  await server.comeBack(clock);
  await server.drop();
  await server.comeBack(clock);
  await clock.pass(20000);
  await server.say({ type: 'pong' });
  await clock.pass(20000);
  await server.drop();
  assert.deepEqual(
    waits.map(({ retryIn }) => retryIn),
    [375, 625, 375],
  );
});

for (const code of [4429, 4008]) {
  test(`after ${code} the wait is longer`, async () => {
    const { server } = own;
    const waits = closes(own.connect());
    await server.welcome();
    await server.drop(code, 'too much');
    assert.equal(waits[0].retryIn, 250 + 0.5 * (8 * 500 - 250));
  });
}

test('a refusal for now is not final, and what was sent behind its hello is sent again', async () => {
  const { clock, server } = own;
  const client = own.connect();
  const waits = closes(client);
  const called = client.call(api.pricesQuote, { symbol: 'BTC-EUR' }, { timeout: 1e9 });
  for (let i = 0; i < 3; i++) {
    await server.accept();
    await server.say({ type: 'refuse', payload: { code: 'RATE_LIMITED', message: 'too many', retryable: true } });
    assert.equal(waits[i].final, false);
    assert.equal(waits[i].code, 4429);
    assert.ok(waits[i].retryIn > 2000);
    await clock.until(() => server.connections.length > i + 1);
  }
  await server.welcome();
  assert.deepEqual(server.types, ['hello', 'prices.quote']);
  await server.say({ type: 'prices.quoted', id: server.last.id, payload: { price: '1' } });
  assert.equal((await called).error, undefined);
});

test('another refusal for now has the code with which the server closes, and the wait is as long', async () => {
  const { server } = own;
  const waits = closes(own.connect());
  await server.accept();
  await server.say({ type: 'refuse', payload: { code: 'BUSY', message: 'full', retryable: true } });
  const [{ code, reason, final, retryIn }] = waits;
  assert.deepEqual([code, reason, final, retryIn], [1013, 'full', false, 250 + 0.5 * (8 * 500 - 250)]);
});

test('the codes are those of the protocol', async () => {
  const { server } = own;
  const client = own.connect({}, { closeCodes: { rateLimited: 4999, unauthorized: 3000 } });
  const all = closes(client);
  await server.welcome();
  await server.drop(4999);
  assert.ok(all[0].retryIn > 2000);
  client.retryNow();
  await server.drop(3000);
  assert.equal(all[1].final, true);
});

for (const code of [1000, 1008, 4401, 4403, 4406, 4409]) {
  test(`a close with ${code} is final`, async () => {
    const { clock, server } = own;
    const client = own.connect();
    const all = closes(client);
    await server.welcome();
    const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
    await server.drop(code, 'no');
    assert.equal(all[0].final, true);
    assert.equal((await calling).ok, false);
    assert.equal((await client.call(api.chatSend, { roomId: 'lobby', text: 'hi' })).error.code, 'CLOSED');
    await clock.pass(60000);
    assert.equal(server.connections.length, 1);
  });
}

test('what met 1009 is not sent again', async () => {
  const { clock, server } = own;
  const client = own.connect();
  await server.welcome();
  const calling = client.call(api.pricesBook, { symbol: 'BTC-EUR' });
  await server.drop(1009, 'too large');
  assert.equal((await outcome(calling)).error?.code, 'OUTCOME_UNKNOWN');
  await server.comeBack(clock);
  assert.deepEqual(server.types, ['hello']);
});

test('backoff.attempts bounds the attempts in a row', async () => {
  const { clock, server } = own;
  const client = own.connect({}, attempts(3));
  const all = closes(client);
  for (let i = 1; i <= 4; i++) {
    await server.drop();
    if (i < 4) await clock.until(() => server.connections.length > i);
  }
  await clock.pass(60000);
  // The first is none of them.
  assert.equal(server.connections.length, 4);
  assert.deepEqual([all.at(-1).final, all.at(-1).code], [true, 1006]);
  assert.match(all.at(-1).reason, /3 attempts/);
  await assert.rejects(client.ready, ({ error }) => error.code === 'CLOSED');
  assert.equal((await client.call(api.chatSend, { roomId: 'lobby', text: 'hi' })).error.code, 'CLOSED');
});

test('a short session leaves the attempts as they are', async () => {
  const { clock, server } = own;
  const all = closes(own.connect({}, attempts(1)));
  await server.welcome();
  await server.drop();
  assert.equal(all.at(-1).final, false);
  await clock.until(() => server.connections.length > 1);
  await server.welcome();
  await server.drop();
  assert.equal(all.at(-1).final, true);
});

test('a session that lasted resets the attempts', async () => {
  const { clock, server } = own;
  const all = closes(own.connect({}, attempts(2)));
  for (let i = 0; i < 4; i++) {
    await server.welcome();
    await clock.pass(20000);
    await server.say({ type: 'pong' });
    await clock.pass(20000);
    await server.drop();
    assert.equal(all.at(-1).final, false);
    const before = server.connections.length;
    await clock.until(() => server.connections.length > before);
  }
});

test('a timer that fired late gives what arrived meanwhile a turn', async () => {
  const { clock, server } = own;
  const client = own.connect();
  await server.welcome();
  const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  clock.block(60000); // the answer arrives, and the program cannot read it
  await clock.pass(0);
  await server.say({ type: 'chat.sent', id: '1' });
  assert.equal((await outcome(calling)).ok, true);
  assert.equal(server.connection.closed, undefined);

  const pings = () => server.types.filter(type => type === 'ping').length;
  await clock.until(() => pings() === 1);
  clock.block(60000);
  await clock.pass(0);
  await server.say({ type: 'pong' });
  await clock.pass(1000);
  assert.equal(server.connections[0].closed, undefined);
});

test('a timer that fired late gives up all the same', async () => {
  const { clock, server } = own;
  own.connect();
  await server.accept();
  clock.block(60000);
  await clock.pass(0);
  await clock.pass(1000);
  assert.equal(server.connections[0].closed.code, 4000);
});

test('retryNow ends the wait, and asks a connection that seems to be there', async () => {
  const { clock, server } = own;
  const client = own.connect();
  client.retryNow();
  await server.drop();
  assert.equal(server.connections.length, 1);
  client.retryNow();
  assert.equal(server.connections.length, 2);
  client.retryNow();
  assert.equal(server.connections.length, 2);
  await server.welcome();
  client.retryNow();
  assert.equal(server.last.type, 'ping');
  client.retryNow();
  assert.deepEqual(server.types, ['hello', 'ping']);
  await clock.pass(10000);
  assert.equal(server.connection.closed.code, 4000);
  client.close();
  client.retryNow();
  assert.equal(server.connections.length, 2);
});

test('a ready before the hello keeps no try from running out of time', async () => {
  const { clock, server } = own;
  let prove = new Promise(() => {});
  const client = own.connect({ auth: () => prove });
  await server.welcome();
  assert.equal(client.state.get().status, 'connecting');
  await clock.pass(10000);
  assert.equal(server.connections[0].closed.code, 4000);
  let proven;
  prove = new Promise(resolve => (proven = resolve));
  await server.comeBack(clock);
  assert.equal(client.state.get().status, 'connecting');
  proven({ name: 'ada' });
  await client.ready;
  assert.deepEqual(server.types, ['hello']);
  assert.equal(client.state.get().status, 'connected');
});

test('what a server repeats is one ready', async () => {
  const { server } = own;
  const client = own.connect();
  let opened = 0;
  client.on('open', () => opened++);
  await server.welcome();
  await server.say({ type: 'ready', payload: { version: '1.2.0' } });
  assert.equal(opened, 1);
});
