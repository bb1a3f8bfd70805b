// Messages with the id of a pending call that are no reply to it.

import { test } from 'node:test';
import { defaultEnvelope } from '../build/out/handfast.js';
import { api, assert, joined, laidOut, outcome, setUp, settled } from './setup.js';

const own = setUp();

test('a reply of another type fails the call at once', async () => {
  const client = own.connect();
  await own.server.welcome();
  const joining = client.join(api.roomChannel, { roomId: 'lobby' });
  await own.server.say(joined(own.server.last.id));
  await joining;
  const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  await settled();
  await own.server.say(joined(own.server.last.id));
  assert.equal((await outcome(calling)).error.code, 'BAD_REPLY');
});

test('what says that the request failed is a failure, whatever its tag', async () => {
  const outcome = { name: 'ok', kind: 'text', presence: 'optional', success: true, failure: false };
  const client = own.connect({}, { envelope: laidOut({ server: { ...defaultEnvelope, outcome } }) });
  await own.server.welcome();
  const told = async reply => {
    const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
    await settled();
    await own.server.say({ ok: false, id: own.server.last.id, ...reply });
    const { error } = await calling;
    return [error.received ?? error.code, error.data];
  };
  const payload = { code: 'NEW', message: 'no' };
  for (const type of ['chat.sent', 'error', 'room.joined', 'chat.message', 'newer', 5, undefined]) {
    assert.deepEqual(await told({ type, payload }), ['NEW', undefined], type);
    assert.deepEqual(await told({ type, payload: { n: 1 } }), ['FAILED', { n: 1 }], type);
  }
  // It also ends a join.
  const joining = client.join(api.roomChannel, { roomId: 'lobby' }).catch(error => error.error.received);
  await own.server.say({ ok: false, id: own.server.last.id, type: 'error', payload: {} });
  assert.equal(await joining, 'FAILED');
  // A message that answers nothing is what it is.
  const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  await settled();
  await own.server.say({ type: 'newer', ok: false, payload });
  await own.server.say({ type: 'ping', ok: false, id: own.server.last.id });
  assert.equal(own.server.last.type, 'pong');
  await own.server.say({ type: 'chat.sent', id: '7', ok: true });
  await own.server.say({ type: 'chat.sent', id: own.server.connection.heard.findLast(({ type }) => type === 'chat.send').id, ok: true });
  assert.equal((await calling).ok, true);
});

test('a ready without what the envelope requires is none, and one with more is one', async () => {
  const { server } = own;
  const version = { name: 'v', kind: 'integer', presence: 'required' };
  own.connect({}, { envelope: laidOut({ server: { ...defaultEnvelope, version } }) });
  await server.welcome();
  assert.equal(own.client.state.get().status, 'connecting');
  await own.clock.pass(1_000);
  await server.accept();
  await server.say({ type: 'ready', payload: { version: '1.2.0', hash: server.hash, session: 's' }, v: 1, more: [] });
  assert.equal(own.client.state.get().status, 'connected');
});
