/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// `format` for names that may be internationalized, by IDNA 2008 (RFC 5890 to 5893) and the same rules as on the server.

import { ASCII, isHost, isLabel, isMailbox } from './address.js';
import { fail, type Report } from './report.js';
import * as tables from './unicode.js';

/** `format: hostname` (RFC 1123), each label that begins with `xn--` being an A-label (RFC 5891) */
export function hostname(value: string, report: Report): void {
  const fits = isHost(value) && value.split('.').every(label => !ACE.test(label) || decoded(label) !== undefined);
  if (!fits) fail(report, 'format', 'must be a valid hostname', 'hostname');
}

/** `format: idn-hostname` (RFC 5890, section 2.3.2.3) */
export function idnHostname(value: string, report: Report): void {
  if (!isIdnHostname(value)) fail(report, 'format', 'must be a valid idn-hostname', 'idn-hostname');
}

/** `format: idn-email` (RFC 6531). Whoever sends mail to a domain brings it into NFC. */
export function idnEmail(value: string, report: Report): void {
  if (!isMailbox(value, domain => isIdnHostname(domain.normalize()))) fail(report, 'format', 'must be a valid idn-email', 'idn-email');
}

/** A label, by its code points. */
type Label = readonly number[];

const ACE = /^xn--/i;

function isIdnHostname(text: string): boolean {
  const labels: Label[] = [];
  let length = -1;
  for (const part of text.split(/[.\u3002\uff0e\uff61]/)) {
    const label = read(part);
    if (label === undefined) return false;
    labels.push(label);
    length += wireLength(label) + 1;
  }
  const isBidi = labels.some(label => label.some(c => direction(c) === 'R' || direction(c) === 'AN'));
  return length <= 253 && (!isBidi || labels.every(runsOneWay));
}

/** A label as it is read; `undefined` where it is none. */
function read(text: string): Label | undefined {
  if (!ASCII.test(text)) {
    const label = points(text);
    return isULabel(label, text) ? label : undefined;
  }
  if (!isLabel(text)) return undefined;
  if (ACE.test(text)) return decoded(text);
  return text.slice(2, 4) === '--' ? undefined : points(text.toLowerCase());
}

function points(text: string): number[] {
  return Array.from(text, c => c.codePointAt(0) ?? 0);
}

/** The U-label of an A-label, if there is one, and it is written as that label and no other. */
function decoded(label: string): Label | undefined {
  const written = label.slice(4).toLowerCase();
  const found = decode(written);
  return found !== undefined && isULabel(found, String.fromCodePoint(...found)) && encode(found) === written
    ? found
    : undefined;
}

/** How many characters a label has on the wire. */
function wireLength(label: Label): number {
  return label.every(c => c < 128) ? label.length : 'xn--'.length + encode(label).length;
}

/** RFC 5891, section 4.2, without the rule of bidirectional names. */
function isULabel(label: Label, text: string): boolean {
  return (
    !ASCII.test(text) &&
    label.every(c => c < 0xd800 || c > 0xdfff) &&
    text.normalize('NFC') === text &&
    !text.startsWith('-') &&
    !text.endsWith('-') &&
    !(label[2] === HYPHEN && label[3] === HYPHEN) &&
    !has(MARKS, label[0]) &&
    label.every((c, at) => has(VALID, c) || hasContext(label, c, at)) &&
    wireLength(label) <= 63
  );
}

const HYPHEN = 0x2d;

/** RFC 5892, appendix A. */
function hasContext(label: Label, c: number, at: number): boolean {
  const [before, after] = [label[at - 1], label[at + 1]];
  if (c === 0x200c) return has(VIRAMA, before) || joins(label, at);
  if (c === 0x200d) return has(VIRAMA, before);
  if (c === 0xb7) return before === 0x6c && after === 0x6c;
  if (c === 0x375) return has(GREEK, after);
  if (c === 0x5f3 || c === 0x5f4) return has(HEBREW, before);
  if (c === 0x30fb) return label.some(c => has(HIRAGANA, c) || has(KATAKANA, c) || has(HAN, c));
  if (c >= 0x660 && c <= 0x669) return !label.some(c => c >= 0x6f0 && c <= 0x6f9);
  if (c >= 0x6f0 && c <= 0x6f9) return !label.some(c => c >= 0x660 && c <= 0x669);
  return false;
}

/** Whether letters on both sides would join, were nothing between them. */
function joins(label: Label, at: number): boolean {
  const seen = (c: number): boolean => !has(NONSPACING, c);
  return (
    has(JOINS_AFTER, label.slice(0, at).reverse().find(seen)) && has(JOINS_BEFORE, label.slice(at + 1).find(seen))
  );
}

function direction(c: number): 'L' | 'R' | 'EN' | 'AN' | 'NSM' | 'ON' {
  if ((c >= 0x30 && c <= 0x39) || (c >= 0x6f0 && c <= 0x6f9)) return 'EN';
  if ((c >= 0x660 && c <= 0x669) || (c >= 0x10d30 && c <= 0x10d39)) return 'AN';
  if (has(RIGHT_TO_LEFT, c)) return 'R';
  if (has(NONSPACING, c)) return 'NSM';
  return has(NEUTRAL, c) ? 'ON' : 'L';
}

