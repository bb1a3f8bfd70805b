// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { isFields, others } from './check.js';
import { Report } from './report.js';

/** A check that notes which properties of the value it has looked at. */
export type Looking = (value: unknown, report: Report, seen: Seen) => void;

/** The properties of one value that some schema has looked at, where several describe it together. */
export class Seen {
  /** Whether nothing is left to be told of. */
  all = false;
  readonly names: Set<string> = new Set();

  /** Notes the names of `properties`. */
  fields(declared: ReadonlySet<string>): void {
    for (const name of declared) this.names.add(name);
  }

  /** Notes all there are: `additionalProperties` has looked, or something is wrong already. */
  everything(): void {
    this.all = true;
  }

  /** Notes what another has noted. */
  merge(other: Seen): void {
    this.all ||= other.all;
    this.fields(other.names);
  }
}

/** What is sent has no fields but those that one of its schemas describes; what is received may. */
export function noUnseen(value: unknown, seen: Seen, report: Report): void {
  if (report.strict && !seen.all && isFields(value)) others(value, seen.names, unseen, report);
}

function unseen(_: unknown, report: Report): void {
  report.fail('unevaluatedProperties', 'is not a known property');
}

/** Whether a value passes a check, without reporting; what was looked at counts if it does. */
function passesLooking(value: unknown, check: Looking, report: Report, seen: Seen): boolean {
  const trial = new Report(report.strict);
  const own = new Seen();
  check(value, trial, own);
  if (trial.size > 0) return false;
  seen.merge(own);
  return true;
}

/** `anyOf` without a discriminant, where it is watched what the alternatives look at. */
export function anyOfLooking(value: unknown, checks: readonly Looking[], report: Report, seen: Seen): void {
  const fitting = checks.filter(check => passesLooking(value, check, report, seen)).length;
  if (fitting > 0) return;
  seen.everything();
  report.fail('anyOf', 'must fit at least one of the alternatives');
}

/** `oneOf` without a discriminant, where it is watched what the alternatives look at. */
export function oneOfLooking(value: unknown, checks: readonly Looking[], report: Report, seen: Seen): void {
  const fitting = checks.filter(check => passesLooking(value, check, report, seen)).length;
  if (fitting === 0) {
    seen.everything();
    report.fail('oneOf', 'must fit one of the alternatives');
  }
  if (fitting > 1) report.fail('oneOf', 'must fit only one of the alternatives');
}

