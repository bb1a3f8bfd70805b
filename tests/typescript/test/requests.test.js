// Requests of the server, and what a page answers.

import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as hf from '../build/out/handfast.js';
import { api, assert, laidOut, mock, setUp, settled } from './setup.js';

const own = setUp();

const text = (value, report) => hf.reportRule(value, report, [hf.reportObject, { '?': [], text: [hf.reportString, { minLength: 1 }] }]);
const yes = (value, report) => hf.reportRule(value, report, [hf.reportObject, { '?': [], yes: hf.boolean }]);
const number = (value, report) => hf.reportRule(value, report, [hf.reportObject, { '?': [], n: [hf.reportInteger, { minimum: 0, maximum: 9 }] }]);

const later = { code: 'LATER', data: number };
const confirmed = { name: 'confirmed', send: yes, isAnswer: true };
const confirm = { name: 'confirm', receive: text, asks: { reply: confirmed, errors: [later], timeout: 5000 } };
const begun = { name: 'begun', send: number, isAnswer: true };
const item = { name: 'item', send: number, isAnswer: true };
const done = { name: 'done', send: number, isAnswer: true };
const stop = { name: 'stop', receive: hf.noPayload };
const measure = { name: 'measure', receive: hf.noPayload, asks: { ack: begun, stream: item, end: done, cancel: stop, errors: [later] } };

async function answer(handlers, { protocol = {}, requests = [confirm, measure] } = {}) {
  own.client = new (protocol.envelope ? hf.AdaptedClient : hf.Client)(
    { ...api.protocol, ...protocol },
    'ws://test/',
    { auth: { name: 'ada' }, transport: own.server.transport, clock: own.clock },
    hf.answering(handlers, requests),
  );
  await own.server.welcome();
  return own.client;
}

const ask = (id, payload = { text: 'sure?' }) => own.server.say({ type: 'confirm', payload, id });
const heard = () => own.server.connections.at(-1).heard.filter(({ type }) => !['hello', 'received', 'ping'].includes(type));

test('a handler replies at once or later, with a payload or a result', async () => {
  const answers = [{ yes: true }, Promise.resolve({ yes: false }), hf.ok({ yes: true })];
  await answer({ confirm: () => answers.shift() });
  for (const id of ['1', '2', '3']) await ask(id);
  await settled();
  assert.deepEqual(heard(), [
    { type: 'confirmed', payload: { yes: true }, id: '1' },
    { type: 'confirmed', payload: { yes: false }, id: '2' },
    { type: 'confirmed', payload: { yes: true }, id: '3' },
  ]);
});

test('an answer without a tag is known by its request', async () => {
  const request = { ...confirm, asks: { ...confirm.asks, reply: { ...confirmed, tag: null } } };
  await answer({ confirm: () => ({ yes: true }) }, { requests: [request] });
  await ask('1');
  await settled();
  assert.deepEqual(heard(), [{ payload: { yes: true }, id: '1' }]);
});

test('a handler fails with a declared error, returned or thrown', async () => {
  const error = { code: 'LATER', message: 'not now', retryable: true, data: { n: 5 } };
  await answer({
    confirm: ({ text }) => {
      if (text === 'throw') throw new hf.CallFailedError(error);
      return hf.err(error);
    },
  });
  await ask('1');
  await ask('2', { text: 'throw' });
  await settled();
  const payload = { code: 'LATER', message: 'not now', retryable: true, data: { n: 5 } };
  assert.deepEqual(heard(), [
    { type: 'error', payload, id: '1' },
    { type: 'error', payload, id: '2' },
  ]);
});

test('what a handler does not say of a declared error is as the protocol declares it', async () => {
  const plain = { code: 'REFUSED', data: hf.noPayload };
  const declared = { ...later, message: 'Not now.', retryable: true };
  const answers = [{ code: 'LATER', data: { n: 5 } }, { code: 'LATER', message: 'no', retryable: false, data: { n: 6 } }, { code: 'REFUSED' }];
  await answer({ confirm: () => hf.err(answers.shift()) }, { requests: [{ ...confirm, asks: { ...confirm.asks, errors: [plain, declared] } }] });
  for (const id of ['1', '2', '3']) await ask(id);
  await settled();
  assert.deepEqual(heard().map(({ payload }) => payload), [
    { code: 'LATER', message: 'Not now.', retryable: true, data: { n: 5 } },
    { code: 'LATER', message: 'no', data: { n: 6 } },
    { code: 'REFUSED', message: '' },
  ]);
});

