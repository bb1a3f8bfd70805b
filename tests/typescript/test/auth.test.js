// Authenticating again on a living connection.

import { test } from 'node:test';
import { authExpiry } from '../build/out/handfast.js';
import { api, assert, mock, setUp, settled } from './setup.js';

const own = setUp();

/** A client whose token is another each time. */
async function connect(ready, options) {
  let tokens = 0;
  const token = mock.fn(async () => `token ${++tokens}`);
  const client = own.connect({ token, ...options });
  await own.server.welcome({ received: 0, ...ready });
  return { client, token };
}

const answer = (payload = {}) => own.server.say({ type: 'auth', id: own.server.last.id, payload });
const refuse = payload => own.server.say({ type: 'error', id: own.server.last.id, payload: { message: 'no', ...payload } });
/** What a promise is rejected with. */
const outcome = promise => promise.then(() => undefined, error => error);
const refreshes = () => own.server.connection.heard.filter(({ type }) => type === 'auth').map(({ payload }) => payload.token);

test('new credentials are fetched and sent, and accepted', async () => {
  const { client } = await connect();
  let done = false;
  const refreshing = client.refreshAuth().then(() => (done = true));
  await settled();
  assert.deepEqual(own.server.last, { type: 'auth', id: '1', payload: { name: 'ada', token: 'token 2' } });
  assert.equal(done, false);
  await answer();
  await refreshing;
});

test('refused credentials leave the session as it is', async () => {
  const { client } = await connect();
  for (const [payload, code] of [
    [{ code: 'BAD_TOKEN' }, 'BAD_TOKEN'],
    [{ code: 'OTHER_PRINCIPAL' }, 'OTHER_PRINCIPAL'],
    [{ code: 'INVALID' }, 'INVALID'],
  ]) {
    const refreshing = outcome(client.refreshAuth());
    await settled();
    await refuse(payload);
    assert.equal((await refreshing).error.code, code);
  }
  assert.equal(client.state.get().status, 'connected');
});

test('credentials that cannot be fetched are an error, and no hint that the server is another', async () => {
  const client = own.connect({ auth: () => Promise.reject(new Error('no network')) });
  const [failed, closed] = [mock.fn(), mock.fn()];
  client.on('error', failed);
  client.on('close', closed);
  await own.server.accept();
  for (let attempt = 2; attempt <= 4; attempt++) {
    await own.clock.until(() => own.server.connections.length === attempt);
    await own.server.accept();
  }
  assert.deepEqual(failed.mock.calls.map(({ arguments: [error] }) => error.message), Array(4).fill('no network'));
  assert.equal(closed.mock.calls[3].arguments[0].reason, 'the hello could not be made');
  assert.equal(own.warn.mock.callCount(), 0);
});

test('what fetching the credentials throws is thrown, and invalid ones are not sent', async () => {
  let auth = { name: 'ada' };
  const client = own.connect({ auth: () => auth });
  await own.server.welcome();
  auth = { name: 7 };
  assert.equal((await outcome(client.refreshAuth())).error.code, 'INVALID');
  auth = Promise.reject(new Error('no network'));
  assert.equal((await outcome(client.refreshAuth())).message, 'no network');
  assert.deepEqual(own.server.types, ['hello']);
});

test('without an answer it fails in time', async () => {
  const { client } = await connect();
  const refreshing = outcome(client.refreshAuth());
  await settled();
  await own.clock.pass(api.protocol.session.timeout);
  assert.equal((await refreshing).error.code, 'TIMEOUT');
});

test('a connection that is lost meanwhile is followed by one with new credentials', async () => {
  const { client, token } = await connect();
  const refreshing = client.refreshAuth();
  await settled();
  await own.server.drop(1012);
  const later = client.refreshAuth();
  await settled();
  assert.equal(token.mock.callCount(), 2);
  await own.server.comeBack(own.clock);
  await Promise.all([refreshing, later]);
  assert.deepEqual(refreshes(), [], 'the hello had them');
  assert.equal(own.server.connection.heard[0].payload.auth.token, 'token 3');
});

test('where the session is not resumed, the hello of the next had new credentials', async () => {
  const { client } = await connect({ session: 's1' });
  const refreshing = client.refreshAuth();
  await settled();
  await own.server.drop();
  await own.server.comeBack(own.clock, { received: 0 });
  await refreshing;
});

test('a client that is closed does not authenticate again', async () => {
  const { client } = await connect();
  await own.server.drop(1012);
  const waiting = outcome(client.refreshAuth());
  client.close();
  assert.equal((await waiting).error.code, 'CLOSED');
  assert.equal((await outcome(client.refreshAuth())).error.code, 'CLOSED');
});

test('it authenticates again by itself between three quarters and nine tenths of the time', async () => {
  own.clock.chance = 0;
  await connect({ expires: 10_000 });
  await own.clock.pass(7_499);
  assert.deepEqual(refreshes(), []);
  await own.clock.pass(1);
  assert.deepEqual(refreshes(), ['token 2']);
  own.clock.chance = 0.999;
  await answer({ expires: 10_000 });
  await own.clock.pass(8_900);
  await own.server.say({ type: 'pong' });
  assert.deepEqual(refreshes(), ['token 2']);
  await own.clock.pass(100);
  assert.deepEqual(refreshes(), ['token 2', 'token 3']);
  await answer();
  await own.clock.pass(20_000);
  assert.equal(refreshes().length, 2, 'this one lasts');
});

