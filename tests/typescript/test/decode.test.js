// What a client takes and refuses, with every violation in order, in every encoding.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as generated from '../build/out/api.js';
import * as hf from '../build/out/handfast.js';
import { isDeeper, read as readAny } from '../build/out/handfast/decode.js';
import { split } from '../build/out/handfast/layout.js';
import { inAll } from './oracles.js';

// Whatever this protocol decodes here is decoded in every encoding.
const api = inAll(generated);

const message = { type: 'chat.message', payload: { from: 'bob', text: 'hi' }, channel: 'room:lobby', seq: 42 };

function refused(value) {
  const decoded = typeof value === 'string' ? api.decode(value) : api.decodeValue(value);
  assert.equal(decoded.ok, false);
  return decoded.error;
}

const said = violations => violations.map(({ path, keyword, message }) => `${path} ${keyword}: ${message}`);

test('a message keeps what stands around it', () => {
  const decoded = api.decode(JSON.stringify({ ...message, timestamp: '2026-01-31T09:00:00.000Z', v: 1 })).orThrow();
  assert.deepEqual(decoded, { ...message, version: 1, timestamp: Date.UTC(2026, 0, 31, 9) });
});

test('a timestamp is a date-time of RFC 3339, as in Rust', () => {
  const vectors = JSON.parse(readFileSync(new URL('../../../runtime/tests/vectors/timestamps.json', import.meta.url), 'utf8'));
  for (const [timestamp, expected] of vectors) {
    const decoded = api.decode(JSON.stringify({ ...message, timestamp }));
    if (expected !== null) assert.equal(decoded.orThrow().timestamp, expected, timestamp);
    else assert.deepEqual(said(decoded.error?.violations ?? []), ['/timestamp format: must be a valid date-time'], timestamp);
  }
});

test('what all objects inherit and what bytes have beside them does not nest', t => {
  t.after(() => delete Object.prototype.polluted);
  Object.prototype.polluted = { more: [] };
  assert.equal(api.decodeValue(message).ok, true);
  assert.equal(isDeeper({ inside: {} }, 1), true);
  assert.equal(isDeeper({ inside: {} }, 2), false);
  assert.equal(isDeeper(Object.assign(new Uint8Array(1), { more: [[]] }), 1), false);
});

test('an absent payload is {} where that passes, and else missing', () => {
  assert.deepEqual(api.decodeValue({ type: 'room.left', id: '1' }).orThrow(), {
    type: 'room.left',
    payload: undefined,
    id: '1',
  });
  assert.deepEqual(said(refused({ type: 'prices.done', id: '1' }).violations), [
    ' required: must have the property "payload"',
  ]);
  const optional = (value, report) => hf.object(value, report);
  const table = hf.messageTable(hf.defaultEnvelope, 64, [{ name: 'optional', receive: optional }]);
  assert.deepEqual(hf.decodeValue({ type: 'optional' }, table).orThrow(), { type: 'optional', payload: {} });
});

test('a message that declares no payload may have an object', () => {
  assert.equal(api.decodeValue({ type: 'room.left', id: '1', payload: { more: 1 } }).orThrow().payload, undefined);
  assert.deepEqual(said(refused({ type: 'room.left', id: '1', payload: [] }).violations), ['/payload type: must be an object']);
});

test('a message has the tag and the payload where its own envelope has them', () => {
  const own = { ...hf.defaultEnvelope, tag: { name: 'kind', kind: 'text' }, content: 'body' };
  const message = { name: 'own', receive: api.validatePricesDone, envelope: own };
  const table = hf.messageTable(hf.defaultEnvelope, 64, [api.chatMessage, message]);
  assert.deepEqual(hf.decodeValue({ kind: 'own', body: { ticks: 1 } }, table).orThrow(), { type: 'own', payload: { ticks: 1 } });
  assert.equal(hf.decodeValue({ type: 'own', body: { ticks: 1 } }, table).error.kind, 'unknown-type');
  assert.equal(hf.decodeValue({ kind: 'other' }, table).error.kind, 'envelope');
});

test('a client takes fields and open values that it does not know', () => {
  const joined = { type: 'room.joined', payload: { topic: null, mood: 'fine' }, channel: 'room:lobby', more: 1 };
  assert.equal(api.decodeValue(joined).ok, true);
  const member = { name: 'ada', device: 'toaster', mood: 'fine' };
  assert.equal(api.isMember(member, false), true);
});