test('anything else that a handler does wrong is internal, and reported here', async () => {
  const wrongs = [
    () => {
      throw new Error('a bug');
    },
    () => ({ yes: 1 }),
    () => hf.err({ code: 'LATER', message: 'no', data: { n: 'x' } }),
    () => hf.err({ code: 'OTHER', message: 'no' }),
    () => Promise.reject(),
  ];
  const count = wrongs.length;
  const client = await answer({ confirm: () => wrongs.shift()() });
  const errors = [];
  client.on('error', error => errors.push(String(error)));
  for (let id = 1; id <= count; id++) await ask(`${id}`);
  await settled();
  assert.deepEqual(
    heard().map(({ type, payload, id }) => [type, payload.code, id]),
    [1, 2, 3, 4, 5].map(id => ['error', 'INTERNAL', `${id}`]),
  );
  assert.equal(errors.length, count);
});

test('what is invalid, unknown or repeated is refused', async () => {
  let finish;
  await answer({ confirm: () => new Promise(resolve => (finish = resolve)) });
  await ask('1', { text: '' });
  await own.server.say({ type: 'newer', id: '2' });
  await ask('3');
  await ask('3');
  assert.deepEqual(
    heard().map(({ payload, id }) => [payload.code, id]),
    [
      ['INVALID', '1'],
      ['UNKNOWN_TYPE', '2'],
      ['ID_REUSED', '3'],
    ],
  );
  assert.deepEqual(heard()[0].payload.violations[0].path, '/payload/text');
  finish({ yes: true });
  await settled();
  assert.deepEqual(heard().at(-1), { type: 'confirmed', payload: { yes: true }, id: '3' });
});

test('a request has nothing to do with a call of the same id', async () => {
  const client = await answer({ confirm: () => ({ yes: true }) });
  const call = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  await settled();
  const { id } = own.server.last;
  await ask(id);
  await settled();
  assert.deepEqual(heard().at(-1), { type: 'confirmed', payload: { yes: true }, id });
  await own.server.say({ type: 'chat.sent', id });
  assert.equal((await call).ok, true);
});

test('nor has a message of an unknown type, which may be a request of a newer server', async () => {
  const client = await answer({});
  const call = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  await settled();
  const { id } = own.server.last;
  await own.server.say({ type: 'newer', id });
  assert.deepEqual([heard().at(-1).payload.code, heard().at(-1).id], ['UNKNOWN_TYPE', id]);
  await own.server.say({ type: 'chat.sent', id });
  assert.equal((await call).ok, true);
});

test('a request with an id of more than 128 characters is not answered', async () => {
  const client = await answer({ confirm: () => ({ yes: true }) });
  const invalid = [];
  client.on('invalid', error => invalid.push(error.message));
  for (const id of ['\u{1f44b}'.repeat(128), 'i'.repeat(129)]) {
    await ask(id);
    await ask(id, { text: '' });
    await own.server.say({ type: 'newer', id });
  }
  await settled();
  assert.deepEqual(heard().map(({ type, payload, id }) => [payload.code ?? type, id.length]), [
    ['confirmed', 256],
    ['INVALID', 256],
    ['UNKNOWN_TYPE', 256],
  ]);
  assert.equal(own.warn.mock.callCount(), 1);
  assert.match(own.warn.mock.calls[0].arguments[0], /`confirm` has no id of at most 128 characters/);
  assert.equal(invalid.length, 1);
});

test('no more than 256 handlers run', async () => {
  await answer({ confirm: () => new Promise(() => {}) });
  for (let id = 1; id <= 257; id++) await ask(`${id}`);
  assert.deepEqual(heard().map(({ payload, id }) => [payload.code, id]), [['TOO_MANY', '257']]);
});

