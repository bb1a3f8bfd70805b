// Sessions whose server numbers its messages: the client names the last number that it has, and receives the rest.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, boolean, AdaptedClient, defaultEnvelope, mapRoles, noPayload, numberedSession, reportObject } from '../build/out/handfast.js';
import * as api from '../build/out/api.js';
import { laidOut, settled, setUp } from './setup.js';

const own = setUp();
const roles = { hello: 'login', ready: 'granted', resume: 'resume', gap: 'missed', received: 'ack', skip: null };
const mapped = mapRoles({
  hello: { send: defaultEnvelope, fields: { auth: '/credentials' } },
  ready: { receive: defaultEnvelope, fields: { session: '/session' } },
  resume: { send: defaultEnvelope, fields: { seq: '/lastSeq', session: '/session' } },
  gap: { receive: defaultEnvelope, fields: { from: '/from', to: '/to' } },
  received: { send: defaultEnvelope, fields: { received: '/upTo' } },
});
const numbered = { roles, mapped, envelope: laidOut({}), numbered: numberedSession };

/** A client, and what it reports: the texts of messages, and gaps. */
function connect(protocol = numbered) {
  const client = own.connect({}, protocol);
  const reported = [];
  client.on(api.chatMessage, ({ text }) => reported.push(text));
  client.on('gap', gap => reported.push(gap));
  return { client, reported };
}

async function ready(session) {
  await own.server.accept();
  await own.server.say({ type: 'granted', payload: { session } });
}

async function again(session) {
  const before = own.server.connections.length;
  await own.clock.until(() => own.server.connections.length > before);
  await ready(session);
}

const news = (seq, text) => own.server.say({ type: 'chat.message', payload: { from: 'bob', text }, channel: 'room:hall', seq });
const resume = (lastSeq, session) => ({ type: 'resume', payload: { lastSeq, session } });

test('after a loss the client names the last number, before anything else', async () => {
  const { client, reported } = connect();
  await ready('a');
  await client.ready;
  assert.deepEqual(own.server.types, ['login']);
  await news(41, 'one');
  await news(42, 'two');
  const unknown = client.call(api.chatSend, { roomId: 'lobby', text: 'lost?' });
  await own.server.drop();
  assert.equal((await unknown).error.code, 'OUTCOME_UNKNOWN');
  const waiting = client.call(api.chatSend, { roomId: 'lobby', text: 'waits' });
  await again('b');
  assert.deepEqual(own.server.connection.heard[1], resume(42, 'a'));
  assert.deepEqual(own.server.types, ['login', 'resume', 'chat.send']);
  await news(42, 'two again');
  await news(43, 'three');
  await own.server.say({ type: 'chat.sent', id: own.server.last.id, seq: 44 });
  assert.equal((await waiting).ok, true);
  await news(46, 'five');
  assert.deepEqual(reported, ['one', 'two', 'three', { from: 45, to: 45 }, 'five']);
  // The server has answered, so that the session has its new name.
  await own.server.drop();
  await again('c');
  assert.deepEqual(own.server.connection.heard[1], resume(46, 'b'));
  // It has not answered now.
  await own.server.drop();
  await again('d');
  assert.deepEqual(own.server.connection.heard[1], resume(46, 'b'));
});

test('what was received is acknowledged', async () => {
  connect();
  await ready('a');
  await news(41, 'one');
  await own.clock.pass(5000);
  assert.deepEqual(own.server.last, { type: 'ack', payload: { upTo: 41 } });
});

test('a session that does not resume is a gap, and its numbers begin anew', async () => {
  for (const refusal of [
    { type: 'missed', payload: { from: 42, to: 57 } },
    { type: 'error', payload: { code: 'NOT_RESUMED', message: 'no' } },
  ]) {
    const { client, reported } = connect();
    client.on('error', () => {});
    await ready('a');
    await news(41, 'one');
    await own.server.drop();
    await again('b');
    await own.server.say(refusal);
    await news(1, 'two');
    const gap = refusal.type === 'missed' ? { from: 42, to: 57 } : {};
    assert.deepEqual(reported, ['one', gap, 'two']);
    client.close();
  }
});

test('a session that the server does not keep is a gap', async () => {
  const { reported } = connect();
  await ready('a');
  await news(41, 'one');
  await own.server.drop(1012);
  await again('b');
  assert.deepEqual(own.server.types, ['login']);
  await news(1, 'two');
  assert.deepEqual(reported, ['one', {}, 'two']);
});

