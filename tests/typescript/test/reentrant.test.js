// What listeners may do to the client that calls them: close it, and leave channels.

import { test } from 'node:test';
import * as hf from '../build/out/handfast.js';
import { api, assert, joined, mock, setUp, settled } from './setup.js';

const own = setUp();

const numbered = { roles: { hello: 'hello', ready: null, resume: 'again', received: null, skip: null }, numbered: hf.numberedSession };

/** The states that a client goes through from now on. */
function states(client) {
  const all = [];
  client.state.subscribe(({ status }) => all.push(status));
  return all;
}

test('an error listener closes the client when a transport cannot be made', async () => {
  let events;
  const transport = mock.fn((_url, _subprotocol, heard) => {
    if (events) throw new Error('not allowed');
    events = heard;
    return { send() {}, close() {} };
  });
  const client = own.connect({ transport });
  client.on('error', () => client.close());
  const all = states(client);
  events.closed(1006, '');
  await own.clock.until(() => client.state.get().status === 'closed');
  await own.clock.pass(60_000);
  assert.deepEqual(all, ['connecting', 'connecting', 'closed']);
  assert.equal(transport.mock.callCount(), 2);
});

test('a gap listener closes the client when a numbered session ends', async () => {
  const client = own.connect({}, numbered);
  client.on('gap', () => client.close());
  await own.server.accept();
  const all = states(client);
  await own.server.say({ type: 'chat.message', payload: { from: 'bob', text: 'hi' }, channel: 'room:a', seq: 1 });
  await own.server.drop(1012);
  assert.deepEqual(all, ['connected', 'closed']);
});

test('a gap listener closes the client, and no handler runs for the request behind the gap', async () => {
  const confirm = { name: 'confirm', receive: hf.anything, asks: { reply: { name: 'confirmed', send: hf.anything, isAnswer: true }, errors: [] } };
  const handler = mock.fn();
  const { options } = own.server;
  own.client = new hf.AdaptedClient({ ...api.protocol, ...numbered }, 'ws://test/', { ...options, clock: own.clock }, hf.answering({ confirm: handler }, [confirm]));
  own.client.on('gap', () => own.client.close());
  await own.server.accept();
  await own.server.say({ type: 'chat.message', payload: { from: 'bob', text: 'hi' }, channel: 'room:a', seq: 1 });
  await own.server.say({ type: 'confirm', payload: {}, id: '1', seq: 5 });
  assert.equal(handler.mock.callCount(), 0);
});

const added = (seq = 3) => own.server.say({ type: 'join', payload: { channel: 'room:lobby' }, channel: 'room:lobby', seq, epoch: 'e' });

test('a channel is left that the server adds the client to again', async () => {
  const client = own.connect();
  hf.onAdded(client, api.roomChannel, room => room.on('joined', () => room.leave()));
  await own.server.welcome({ received: 0 });
  await added();
  await own.server.drop(1011);
  await own.server.comeBack(own.clock, { received: 0 });
  await added();
  assert.deepEqual(own.server.types, ['hello', 'room.leave']);
});

test('a channel is left when a session begins, before it was joined again', async () => {
  const client = own.connect();
  let hall;
  hf.onAdded(client, api.roomChannel, room => room.on('gap', () => hall.leave()));
  await own.server.welcome({ received: 0 });
  await added();
  const joining = client.join(api.roomChannel, { roomId: 'hall' });
  await own.server.say(joined(own.server.last.id, 41, { room: 'hall' }));
  hall = await joining;
  await own.server.drop(1011);
  await own.server.comeBack(own.clock, { received: 0 });
  assert.deepEqual(own.server.types, ['hello']);
});

test('a signal is aborted by the setup of its subscription', async () => {
  const client = own.connect();
  await own.server.welcome();
  const controller = new AbortController();
  const joining = client.join(api.roomChannel, { roomId: 'hall' }, () => controller.abort(), { signal: controller.signal });
  await assert.rejects(joining, ({ error }) => error.code === 'CANCELLED');
  await settled();
  assert.deepEqual(own.server.types, ['hello']);
});