test('what is not a message says so and is kept', () => {
  assert.equal(refused('{').kind, 'syntax');
  assert.equal(refused('[]').kind, 'syntax');
  assert.equal(refused('{"type":"room.left","x":"\\ud800"}').kind, 'syntax');
  assert.equal(api.decode('{"type":"room.left","x":"\\ud83d\\ude00"}').ok, true);
  assert.deepEqual(said(refused({ id: '1' }).violations), [' required: must have the property "type"']);

  const unknown = refused({ type: 'room.painted', payload: { colour: 'red' }, id: '7' });
  assert.equal(unknown.kind, 'unknown-type');
  assert.deepEqual([unknown.type, unknown.id, unknown.payload], ['room.painted', '7', { colour: 'red' }]);

  const invalid = refused({ ...message, payload: { from: '' }, id: '8' });
  assert.equal(invalid.kind, 'invalid');
  assert.deepEqual([invalid.type, invalid.id, invalid.payload], ['chat.message', '8', { from: '' }]);
});

test('the envelope is checked', () => {
  const { error } = api.decodeValue({ ...message, id: 5, channel: undefined, seq: 1.5, timestamp: 'noon' });
  assert.equal(error.kind, 'envelope');
  assert.deepEqual(said(error.violations), [
    '/id type: must be a string',
    '/seq type: must be an integer',
    '/timestamp format: must be a valid date-time',
    ' required: must have the property "channel"',
  ]);
});

test('a channel that has to be there anyway is missed once', () => {
  const channel = { name: 'channel', kind: 'text', presence: 'required' };
  const envelope = { ...hf.defaultEnvelope, channel };
  const table = hf.messageTable(envelope, 64, [api.chatMessage]);
  const { error } = hf.decodeValue({ ...message, channel: undefined }, table);
  assert.deepEqual(said(error.violations), [' required: must have the property "channel"']);
});

test('every violation is reported, in order', () => {
  const wrong = {
    text: '',
    attachments: [
      { kind: 'image', url: 'a', width: 0, height: 1.5 },
      { kind: 'video' },
      { kind: 'snippet', language: 5, text: 'x', '\u{1f600}': 1, '\uffee': 1, 'a/b~c': 1 },
      {},
      7,
    ],
    zeta: 1,
  };
  const violations = hf.violationsOf(api.validateChatSend, wrong, 'sent');
  assert.deepEqual(said(violations), [
    '/text minLength: must be at least 1 character long',
    '/attachments/0/width minimum: must be at least 1',
    '/attachments/0/height type: must be an integer',
    '/attachments/1/kind enum: must be one of "image", "snippet"',
    '/attachments/2/language type: must be null or a string',
    '/attachments/2/a~1b~0c additionalProperties: is not a known property',
    '/attachments/2/\uffee additionalProperties: is not a known property',
    '/attachments/2/\u{1f600} additionalProperties: is not a known property',
    '/attachments/3 required: must have the property "kind"',
    '/attachments/4 type: must be an object',
    '/attachments maxItems: must have at most 4 items',
    '/zeta additionalProperties: is not a known property',
    ' required: must have the property "roomId"',
  ]);
});

test('tuples, unique items and bounds', () => {
  const book = { symbol: 'BTC-EUR', bids: [['1', '2', '3'], ['1.'], 4], asks: [] };
  assert.deepEqual(said(hf.violationsOf(api.validatePricesSnapshot, book, 'received')), [
    '/bids/0/2 items: is one item too many',
    '/bids/1/0 pattern: must match the pattern ^-?[0-9]{1,18}(\\.[0-9]{1,12})?$',
    '/bids/1 minItems: must have at least 2 items',
    '/bids/2 type: must be an array',
  ]);
  const watch = { symbols: ['BTC-EUR', 'BTC-EUR'], every: 49 };
  assert.deepEqual(said(hf.violationsOf(api.validatePricesWatch, watch, 'sent')), [
    '/symbols uniqueItems: must have no two equal items',
    '/every minimum: must be at least 50',
  ]);
  const tick = { symbol: 'BTC-EUR', price: '1', side: 'gift', change: -1 };
  assert.deepEqual(said(hf.violationsOf(api.validatePricesTick, tick, 'received')), [
    '/side enum: must be one of "buy", "sell"',
    '/change exclusiveMinimum: must be greater than -1',
  ]);
});

