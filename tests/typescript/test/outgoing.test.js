// What is sent: what a server could not read, or would read as something else, fails at once.

import { test } from 'node:test';
import { defaultEnvelope, flatPayload } from '../build/out/handfast.js';
import { api, assert, setUp, settled } from './setup.js';

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
  const client = own.connect({}, { envelope: { client: envelope, server: envelope } });
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
