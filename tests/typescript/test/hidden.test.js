// What a text hides from its value: `JSON.parse` drops what a member has that is repeated. Short texts of valid messages are not searched
// for it if they are no longer than their message needs. They must be refused wherever the search would refuse them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as api from '../build/out/api.js';
import * as hf from '../build/out/handfast.js';
import { isDeeper, textProblem, TOO_DEEP } from '../build/out/handfast/decode.js';
import { random } from './oracles.js';

const COUNT = Number(process.env.HANDFAST_TEXTS ?? 50_000);
const SEED = Number(process.env.HANDFAST_SEED ?? Date.now() % 1e9);

const DEPTH = 7;

/** Payloads of every kind that has a length, in the form in which they are generated. */
const reading = (value, report) => {
  if (!hf.object(value, report)) return;
  const { at, unit, values, more } = value;
  if (!Number.isFinite(at) || typeof unit !== 'string' || (more !== undefined && typeof more !== 'boolean')) hf.wrongType('reading', report, 'a');
  if (!Array.isArray(values) || !values.every(Number.isFinite)) hf.wrongType('array', report, 'an');
};
const readingLength = ({ at, unit, values, more }) =>
  27 + hf.numberLength(at) + unit.length + hf.itemsLength(values, hf.numberLength) + (more === undefined ? 0 : 12);
const readings = (value, report) => {
  if (!hf.object(value, report)) return;
  if (!Array.isArray(value.readings)) hf.wrongType('array', report, 'an');
  else for (const one of value.readings) reading(one, report);
};
const readingsLength = ({ readings }) => 13 + hf.itemsLength(readings, readingLength);

const messages = [
  { name: 'reading', receive: reading },
  { name: 'readings', receive: readings },
];
const lengths = { reading: readingLength, readings: readingsLength };
const table = hf.messageTable(hf.defaultEnvelope, DEPTH, messages, lengths);
const flat = hf.messageTable({ ...hf.defaultEnvelope, content: null, flat: hf.flatPayload }, DEPTH, messages, lengths);
const byHand = [table, flat].map(table => ({
  depth: DEPTH,
  decode: text => hf.decode(text, table),
  decodeValue: value => hf.decodeValue(value, table),
}));
const generated = { depth: api.protocol.depth, decode: api.decode, decodeValue: api.decodeValue };

/** What a text comes to if it is searched. */
function searched(text, { depth, decodeValue }) {
  const value = JSON.parse(text);
  const problem = isDeeper(value, depth) ? TOO_DEEP : textProblem(text);
  return problem === undefined ? decodeValue(value) : problem;
}

const HIDDEN = ['1e309', '-1e309', '1e999', '"\\ud800"', '"\\uDFFF"', '[[]]', '[[[]]]', '[[[[]]]]', '{}', '0', 'null', '""', '"\\n"', '1e308', '"\\ud83d\\ude00"'];
const NAMES = ['', '', '', 'a', '__proto__', 'at', 'unit', 'id', 'type', '\\ud800', '\\u0061t', 'more'];
const STRINGS = ['', 'a', 'lobby', 'é', '\u{1f600}', '"', '\\', '\n', 'e309', '1e309', '\ud800', 'x'.repeat(40)];
const NUMBERS = [
  ...['0', '-0', '7', '10', '99', '100', '999', '1e2', '1000', '1e3', '1200', '12e2', '2000', '123456', '1234567', '1e9', '1732000000000', '1732e9', '1732000000001'],
  ...['9007199254740991', '1e15', '999999999999999', '1e22', '1e300', '0.1', '0.5', '5e-1', '0.05', '5e-2', '1e-9', '-1e-9', '0.000001', '1.5', '10.5', '99.99'],
  ...['100.5', '1000.5', '12345.25', '67123.45', '-67123.45', '1234567.125', '4503599627370495.5', '0.30000000000000004', '123.456789', '5e-324', '1E2', '1e+2', '1.0', '10e-1'],
];

class Writer {
  constructor(seed) {
    this.random = random(seed);
  }