test('lengths count code points', () => {
  const faces = count => ({ roomId: 'a', text: '\u{1f600}'.repeat(count) });
  assert.deepEqual(hf.violationsOf(api.validateChatSend, faces(2000), 'sent'), []);
  assert.equal(hf.violationsOf(api.validateChatSend, faces(2001), 'sent').length, 1);
});

test('checks that this protocol does not use', () => {
  const check = (run, strict = false) => {
    const report = { strict: strict, violations: [] };
    run(report);
    return said(report.violations);
  };
  assert.deepEqual(
    check(r => hf.safeInteger(2 ** 53, r)),
    [' maximum: must be at most 9007199254740991'],
  );
  assert.deepEqual(
    check(r => hf.safeInteger(-(2 ** 53), r)),
    [' minimum: must be at least -9007199254740991'],
  );
  assert.deepEqual(
    check(r => hf.safeInteger(-0, r)),
    [],
  );
  assert.deepEqual(
    check(r => hf.number(Infinity, r)),
    [' type: must be a number'],
  );
  assert.deepEqual(
    check(r => hf.nil(0, r)),
    [' type: must be null'],
  );
  assert.deepEqual(
    check(r =>
      hf.uniqueItems(
        [
          { a: 1, b: [2] },
          { b: [2], a: 1 },
        ],
        r,
      ),
    ).length,
    1,
  );
  assert.deepEqual(
    check(r => hf.uniqueItems([1, '1', true, null, [], {}], r)),
    [],
  );
  assert.deepEqual(
    check(r => hf.additionalProperties({ b: 1, a: 'x', c: 2 }, new Set(['b']), hf.string, r)),
    ['/c type: must be a string'],
  );
  assert.deepEqual(
    check(r => hf.dependentRequired({ a: 1 }, 'b', 'a', r)),
    [' dependentRequired: must have the property "b" beside "a"'],
  );
  assert.deepEqual(
    check(r => hf.propertyCounts({}, 1, undefined, r)),
    [' minProperties: must have at least 1 property'],
  );
  assert.deepEqual(
    check(r => hf.propertyCounts({ a: 1 }, undefined, 0, r)),
    [' maxProperties: must have at most 0 properties'],
  );
  assert.deepEqual(
    check(r => hf.anyOf(1, [hf.string, hf.nil], r)),
    [' anyOf: must fit at least one of the alternatives'],
  );
  assert.deepEqual(
    check(r => hf.oneOf('', [hf.string, hf.nil], r)),
    [],
  );
  assert.deepEqual(
    check(r => hf.oneOf(1, [hf.number, hf.integer], r)),
    [' oneOf: must fit only one of the alternatives'],
  );
  assert.deepEqual(
    check(r => hf.oneOf('', [hf.number, hf.integer], r)),
    [' oneOf: must fit one of the alternatives'],
  );
  assert.deepEqual(
    check(r => hf.not('', hf.string, r)),
    [' not: must not be what the schema excludes'],
  );
  assert.equal(hf.equal([1, { a: null }], [1, { a: null }]), true);
  assert.equal(hf.equal({ a: 1 }, { b: 1 }), false);
});

test('names of Object.prototype are properties like any other', () => {
  const report = { strict: false, violations: [] };
  hf.required({}, ['constructor'], report);
  hf.property({}, 'toString', hf.string, report);
  assert.deepEqual(said(report.violations), [' required: must have the property "constructor"']);
  const declared = new Set(['a']);
  const strict = { strict: true, violations: [] };
  hf.noAdditionalProperties(JSON.parse('{"__proto__":1,"a":2}'), declared, strict);
  assert.deepEqual(said(strict.violations), ['/__proto__ additionalProperties: is not a known property']);
});

