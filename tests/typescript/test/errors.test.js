// What goes wrong, and who hears of it. `setUp` fails a test that leaves anything unhandled.

import { test } from 'node:test';
import { Client, CallFailedError, noPayload, SessionRefusedError } from '../build/out/handfast.js';
import { api, assert, joined, message, mock, outcome, refusal, setUp } from './setup.js';

const own = setUp();
const hi = { roomId: 'lobby', text: 'hi' };

/** What was written to the console. */
const warned = () => own.warn.mock.calls.map(({ arguments: [words] }) => words);

for (const [code, expected] of [['VERSION', 4406], ['BAD_TOKEN', 4401], ['INVALID', 4401]]) {
  test(`a refusal with ${code} closeCodes with ${expected}, keeps what is wrong, and is final`, async () => {
    const { server } = own;
    const client = own.connect();
    const closed = mock.fn();
    client.on('close', closed);
    await server.accept();
    const violations = [{ path: '/name', keyword: 'minLength', message: 'must be at least 1 character long' }];
    await server.say({ type: 'refuse', payload: { code, message: 'ü'.repeat(200), violations } });
    const refused = await client.ready.catch(error => error);
    assert.ok(refused instanceof SessionRefusedError);
    assert.deepEqual(refused.violations, violations);
    assert.ok(refused.message.endsWith('ü: /name must be at least 1 character long'), refused.message);
    assert.equal(closed.mock.calls[0].arguments[0].code, expected);
    assert.equal(closed.mock.calls[0].arguments[0].final, true);
    assert.equal(client.state.get().closed.code, expected);
  });
}

test('the code of a refusal is the one of the protocol', async () => {
  const { server } = own;
  const client = own.connect({}, { closeCodes: { unauthorized: 3000, version: 3001 } });
  const closed = mock.fn();
  client.on('close', closed);
  await server.accept();
  await server.say({ type: 'refuse', payload: { code: 'BAD_TOKEN', message: 'no' } });
  assert.equal(closed.mock.calls[0].arguments[0].code, 3000);
});

test('a proof that does not fit says what is wrong', async () => {
  const { server } = own;
  const client = own.connect({ auth: { name: '' } });
  const closed = mock.fn();
  client.on('close', closed);
  await server.accept();
  const refused = await client.ready.catch(error => error);
  assert.ok(refused instanceof SessionRefusedError);
  assert.deepEqual(refused.violations.map(({ keyword }) => keyword), ['minLength']);
  assert.equal(closed.mock.calls[0].arguments[0].code, 4401);
});

test('a listener of errors that throws is not asked without end', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  let calls = 0;
  client.on('error', () => {
    calls++;
    throw new Error('again');
  });
  client.on(api.chatMessage, () => {
    throw new Error('oops');
  });
  const { queueMicrotask } = globalThis;
  const thrown = [];
  globalThis.queueMicrotask = callback => thrown.push(callback);
  try {
    await server.say(message(1));
  } finally {
    globalThis.queueMicrotask = queueMicrotask;
  }
  assert.equal(calls, 1);
  assert.equal(thrown.length, 1);
  assert.throws(thrown[0], /again/);
});

test('an error of the server without an id is a warning, or the event', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const error = { type: 'error', payload: { code: 'RATE_LIMITED', message: 'too fast', retryable: true } };
  for (let i = 0; i < 100; i++) await server.say(error);
  assert.equal(warned().length, 1);
  assert.match(warned()[0], /RATE_LIMITED: too fast/);
  const heard = [];
  client.on('error', seen => heard.push(seen));
  await server.say(error);
  assert.ok(heard[0] instanceof CallFailedError);
  assert.equal(warned().length, 1);
});

test('a proof that cannot be fetched once is a warning, and is fetched again', async () => {
  const { clock, server } = own;
  let attempts = 0;
  own.connect({
    token: async () => {
      if (attempts++ === 0) throw new Error('offline');
      return 'secret';
    },
  });
  await server.accept();
  assert.match(warned()[0], /offline/);
  await server.comeBack(clock);
  assert.equal(server.connection.heard[0].payload.auth.token, 'secret');
});

test('a transport that throws later is a warning, and is tried again', async () => {
  const { clock, server } = own;
  let attempts = 0;
  const client = own.connect({
    transport: (...args) => {
      if (attempts++ === 1) throw new Error('no more sockets');
      return server.transport(...args);
    },
  });
  await server.drop();
  await clock.until(() => attempts === 3);
  assert.match(warned()[0], /no more sockets/);
  await server.welcome();
  assert.equal((await client.ready).version, '1.2.0');
});