test('a handler that has taken too long leaves its place to another', async () => {
  await answer({ confirm: ({ text }) => (text === 'hang' ? new Promise(() => {}) : { yes: true }) });
  for (let id = 1; id <= 256; id++) await ask(`${id}`, { text: 'hang' });
  await own.clock.pass(10_000);
  assert.equal(heard().filter(({ payload }) => payload?.code === 'TIMEOUT').length, 256);
  await ask('1');
  assert.deepEqual(heard().at(-1), { type: 'confirmed', payload: { yes: true }, id: '1' });
});

test('errors wait for room, as replies do', async () => {
  const client = await answer({
    confirm: ({ text }) => {
      if (text === 'hang') return new Promise(() => {});
      return text === 'bug' ? Promise.reject(new Error('a bug')) : hf.err({ code: 'LATER', message: 'no', data: { n: 1 } });
    },
  });
  client.on('error', () => {});
  await ask('0', { text: 'hang' });
  own.server.buffered = 2 ** 20;
  await ask('1');
  await ask('2', { text: 'bug' });
  await ask('3', { text: 5 });
  await own.server.say({ type: 'newer', id: '4' });
  await own.clock.pass(10_000);
  for (let id = 5; id <= 300; id++) await ask(`${id}`); // no more wait than may run
  assert.deepEqual(heard(), []);
  own.server.buffered = 0;
  await own.clock.pass(100);
  const codes = heard().map(({ payload, id }) => [payload.code, id]);
  assert.deepEqual(codes.slice(0, 5).sort(([, a], [, b]) => a - b), [
    ['TIMEOUT', '0'],
    ['LATER', '1'],
    ['INTERNAL', '2'],
    ['INVALID', '3'],
    ['UNKNOWN_TYPE', '4'],
  ]);
  assert.equal(codes.length, 256);
});

test('an error that is larger than a message may be, or cannot be written, is internal, and reported here', async () => {
  const wrongs = [{ data: 'x'.repeat(65536) }, { message: 'cut \ud83d' }, { data: 5n }];
  const open = { ...confirm, asks: { ...confirm.asks, errors: [{ code: 'LATER', data: () => {} }] } };
  for (const name of ['json', 'msgpack']) {
    const options = name === 'json' ? {} : { encoding: hf.msgpack };
    const sent = [];
    const transport = (_url, _subprotocol, events) => {
      own.events = events;
      return { send: packet => sent.push(name === 'json' ? JSON.parse(packet) : hf.msgpack.decode(packet, 64).value), close() {} };
    };
    const say = message => own.events.received(name === 'json' ? JSON.stringify(message) : hf.msgpack.encode(message));
    own.client?.close();
    const handlers = { confirm: ({ text }) => hf.err({ code: 'LATER', message: 'no', ...wrongs[text] }) };
    const protocol = { ...api.protocol, subprotocols: { json: 'j', msgpack: 'm' } };
    own.client = new hf.Client(protocol, 'ws://test/', { auth: { name: 'ada' }, clock: own.clock, transport, ...options }, hf.answering(handlers, [open]));
    const errors = [];
    own.client.on('error', error => errors.push(String(error)));
    own.events.opened();
    await settled();
    say({ type: 'ready', payload: { version: '1.2.0', hash: api.protocol.hash } });
    for (const text of ['0', '1', '2']) say({ type: 'confirm', payload: { text }, id: text });
    await settled();
    assert.deepEqual(sent.slice(1).map(({ payload, id }) => [payload.code, id]), [['INTERNAL', '0'], ['INTERNAL', '1'], ['INTERNAL', '2']], name);
    assert.equal(errors.length, 3, name);
  }
});

