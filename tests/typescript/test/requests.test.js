// Requests of the server, and what a page answers.

import { test } from 'node:test';
import * as hf from '../build/out/handfast.js';
import { api, assert, mock, setUp, settled } from './setup.js';

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

async function answer(handlers) {
  own.client = new hf.Client(
    api.protocol,
    'ws://test/',
    { auth: { name: 'ada' }, transport: own.server.transport, clock: own.clock },
    hf.answering(handlers, [confirm, measure]),
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

test('anything else that a handler does wrong is internal, and reported here', async () => {
  const wrongs = [
    () => {
      throw new Error('a bug');
    },
    () => ({ yes: 1 }),
    () => hf.err({ code: 'LATER', message: 'no', data: { n: 'x' } }),
    () => hf.err({ code: 'OTHER', message: 'no' }),
  ];
  const count = wrongs.length;
  const client = await answer({ confirm: () => wrongs.shift()() });
  const errors = [];
  client.on('error', error => errors.push(String(error)));
  for (let id = 1; id <= count; id++) await ask(`${id}`);
  await settled();
  assert.deepEqual(
    heard().map(({ type, payload, id }) => [type, payload.code, id]),
    [1, 2, 3, 4].map(id => ['error', 'INTERNAL', `${id}`]),
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

test('no more than 256 handlers run', async () => {
  await answer({ confirm: () => new Promise(() => {}) });
  for (let id = 1; id <= 257; id++) await ask(`${id}`);
  assert.deepEqual(heard().map(({ payload, id }) => [payload.code, id]), [['TOO_MANY', '257']]);
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