test('the words are those of the server', () => {
  const words = readFileSync(new URL('../../../schema/src/details.rs', import.meta.url), 'utf8');
  const types = ['null', 'a boolean', 'an integer', 'a number', 'a string', 'an array', 'an object'];
  for (const type of types) assert.ok(words.includes(`"${type}"`), type);
  const others = ['has no tag: its role is off', 'is nested too deeply to be checked', 'must be a Uint8Array'];
  const folder = new URL('../build/src/handfast/', import.meta.url);
  let count = 0;
  for (const file of readdirSync(folder).filter(file => file.endsWith('.ts'))) {
    const source = readFileSync(new URL(file, folder), 'utf8');
    for (const [, said] of source.matchAll(/'((?:must|is|has) [^']*)'/g)) {
      count++;
      const known = words.includes(`"${said}"`) || types.some(type => said === `must be ${type}`);
      const made = /^must be (at (most|least) -?\d+|a valid [\w-]+|base(64|64url|32|16)|an integer or a string)$/.test(said);
      assert.ok(known || made || others.includes(said), `${file}: ${said}`);
    }
  }
  assert.ok(count > 40, `${count} texts`);
});

test('what nests too deeply is not looked at', () => {
  const nested = depth => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const text = depth => `{"type":"room.left","payload":{"a":${nested(depth - 1)}}}`;
  assert.ok(api.decode(text(63)).ok);
  assert.equal(api.decode(text(64)).error.message, 'nested too deeply');
  assert.equal(api.decode(text(100_000)).error.kind, 'syntax');
  assert.equal(api.decodeValue(JSON.parse(text(64))).error.kind, 'syntax');
});

test('a check that exhausts the stack refuses the message', () => {
  const endless = (value, report) => endless(value, report) || endless(value, report);
  const table = hf.messageTable(hf.defaultEnvelope, 64, [{ name: 'deep', receive: endless }]);
  assert.equal(hf.decodeValue({ type: 'deep', payload: {} }, table).error.message, 'nested too deeply');
  const broken = { name: 'broken', receive: () => null.x };
  const other = hf.messageTable(hf.defaultEnvelope, 64, [broken]);
  assert.throws(() => hf.decodeValue({ type: 'broken', payload: {} }, other), TypeError);
});

test('other envelopes: flat payloads, integer tags, other names', () => {
  const envelope = {
    ...hf.defaultEnvelope,
    tag: { name: 'op', kind: 'integer' },
    content: null,
    flat: hf.flatPayload,
    id: { name: 'n', kind: 'integer', presence: 'nullable' },
    timestamp: { name: 'at', kind: 'integer', presence: 'optional', time: hf.unixSeconds },
  };
  const table = hf.messageTable(envelope, 64, [{ name: 'typing', tag: 7, receive: api.validateUserTypingServer }]);
  const decoded = hf.decodeValue({ op: 7, n: null, name: 'bob', at: 2 }, table).orThrow();
  assert.equal(decoded.type, 'typing');
  assert.equal(decoded.payload.name, 'bob');
  assert.equal(decoded.timestamp, 2000);
  assert.deepEqual(said(hf.decodeValue({ op: 7, n: 1, name: '' }, table).error.violations), [
    '/name minLength: must be at least 1 character long',
  ]);
  assert.deepEqual(said(hf.decodeValue({ op: 7, name: 'bob' }, table).error.violations), [
    ' required: must have the property "n"',
  ]);
});

test('replies that share a tag, or have none, are read by what is pending', () => {
  const replyTo = { name: 'reply_to', kind: 'text', presence: 'optional' };
  const table = hf.messageTable({ ...hf.defaultEnvelope, replyTo }, 64, [api.chatMessage]);
  const tagless = { ...api.pricesQuoted, tag: null };
  const shared = { ...api.pricesDone, tag: 'result' };
  const pending = id => ({ 1: [tagless], 2: [shared] })[id];
  const typeOf = value => hf.decodeValue(value, table, pending).orThrow().type;
  assert.equal(typeOf({ payload: { price: '1' }, reply_to: '1' }), 'prices.quoted');
  assert.equal(typeOf({ type: 'result', payload: { ticks: 1 }, reply_to: '2' }), 'prices.done');
  assert.equal(typeOf(message), 'chat.message');
  assert.equal(hf.decodeValue({ payload: { price: '1' }, reply_to: '9' }, table, pending).error.kind, 'envelope');
});

