// Messages with the id of a pending call that are no reply to it.

import { test } from 'node:test';
import * as hf from '../build/out/handfast.js';
import { api, assert, joined, outcome, setUp, settled } from './setup.js';

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

test('a request of a newer server has an id of its own', async () => {
  const confirm = { name: 'confirm', receive: hf.anything, asks: { reply: { name: 'confirmed', send: hf.anything, isAnswer: true }, errors: [] } };
  const { options } = own.server;
  own.client = new hf.Client(api.protocol, 'ws://test/', { auth: { name: 'ada' }, ...options, clock: own.clock }, hf.answering({ confirm() {} }, [confirm]));
  await own.server.welcome();
  const calling = own.client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  await settled();
  const { id } = own.server.last;
  await own.server.say({ type: 'newer.question', payload: {}, id });
  assert.equal(own.server.last.payload.code, 'UNKNOWN_TYPE');
  assert.equal(own.server.last.id, id);
  await own.server.say({ type: 'chat.sent', id });
  assert.equal((await calling).ok, true);
});
