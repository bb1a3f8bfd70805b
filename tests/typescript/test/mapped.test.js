// Messages of the application in the roles of the session, and a server that speaks first.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallFailedError, defaultEnvelope, mapRoles, SessionRefusedError } from '../build/out/handfast.js';
import * as api from '../build/out/api.js';
import { countsRule, gapRule, readyRule } from '../build/out/handfast/session.js';
import { settled } from './fakes.js';
import { laidOut, setUp } from './setup.js';

const own = setUp();
const bare = { ...defaultEnvelope, id: null };
const roles = {
  greeting: 'hi',
  hello: 'login',
  ready: 'granted',
  refuse: 'denied',
  error: 'oops',
  ping: 'beat',
  pong: 'beat',
};
const mapped = mapRoles({
  greeting: { receive: bare, fields: {} },
  hello: { send: bare, fields: { version: '/a~1b/ver', auth: '/credentials' } },
  ready: { receive: bare, fields: { version: '/server' } },
  refuse: { receive: bare, fields: { code: '/0', message: '/1' } },
  error: { receive: defaultEnvelope, fields: { code: '/0/code', message: '/0/words' } },
  ping: { receive: bare, fields: { nonce: '/t' } },
  pong: { send: bare, fields: { nonce: '/t' } },
});
const connect = (protocol = {}) => own.connect({}, { roles, mapped, envelope: laidOut({}), closeCodes: { mistakes: [4400] }, ...protocol });

async function ready() {
  await own.server.accept();
  await own.server.say({ type: 'hi' });
  await own.server.say({ type: 'granted', payload: { server: '1.2.0' } });
}

test('the server speaks first, and nothing but the hello is sent before ready', async () => {
  const client = connect();
  const call = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  await own.server.accept();
  assert.deepEqual(own.server.connection.heard, []);
  await own.server.say({ type: 'hi', payload: { motto: 'welcome' } });
  const login = { type: 'login', payload: { 'a/b': { ver: '1.2.0' }, credentials: { name: 'ada' } } };
  assert.deepEqual(own.server.connection.heard, [login]);
  await own.server.say({ type: 'granted', payload: { server: '1.1.0' } });
  assert.deepEqual(await client.ready, { version: '1.1.0', hash: api.protocol.hash });
  const [, { type, id }] = own.server.connection.heard;
  assert.equal(type, 'chat.send');
  await own.server.say({ type: 'chat.sent', id });
  assert.equal((await call).ok, true);
});

test('what authenticates the client follows a hello that has no place for it', async () => {
  const apart = mapRoles({ hello: { send: bare, fields: { version: '/v' } } });
  const client = connect({ roles: { hello: 'enter', auth: 'login' }, mapped: apart, authFollows: true });
  await own.server.accept();
  assert.deepEqual(own.server.connection.heard, [
    { type: 'enter', payload: { v: '1.2.0' } },
    { type: 'login', payload: { name: 'ada' } },
  ]);
  await own.server.say({ type: 'ready', payload: { version: '1.2.0' } });
  assert.equal((await client.ready).version, '1.2.0');
});

test('a version that is not accepted closes with the code of the protocol, also where a message of the application has it', async () => {
  const client = connect({ closeCodes: { version: 4999 } });
  await own.server.accept();
  await own.server.say({ type: 'hi', payload: { server: '0.1.0' } }); // which is not compared
  await own.server.say({ type: 'granted', payload: { server: '0.9.0' } });
  await assert.rejects(client.ready, error => error instanceof SessionRefusedError && error.code === 'VERSION' && error.side === 'server');
  assert.equal(own.server.connection.closed.code, 4999);
});

test('where the ready has no version, none is compared', async () => {
  const client = connect({ mapped: mapRoles({ ready: { receive: bare, fields: {} } }), roles: { ready: 'granted' } });
  await own.server.accept();
  await own.server.say({ type: 'granted', payload: { version: '0.9.0' } });
  assert.equal((await client.ready).version, '1.2.0');
});

test('a count is an integer that is not negative, and null is absent', () => {
  const { incoming, translate } = mapRoles({ received: { receive: bare, fields: { received: '/a', sent: '/b' } } });
  const own = { name: 'received', receive: countsRule };
  const at = payload => translate({ incoming: incoming(own, 'ack'), message: { payload } }, api.protocol);
  assert.deepEqual(at({ a: 9.0, b: 0 }).message.payload, { received: 9, sent: 0 });
  assert.deepEqual(at({ a: 9, b: null }).message.payload, { received: 9 });
  for (const payload of [{ a: 9.5 }, { b: -1 }, { a: '9' }, { b: 2 ** 53 }]) assert.equal(at(payload).error.kind, 'invalid');
});

test('without a ready the session is ready behind the hello, and stays', async () => {
  const client = own.connect({}, { roles: { ready: null } });
  await own.server.accept();
  assert.deepEqual(own.server.types, ['hello']);
  assert.equal((await client.ready).version, '1.2.0');
  await own.clock.pass(12_000);
  assert.equal(own.server.connection.closed, undefined);
  assert.equal(client.state.get().status, 'connected');
});

