// Messages with the id of a pending call that are no reply to it.

import { test } from 'node:test';
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
