// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// What is wrong with a value that did not pass its guard: each tells every violation of what is in hand of the report.

import {
  array,
  exclusiveMinimum,
  integer,
  maximum,
  maxItems,
  maxLength,
  minimum,
  minItems,
  minLength,
  lacks,
  notEnum,
  number,
  object,
  pattern,
  string,
  undeclared,
  unknownProperty,
  type Fields,
  type Pattern,
} from './check.js';
import { below, type Check, type Report } from './report.js';

type Tell = (value: unknown, report: Report, ...how: never[]) => void;
type Told = (value: unknown, report: Report, ...how: unknown[]) => void;

/** A function that tells what is wrong, and what it is told beside the value and the report. */
export type Rule = readonly [tell: Tell, a?: unknown, b?: unknown, c?: unknown, d?: unknown];

/** What tells of each property of an object, in the order in which it is told. */
export type Rules = readonly (readonly [name: string, tell: Tell, a?: unknown, b?: unknown, c?: unknown, d?: unknown])[];

/** `type: string`, with `minLength` and `maxLength`. */
export function textAt(value: unknown, report: Report, least: number = 0, most: number = Infinity): void {
  if (!string(value, report)) return;
  minLength(value, least, report);
  maxLength(value, most, report);
}

/** `type: string`, with `pattern`, `minLength` and `maxLength`. */
export function patternAt(
  value: unknown,
  report: Report,
  expression: Pattern,
  source: string,
  least?: number,
  most?: number,
): void {
  textAt(value, report, least, most);
  if (typeof value === 'string') pattern(value, expression, source, report);
}

/** `type: number`, with `minimum` and `maximum`. */
export function numberAt(value: unknown, report: Report, least: number = -Infinity, most: number = Infinity): void {
  if (number(value, report)) within(value, report, least, most);
}

/** `type: integer`, with `minimum` and `maximum`; without them, ±(2⁵³−1). */
export function integerAt(
  value: unknown,
  report: Report,
  least: number = -Number.MAX_SAFE_INTEGER,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (integer(value, report)) within(value, report, least, most);
}

function within(value: number, report: Report, least: number, most: number): void {
  minimum(value, least, report);
  maximum(value, most, report);
}

/** `type: number`, with `exclusiveMinimum`. */
export function aboveAt(value: unknown, report: Report, bound: number): void {
  if (number(value, report)) exclusiveMinimum(value, bound, report);
}

/** `type: string`, with an `enum`. */
export function oneOfAt(value: unknown, report: Report, values: readonly string[]): void {
  if (string(value, report) && !values.includes(value)) notEnum(values, report);
}

/** `type: array`, with `items`, `minItems` and `maxItems`. */
export function listAt(
  value: unknown,
  report: Report,
  rule: Rule,
  least: number = 0,
  most: number = Infinity,
): void {
  if (!array(value, report)) return;
  const path = report.place;
  for (let i = 0; i < value.length; i++) {
    report.path = path;
    report.name = i;
    (rule[0] as Told)(value[i], report, rule[1], rule[2], rule[3], rule[4]);
  }
  report.path = path;
  report.name = undefined;
  minItems(value, least, report);
  maxItems(value, most, report);
}

/** `type: object`, with `properties` and `required`: all but those that are optional. `others` tells of what is not declared. */
export function fieldsAt(
  value: unknown,
  report: Report,
  rules: Rules,
  optional: readonly string[] = [],
  others?: (value: unknown, report: Report) => void,
): void {
  if (!object(value, report)) return;
  const path = report.place;
  for (const rule of rules) {
    const held = value[rule[0]];
    if (held === undefined) continue;
    report.path = path;
    report.name = rule[0];
    (rule[1] as Told)(held, report, rule[2], rule[3], rule[4], rule[5]);
  }
  report.path = path;
  report.name = undefined;
  others?.(value, report);
  for (const [name] of rules) if (value[name] === undefined && !optional.includes(name)) lacks(name, report);
}

/** `additionalProperties: false` */
export function noOthersAt(declared: ReadonlySet<string>): (value: unknown, report: Report) => void {
  return (value, report) => {
    for (const name of undeclared(value as Fields, declared)) {
      report.name = name;
      unknownProperty(value, report);
    }
    report.name = undefined;
  };
}

/** A check that knows nothing of what is in hand. */
export function checkedAt(value: unknown, report: Report, check: Check<unknown>): void {
  const { size, path, name, place } = report;
  report.path = '';
  report.name = undefined;
  check(value, report);
  below(report, size, place);
  report.path = path;
  report.name = name;
}