/** RFC 5893, section 2. */
function runsOneWay(label: Label): boolean {
  const ways = label.map(direction);
  const last = ways.filter(way => way !== 'NSM').at(-1);
  if (ways[0] === 'L') return (last === 'L' || last === 'EN') && !ways.includes('R') && !ways.includes('AN');
  if (ways[0] !== 'R' || last === 'ON') return false;
  return !ways.includes('L') && !(ways.includes('EN') && ways.includes('AN'));
}

/** The first of each range and the first behind it, in turn. */
type Ranges = () => readonly number[];

/** A table, decoded on first use. */
function ranges(table: string): Ranges {
  let found: number[] | undefined;
  return () => (found ??= readTable(table));
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function readTable(table: string): number[] {
  const found: number[] = [];
  let [at, number, weight] = [0, 0, 1];
  for (const c of table) {
    const digit = ALPHABET.indexOf(c);
    number += (digit % 32) * weight;
    weight *= 32;
    if (digit >= 32) continue;
    found.push((at += number));
    [number, weight] = [0, 1];
  }
  return found;
}

function has(of: Ranges, c: number | undefined): boolean {
  if (c === undefined) return false;
  const bounds = of();
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bounds[middle] ?? 0) <= c) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}

const VALID = /*@__PURE__*/ ranges(tables.VALID);
const MARKS = /*@__PURE__*/ ranges(tables.MARKS);
const NONSPACING = /*@__PURE__*/ ranges(tables.NONSPACING);
const VIRAMA = /*@__PURE__*/ ranges(tables.VIRAMA);
const JOINS_AFTER = /*@__PURE__*/ ranges(tables.JOINS_AFTER);
const JOINS_BEFORE = /*@__PURE__*/ ranges(tables.JOINS_BEFORE);
const RIGHT_TO_LEFT = /*@__PURE__*/ ranges(tables.RIGHT_TO_LEFT);
const NEUTRAL = /*@__PURE__*/ ranges(tables.NEUTRAL);
const GREEK = /*@__PURE__*/ ranges(tables.GREEK);
const HEBREW = /*@__PURE__*/ ranges(tables.HEBREW);
const HIRAGANA = /*@__PURE__*/ ranges(tables.HIRAGANA);
const KATAKANA = /*@__PURE__*/ ranges(tables.KATAKANA);
const HAN = /*@__PURE__*/ ranges(tables.HAN);

// RFC 3492

const DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const LONGEST = 63;

/** Section 6.2; `undefined` where it is no Punycode, or longer than a label. */
function decode(text: string): number[] | undefined {
  if (text.length > LONGEST) return undefined;
  const end = text.lastIndexOf('-');
  const out = points(text.slice(0, Math.max(end, 0)));
  let [n, i, bias] = [128, 0, 72];
  for (let at = end + 1; at < text.length; ) {
    const before = i;
    for (let weight = 1, k = 36; ; k += 36) {
      const digit = at < text.length ? DIGITS.indexOf(text.charAt(at++)) : -1;
      if (digit < 0) return undefined;
      i += digit * weight;
      const t = threshold(k, bias);
      // As the server counts, in 32 bits.
      if (i > 0xffffffff) return undefined;
      if (digit < t) break;
      weight *= 36 - t;
      if (weight > 0xffffffff) return undefined;
    }
    const length = out.length + 1;
    bias = adapt(i - before, length, before === 0);
    n += Math.floor(i / length);
    if (n > 0x10ffff || (n >= 0xd800 && n <= 0xdfff)) return undefined;
    i %= length;
    out.splice(i++, 0, n);
  }
  return out;
}

/** Section 6.3. Of what is far too long for a label it gives something that is too long as well. */
function encode(text: Label): string {
  const basic = text.filter(c => c < 128);
  if (text.length > LONGEST) return 'x'.repeat(text.length);
  let out = String.fromCodePoint(...basic) + (basic.length > 0 ? '-' : '');
  let [n, delta, bias, done] = [128, 0, 72, basic.length];
  while (done < text.length) {
    const next = Math.min(...text.filter(c => c >= n));
    delta += (next - n) * (done + 1);
    n = next;
    for (const c of text) {
      if (c < n) delta++;
      if (c !== n) continue;
      out += written(delta, bias);
      bias = adapt(delta, done + 1, done === basic.length);
      delta = 0;
      done++;
    }
    delta++;
    n++;
  }
  return out;
}

function written(delta: number, bias: number): string {
  let out = '';
  for (let [q, k] = [delta, 36]; ; k += 36) {
    const t = threshold(k, bias);
    if (q < t) return out + DIGITS.charAt(q);
    out += DIGITS.charAt(t + ((q - t) % (36 - t)));
    q = Math.floor((q - t) / (36 - t));
  }
}

function threshold(k: number, bias: number): number {
  return Math.min(Math.max(k - bias, 1), 26);
}

function adapt(change: number, length: number, first: boolean): number {
  let delta = Math.floor(change / (first ? 700 : 2));
  delta += Math.floor(delta / length);
  let k = 0;
  for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
  return k + Math.floor((36 * delta) / (delta + 38));
}
