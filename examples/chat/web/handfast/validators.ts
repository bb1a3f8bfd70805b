/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// What generated checks are made of. Each function stands alone, so a bundler keeps those that are used. The words are made
// from what the schema allows, and are the same ones the server uses.

import { prefixPath, fail, deduplicate, pointerSegment, passes, type Validator, type Report } from './report.js';
import type { Evaluated } from './evaluated.js';

/** The properties of a value known to be an object. */
export type JsonObject = Readonly<Record<string, unknown>>;

// `type`

/** `type`, of something else; not of null. */
export function wrongType(type: string, report: Report, article: 'a' | 'an'): void {
  fail(report, 'type', `must be ${article} ${type}`, type);
}

/** Whether a value is a JSON object; says nothing if it is not. */
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

/** Whether a value is a number that JSON can say. */
export function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

/** Whether a value is a number without a fraction. */
export function isInteger(value: unknown): value is number {
  return Number.isInteger(value);
}

/** Whether a value is an integer that a double counts exactly. */
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

/** The check of a message that declares no payload: there may be an object, in which a server takes no properties. */
export const noPayload: Validator<undefined> = (value, report) => {
  if (object(value, report) && report.strict) noAdditionalProperties(value, NOTHING, report);
};

/** `type` with several types, of which a value has none. Each has its article, but for null: `an array`. */
export function noneOfTypes(types: readonly string[], report: Report): void {
  const words = [...types];
  const last = words.pop() ?? 'nothing';
  const allowed = types.map(type => type.replace(/.* /, ''));
  fail(report, 'type', `must be ${words.length > 0 ? `${words.join(', ')} or ` : ''}${last}`, allowed);
}

// `const` and `enum`

/** `const`, and something else. */
export function notConst(allowed: unknown, report: Report): void {
  fail(report, 'const', `must be ${JSON.stringify(allowed)}`, allowed);
}

/** `enum`, and none of these: several. */
export function notEnum(allowed: readonly unknown[], report: Report): void {
  fail(report, 'enum', `must be one of ${allowed.map(value => JSON.stringify(value)).join(', ')}`, allowed);
}

/** `enum` of one value, and something else. */
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
 * The two bounds of a number, or of how many there are of something. One that is not given bounds nothing, as nothing is less
 * or more than `undefined`.
 *
 * @param of How the keywords end, behind `min` and `max`.
 * @param be What must be, or have, so much.
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

/** `multipleOf`, of the decimals as they are written: 0.3 is a multiple of 0.1. */
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

/** A number as digits · 10^exponent, with the fewest digits that name it. */
function decimal(value: number): [digits: bigint, exponent: number] {
  const [mantissa = '', exponent] = value.toExponential().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return [BigInt(whole + fraction), Number(exponent) - fraction.length];
}

// Strings

/** How many code points a string has, as JSON Schema counts. */
export function codePoints(value: string): number {
  return [...value].length;
}

/** Whether a value is a string of so many code points. They are counted only where code units leave it open. */
export function isStringOfLength(value: unknown, least: number, most: number): value is string {
  if (typeof value !== 'string' || value.length < least || value.length > 2 * most) return false;
  const count = value.length > 2 * least - 2 && value.length <= most ? least : codePoints(value);
  return count >= least && count <= most;
}

/** What tells whether a text fits a pattern: a regular expression, or a run of characters. */
export interface Pattern {
  test(value: string): boolean;
}

/**
 * The pattern of nothing but a run of characters, so many of them: what most names ask for, and sooner answered than by a
 * regular expression.
 *
 * @param character Which characters, all of them ASCII: `/[a-z0-9-]/`.
 */