test('a transport that cannot work at all throws where the caller can catch it', () => {
  const transport = () => {
    throw new SyntaxError('no such address');
  };
  const { clock } = own;
  assert.throws(() => new Client(api.protocol, 'ws://test/', { transport, clock }), /no such address/);
  assert.equal(clock.timers, 0);
});

test('close with open streams and pending joins leaves nothing unhandled', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  void client.join(api.roomChannel, { roomId: 'lobby' });
  const stream = client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });
  const reading = (async () => {
    for await (const item of stream) assert.fail(item);
    return 'over';
  })();
  void (async () => {
    for await (const item of client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] })) assert.fail(item);
  })();
  client.close();
  assert.equal((await stream.end).error.code, 'OUTCOME_UNKNOWN');
  assert.equal(await reading, 'over');
});

test('close before there is a connection leaves nothing unhandled either', async () => {
  const client = own.connect();
  void client.join(api.roomChannel, { roomId: 'lobby' });
  void client.ready;
  const joining = client.join(api.roomChannel, { roomId: 'lobby' });
  client.close();
  client.close();
  assert.equal(await outcome(joining), 'CLOSED');
  const late = client.join(api.roomChannel, { roomId: 'lobby' });
  await assert.rejects(late, ({ error }) => error.code === 'CLOSED');
});

test('close while a subscription is set up leaves nothing unhandled', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  void client.join(api.roomChannel, { roomId: 'lobby' }, () => client.close());
  assert.equal(await outcome(client.join(api.roomChannel, { roomId: 'hall' })), 'CLOSED');
});

test('providers of credentials that fail at once leave nothing unhandled', async () => {
  const { clock, server } = own;
  const fail = async () => {
    throw new Error('no credentials');
  };
  const throws = () => {
    throw new Error('no token');
  };
  for (const [auth, token] of [[fail, throws], [throws, fail], [fail, fail], [throws, throws]]) {
    const client = own.connect({ auth, token });
    const errors = [];
    client.on('error', ({ message }) => errors.push(message));
    await server.accept();
    assert.equal(errors.length, 1);
    client.close();
    assert.equal(clock.timers, 0);
  }
});

test('an invalid broadcast is a warning once, unless somebody listens', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  client.on(api.chatMessage, () => {});
  for (let i = 0; i < 100; i++) await server.say({ ...message(i), payload: {} });
  assert.equal(warned().length, 1);
  assert.match(warned()[0], /chat\.message/);
  for (let i = 0; i < 100; i++) await server.say(`{ "type": "unknown${i}", "seq": "x" }`);
  await server.say('{');
  assert.equal(warned().length, 2);
  const heard = mock.fn();
  client.on('invalid', heard);
  await server.say('{');
  assert.equal(heard.mock.callCount(), 1);
  assert.equal(warned().length, 2);
});

test('the codes of a session that runs out of time or of room, or is another', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const failing = async payload => {
    const calling = client.call(api.chatSend, hi);
    await server.say({ type: 'error', id: server.last.id, payload: { message: 'no', ...payload } });
    return (await calling).error;
  };
  assert.deepEqual(await failing({ code: 'TIMEOUT' }), { code: 'TIMEOUT', message: 'no' });
  for (const code of ['TOO_MANY', 'NOT_RESUMED']) assert.deepEqual(await failing({ code }), { code, message: 'no', retryable: false });
});

test('the state is a store', async () => {
  const { clock, server } = own;
  const client = own.connect();
  const seen = [];
  const { get, subscribe } = client.state;
  const off = subscribe(({ status, closed }) => seen.push([status, closed?.code]));
  assert.equal(get(), get());
  await server.drop();
  await server.comeBack(clock);
  assert.equal(get().status, 'connected');
  assert.equal(get(), get());
  await server.drop(1011);
  await server.comeBack(clock);
  off();
  off();
  await server.drop(4403, 'out');
  assert.deepEqual(seen, [
    ['connecting', undefined],
    ['connecting', 1006],
    ['connected', undefined],
    ['reconnecting', 1011],
    ['connected', undefined],
  ]);
  assert.deepEqual(get(), { status: 'closed', closed: { code: 4403, reason: 'out', final: true } });
  const late = mock.fn();
  subscribe(late);
  assert.deepEqual(late.mock.calls[0].arguments, [get()]);
});