test('without a hello the version of the ready is compared', async () => {
  const client = own.connect({}, { roles: { hello: null } });
  await own.server.accept();
  assert.deepEqual(own.server.types, []);
  assert.equal(client.state.get().status, 'connecting');
  await own.server.say({ type: 'ready', payload: { version: '0.9.0' } });
  await assert.rejects(client.ready, error => error instanceof SessionRefusedError && error.code === 'VERSION' && error.side === 'server');
});

test('a gap and a ready are held to the rules of their roles', () => {
  const at = (role, fields, receive, payload) => {
    const { incoming, translate } = mapRoles({ [role]: { receive: bare, fields } });
    return translate({ incoming: incoming({ name: role, receive }, 'x'), message: { payload } }, api.protocol);
  };
  const gap = payload => at('gap', { from: '/a', reason: '/why' }, gapRule, payload);
  assert.deepEqual(gap({ a: 1, why: null }).message.payload, { from: 1 });
  assert.equal(gap({ a: 1, why: 7 }).error.kind, 'invalid');
  const ready = session => at('ready', { session: '/token' }, readyRule, { token: session });
  assert.equal(ready('x'.repeat(64)).error, undefined);
  assert.equal(ready('x'.repeat(65)).error.kind, 'invalid');
});

test('a second greeting sends no second hello', async () => {
  connect();
  await ready();
  await own.server.say({ type: 'hi' });
  assert.equal(own.server.connection.heard.length, 1);
});

test('a ping is answered with what it asks to be repeated', async () => {
  connect();
  await ready();
  await own.server.say({ type: 'beat', payload: { t: [1], other: 2 } });
  assert.deepEqual(own.server.connection.heard.at(-1), { type: 'beat', payload: { t: [1] } });
  await own.server.say({ type: 'beat' });
  assert.deepEqual(own.server.connection.heard.at(-1), { type: 'beat' });
  for (const [length, t] of [[1022, 'x'.repeat(1022)], [1023, undefined]]) {
    await own.server.say({ type: 'beat', payload: { t: 'x'.repeat(length) } });
    assert.equal(own.server.connection.heard.at(-1).payload?.t, t);
  }
});

test('a ping is answered before ready, too', async () => {
  connect();
  await own.server.accept();
  await own.server.say({ type: 'hi' });
  await own.server.say({ type: 'beat', payload: { t: 1 } });
  assert.deepEqual(own.server.connection.heard.slice(1), [{ type: 'beat', payload: { t: 1 } }]);
});

test('an error is read at its pointers', async () => {
  const client = connect();
  await ready();
  const failures = [
    [[{ code: 'ROOM_FULL', words: 'Full.' }], { code: 'UNDECLARED', received: 'ROOM_FULL', message: 'Full.' }],
    [[], { code: 'UNDECLARED', received: 'FAILED', message: 'the request failed' }],
    [[{ code: {}, words: 7 }], { code: 'BAD_REPLY', received: undefined }],
  ];
  for (const [payload, expected] of failures) {
    const call = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
    await own.server.say({ type: 'oops', payload, id: own.server.connection.heard.at(-1).id });
    const { error } = await call;
    const { code, received, message } = error;
    assert.deepEqual({ code, received, ...('message' in expected && { message }) }, expected);
  }
});

test('a refusal is read at its pointers', async () => {
  const client = connect();
  const refused = assert.rejects(client.ready, new SessionRefusedError('NO', 'not you'));
  await own.server.accept();
  await own.server.say({ type: 'hi' });
  await own.server.say({ type: 'denied', payload: ['NO', 'not you'] });
  // It has no place for `retryable`, so the code of the close says that it is final.
  await own.server.drop(4401);
  await refused;
});

test('a refusal without a place for `retryable` is for now where the close code is', async () => {
  const client = connect();
  await own.server.accept();
  await own.server.say({ type: 'hi' });
  await own.server.say({ type: 'denied', payload: ['BUSY', 'later'] });
  await own.server.drop(1013);
  assert.equal(client.state.get().status, 'connecting');
  await client.close();
});

test('after a close for a mistake of its own a client does not reconnect', async () => {
  const client = connect();
  await ready();
  await own.server.drop(4400);
  assert.equal(client.state.get().status, 'closed');
});

test('a payload that the application built is kept, and not changed', () => {
  const auth = { token: 'secret', client: { name: 'page' } };
  const hello = mapRoles({ hello: { send: bare, fields: { auth: '', version: '/client/version' } } });
  const { payload } = hello.outgoing('hello', { version: '1.2.0', auth });
  assert.deepEqual(payload, { token: 'secret', client: { name: 'page', version: '1.2.0' } });
  assert.deepEqual(auth.client, { name: 'page' });
  assert.equal(hello.outgoing('ping'), undefined);
  const list = mapRoles({ error: { send: bare, fields: { message: '/0/message' } } });
  assert.deepEqual(list.outgoing('error', { message: 'no' }).payload, [{ message: 'no' }]);
});

test('a pointer reaches nothing that an object inherits', () => {
  const roles = mapRoles({ error: { receive: bare, fields: { data: '/__proto__', message: '/toString' } } });
  const incoming = roles.incoming({ name: 'error', receive() {} }, 'error');
  for (const payload of [{}, null]) {
    const { message } = roles.translate({ incoming, message: { type: 'error', payload } }, { version: '1.0.0', hash: '' });
    assert.deepEqual(message.payload, { code: 'FAILED', message: 'the request failed', byCode: true });
  }
});
