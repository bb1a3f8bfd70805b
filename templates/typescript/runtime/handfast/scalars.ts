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
} from './check.js';
import { below, step, type Check, type Report } from './report.js';

/** A function that tells what is wrong, and what it is told beside the value and the report. */
export type Rule = readonly [
  tell: (value: unknown, report: Report, ...how: never[]) => void,
  first?: unknown,
  second?: unknown,
  third?: unknown,
  fourth?: unknown,
];

function tell(rule: Rule, value: unknown, report: Report): void {
  (rule[0] as (...how: unknown[]) => void)(value, report, rule[1], rule[2], rule[3], rule[4]);
}

/** The rules of an object's properties, in the order in which they are told. */
export type Rules = Readonly<Record<string, Rule>>;

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
  expression: RegExp,
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
    tell(rule, value[i], report);
  }
  report.path = path;
  report.name = '';
  minItems(value, least, report);
  maxItems(value, most, report);
}

/** `type: object`, with `properties` and `required`: all but those that are optional. `rest` tells of what is not declared. */
export function fieldsAt(
  value: unknown,
  report: Report,
  rules: Rules,
  optional: readonly string[] = [],
  rest?: Rule,
): void {
  if (!object(value, report)) return;
  const path = report.place;
  for (const name in rules) {
    if (value[name] === undefined) continue;
    report.path = path;
    report.name = name;
    tell(rules[name] as Rule, value[name], report);
  }
  report.path = path;
  report.name = '';
  if (rest !== undefined) tell(rest, value, report);
  for (const name in rules) if (value[name] === undefined && !optional.includes(name)) lacks(name, report);
}

/** `additionalProperties: false` */
export function othersAt(value: unknown, report: Report, declared: ReadonlySet<string>): void {
  const { path } = report;
  for (const name of undeclared(value as Fields, declared)) {
    report.path = path + step(name);
    unknownProperty(undefined, report);
  }
  report.path = path;
}

/** A check that knows nothing of what is in hand. */
export function checkedAt(value: unknown, report: Report, check: Check<unknown>): void {
  const { size, path, name, place } = report;
  report.path = report.name = '';
  check(value, report);
  below(report, size, place);
  report.path = path;
  report.name = name;
}