export function charRun(character: RegExp, least: number, most: number): Pattern {
  // By its code, once it was asked for: 1 of one of them, 2 of another. Of what is not ASCII nothing is noted.
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

/** `items`: every item from the `from`th on. */
export function items(value: readonly unknown[], from: number, validate: Validator<unknown>, report: Report): void {
  for (let i = from; i < value.length; i++) item(value, i, validate, report);
}

/** One place of `prefixItems`. */
export function item(value: readonly unknown[], index: number, validate: Validator<unknown>, report: Report): void {
  if (index >= value.length) return;
  const before = report.violations.length;
  validate(value[index], report);
  prefixPath(report, before, index);
}

/** `items: false`: nothing from the `from`th on. */
export function noItems(value: readonly unknown[], from: number, report: Report): void {
  items(value, from, tooMany, report);
}

function tooMany(_: unknown, report: Report): void {
  fail(report, 'items', 'is one item too many');
}

/** Whether no two items are equal: a set finds out, in which those that are equal are one. */
export function isUnique(value: readonly unknown[]): boolean {
  const plain = value.filter(item => typeof item !== 'object' || item === null);
  const nested = value.filter(item => typeof item === 'object' && item !== null);
  return new Set(plain).size === plain.length && (nested.length < 2 || new Set(nested.map(canonical)).size === nested.length);
}

/** A value as a text that equal values share: `1.0` is `1`, and keys are sorted. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return typeof value === 'string' ? JSON.stringify(value) : String(value);
  const fields = Object.keys(value).sort().map(key => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${fields.join()}}`;
}

/** Values as texts that equal values share. */
export function canonicals(values: readonly unknown[]): ReadonlySet<string> {
  return new Set(values.map(canonical));
}

/** `uniqueItems` */
export function uniqueItems(value: readonly unknown[], report: Report): void {
  if (!isUnique(value)) fail(report, 'uniqueItems', 'must have no two equal items', true);
}

/** How many items fit `contains`. */
export function countMatching(value: readonly unknown[], validate: Validator<unknown>, report: Report, evaluated?: Evaluated): number {
  let count = 0;
  for (const [i, item] of value.entries()) {
    if (!passes(item, validate, report.strict)) continue;
    count++;
    evaluated?.note([i]);
  }
  return count;
}

/** `contains`: one item at the least fits. */
export function contains(matching: number, report: Report): void {
  if (matching < 1) fail(report, 'contains', tooFew(1));
}

/** `minContains` */
export function minContains(matching: number, least: number, report: Report): void {
  if (matching < least) fail(report, 'minContains', tooFew(least), least);
}

/** So many of something. */
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

/** One of `properties`: checked where it is there. */
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

/** `required`, one name. */
export function missingProperty(name: string, report: Report): void {
  fail(report, 'required', `must have the property ${JSON.stringify(name)}`, name);
}

/** Whether an object has no properties but these. */
export function isClosed(value: object, declared: ReadonlySet<string>): boolean {
  return undeclared(value as JsonObject, declared).length === 0;
}

/** `additionalProperties: false` */
export function noAdditionalProperties(value: JsonObject, declared: Names, report: Report): void {
  additionalProperties(value, declared, undeclaredProperty, report);
}

/** `additionalProperties: false`, said at the property. */
export function undeclaredProperty(_: unknown, report: Report): void {
  fail(report, 'additionalProperties', 'is not a known property');
}

/** What is sent has no fields but those declared, said at the property. */
export function undeclaredIfSent(value: unknown, report: Report): void {
  if (report.strict) undeclaredProperty(value, report);
}

/** Names of which some are known. */
export interface Names {
  /** Whether it is one of them. */
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

/** What a schema says of properties, where it speaks of their names. What is not there says nothing. */
export interface PropertyKeywords {
  /** `properties` */
  readonly declared?: ReadonlyMap<string, Validator<unknown>>;
  /** `propertyNames` */
  readonly names?: Validator<unknown>;
  /** `patternProperties` */
  readonly patterns?: readonly (readonly [pattern: Pattern, validate: Validator<unknown>])[];
  /** `additionalProperties`: what no other speaks of. */
  readonly others?: Validator<unknown>;
}

const NOTHING: ReadonlyMap<string, Validator<unknown>> = /*@__PURE__*/ new Map();

/** `properties`, `propertyNames`, `patternProperties` and `additionalProperties`, one property after the other. */
export function propertyKeywords(value: JsonObject, schema: PropertyKeywords, report: Report, evaluated?: Evaluated): void {
  deduplicate(report);
  const { declared = NOTHING } = schema;
  for (const [name, validate] of declared) if (has(value, name)) oneProperty(value, name, validate, schema, report, evaluated);
  for (const name of undeclared(value, declared)) oneProperty(value, name, undefined, schema, report, evaluated);
}

function oneProperty(
  value: JsonObject,
  name: string,
  declared: Validator<unknown> | undefined,
  { names, patterns, others }: PropertyKeywords,
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
  if (known) evaluated?.note([name]);
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

/** The value of the property that tells a union's variants apart; `undefined` where the value has none. */
export function discriminant(value: unknown, name: string): unknown {
  return isObject(value) && has(value, name) ? value[name] : undefined;
}

/** No variant bears the discriminant of this value, or it has none. */
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