test('a subscriber that throws keeps no other from being called', async () => {
  const { server } = own;
  const client = own.connect();
  const errors = [];
  client.on('error', error => errors.push(error.message));
  let calls = 0;
  client.state.subscribe(() => {
    if (calls++ > 0) throw new Error('oops');
  });
  const called = mock.fn();
  client.state.subscribe(called);
  await server.welcome();
  assert.deepEqual(errors, ['oops']);
  assert.equal(called.mock.callCount(), 2);
});

/** A page, as far as the client listens to it. */
function page() {
  const listeners = new Map();
  const target = () => ({
    addEventListener: (event, listener) => listeners.set(event, listener),
    removeEventListener: event => listeners.delete(event),
  });
  const document = { ...target(), visibilityState: 'hidden' };
  return { listeners, document, ...target() };
}

test('a client that is closed before it is made listens to no page', () => {
  const { listeners, document, ...window } = page();
  Object.assign(globalThis, window, { document });
  try {
    const transport = (url, subprotocol, events) => {
      events.closed(1008, 'no');
      return { send() {}, close() {} };
    };
    const client = own.connect({ transport });
    assert.equal(client.state.get().status, 'closed');
    assert.equal(listeners.size, 0);
  } finally {
    for (const name of ['document', 'addEventListener', 'removeEventListener']) delete globalThis[name];
  }
});

test('the client tries again when the network or the page comes back', async () => {
  const { server } = own;
  const { listeners, document, ...window } = page();
  Object.assign(globalThis, window, { document });
  try {
    const client = own.connect();
    for (const event of ['online', 'pageshow', 'visibilitychange']) {
      await server.drop();
      const before = server.connections.length;
      if (event === 'visibilitychange') {
        listeners.get(event)();
        assert.equal(server.connections.length, before, 'it is hidden');
        document.visibilityState = 'visible';
      }
      listeners.get(event)();
      assert.equal(server.connections.length, before + 1, event);
    }
    // A server that is overrun is not asked sooner for it.
    await server.drop(4429);
    const before = server.connections.length;
    listeners.get('online')();
    assert.equal(server.connections.length, before);
    client.close();
    assert.equal(listeners.size, 0);
  } finally {
    for (const name of ['document', 'addEventListener', 'removeEventListener']) delete globalThis[name];
  }
});

/** Codes that the client gives errors of its own, declared by a protocol. */
const OWN = ['CANCELLED', 'OUTCOME_UNKNOWN', 'CLOSED', 'TIMEOUT', 'SLOW', 'BAD_REPLY', 'QUEUE_FULL'].map(code => ({ code, data: noPayload }));

test('a declared error with the code of one of the client\'s own is not taken for that', async () => {
  const { clock, server } = own;
  const client = own.connect({}, { session: { ...api.protocol.session, backoff: { min: 10, max: 20 } } });
  await server.welcome({ received: 0 });
  const watch = { ...api.pricesWatch, errors: OWN };
  const channel = { ...api.roomChannel, join: { ...api.roomChannel.join, errors: OWN } };
  for (const { code } of OWN) {
    const stream = client.stream(watch, { symbols: ['BTC-EUR'] });
    const loop = outcome((async () => { for await (const _ of stream); })());
    const { id } = server.last;
    await server.say(refusal(id, { code }));
    assert.equal(await loop, code, 'the loop throws');
    assert.equal(server.last.id, id, 'nothing is cancelled');

    const lost = mock.fn();
    const joining = client.join(channel, { roomId: 'lobby' }, room => room.on('lost', lost));
    await server.say(joined(server.last.id, 41));
    await joining;
    await server.drop(1001);
    await server.comeBack(clock, { received: 0 });
    const { length } = server.connection.heard;
    await server.say(refusal(server.last.id, { code }));
    assert.equal(lost.mock.calls[0]?.arguments[0].code, code);
    assert.equal(server.connection.heard.length, length, 'nothing is left');
  }
});

test('results have no functions of their own, so that a worker can post one', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  const calling = client.call(api.chatSend, hi);
  await server.say({ type: 'chat.sent', id: '1' });
  for (const result of [await calling, await client.call(api.chatSend, { ...hi, text: '' })]) {
    assert.deepEqual(structuredClone(result), { ...result });
    assert.equal(typeof result.orThrow, 'function');
  }
});