test('an error whose data is nested deeper than a message may be, or contains itself, is internal, and reported here', async () => {
  /** A recursive type, as its validator is generated. */
  const chain = (value, report) => value.next && chain(value.next, report);
  const deep = levels => (levels === 1 ? {} : { next: deep(levels - 1) });
  const ring = {};
  ring.next = ring;
  const { depth } = api.protocol;
  const data = [deep(depth - 2), deep(depth - 1), deep(1000), ring];
  const errors = [{ code: 'LATER', data: chain }];
  const requests = [{ ...confirm, asks: { ...confirm.asks, errors } }];
  const client = await answer({ confirm: () => hf.err({ code: 'LATER', message: 'no', data: data.shift() }) }, { requests });
  const failed = mock.fn();
  client.on('error', failed);
  for (const id of ['1', '2', '3', '4']) await ask(id);
  await settled();
  assert.deepEqual(heard().map(({ payload, id }) => [payload.code, id]), [
    ['LATER', '1'],
    ['INTERNAL', '2'],
    ['INTERNAL', '3'],
    ['INTERNAL', '4'],
  ]);
  assert.equal(failed.mock.callCount(), 3);
});

test('a refusal that would be larger than a message may be lists nothing', async () => {
  const names = Array.from({ length: 101 }, (_, i) => 'ж'.repeat(250) + i);
  const every = value => Object.fromEntries(names.map(name => [name, value]));
  const receive = (value, report) => hf.reportRule(value, report, [hf.reportObject, { '?': [], ...every([hf.reportString, {}]) }]);
  await answer({ confirm: () => ({ yes: true }) }, { requests: [{ ...confirm, receive }] });
  await ask('1', every(5));
  assert.deepEqual(heard(), [{ type: 'error', payload: { code: 'INVALID', message: 'the request does not fit' }, id: '1' }]);
});

test('where replies have the id of their request in a field of its own, requests have theirs in the usual one', async () => {
  const replyTo = { name: 'reply_to', kind: 'text', presence: 'optional' };
  const server = { ...hf.defaultEnvelope, replyTo };
  const client = await answer({ confirm: () => ({ yes: true }) }, { protocol: { envelope: laidOut({ client: server, server }) } });
  const invalid = [];
  client.on('invalid', error => invalid.push(error.message));
  await ask('1');
  await own.server.say({ type: 'newer', id: '2' });
  await ask('3', { text: 5 });
  assert.deepEqual(heard().map(({ type, payload, reply_to }) => [payload.code ?? type, reply_to]), [
    ['confirmed', '1'],
    ['UNKNOWN_TYPE', '2'],
    ['INVALID', '3'],
  ]);
  for (const id of [5, null, {}]) await ask(id);
  assert.deepEqual(invalid, Array(3).fill('the envelope does not fit: /id must be a string'));
  assert.equal(heard().length, 3);
  // What has the id of a call in that field has nothing to do with it.
  const call = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  const { id } = own.server.last;
  await own.server.say({ type: 'newer', id });
  await own.server.say({ type: 'chat.sent', reply_to: id });
  assert.equal((await call).ok, true);
  // What has it in the field of replies answers that call.
  const wrong = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  await own.server.say({ type: 'newer', reply_to: own.server.last.id });
  assert.equal((await wrong).error.code, 'BAD_REPLY');
});

test('a handler that takes too long is answered for, and its signal is aborted', async () => {
  let signal;
  await answer({
    confirm: (_, context) => {
      signal = context.signal;
      return new Promise(() => {});
    },
  });
  await ask('1');
  await own.clock.pass(9_999);
  assert.equal(signal.aborted, false);
  await own.clock.pass(1);
  assert.equal(signal.aborted, true);
  assert.deepEqual(heard().filter(({ type }) => type === 'error').map(({ payload, id }) => [payload.code, id]), [['TIMEOUT', '1']]);
});

test('a generator is a stream: acknowledged, with items, and its end', async () => {
  await answer({
    measure: () => ({
      ack: { n: 0 },
      items: (async function* () {
        yield { n: 1 };
        yield { n: 2 };
        return { n: 3 };
      })(),
    }),
  });
  await own.server.say({ type: 'measure', id: '7' });
  await settled();
  assert.deepEqual(
    heard().map(({ type, payload, id }) => [type, payload.n, id]),
    [
      ['begun', 0, '7'],
      ['item', 1, '7'],
      ['item', 2, '7'],
      ['done', 3, '7'],
    ],
  );
});