test('a session may have no ready and no name', async () => {
  const { client, reported } = connect({ roles: { ...roles, hello: 'hello', ready: null, resume: 'again', gap: 'gap', received: null }, numbered: numberedSession });
  await own.server.accept();
  await client.ready;
  await news(1, 'one');
  await own.server.drop();
  const before = own.server.connections.length;
  await own.clock.until(() => own.server.connections.length > before);
  await own.server.accept();
  assert.deepEqual(own.server.last, { type: 'again', payload: { seq: 1 } });
  await own.server.say({ type: 'gap', payload: { from: 2, reason: 'epoch' } });
  await news(1, 'two');
  assert.deepEqual(reported, ['one', { from: 2, reason: 'epoch' }, 'two']);
});

test('a channel has no position, and its subscriptions hear of gaps', async () => {
  const { client } = connect();
  await ready('a');
  const joining = client.join(api.roomChannel, { roomId: 'lobby' });
  await own.server.say({ type: 'room.joined', payload: { topic: null }, id: own.server.last.id, channel: 'room:lobby', seq: 1 });
  const room = await joining;
  const heard = [];
  room.on(api.chatMessage, ({ text }) => heard.push(text));
  room.on('gap', gap => heard.push(gap));
  const said = (seq, text) => own.server.say({ type: 'chat.message', payload: { from: 'bob', text }, channel: 'room:lobby', seq });
  await said(2, 'one');
  await news(3, 'elsewhere');
  await said(4, 'two');
  await said(6, 'three');
  assert.deepEqual(heard, ['one', 'two', { from: 5, to: 5 }, 'three']);
});

test('where replies come in order, the answer to the question for what was missed is no reply', async () => {
  const byOrder = { ...defaultEnvelope, id: null, correlate: 'order' };
  const { client, reported } = connect({
    envelope: laidOut({ client: byOrder, server: byOrder }),
    roles: { hello: 'hello', ready: null, resume: 'again', gap: null, received: null, skip: null },
    numbered: numberedSession,
  });
  client.on('error', ({ error }) => reported.push(error.code));
  await own.server.accept();
  await news(1, 'one');
  await news(2, 'two');
  await own.server.drop();
  const waiting = client.call(api.chatSend, { roomId: 'lobby', text: 'waits' });
  const before = own.server.connections.length;
  await own.clock.until(() => own.server.connections.length > before);
  await own.server.accept();
  await own.server.say({ type: 'error', payload: { code: 'NOT_RESUMED', message: 'no' } });
  await own.server.say({ type: 'chat.sent', seq: 1 });
  await news(2, 'of another session');
  assert.equal((await waiting).ok, true);
  assert.deepEqual(reported, ['one', 'two', {}, 'NOT_RESUMED', 'of another session']);
});

const confirmed = { name: 'confirmed', send: [reportObject, { '?': [], yes: boolean }], isAnswer: true };
const confirm = { name: 'confirm', receive: noPayload, asks: { reply: confirmed, errors: [], timeout: 600_000 } };

/** A client that is asked before its connection is lost, and what answers. */
async function asked(code) {
  const { server, clock } = own;
  const asked = {};
  const handle = (_, { signal }) => {
    asked.signal = signal;
    return new Promise(resolve => (asked.answer = () => resolve({ yes: true })));
  };
  const options = { auth: { name: 'ada' }, ...server.options, clock };
  own.client = new AdaptedClient({ ...api.protocol, ...numbered }, 'ws://test/', options, answering({ confirm: handle }, [confirm]));
  await ready('a');
  await server.say({ type: 'confirm', id: '1', seq: 1 });
  await server.drop(code);
  return asked;
}

const answered = { type: 'confirmed', payload: { yes: true }, id: '1' };

test('a handler goes on in the session that goes on, and its answer waits until it does', async () => {
  const first = await asked();
  await again('b');
  await news(2, 'two');
  assert.equal(first.signal.aborted, false);
  first.answer();
  await settled();
  assert.deepEqual(own.server.last, answered);
  own.client.close();

  const early = await asked();
  early.answer();
  await again('b');
  await own.clock.pass(1000);
  assert.deepEqual(own.server.types, ['login', 'resume']);
  await news(2, 'two');
  await own.clock.pass(200);
  assert.deepEqual(own.server.last, answered);
});

test('it ends where another session begins', async () => {
  const refused = await asked();
  refused.answer();
  await again('b');
  await own.server.say({ type: 'missed', payload: {} });
  assert.equal(refused.signal.aborted, true);
  await news(1, 'one');
  await own.clock.pass(1000);
  assert.deepEqual(own.server.types, ['login', 'resume']);
  own.client.close();

  assert.equal((await asked(1011)).signal.aborted, true);
  own.client.close();

  const late = await asked();
  await own.clock.pass(api.protocol.session.resume);
  assert.equal(late.signal.aborted, false);
  await again('b');
  assert.equal(late.signal.aborted, true);
});