test('where replies have the id of their request in a field of its own, each message keeps the id that is its own', () => {
  const replyTo = { name: 'reply_to', kind: 'text', presence: 'optional' };
  const envelope = { ...hf.defaultEnvelope, id: { ...hf.defaultEnvelope.id, name: 'ref' }, replyTo };
  const payload = { roomId: 'lobby', text: 'hi' };
  const byServer = hf.clientMessageTable(envelope, 64, [api.chatSend]);
  const asked = (value, table = byServer) => hf.decode(JSON.stringify(value), table);
  assert.equal(asked({ type: 'chat.send', payload, ref: '1' }).orThrow().id, '1');
  assert.equal(asked({ type: 'chat.send', payload, reply_to: '2' }).orThrow().id, '2');
  assert.equal('id' in asked({ type: 'chat.send', payload }).orThrow(), false);
  assert.equal(asked({ type: 'chat.send', payload: {}, ref: '3' }).error.id, '3');
  assert.equal(asked({ type: 'nothing', ref: '4' }).error.id, '4');
  assert.deepEqual(said(asked({ type: 'chat.send', payload, ref: 5, reply_to: 6, v: '' }).error.violations), [
    '/ref type: must be a string',
    '/reply_to type: must be a string',
    '/v type: must be an integer',
  ]);
  const ownEnvelope = { ...api.chatSend, envelope: { ...envelope, tag: { name: 'kind', kind: 'text' } } };
  assert.equal(asked({ kind: 'chat.send', payload, ref: '7' }, hf.clientMessageTable(envelope, 64, [ownEnvelope])).orThrow().id, '7');
  // To a client only requests, and what cancels them, have an id of their own.
  const cancel = { name: 'stop', receive: api.roomLeft.receive };
  const request = { name: 'watch', receive: api.roomLeft.receive, asks: { reply: api.chatSend, stream: api.chatSend, cancel, errors: [] } };
  const byClient = hf.messageTable(envelope, 64, [api.chatSent, request, cancel]);
  assert.equal(asked({ type: 'watch', ref: '1', reply_to: '2' }, byClient).orThrow().id, '1');
  assert.equal(asked({ type: 'stop', ref: '1' }, byClient).orThrow().id, '1');
  assert.equal(asked({ type: 'chat.sent', ref: '1', reply_to: '2' }, byClient).orThrow().id, '2');
  assert.equal('id' in asked({ type: 'chat.sent', ref: '1' }, byClient).orThrow(), false);
  assert.equal(asked({ type: 'newer', ref: '1' }, byClient).error.id, '1');
});

test('dispatch reaches the handler of the message', () => {
  const handlers = Object.fromEntries(
    ['room.joined', 'room.left', 'chat.sent', 'chat.message'].map(name => [name, m => `${name} ${m.channel}`]),
  );
  assert.equal(api.dispatch(api.decodeValue(message).orThrow(), handlers), 'chat.message room:lobby');
});

test('what a client sends is read as a server reads it', () => {
  const sent = { type: 'chat.send', id: '7', payload: { roomId: 'lobby', text: 'hi' } };
  const { id, type, payload } = api.decodeClientMessage(JSON.stringify(sent)).orThrow();
  assert.deepEqual({ id, type, payload }, sent);
  assert.equal(api.dispatchClientMessage(api.decodeClientMessageValue(sent).orThrow(), { [type]: ({ id }) => id }), '7');
});

test('a server refuses fields that are not declared, and a client does not', () => {
  const more = { ...message, payload: { ...message.payload, mood: 'good' } };
  assert.equal(api.decodeValue(more).ok, true);
  const sent = { type: 'chat.send', id: '7', payload: { text: '', mood: 'good', 'a/b': 1 } };
  const { ok, error } = api.decodeClientMessageValue(sent);
  assert.equal(ok, false);
  assert.equal(error.id, '7');
  assert.deepEqual(said(error.violations), [
    '/payload/text minLength: must be at least 1 character long',
    '/payload/a~1b additionalProperties: is not a known property',
    '/payload/mood additionalProperties: is not a known property',
    '/payload required: must have the property "roomId"',
  ]);
  assert.equal(api.decodeClientMessageValue(message).error.kind, 'unknown-type');
});

