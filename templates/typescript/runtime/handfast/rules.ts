// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// How the violations of a value are reported that did not pass its guard: a rule is data that says what a schema asks, with the
// function that reports every violation.

import { bounds, codePoints, missingProperty, noAdditionalProperties, notEnum, wrongType } from './validators.js';
import type { JsonObject, Pattern } from './validators.js';
import { fail, prefixPath, type Report, type Validator } from './report.js';

/** What a schema asks of a value: a validator, or a function that reports what does not fit, with the limits it reports. */
export type Rule =
  | Validator<unknown>
  | readonly [report: typeof reportString, limits: StringLimits]
  | readonly [report: typeof reportNumber, limits: NumberLimits]
  | readonly [report: typeof reportEnum, values: readonly string[]]
  | readonly [report: typeof reportArray, limits: ArrayLimits]
  | ObjectRule;

/**
 * `type: object`, with `properties` and `required`: all of them but the optional ones; and what reports the properties that
 * are not declared.
 */
export type ObjectRule = readonly [
  report: typeof reportObject,
  properties: PropertyRules,
  additional?: (value: JsonObject, properties: PropertyRules, report: Report) => void,
];

/** `type: string`, with `minLength`, `maxLength` and `pattern`; `source` is the pattern as the schema has it. */
export interface StringLimits {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: Pattern;
  readonly source?: string;
}

/** `type: number` or `type: integer`, with `minimum`, `maximum` and `exclusiveMinimum`. */
export interface NumberLimits {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

/** `type: array`, with `items`, `minItems` and `maxItems`. */
export interface ArrayLimits {
  readonly items?: Rule;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/**
 * The rule of each property, in the order in which violations are reported. Before them all, `?` names the properties that
 * are optional. No property has that name: engines tell objects apart by their keys in order, and one that took a message
 * and the rules for it for the same kind would store the numbers of the message less well.
 */
export type PropertyRules = Readonly<Record<string, Rule | readonly string[]>> & { readonly '?': readonly string[] };

/** Reports everything that is wrong with a value. */
export function reportRule(value: unknown, report: Report, rule: Rule): void {
  if (typeof rule === 'function') rule(value, report);
  else (rule[0] as Reporter)(value, report, rule[1], rule[2]);
}

type Reporter = (value: unknown, report: Report, limits: unknown, additional: unknown) => void;

/** `type: string`, with `minLength`, `maxLength` and `pattern`. */
export function reportString(value: unknown, report: Report, limits: StringLimits): void {
  if (typeof value !== 'string') return wrongType('string', report, 'a');
  bounds(codePoints(value), limits.minLength, limits.maxLength, report, 'Length', 'be', ' characters long');
  const { pattern, source } = limits;
  if (pattern && !pattern.test(value)) fail(report, 'pattern', `must match the pattern ${source}`, source);
}

/** `type: number`, with `minimum`, `maximum` and `exclusiveMinimum`. */
export function reportNumber(value: unknown, report: Report, limits: NumberLimits): void {
  if (!Number.isFinite(value)) return wrongType('number', report, 'a');
  bounds(value as number, limits.minimum, limits.maximum, report, 'imum', 'be');
  const { exclusiveMinimum: bound } = limits;
  if ((value as number) <= (bound as number)) fail(report, 'exclusiveMinimum', `must be greater than ${bound}`, bound);
}

/** `type: integer`, with `minimum` and `maximum`. */
export function reportInteger(value: unknown, report: Report, limits: NumberLimits): void {
  if (Number.isInteger(value)) reportNumber(value, report, limits);
  else wrongType('integer', report, 'an');
}

/** `type: string`, with an `enum`. */
export function reportEnum(value: unknown, report: Report, values: readonly string[]): void {
  if (typeof value !== 'string') return wrongType('string', report, 'a');
  if (!values.includes(value)) notEnum(values, report);
}

/** `type: array`, with `items`, `minItems` and `maxItems`. */
export function reportArray(value: unknown, report: Report, { items, minItems, maxItems }: ArrayLimits): void {
  if (!Array.isArray(value)) return wrongType('array', report, 'an');
  if (items) for (let i = 0; i < value.length; i++) reportMember(value, report, items, i);
  bounds(value.length, minItems, maxItems, report, 'Items', 'have', ' items');
}

/** `type: object`, with `properties` and `required`; `additional` reports the properties that are not declared. */
export function reportObject(
  value: unknown,
  report: Report,
  properties: PropertyRules,
  additional?: ObjectRule[2],
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrongType('object', report, 'an');
  for (const name in properties) {
    if (name !== '?' && (value as JsonObject)[name] !== undefined) {
      reportMember(value, report, properties[name] as Rule, name);
    }
  }
  additional?.(value as JsonObject, properties, report);
  for (const name in properties) {
    if (name !== '?' && (value as JsonObject)[name] === undefined && !properties['?'].includes(name)) {
      missingProperty(name, report);
    }
  }
}

function reportMember(parent: object, report: Report, rule: Rule, key: string | number): void {
  const before = report.violations.length;
  reportRule((parent as JsonObject)[key], report, rule);
  prefixPath(report, before, key);
}

/** `additionalProperties: false` */
export function reportAdditional(value: JsonObject, properties: PropertyRules, report: Report): void {
  noAdditionalProperties(value, { has: name => name !== '?' && Object.hasOwn(properties, name) }, report);
}

/** Outgoing objects have only declared properties. */
export function reportAdditionalIfSent(value: JsonObject, properties: PropertyRules, report: Report): void {
  if (report.strict) reportAdditional(value, properties, report);
}