test('however long and short the time is, it waits', async () => {
  await connect({ expires: Number.MAX_SAFE_INTEGER });
  await own.clock.pass(20_000);
  assert.deepEqual(refreshes(), []);
  await own.server.drop(1012);
  await own.server.comeBack(own.clock, { expires: 0 });
  await own.clock.pass(99);
  assert.deepEqual(refreshes(), []);
  await own.clock.pass(1);
  assert.equal(refreshes().length, 1);
});

test('a failure is an event, and it tries again unless it was refused for good', async () => {
  const errors = [];
  const { client } = await connect({ expires: 10_000 });
  client.on('error', error => errors.push(error.error.code));
  await own.clock.pass(8_250);
  await refuse({ code: 'INTERNAL', retryable: true });
  await own.clock.pass(1_000);
  assert.equal(refreshes().length, 2);
  await refuse({ code: 'BAD_TOKEN' });
  await own.clock.pass(5_000);
  assert.equal(refreshes().length, 2);
  assert.deepEqual(errors, ['INTERNAL', 'BAD_TOKEN']);
});

test('after the announced time, unauthorized is not final; otherwise it is', async () => {
  const { client } = await connect({ expires: 10_000 }, { token: undefined });
  await own.clock.pass(9_500);
  await own.server.drop(4401, 'the authentication has expired');
  assert.equal(client.state.get().status, 'reconnecting');
  await own.server.comeBack(own.clock, { expires: 10_000 });
  await own.clock.pass(1_000);
  await own.server.drop(4401, 'go away');
  assert.equal(client.state.get().status, 'closed');
});

test('so it is where a client can authenticate again only by connecting again', async () => {
  const client = own.connect({}, { refresh: authExpiry });
  await own.server.welcome({ received: 0, expires: 10_000 });
  await assert.rejects(client.refreshAuth(), /no message that authenticates again/);
  await own.clock.pass(9_500);
  assert.deepEqual(own.server.types, ['hello']);
  await own.server.drop(4401, 'the authentication has expired');
  assert.equal(client.state.get().status, 'reconnecting');
});

test('where the hello had older credentials, the new ones follow it', async () => {
  for (const isAsked of [true, false]) {
    let given;
    const auth = mock.fn(() => new Promise(resolve => (given = name => resolve({ name }))));
    const client = own.connect({ auth });
    await own.server.accept();
    if (!isAsked) given('old');
    await settled();
    const refreshing = outcome(client.refreshAuth());
    if (isAsked) given('old');
    await settled();
    await own.server.say({ type: 'ready', payload: { version: '1.2.0', hash: api.protocol.hash, session: 's', received: 0 } });
    assert.equal(auth.mock.callCount(), 2);
    given('new');
    await settled();
    assert.deepEqual(own.server.last.payload, { name: 'new' });
    await answer();
    assert.equal(await refreshing, undefined);
    client.close();
  }
});

test('credentials that are not given in time, or before the client is closed, are given up', async () => {
  let auth = { name: 'ada' };
  const client = own.connect({ auth: () => auth });
  await own.server.welcome({ received: 0 });
  auth = new Promise(() => {});
  const late = outcome(client.refreshAuth());
  await own.clock.pass(api.protocol.session.timeout);
  assert.equal((await late).error.code, 'TIMEOUT');
  const closed = outcome(client.refreshAuth());
  client.close();
  assert.equal((await closed).error.code, 'CLOSED');
});

test('a client that is closed right behind the answer has no timer left', async () => {
  const { client } = await connect({ expires: 3_600_000 });
  const refreshing = outcome(client.refreshAuth());
  await settled();
  const said = answer({ expires: 3_600_000 });
  client.close();
  await said;
  await refreshing;
  assert.equal(own.clock.timers, 0);
});

test('of two answers in one session the last counts', async () => {
  const { client } = await connect({ expires: 10_000 });
  const both = [client.refreshAuth(), client.refreshAuth()];
  await settled();
  const ids = own.server.connection.heard.filter(({ type }) => type === 'auth').map(({ id }) => id);
  await own.server.say({ type: 'auth', payload: { expires: 10_000 }, id: ids[0] });
  await own.server.say({ type: 'auth', payload: { expires: 100_000 }, id: ids[1] });
  await Promise.all(both);
  const count = refreshes().length;
  await own.clock.pass(15_000);
  assert.equal(refreshes().length, count);
});

test('a hello that is larger than the server takes is not sent', async () => {
  const client = own.connect({}, { limits: { ...api.protocol.limits, message: 50 } });
  await own.server.accept();
  await assert.rejects(client.ready, ({ code }) => code === 'TOO_LARGE');
  assert.deepEqual(own.server.types, []);
});

test('a clock may have parts of milliseconds, which it cannot add to a long time', async () => {
  const { clock, server } = own;
  const { after } = clock;
  for (let i = 1; i <= 20; i++) {
    let timers = 0;
    clock.chance = i / 21;
    await clock.pass(1e6 / i);
    clock.after = (...timer) => {
      if (++timers === 100) throw new Error('it waits again and again');
      return after(...timer);
    };
    const { client } = await connect({ expires: 1000 + 777 * i });
    await clock.pass(20_000);
    assert.deepEqual(refreshes(), ['token 2'], `${i}`);
    clock.after = after;
    client.close();
    await settled();
    server.connections.length = 0;
  }
});