  below(count) {
    return Math.floor(this.random() * count);
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  chance(of) {
    return this.below(of) === 0;
  }

  number() {
    return this.chance(2) ? this.pick(NUMBERS) : `${1 + this.below(9)}${String(this.random()).slice(2, 2 + this.below(16))}`;
  }

  space() {
    return this.chance(40) ? ' '.repeat(1 + this.below(3)) : '';
  }

  string(value) {
    if (this.chance(30)) return `"${[...value].map(c => (c.length === 1 ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}` : c)).join('')}"`;
    return value.includes('\ud800') && value.length === 1 ? `"${value}"` : JSON.stringify(value);
  }

  /** Members as an object, among them now and then some that are dropped or not declared. */
  object(members) {
    const texts = members.filter(member => member !== undefined).map(([name, text]) => `"${name}"${this.space()}:${this.space()}${text}`);
    if (this.chance(6)) texts.splice(this.below(texts.length + 1), 0, `"${this.pick(NAMES)}":${this.pick(HIDDEN)}`);
    // Of two that have one name, the first is dropped.
    if (this.chance(6)) texts.unshift(`"${(this.pick(members) ?? ['id'])[0]}":${this.pick(HIDDEN)}`);
    return `{${texts.join(`,${this.space()}`)}}`;
  }

  list(one) {
    return `[${Array.from({ length: this.below(4) }, one).join(',')}]`;
  }

  reading() {
    return [
      ['at', this.number()],
      ['unit', this.string(this.pick(STRINGS))],
      ['values', this.list(() => this.number())],
      this.chance(2) ? ['more', this.pick(['true', 'false'])] : undefined,
    ];
  }

  envelope(type) {
    return [
      ['type', JSON.stringify(type)],
      this.chance(2) ? ['id', this.string(this.pick(STRINGS))] : undefined,
      this.chance(4) ? ['seq', this.pick(['0', '7', '1000', '1e3', '9007199254740991'])] : undefined,
      this.chance(4) ? ['channel', '"room:lobby"'] : undefined,
      this.chance(6) ? ['timestamp', '"2026-01-31T09:00:00Z"'] : undefined,
    ];
  }

  whole() {
    const reads = this.chance(2);
    const payload = reads ? this.reading() : [['readings', this.list(() => this.object(this.reading()))]];
    const envelope = this.envelope(reads ? 'reading' : 'readings');
    if (this.chance(3)) return [byHand[1], this.object([...envelope, ...payload])];
    return [byHand[0], this.object([...envelope, ['payload', this.object(payload)]])];
  }

  /** A message of the example, whose lengths are generated. */
  generated() {
    const [type, payload] = this.pick([
      ['prices.done', [['ticks', this.pick(['0', '1', '12', '1000', '1e3'])]]],
      ['prices.quoted', [['price', this.string(this.pick(['1.50', '17.25']))]]],
      ['room.joined', [['topic', this.chance(2) ? 'null' : this.string(this.pick(STRINGS))]]],
      ['user.typing', [['name', this.string(this.pick(['ada', 'bob']))]]],
    ]);
    return [generated, this.object([...this.envelope(type), ['payload', this.object(payload)]])];
  }
}

test(`no text of ${COUNT} hides more than a search finds, with the seed ${SEED}`, () => {
  const writer = new Writer(SEED);
  const seen = { read: 0, refused: 0 };
  for (let i = 0; i < COUNT; i++) {
    const [how, text] = writer.chance(3) ? writer.generated() : writer.whole();
    const decoded = how.decode(text);
    const expected = searched(text, how);
    if (typeof expected === 'string') {
      seen.refused++;
      assert.equal(decoded.ok ? 'read' : decoded.error.message, expected, text);
    } else {
      if (expected.ok) seen.read++;
      assert.equal(JSON.stringify(decoded), JSON.stringify(expected), text);
    }
  }
  assert.ok(seen.read > COUNT / 4 && seen.refused > COUNT / 100, `read ${seen.read}, refused ${seen.refused}`);
});

test('the shortest text that hides something is refused, and one that hides nothing is read', () => {
  const shortest = [
    ['room.joined', { topic: null }],
    ['user.typing', { name: 'ada' }],
    ['prices.done', { ticks: 1 }],
    ['prices.quoted', { price: '1.50' }],
  ];
  for (const [type, payload] of shortest) {
    const text = JSON.stringify({ type, channel: 'room:lobby', id: '1', payload });
    assert.equal(api.decode(text).ok, true, text);
    for (const hidden of ['1e309', '"\\ud800"']) {
      for (const at of ['{"type"', `{"${Object.keys(payload)[0]}"`]) {
        const hiding = text.replace(at, `{"":${hidden},${at.slice(1)}`);
        assert.equal(api.decode(hiding).error?.kind, 'syntax', hiding);
      }
    }
  }
});
