// What options may be, and what is said of those that they may not be.

import { test } from 'node:test';
import { api, assert, settled, setUp } from './setup.js';

const own = setUp();

const wrong = [NaN, -1, Infinity, -Infinity, '5000', null, {}];
const names = timeout => error => error instanceof TypeError && error.message.includes(`handfast: the timeout is ${timeout}`);

test('a timeout that is no number of milliseconds throws at once', async () => {
  const { server } = own;
  for (const timeout of wrong.filter(timeout => timeout !== null)) assert.throws(() => own.connect({ timeout }), names(timeout));
  assert.equal(server.connections.length, 0);
  const client = own.connect({ timeout: 0 });
  await server.welcome();
  for (const timeout of wrong) {
    assert.throws(() => client.call(api.chatSend, { roomId: 'lobby', text: 'hi' }, { timeout }), names(timeout));
    assert.throws(() => client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] }, { timeout }), names(timeout));
    const setup = () => assert.fail('it is not joined');
    await assert.rejects(client.join(api.roomChannel, { roomId: 'lobby' }, setup, { timeout }), names(timeout));
  }
  await settled();
  assert.deepEqual(server.types, ['hello']);
});

test('none at all is the default', async () => {
  const { clock, server } = own;
  const client = own.connect({ timeout: undefined });
  await server.welcome();
  const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' }, { timeout: undefined });
  await clock.pass(4_999);
  await server.say({ type: 'chat.sent', id: server.last.id });
  assert.equal((await calling).ok, true);
});
