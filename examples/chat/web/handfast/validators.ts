/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// What generated validators call. Bundlers keep the functions that are used. The messages say what the schema allows, and are
// the same as the server's.

import { deduplicate, fail, passes, pointerSegment, prefixPath, type Report, type Validator } from './report.js';
import type { Evaluated } from './evaluated.js';

/** A value that is known to be an object. */
export type JsonObject = Readonly<Record<string, unknown>>;

// `type`

/** Reports a violation of `type`, of any type but null. */
export function wrongType(type: string, report: Report, article: 'a' | 'an'): void {
  fail(report, 'type', `must be ${article} ${type}`, type);
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `type: object` */
export function object(value: unknown, report: Report): value is JsonObject {
  if (isObject(value)) return true;
  wrongType('object', report, 'an');
  return false;
}

/** `type: array` */
export function array(value: unknown, report: Report): value is readonly unknown[] {
  if (Array.isArray(value)) return true;
  wrongType('array', report, 'an');
  return false;
}

/** `type: string` */
export function string(value: unknown, report: Report): value is string {
  if (typeof value === 'string') return true;
  wrongType('string', report, 'a');
  return false;
}

/** `type: boolean` */
export function boolean(value: unknown, report: Report): value is boolean {
  if (typeof value === 'boolean') return true;
  wrongType('boolean', report, 'a');
  return false;
}

/** Whether a value is a number in JSON. */
export function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

/** Whether a value is a number without a fraction. */
export function isInteger(value: unknown): value is number {
  return Number.isInteger(value);
}

/** Whether a value is an integer that a double represents exactly. */
export function isSafeInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** `type: number`. A number too large for a double does not pass. */
export function number(value: unknown, report: Report): value is number {
  if (Number.isFinite(value)) return true;
  wrongType('number', report, 'a');
  return false;
}

/** `type: integer`. `1.0` and `-0` are integers. */
export function integer(value: unknown, report: Report): value is number {
  if (Number.isInteger(value)) return true;
  wrongType('integer', report, 'an');
  return false;
}

/** `type: integer` where the schema sets no bound: ±(2⁵³−1). */
export function safeInteger(value: unknown, report: Report): void {
  if (integer(value, report)) bounds(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, report, 'imum', 'be');
}

/** `type: 'null'` */
export function nil(value: unknown, report: Report): value is null {
  if (value === null) return true;
  fail(report, 'type', 'must be null', 'null');
  return false;
}

/** Any value at all. */
export function anything(): void {}

/** A schema that is `false`: no value at all. */
export function nothing(_: unknown, report: Report): void {
  fail(report, 'false', 'is not allowed');
}

/** The validator of a message without a payload: there may be an object, in which a server accepts no properties. */
export const noPayload: Validator<undefined> = (value, report) => {
  if (object(value, report) && report.strict) noAdditionalProperties(value, NOTHING, report);
};

/** Reports a violation of `type` with several types. Each has its article, except null: `an array`. */
export function noneOfTypes(types: readonly string[], report: Report): void {
  const words = [...types];
  const last = words.pop() ?? 'nothing';
  const allowed = types.map(type => type.replace(/.* /, ''));
  fail(report, 'type', `must be ${words.length > 0 ? `${words.join(', ')} or ` : ''}${last}`, allowed);
}

// `const` and `enum`

/** Reports a violation of `const`. */
export function notConst(allowed: unknown, report: Report): void {
  fail(report, 'const', `must be ${JSON.stringify(allowed)}`, allowed);
}

/** Reports a violation of `enum` with several values. */
export function notEnum(allowed: readonly unknown[], report: Report): void {
  fail(report, 'enum', `must be one of ${allowed.map(value => JSON.stringify(value)).join(', ')}`, allowed);
}

/** Reports a violation of `enum` with one value. */
export function notSingleEnum(allowed: readonly [unknown], report: Report): void {
  fail(report, 'enum', `must be ${JSON.stringify(allowed[0])}`, allowed);
}

/** Equality as JSON Schema has it: numbers by value, objects whatever the order of their keys. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && equal(a[key], b[key]));
}

// Numbers

/**
 * Reports violations of the bounds of a number, or of a count. A bound that is `undefined` allows anything, as every comparison
 * with it is false.
 *
 * @param of The keywords without `min` and `max`.
 * @param be The verb of the message: `be` or `have`.
 * @param things What is counted, in the plural.
 */
export function bounds(
  size: number,
  least: number | undefined,
  most: number | undefined,
  report: Report,
  of: string,
  be: string,
  things: string = '',
): void {
  const words = (count: number, how: string): string =>
    `must ${be} at ${how} ${count}${count === 1 ? things.replace('s', '') : things}`;
  if (size < (least as number)) fail(report, 'min' + of, words(least as number, 'least'), least);
  if (size > (most as number)) fail(report, 'max' + of, words(most as number, 'most'), most);
}

/** `exclusiveMaximum` */
export function exclusiveMaximum(value: number, bound: number, report: Report): void {
  if (value >= bound) fail(report, 'exclusiveMaximum', `must be less than ${bound}`, bound);
}

/** `multipleOf`, in decimal arithmetic: 0.3 is a multiple of 0.1. */
export function multipleOf(value: number, divisor: number, report: Report): void {
  if (!isMultiple(value, divisor)) fail(report, 'multipleOf', `must be a multiple of ${divisor}`, divisor);
}

function isMultiple(value: number, divisor: number): boolean {
  if (!(divisor > 0) || !Number.isFinite(value) || !Number.isFinite(divisor)) return false;
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
  const [digits, exponent] = decimal(value);
  const [modulus, scale] = decimal(divisor);
  const least = Math.min(exponent, scale);
  return (digits * 10n ** BigInt(exponent - least)) % (modulus * 10n ** BigInt(scale - least)) === 0n;
}

/** A number as digits · 10^exponent, with the fewest digits that identify it. */
function decimal(value: number): [digits: bigint, exponent: number] {
  const [mantissa = '', exponent] = value.toExponential().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return [BigInt(whole + fraction), Number(exponent) - fraction.length];
}

// Strings

/** The length of a string in code points, as JSON Schema counts. */
export function codePoints(value: string): number {
  return [...value].length;
}

/** Whether a value is a string of a length in code points. They are counted only if the number of code units does not decide. */
export function isStringOfLength(value: unknown, least: number, most: number): value is string {
  if (typeof value !== 'string' || value.length < least || value.length > 2 * most) return false;
  const count = value.length > 2 * least - 2 && value.length <= most ? least : codePoints(value);
  return count >= least && count <= most;
}

/** A pattern: a regular expression, a run of characters, or an automaton. */
export interface Pattern {
  test(value: string): boolean;
}

/**
 * The pattern of a run of characters of one class, with a minimum and a maximum length. Most patterns of names are such, and this is
 * faster than a regular expression.
 *
 * @param character The class, which contains only ASCII: `/[a-z0-9-]/`.
 */
export function charRun(character: RegExp, least: number, most: number): Pattern {
  // The verdicts by character code, filled on demand: 1 for yes, 2 for no. Stores outside of the array are ignored.
  const known = new Uint8Array(128);
  return {
    test(value) {
      if (value.length < least || value.length > most) return false;
      for (let i = 0; i < value.length; i++) {
        if ((known[value.charCodeAt(i)] ||= character.test(value[i] as string) ? 1 : 2) > 1) return false;
      }
      return true;
    },
  };
}

// Arrays

/** `items`: every item from index `from` on. */
export function items(value: readonly unknown[], from: number, validate: Validator<unknown>, report: Report): void {
  for (let i = from; i < value.length; i++) item(value, i, validate, report);
}

/** One item of `prefixItems`. */
export function item(value: readonly unknown[], index: number, validate: Validator<unknown>, report: Report): void {
  if (index >= value.length) return;
  const before = report.violations.length;
  validate(value[index], report);
  prefixPath(report, before, index);
}

/** `items: false`: no item from index `from` on. */
export function noItems(value: readonly unknown[], from: number, report: Report): void {
  items(value, from, tooMany, report);
}

function tooMany(_: unknown, report: Report): void {
  fail(report, 'items', 'is one item too many');
}

/** Whether no two items are equal, in linear time. */
export function isUnique(value: readonly unknown[]): boolean {
  const plain = value.filter(item => typeof item !== 'object' || item === null);
  const nested = value.filter(item => typeof item === 'object' && item !== null);
  return new Set(plain).size === plain.length && (nested.length < 2 || new Set(nested.map(canonical)).size === nested.length);
}

/** A canonical text of a value, the same for equal values: `1.0` is `1`, and keys are sorted. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return typeof value === 'string' ? JSON.stringify(value) : String(value);
  const fields = Object.keys(value).sort().map(key => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${fields.join()}}`;
}

/** The canonical texts of values. */
export function canonicals(values: readonly unknown[]): ReadonlySet<string> {
  return new Set(values.map(canonical));
}

/** `uniqueItems` */
export function uniqueItems(value: readonly unknown[], report: Report): void {
  if (!isUnique(value)) fail(report, 'uniqueItems', 'must have no two equal items', true);
}

/** The number of items that match `contains`. */
export function countMatching(value: readonly unknown[], validate: Validator<unknown>, report: Report, evaluated?: Evaluated): number {
  let count = 0;
  for (const [i, item] of value.entries()) {
    if (!passes(item, validate, report.strict)) continue;
    count++;
    evaluated?.add([i]);
  }
  return count;
}

/** `contains`: at least one item matches. */
export function contains(matching: number, report: Report): void {
  if (matching < 1) fail(report, 'contains', tooFew(1));
}

/** `minContains` */
export function minContains(matching: number, least: number, report: Report): void {
  if (matching < least) fail(report, 'minContains', tooFew(least), least);
}

/** A count and a noun. */
function many(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

function tooFew(least: number): string {
  return `must contain at least ${many(least, 'item')} of the kind asked for`;
}

/** `maxContains` */
export function maxContains(matching: number, most: number, report: Report): void {
  if (matching > most) fail(report, 'maxContains', `must contain at most ${many(most, 'item')} of the kind counted`, most);
}

// Objects

/** Whether an object has a property. `undefined` is absence, as it is to `JSON.stringify`. */
export function has(value: JsonObject, name: string): boolean {
  return value[name] !== undefined && Object.hasOwn(value, name);
}

/** One of `properties`, if it is present. */
export function property(value: JsonObject, name: string, validate: Validator<unknown>, report: Report): void {
  if (!has(value, name)) return;
  const before = report.violations.length;
  validate(value[name], report);
  if (report.violations.length > before) prefixPath(report, before, pointerSegment(name));
}

/** `required` */
export function required(value: JsonObject, names: readonly string[], report: Report): void {
  for (const name of names) {
    if (!has(value, name)) missingProperty(name, report);
  }
}

/** Reports a violation of `required`. */
export function missingProperty(name: string, report: Report): void {
  fail(report, 'required', `must have the property ${JSON.stringify(name)}`, name);
}

/** Whether an object has no properties but the declared ones. */
export function isClosed(value: object, declared: ReadonlySet<string>): boolean {
  return undeclared(value as JsonObject, declared).length === 0;
}

/** `additionalProperties: false` */
export function noAdditionalProperties(value: JsonObject, declared: Names, report: Report): void {
  additionalProperties(value, declared, undeclaredProperty, report);
}

/** `additionalProperties: false`, reported at the property. */
export function undeclaredProperty(_: unknown, report: Report): void {
  fail(report, 'additionalProperties', 'is not a known property');
}

/** Outgoing objects have only declared properties, reported at the property. */
export function undeclaredIfSent(value: unknown, report: Report): void {
  if (report.strict) undeclaredProperty(value, report);
}

/** A set of names. */
export interface Names {
  /** Whether a name is in the set. */
  has(name: string): boolean;
}

/** `additionalProperties`: every property that is not declared, by code point. */
export function additionalProperties(value: JsonObject, declared: Names, validate: Validator<unknown>, report: Report): void {
  for (const name of undeclared(value, declared)) property(value, name, validate, report);
}

const NONE: readonly string[] = [];

/** The properties that are not declared, by code point. */
export function undeclared(value: JsonObject, declared: Names): readonly string[] {
  let names: string[] | undefined;
  for (const name in value) if (!declared.has(name) && has(value, name)) (names ??= []).push(name);
  return names?.sort(byCodePoint) ?? NONE;
}

/** The keywords about properties, for schemas with `propertyNames` or `patternProperties`. */
export interface PropertyKeywords {
  /** `properties` */
  readonly properties?: ReadonlyMap<string, Validator<unknown>>;
  /** `propertyNames` */
  readonly propertyNames?: Validator<unknown>;
  /** `patternProperties` */
  readonly patternProperties?: readonly (readonly [pattern: Pattern, validate: Validator<unknown>])[];
  /** `additionalProperties` */
  readonly additionalProperties?: Validator<unknown>;
}

const NOTHING: ReadonlyMap<string, Validator<unknown>> = /*@__PURE__*/ new Map();

/** `properties`, `propertyNames`, `patternProperties` and `additionalProperties`, one property after the other. */
export function propertyKeywords(value: JsonObject, schema: PropertyKeywords, report: Report, evaluated?: Evaluated): void {
  deduplicate(report);
  const { properties = NOTHING } = schema;
  for (const [name, validate] of properties) if (has(value, name)) oneProperty(value, name, validate, schema, report, evaluated);
  for (const name of undeclared(value, properties)) oneProperty(value, name, undefined, schema, report, evaluated);
}

function oneProperty(
  value: JsonObject,
  name: string,
  declared: Validator<unknown> | undefined,
  { propertyNames: names, patternProperties: patterns, additionalProperties: others }: PropertyKeywords,
  report: Report,
  evaluated: Evaluated | undefined,
): void {
  const before = report.violations.length;
  if (names !== undefined && !passes(name, names, report.strict)) fail(report, 'propertyNames', 'has a name that is not allowed');
  declared?.(value[name], report);
  let known = declared !== undefined;
  for (const [pattern, validate] of patterns ?? []) {
    if (!pattern.test(name)) continue;
    known = true;
    validate(value[name], report);
  }
  if (known) evaluated?.add([name]);
  else others?.(value[name], report);
  if (report.violations.length > before) prefixPath(report, before, pointerSegment(name));
}

/** UTF-16 order is not code point order where surrogates meet U+E000 and above. */
function byCodePoint(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
}

/** How many properties an object has. `undefined` is absence. */
function count(value: JsonObject): number {
  return Object.keys(value).filter(name => has(value, name)).length;
}

/** `minProperties` and `maxProperties` */
export function propertyCounts(
  value: JsonObject,
  least: number | undefined,
  most: number | undefined,
  report: Report,
): void {
  const has = count(value);
  bounds(has, least, undefined, report, 'Properties', 'have', least === 1 ? ' property' : ' properties');
  bounds(has, undefined, most, report, 'Properties', 'have', most === 1 ? ' property' : ' properties');
}

/** `dependentRequired`, one name. */
export function dependentRequired(value: JsonObject, name: string, because: string, report: Report): void {
  if (!has(value, because) || has(value, name)) return;
  const words = `must have the property ${JSON.stringify(name)} beside ${JSON.stringify(because)}`;
  fail(report, 'dependentRequired', words, name);
}

// Unions

/** The value of the property that discriminates a union; `undefined` if it is absent. */
export function discriminant(value: unknown, name: string): unknown {
  return isObject(value) && has(value, name) ? value[name] : undefined;
}

/** Reports that no variant has the discriminant of a value, or that the discriminant is absent. */
export function noVariant(value: unknown, name: string, allowed: readonly unknown[], report: Report): void {
  if (!object(value, report)) return;
  if (!has(value, name)) return required(value, [name], report);
  const before = report.violations.length;
  if (allowed.length === 1) notSingleEnum([allowed[0]], report);
  else notEnum(allowed, report);
  prefixPath(report, before, pointerSegment(name));
}

/** `anyOf` without a discriminant. */
export function anyOf(value: unknown, validators: readonly Validator<unknown>[], report: Report): void {
  if (validators.some(validate => passes(value, validate, report.strict))) return;
  fail(report, 'anyOf', 'must fit at least one of the alternatives');
}

/** `oneOf` without a discriminant. */
export function oneOf(value: unknown, validators: readonly Validator<unknown>[], report: Report): void {
  const matching = validators.filter(validate => passes(value, validate, report.strict)).length;
  if (matching === 0) fail(report, 'oneOf', 'must fit one of the alternatives');
  if (matching > 1) fail(report, 'oneOf', 'must fit only one of the alternatives');
}

/** `not` */
export function not(value: unknown, validate: Validator<unknown>, report: Report): void {
  if (passes(value, validate, report.strict)) fail(report, 'not', 'must not be what the schema excludes');
}
