// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// What is wrong with a value that did not pass its guard: a rule says what is asked, and the function at its head tells
// every violation.

import { codePoints, lacks, noOthers, notA, notEnum, within, type Fields, type Pattern } from './check.js';
import { below, fail, type Report } from './report.js';

/** What is asked of a value: the function that tells what is wrong with it, and what that is told. Any check is one. */
export type Rule = readonly [tell: (value: unknown, report: Report, rule: never) => void, ...how: unknown[]];

type Told = (value: unknown, report: Report, rule: Rule) => void;

/**
 * What is asked of each property of an object, in the order in which it is told. Before them all stand the names of those that
 * are optional, under `?`, which is no property: an engine takes objects that begin alike for alike, and would hold the
 * numbers of a message like the rules for them.
 */
export type Rules = Readonly<Record<string, Rule | readonly string[]>> & { readonly '?': readonly string[] };

/** What is asked of an object: of its properties, and of what is not declared. */
export type FieldsRule = readonly [
  tell: Rule[0],
  rules: Rules,
  others?: (value: Fields, rules: Rules, report: Report) => void,
];

type Text = readonly [tell: Rule[0], least?: number, most?: number, expression?: Pattern, source?: string];
type Numbers = readonly [tell: Rule[0], least?: number, most?: number, above?: number];
type Choice = readonly [tell: Rule[0], values: readonly string[]];
type List = readonly [tell: Rule[0], item: Rule, least?: number, most?: number];

/** Tells everything that is wrong with a value. */
export function tell(value: unknown, report: Report, rule: Rule): void {
  (rule[0] as Told)(value, report, rule);
}

/** `type: string`, with `minLength`, `maxLength` and `pattern`. */
export function tellText(value: unknown, report: Report, [, least, most, expression, source]: Text): void {
  if (typeof value !== 'string') return notA('string', report, 'a');
  within(codePoints(value), least, most, report, 'Length', 'be', ' characters long');
  if (expression && !expression.test(value)) fail(report, 'pattern', `must match the pattern ${source}`, source);
}

/** `type: number`, with `minimum`, `maximum` and `exclusiveMinimum`. */
export function tellNumber(value: unknown, report: Report, [, least, most, above]: Numbers): void {
  if (!Number.isFinite(value)) return notA('number', report, 'a');
  within(value as number, least, most, report, 'imum', 'be');
  if ((value as number) <= (above as number)) fail(report, 'exclusiveMinimum', `must be greater than ${above}`, above);
}

/** `type: integer`, with `minimum` and `maximum`. */
export function tellInteger(value: unknown, report: Report, rule: Numbers): void {
  if (Number.isInteger(value)) tellNumber(value, report, rule);
  else notA('integer', report, 'an');
}

/** `type: string`, with an `enum`. */
export function tellChoice(value: unknown, report: Report, [, values]: Choice): void {
  if (typeof value !== 'string') return notA('string', report, 'a');
  if (!values.includes(value)) notEnum(values, report);
}

/** `type: array`, with `items`, `minItems` and `maxItems`. */
export function tellList(value: unknown, report: Report, [, item, least, most]: List): void {
  if (!Array.isArray(value)) return notA('array', report, 'an');
  for (let i = 0; i < value.length; i++) tellPart(value, report, item, i);
  within(value.length, least, most, report, 'Items', 'have', ' items');
}

/** `type: object`, with `properties` and `required`: all but those that are optional. `others` tells of what is not declared. */
export function tellFields(value: unknown, report: Report, [, rules, others]: FieldsRule): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return notA('object', report, 'an');
  for (const name in rules) {
    if (name !== '?' && (value as Fields)[name] !== undefined) tellPart(value, report, rules[name] as Rule, name);
  }
  others?.(value as Fields, rules, report);
  for (const name in rules) {
    if (name !== '?' && (value as Fields)[name] === undefined && !rules['?'].includes(name)) lacks(name, report);
  }
}

function tellPart(value: object, report: Report, rule: Rule, key: string | number): void {
  const before = report.found.length;
  (rule[0] as Told)((value as Fields)[key], report, rule);
  below(report, before, key);
}

/** `additionalProperties: false` */
export function tellOthers(value: Fields, rules: Rules, report: Report): void {
  noOthers(value, { has: name => name !== '?' && Object.hasOwn(rules, name) }, report);
}

/** What is sent has no fields but those declared. */
export function tellOthersIfSent(value: Fields, rules: Rules, report: Report): void {
  if (report.strict) tellOthers(value, rules, report);
}
