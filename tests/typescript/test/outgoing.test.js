// What is sent: what a server could not read, or would read as something else, fails at once.

import { test } from 'node:test';
import { defaultEnvelope, flatPayload, noPayload, writeBytes } from '../build/out/handfast.js';
import { api, assert, laidOut, setUp, settled } from './setup.js';

const own = setUp();
const anything = () => {};

test('a text that was cut within a character is not sent', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const before = server.connection.heard.length;
  for (const text of ['good \ud83d', '\ude00', '\ude00\ud83d', '\\\ud83d', '\ud83d\\ude00', '\ud83d\n\ude00']) {
    const { error } = await client.call(api.chatSend, { roomId: 'lobby', text });
    assert.equal(error.code, 'INVALID');
    assert.match(error.message, /half a surrogate pair/);
    assert.equal(client.send(api.userTyping, { roomId: text }).ok, false);
  }
  const key = await client.call({ ...api.chatSend, send: anything }, { roomId: 'lobby', text: '', '\udfff': 1 });
  assert.equal(key.error.code, 'INVALID');
  assert.equal(server.connection.heard.length, before);
});

test('whole characters, and texts that look like escapes, are sent', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  for (const text of ['\u{1f600}', '\\ud83d', '\\\\ud83d', '"\\ude00"', '\ud7ff\ue000', '\\\u{1f600}\n']) {
    client.call(api.chatSend, { roomId: 'lobby', text });
    await settled();
    assert.equal(server.last.payload.text, text);
  }
});

/** A client whose payloads are beside the tag. */
async function flat(fields = {}) {
  const envelope = { ...defaultEnvelope, content: null, flat: flatPayload, ...fields };
  const client = own.connect({}, { envelope: laidOut({ client: envelope, server: envelope }) });
  await own.server.accept();
  await own.server.say({ type: 'ready', version: '1.2.0', hash: api.protocol.hash });
  return client;
}

const open = { ...api.chatSend, send: anything };

test('a payload beside the tag cannot be read as another message', async () => {
  const client = await flat({ replyTo: { ...defaultEnvelope.id, name: 're' } });
  const { server } = own;
  const before = server.connection.heard.length;
  for (const payload of [{ type: 'room.leave' }, { type: undefined }, { id: '7' }, { re: '7' }, { v: 9 }, { seq: 1 }, { channel: 'room:a' }]) {
    const { error } = await client.call(open, { text: 'hi', ...payload });
    assert.equal(error.code, 'INVALID');
    assert.match(error.message, new RegExp(`\`${Object.keys(payload)[0]}\` is a field of the envelope`));
  }
  assert.equal(client.send({ ...api.userTyping, send: anything }, { type: 'room.leave' }).ok, false);
  assert.equal(server.connection.heard.length, before);
});

test('a payload beside the tag is sent with every name that it has', async () => {
  const client = await flat();
  client.call(open, JSON.parse('{"payload":1,"__proto__":{"type":"room.leave"},"constructor":2}'));
  await settled();
  const { id, type, ...sent } = own.server.last;
  assert.deepEqual([type, JSON.stringify(sent)], ['chat.send', '{"payload":1,"__proto__":{"type":"room.leave"},"constructor":2}']);
});

test('the session joins a channel by its own message, also beside the tag', async () => {
  const client = await flat();
  const { join, leave, ...channel } = api.roomChannel;
  client.join(channel, { roomId: 'lobby' }).catch(() => {});
  await settled();
  const { id, ...sent } = own.server.last;
  assert.deepEqual(sent, { type: 'join', channel: 'room:lobby' });
});

/** A client whose messages have another envelope than usual, in both directions. */
async function enveloped(fields) {
  const envelope = { ...defaultEnvelope, ...fields };
  const client = own.connect({}, { envelope: laidOut({ client: envelope }) });
  await own.server.welcome();
  return client;
}

test('a message without a reply has an id where its envelope requires one', async () => {
  const { server } = own;
  const client = await enveloped({ id: { name: 'id', kind: 'integer', presence: 'required' } });
  client.send(api.userTyping, { roomId: 'lobby' });
  client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  client.send(api.userTyping, { roomId: 'lobby' });
  await settled();
  assert.deepEqual(server.connection.heard.slice(-3).map(({ id }) => id), [1, 2, 3]);
  await client.close();
});

test('a field that may be null is there, and one that is text has a number as text', async () => {
  const { server } = own;
  const client = await enveloped({
    channel: { name: 'room', kind: 'text', presence: 'nullable' },
    version: { name: 'v', kind: 'text', presence: 'required' },
  });
  client.send(api.userTyping, { roomId: 'lobby' });
  await settled();
  const { room, v, id } = server.last;
  assert.deepEqual([room, v, id], [null, '1', undefined]);
  assert.equal('id' in server.last, false);
});

test('a payload with bytes that contains itself, or is nested too deeply, is refused as any other', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const ring = { bytes: new Uint8Array([1]) };
  ring.next = ring;
  let deep = {};
  for (let i = 0; i < 100_000; i++) deep = { next: deep };
  for (const payload of [ring, deep, [ring]]) {
    const { error } = await client.call({ ...api.chatSend, send: anything, writeBytes }, payload);
    assert.deepEqual([error.code, error.violations[0].keyword], ['INVALID', 'depth']);
    assert.equal(client.send({ ...api.userTyping, send: anything, writeBytes }, payload).error.code, 'INVALID');
  }
});

test('a payload is not sent with a message that has none', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const before = server.connection.heard.length;
  const bare = { ...api.userTyping, send: noPayload };
  for (const payload of [{ roomId: 'lobby' }, null, 'x', 0, [], { isTrusted: true }]) {
    const { error } = await client.call({ ...api.chatSend, send: noPayload }, payload);
    assert.equal(error.code, 'INVALID');
    assert.equal(client.send(bare, payload).error.code, 'INVALID');
  }
  assert.equal(server.connection.heard.length, before);
  assert.equal(client.send(bare).ok, true);
  assert.equal(client.send(bare, {}).ok, true); // a server accepts an empty object
});
