// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { item, others, type Fields } from './check.js';
import { fail, type Check, type Report } from './report.js';

/** A check that notes which properties and items of the value it has looked at. */
export type Looking = (value: unknown, report: Report, seen: Seen) => void;

/** What some schema has looked at inside of one value, where several describe it together. */
export class Seen {
  #all = false;
  readonly #keys: Set<string | number> = new Set();

  /** Whether nothing has looked at a property, by its name, or at an item, by its place. */
  leaves(key: string | number): boolean {
    return !this.#all && !this.#keys.has(key);
  }

  /** Notes properties by their names, or items by their places. */
  note(keys: Iterable<string | number>): void {
    for (const key of keys) this.#keys.add(key);
  }

  /** Notes the items of `prefixItems`. */
  first(count: number): void {
    for (let i = 0; i < count; i++) this.#keys.add(i);
  }

  /** Notes all there are: something has looked at the rest, or something is wrong already. */
  everything(): void {
    this.#all = true;
  }

  /** Notes what another has noted. */
  merge(other: Seen): void {
    this.#all ||= other.#all;
    this.note(other.#keys);
  }
}

/** What is sent has no fields but those that one of its schemas describes; what is received may. */
export function noUnseen(value: Fields, seen: Seen, report: Report): void {
  if (report.strict) unevaluatedProperties(value, seen, unseenProperty, report);
}

/** `unevaluatedProperties`: what nothing has looked at, by code point. */
export function unevaluatedProperties(value: Fields, seen: Seen, check: Check<unknown>, report: Report): void {
  others(value, { has: name => !seen.leaves(name) }, check, report);
  seen.everything();
}

/** `unevaluatedProperties: false`, said at the property. */
export function unseenProperty(_: unknown, report: Report): void {
  fail(report, 'unevaluatedProperties', 'is not a known property');
}

/** `unevaluatedItems`: what nothing has looked at, by index. */
export function unevaluatedItems(value: readonly unknown[], seen: Seen, check: Check<unknown>, report: Report): void {
  for (const i of value.keys()) if (seen.leaves(i)) item(value, i, check, report);
  seen.everything();
}

/** `unevaluatedItems: false`, said at the item. */
export function unseenItem(_: unknown, report: Report): void {
  fail(report, 'unevaluatedItems', 'is one item too many');
}

/** Whether a value passes a check, without reporting; what was looked at counts if it does. */
export function passesLooking(value: unknown, check: Looking, report: Report, seen: Seen): boolean {
  const trial: Report = { strict: report.strict, trial: true, found: [] };
  const own = new Seen();
  check(value, trial, own);
  if (trial.found.length > 0) return false;
  seen.merge(own);
  return true;
}

/** `anyOf` without a discriminant, where it is watched what the alternatives look at. */
export function anyOfLooking(value: unknown, checks: readonly Looking[], report: Report, seen: Seen): void {
  const fitting = checks.filter(check => passesLooking(value, check, report, seen)).length;
  if (fitting > 0) return;
  seen.everything();
  fail(report, 'anyOf', 'must fit at least one of the alternatives');
}

/** `oneOf` without a discriminant, where it is watched what the alternatives look at. */
export function oneOfLooking(value: unknown, checks: readonly Looking[], report: Report, seen: Seen): void {
  const fitting = checks.filter(check => passesLooking(value, check, report, seen)).length;
  if (fitting === 0) {
    seen.everything();
    fail(report, 'oneOf', 'must fit one of the alternatives');
  }
  if (fitting > 1) fail(report, 'oneOf', 'must fit only one of the alternatives');
}