test('a stream is cancelled, and sends no more', async () => {
  const ended = mock.fn();
  let signal;
  let next;
  await answer({
    measure: (_, context) => ({
      ack: { n: 0 },
      items: (async function* () {
        signal = context.signal;
        try {
          for (;;) yield { n: await new Promise(resolve => (next = resolve)) };
        } finally {
          ended();
        }
      })(),
    }),
  });
  await own.server.say({ type: 'measure', id: '7' });
  await settled();
  next(1);
  await settled();
  await own.server.say({ type: 'stop', id: '7' });
  assert.equal(signal.aborted, true);
  next(2);
  await settled();
  assert.deepEqual(heard().map(({ type }) => type), ['begun', 'item']);
  assert.equal(ended.mock.callCount(), 1);
});

test('a stream that is cancelled before it can begin does not begin', async () => {
  const log = [];
  const items = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: log.push('next') > 0 }),
      return: async () => ({ done: log.push('return') > 0 }),
    }),
  };
  await answer({ measure: () => ({ ack: { n: 0 }, items }) });
  own.server.buffered = 2 ** 20;
  own.client.send({ name: 'filler', send: () => {}, by: hf.sendMessage }, 'x'.repeat(60_000));
  await own.server.say({ type: 'measure', id: '7' });
  await own.server.say({ type: 'stop', id: '7' });
  await settled();
  assert.deepEqual(log, ['return']);
});

test('a generator that never waits leaves the event loop its turns', async () => {
  let count = 0;
  await answer({
    measure: () => ({
      ack: { n: 0 },
      items: (async function* () {
        while (count++ < 10_000) yield { n: 1 };
      })(),
    }),
  });
  await own.server.say({ type: 'measure', id: '7' });
  await own.server.say({ type: 'stop', id: '7' });
  await own.clock.pass(100);
  assert.equal(count, 1_024);
});

test('a stream keeps nothing of the items it has sent', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  let count = 0;
  await answer({
    measure: () => ({
      ack: { n: 0 },
      items: (async function* () {
        for (;;) {
          if (count++ % 100 === 0) await settled();
          yield { n: 1 };
        }
      })(),
    }),
  });
  await own.server.say({ type: 'measure', id: '7' });
  const used = async until => {
    while (count < until) {
      await settled();
      await own.clock.pass(0);
      own.server.connection.heard.length = 0;
    }
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await used(5_000);
  const after = await used(25_000);
  assert.ok(after - before < 20_000 * 100, `${after - before} bytes`);
  await own.server.say({ type: 'stop', id: '7' });
});

test('an item that is invalid fails the stream', async () => {
  const client = await answer({
    measure: () => ({
      ack: { n: 0 },
      items: (async function* () {
        yield { n: 10 };
      })(),
    }),
  });
  client.on('error', () => {});
  await own.server.say({ type: 'measure', id: '7' });
  await settled();
  assert.deepEqual(heard().map(({ type, payload }) => payload.code ?? type), ['begun', 'INTERNAL']);
});

test('items wait for room', async () => {
  let sent = 0;
  await answer({
    measure: () => ({
      ack: { n: 0 },
      items: (async function* () {
        for (; sent < 5; sent++) yield { n: sent };
        return { n: 9 };
      })(),
    }),
  });
  own.server.buffered = 2 ** 20;
  await own.server.say({ type: 'measure', id: '7' });
  await settled();
  assert.ok(sent <= 1, `${sent}`);
  own.server.buffered = 0;
  await own.clock.pass(200);
  assert.deepEqual(heard().at(-1), { type: 'done', payload: { n: 9 }, id: '7' });
});

test('what belongs to a session ends with it', async () => {
  const signals = [];
  const finish = [];
  await answer({
    confirm: (_, { signal }) => {
      signals.push(signal);
      return new Promise(resolve => finish.push(resolve));
    },
  });
  await ask('1');
  await own.server.drop(1011);
  await own.clock.pass(1_000);
  await own.server.welcome();
  assert.equal(signals[0].aborted, true);
  await ask('1');
  finish[0]({ yes: false });
  finish[1]({ yes: true });
  await settled();
  assert.deepEqual(heard(), [{ type: 'confirmed', payload: { yes: true }, id: '1' }]);
});
