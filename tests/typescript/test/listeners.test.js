// Listeners and subscribers: who is called, and who is not any more.

import { test } from 'node:test';
import { Store } from '../build/out/handfast/state.js';
import { api, assert, joinLobby, message, setUp } from './setup.js';

const own = setUp();

test('a listener that another has removed is not called any more', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const heard = [];
  client.on(api.chatMessage, () => {
    heard.push('first');
    off();
  });
  const off = client.on(api.chatMessage, () => heard.push('removed'));
  client.on(api.chatMessage, () => heard.push('last'));
  await server.say(message(1));
  assert.deepEqual(heard, ['first', 'last']);
});

test('a listener that another has added is called from the next time on', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const heard = [];
  client.on(api.chatMessage, () => client.on(api.chatMessage, ({ text }) => heard.push(text)));
  await server.say(message(1, 'one'));
  await server.say(message(2, 'two'));
  assert.deepEqual(heard, ['two']);
});

test('no listener of a subscription is called after one has left', async () => {
  const { server } = own;
  own.connect();
  await server.welcome();
  const room = await joinLobby(own);
  const heard = [];
  room.on(api.chatMessage, () => {
    heard.push('first');
    room.leave();
  });
  room.on(api.chatMessage, () => heard.push('second'));
  await server.say(message(42));
  assert.deepEqual(heard, ['first']);
});

test('no listener is called after one has closed the client', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const heard = [];
  client.on('close', ({ code }) => heard.push(code));
  client.on(api.chatMessage, () => client.close());
  client.on(api.chatMessage, () => heard.push('after the close'));
  await server.say(message(1));
  assert.deepEqual(heard, [1000]);
});

test('a subscriber whose first call throws is none', () => {
  const thrown = [];
  const store = new Store(0, { reportThrown: error => thrown.push(error) });
  const seen = [];
  const subscribe = () =>
    store.subscribe(value => {
      seen.push(value);
      throw new Error('oops');
    });
  assert.throws(subscribe, { message: 'oops' });
  store.set(1);
  assert.deepEqual([seen, thrown], [[0], []]);
});

test('proxies of Vue leave what has private fields alone', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const room = await joinLobby(own);
  const stream = client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });
  // Vue wraps what is called an object, and an array: https://vuejs.org/api/reactivity-advanced.html#markraw
  for (const held of [client, room, stream]) assert.notEqual(Object.prototype.toString.call(held), '[object Object]');
  // A store is read by functions of its own, also through a proxy.
  const { get, subscribe } = new Proxy(client.state, {});
  subscribe(() => {})();
  assert.equal(get().status, 'connected');
});
