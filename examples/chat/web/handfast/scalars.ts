// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// What is wrong with a scalar, told at the place where it lies below the value under check. Generated checks ask in place
// whether it is good, and call these where it may not be. The words are those of the server; they are made of numbers and
// names that the schema gives.

import { codePoints } from './check.js';
import type { Report } from './report.js';

/** `type: string`, with `minLength` and `maxLength` in code points. */
export function textAt(
  value: unknown,
  path: string,
  report: Report,
  least: number = 0,
  most: number = Infinity,
): void {
  if (typeof value !== 'string') return report.fail('type', 'must be a string', path);
  const length = codePoints(value);
  if (length < least) report.fail('minLength', `must be at least ${characters(least)}`, path);
  if (length > most) report.fail('maxLength', `must be at most ${characters(most)}`, path);
}

function characters(n: number): string {
  return n === 1 ? '1 character long' : `${n} characters long`;
}

/** `type: number`, with `minimum` and `maximum`. */
export function numberAt(
  value: unknown,
  path: string,
  report: Report,
  least: number = -Infinity,
  most: number = Infinity,
): void {
  if (!Number.isFinite(value)) return report.fail('type', 'must be a number', path);
  within(value as number, path, report, least, most);
}

/** `type: integer`, with `minimum` and `maximum`. */
export function integerAt(
  value: unknown,
  path: string,
  report: Report,
  least: number = -Number.MAX_SAFE_INTEGER,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (!Number.isInteger(value)) return report.fail('type', 'must be an integer', path);
  within(value as number, path, report, least, most);
}

function within(value: number, path: string, report: Report, least: number, most: number): void {
  if (value < least) report.fail('minimum', `must be at least ${least}`, path);
  if (value > most) report.fail('maximum', `must be at most ${most}`, path);
}

/** `type: number`, with `exclusiveMinimum`. */
export function aboveAt(value: unknown, path: string, report: Report, bound: number): void {
  if (!Number.isFinite(value)) return report.fail('type', 'must be a number', path);
  if ((value as number) <= bound) report.fail('exclusiveMinimum', `must be greater than ${bound}`, path);
}

/** `type: string`, with an `enum` of several. */
export function oneOfAt(value: unknown, path: string, report: Report, values: readonly string[]): void {
  if (typeof value !== 'string') return report.fail('type', 'must be a string', path);
  if (values.includes(value)) return;
  const all = values.map(one => JSON.stringify(one));
  report.fail('enum', `must be one of ${all.join(', ')}`, path);
}
