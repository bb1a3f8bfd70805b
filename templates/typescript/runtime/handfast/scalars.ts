// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// What is wrong with a scalar, told at the place where it lies below the value under check. Generated checks ask in place
// whether it is good, and call these where it may not be.

import { exclusiveMinimum, integer, maximum, maxLength, minimum, minLength, notEnum, number, string } from './check.js';
import type { Report } from './report.js';

/** `type: string`, with `minLength` and `maxLength`. */
export function textAt(value: unknown, path: string, report: Report, least: number = 0, most: number = Infinity): void {
  const before = report.size;
  if (string(value, report)) {
    minLength(value, least, report);
    maxLength(value, most, report);
  }
  report.below(before, path);
}

/** `type: number`, with `minimum` and `maximum`. */
export function numberAt(
  value: unknown,
  path: string,
  report: Report,
  least: number = -Infinity,
  most: number = Infinity,
): void {
  const before = report.size;
  if (number(value, report)) {
    minimum(value, least, report);
    maximum(value, most, report);
  }
  report.below(before, path);
}

/** `type: integer`, with `minimum` and `maximum`; without them, ±(2⁵³−1). */
export function integerAt(
  value: unknown,
  path: string,
  report: Report,
  least: number = -Number.MAX_SAFE_INTEGER,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  const before = report.size;
  if (integer(value, report)) {
    minimum(value, least, report);
    maximum(value, most, report);
  }
  report.below(before, path);
}

/** `type: number`, with `exclusiveMinimum`. */
export function aboveAt(value: unknown, path: string, report: Report, bound: number): void {
  const before = report.size;
  if (number(value, report)) exclusiveMinimum(value, bound, report);
  report.below(before, path);
}

/** `type: string`, with an `enum`, for a value that is none of it. */
export function oneOfAt(value: unknown, path: string, report: Report, values: readonly string[]): void {
  const before = report.size;
  if (string(value, report)) notEnum(values, report);
  report.below(before, path);
}
