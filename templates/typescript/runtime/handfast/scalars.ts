// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// What is wrong with a scalar, told at the place where it lies below the value under check. Generated checks ask in place
// whether it is good, and call these where it may not be. The words are those of the server; they are made of numbers and
// names that the schema gives.

import { codePoints, isInteger, isNumber } from './check.js';
import type { Report } from './report.js';

// A bound that is not given is `undefined`, and no number is less or greater than that.

/** `type: string`, with `minLength` and `maxLength` in code points. */
export function textAt(value: unknown, path: string, report: Report, least?: number, most?: number): void {
  if (typeof value !== 'string') return report.fail('type', 'must be a string', path);
  const length = codePoints(value);
  if (length < least!) report.fail('minLength', `must be at least ${characters(least!)}`, path);
  if (length > most!) report.fail('maxLength', `must be at most ${characters(most!)}`, path);
}

function characters(n: number): string {
  return `${n} character${n === 1 ? '' : 's'} long`;
}

/** `type: number`, with `minimum` and `maximum`. */
export function numberAt(value: unknown, path: string, report: Report, least?: number, most?: number): void {
  if (!isNumber(value)) return report.fail('type', 'must be a number', path);
  if (value < least!) report.fail('minimum', `must be at least ${least!}`, path);
  if (value > most!) report.fail('maximum', `must be at most ${most!}`, path);
}

/** `type: integer`, with `minimum` and `maximum`; without them, ±(2⁵³−1). */
export function integerAt(
  value: unknown,
  path: string,
  report: Report,
  least: number = -Number.MAX_SAFE_INTEGER,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (!isInteger(value)) return report.fail('type', 'must be an integer', path);
  numberAt(value, path, report, least, most);
}

/** `type: number`, with `exclusiveMinimum`. */
export function aboveAt(value: unknown, path: string, report: Report, bound: number): void {
  if (!isNumber(value)) return report.fail('type', 'must be a number', path);
  if (value <= bound) report.fail('exclusiveMinimum', `must be greater than ${bound}`, path);
}

/** `type: string`, with an `enum` of several, for a value that is none of them. */
export function oneOfAt(value: unknown, path: string, report: Report, values: readonly string[]): void {
  if (typeof value !== 'string') return report.fail('type', 'must be a string', path);
  report.fail('enum', `must be one of ${values.map(one => JSON.stringify(one)).join(', ')}`, path);
}