test('a number of too many digits is found wherever it stands', () => {
  const kind = text => api.decode(text).error;
  for (let before = 0; before < 620; before++) {
    const text = digits => `{${' '.repeat(before)}"type":"none","n":${'9'.repeat(digits)}}`;
    assert.equal(kind(text(309)).message, 'a number is too large');
    assert.equal(kind(text(308)).kind, 'unknown-type');
  }
});

test('the fewest digits that overflow with an exponent of two are found wherever they stand', () => {
  for (let before = 0; before < 430; before++) {
    const text = digits => `{${' '.repeat(before)}"type":"room.left","n":${'9'.repeat(digits)}e99,"n":1}`;
    assert.match(refused(text(210)).message, /a number is too large/);
    assert.equal(api.decode(text(209)).ok, true);
  }
});

test('what is nested too deeply is refused, and brackets in strings are not counted', () => {
  const nested = depth => `{"type":"none","payload":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  assert.equal(api.decode(nested(63)).error.kind, 'unknown-type');
  assert.equal(api.decode(nested(64)).error.message, 'nested too deeply');
  assert.equal(api.decode(`{"type":"none","payload":"${'[{'.repeat(100)}"}`).error.kind, 'unknown-type');
});

test('the depth is counted exactly, whatever arrays and objects are nested', () => {
  const deep = levels => levels.reduceRight((inner, isArray) => (isArray ? `[${inner}]` : `{"a":${inner}}`), '1');
  const nested = (...levels) => `{"type":"room.left","x":${deep(levels.flatMap(([isArray, count]) => Array(count).fill(isArray)))}}`;
  const [ARRAY, OBJECT] = [true, false];
  // The message is one of the 64.
  for (const shapes of [[[ARRAY, 63]], [[OBJECT, 63]], [[ARRAY, 30], [OBJECT, 33]], [[OBJECT, 62], [ARRAY, 1]], [[ARRAY, 62], [OBJECT, 1]]]) {
    assert.equal(api.decode(nested(...shapes)).ok, true);
    for (const more of [ARRAY, OBJECT]) assert.match(refused(nested([more, 1], ...shapes)).message, /nested too deeply/);
  }
  const empty = count => `{"type":"room.left","x":${'{"":'.repeat(count)}{}${'}'.repeat(count)}}`;
  assert.equal(api.decode(empty(62)).ok, true);
  assert.match(refused(empty(63)).message, /nested too deeply/);
  assert.equal(api.decode(`{"type":"room.left","x":"${'[{'.repeat(100)}"}`).ok, true);
});

test('a number that overflows a double is refused, however it is written and wherever it stands', () => {
  for (const number of ['1e309', '-1E+400', `1${'0'.repeat(309)}`, `1${'0'.repeat(210)}e99`, `${'9'.repeat(250)}.5e60`]) {
    for (const text of [`{"type":"room.left","x":${number}}`, `{"type":"room.left","x":[${number}],"x":1}`]) {
      assert.match(refused(text).message, /a number is too large/);
    }
  }
  for (const number of ['1e308', '1e-999', `1${'0'.repeat(300)}`, `0.${'0'.repeat(400)}1e99`, `"1${'0'.repeat(400)}"`, '"1e999"']) {
    assert.equal(api.decode(`{"type":"room.left","x":${number}}`).ok, true);
  }
});

test('a number is judged beside a string of any length', () => {
  for (const long of ['y'.repeat(12e6), '\\n'.repeat(6e6), '\\"1e999'.repeat(2e6)]) {
    const text = number => `{"type":"room.left","y":"${long}","x":${number}}`;
    assert.equal(generated.decode(text('1e100')).ok, true);
    assert.equal(generated.decode(text('1e999')).error.message, 'a number is too large');
  }
});

test('half a surrogate pair is refused, and no other escape is', () => {
  const decoded = escapes => api.decode(`{"type":"room.left","x":"${escapes}"}`);
  for (const half of ['\\ud83d', '\\ude00', '\\ude00\\ud83d', '\\ud83d\\n\\ude00', '\\ud83d\\ud83d\\ude00', '\\\\\\uDFFF', '\\ud83d\\\\ude00']) {
    assert.match(decoded(half).error.message, /half a surrogate pair/);
  }
  for (const whole of ['\\ud83d\\ude00', '\\uD83D\\uDE00\\n', '\\\\ud83d', '\\ud7ff\\ue000', '\\\\\\\\\\ud83d\\ude00']) {
    assert.equal(decoded(whole).ok, true);
  }
});

test('what is read without a request pending is read alike with one', () => {
  const field = (name, kind, presence) => ({ name, kind, presence });
  const envelope = {
    tag: { name: 'type', kind: 'either' },
    content: 'payload',
    id: field('id', 'integer', 'nullable'),
    replyTo: null,
    correlate: 'id',
    outcome: { name: 'ok', kind: 'text', presence: 'optional', success: true, failure: false },
    version: field('v', 'text', 'optional'),
    channel: field('channel', 'text', 'optional'),
    seq: field('seq', 'integer', 'optional'),
    epoch: null,
    timestamp: { ...field('at', 'integer', 'nullable'), time: hf.unixSeconds },
  };
  const receive = (value, report) => hf.object(value, report);
  const table = hf.messageTable(envelope, 8, [{ name: 'a', receive }, { name: 'seven', tag: 7, receive }]);
  const values = {
    type: ['a', 7, 7.5, null, undefined],
    payload: [{}, undefined, 1],
    id: [1, null, '1', undefined],
    ok: [true, undefined, null],
    v: ['1', 1, undefined],
    seq: [0, -1, undefined],
    epoch: ['e', undefined],
    at: [5, null, -5, undefined],
  };
  let all = [{}];
  for (const [name, held] of Object.entries(values)) {
    all = all.flatMap(message => held.map(value => (value === undefined ? message : { ...message, [name]: value })));
  }
  let valid = 0;
  for (const message of all) {
    const alone = hf.decodeValue(message, table);
    assert.deepEqual(alone, hf.decodeValue(message, table, () => undefined));
    if (alone.ok) valid++;
  }
  assert.ok(valid > 50 && valid < all.length / 2);
});

test('a number of the envelope may be text', () => {
  const text = name => ({ name, kind: 'text', presence: 'optional' });
  const envelope = { ...hf.defaultEnvelope, seq: text('seq'), version: text('v') };
  const table = hf.messageTable(envelope, 64, [{ name: 'news', receive: (value, report) => hf.object(value, report) }]);
  const decode = fields => hf.decodeValue({ type: 'news', payload: {}, ...fields }, table);
  assert.deepEqual(decode({ seq: '7', v: '2' }).orThrow(), { type: 'news', payload: {}, seq: 7, version: 2 });
  for (const seq of ['-7', 'seven']) {
    assert.deepEqual(said(decode({ seq }).error.violations), ['/seq minimum: must be at least 0']);
  }
  // As where another field does not fit either, and all are read again.
  assert.equal(decode({ seq: '7', v: 2 }).error.seq, 7);
});

test('a message in the default envelope is read alike with and without the code for every layout', () => {
  const messages = [api.chatMessage, api.chatSent, api.roomJoined];
  const values = {
    type: ['chat.message', 'chat.sent', 'room.joined', 'prices.tick', 7, 1.5, null, undefined],
    payload: [message.payload, {}, { topic: null }, null, undefined],
    id: ['1', '', 1, null, undefined],
    v: [1, '1', 1.5, 2 ** 53, null, undefined],
    channel: ['room:lobby', 1, null, undefined],
    seq: [0, 41, -1, '1', -(2 ** 60), null, undefined],
    epoch: ['k3J9', 9, undefined],
    timestamp: ['2026-01-01T00:00:00Z', '2026-02-30T00:00:00Z', 'now', 0, null, undefined],
  };
  for (const pending of [() => undefined, id => (id === '1' ? [api.roomJoined] : undefined)]) {
    const reader = { byTag: new Map(messages.map(message => [message.name, message])), own: [], pending };
    let [state, valid] = [1, 0];
    const pick = list => list[(state = (state * 48_271) % 0x7fff_ffff) % (state % 3 === 0 ? list.length : 1)];
    for (let i = 0; i < 5000; i++) {
      const value = JSON.parse(JSON.stringify(Object.fromEntries(Object.entries(values).map(([name, list]) => [name, pick(list)]))));
      const read = readAny(value, reader);
      assert.deepEqual(read, readAny(value, reader, split), JSON.stringify(value));
      if (!read.error) valid++;
    }
    assert.ok(valid > 100);
  }
});
