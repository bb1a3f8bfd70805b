// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { additionalProperties, item, type JsonObject } from './validators.js';
import { fail, type Report, type Validator } from './report.js';

/** A validator that also records which properties and items it has evaluated. */
export type TrackingValidator = (value: unknown, report: Report, evaluated: Evaluated) => void;

/** The properties or items of one value that have been evaluated (JSON Schema core, section 11). */
export class Evaluated {
  #all = false;
  readonly #keys: Set<string | number> = new Set();

  /** Whether a property, by its name, or an item, by its index, is unevaluated. */
  lacks(key: string | number): boolean {
    return !this.#all && !this.#keys.has(key);
  }

  /** Adds properties by their names, or items by their indices. */
  add(keys: Iterable<string | number>): void {
    for (const key of keys) this.#keys.add(key);
  }

  /** Adds the first items, those of `prefixItems`. */
  addFirst(count: number): void {
    for (let i = 0; i < count; i++) this.#keys.add(i);
  }

  /** Adds all there are: the rest was evaluated, or the value is invalid already. */
  addAll(): void {
    this.#all = true;
  }

  /** Adds what another has. */
  merge(other: Evaluated): void {
    this.#all ||= other.#all;
    this.add(other.#keys);
  }
}

/** Outgoing objects have no unevaluated properties; incoming ones may. */
export function noUnevaluated(value: JsonObject, evaluated: Evaluated, report: Report): void {
  if (report.strict) unevaluatedProperties(value, evaluated, unevaluatedProperty, report);
}

/** `unevaluatedProperties`: every property that was not evaluated, by code point. */
export function unevaluatedProperties(
  value: JsonObject,
  evaluated: Evaluated,
  validate: Validator<unknown>,
  report: Report,
): void {
  additionalProperties(value, { has: name => !evaluated.lacks(name) }, validate, report);
  evaluated.addAll();
}

/** `unevaluatedProperties: false`, reported at the property. */
export function unevaluatedProperty(_: unknown, report: Report): void {
  fail(report, 'unevaluatedProperties', 'is not a known property');
}

/** `unevaluatedItems`: every item that was not evaluated, by index. */
export function unevaluatedItems(
  value: readonly unknown[],
  evaluated: Evaluated,
  validate: Validator<unknown>,
  report: Report,
): void {
  for (const i of value.keys()) if (evaluated.lacks(i)) item(value, i, validate, report);
  evaluated.addAll();
}

/** `unevaluatedItems: false`, reported at the item. */
export function unevaluatedItem(_: unknown, report: Report): void {
  fail(report, 'unevaluatedItems', 'is one item too many');
}

/** Whether a value is valid, without reporting; if it is, what was evaluated is recorded. */
export function passesTracked(value: unknown, validate: TrackingValidator, report: Report, evaluated: Evaluated): boolean {
  const trial: Report = { strict: report.strict, isTrial: true, violations: [] };
  const own = new Evaluated();
  validate(value, trial, own);
  if (trial.violations.length > 0) return false;
  evaluated.merge(own);
  return true;
}

/** `anyOf` without a discriminant, recording what the alternatives evaluate. */
export function anyOfTracked(
  value: unknown,
  validators: readonly TrackingValidator[],
  report: Report,
  evaluated: Evaluated,
): void {
  const matching = validators.filter(validate => passesTracked(value, validate, report, evaluated)).length;
  if (matching > 0) return;
  evaluated.addAll();
  fail(report, 'anyOf', 'must fit at least one of the alternatives');
}

/** `oneOf` without a discriminant, recording what the alternatives evaluate. */
export function oneOfTracked(
  value: unknown,
  validators: readonly TrackingValidator[],
  report: Report,
  evaluated: Evaluated,
): void {
  const matching = validators.filter(validate => passesTracked(value, validate, report, evaluated)).length;
  if (matching === 0) {
    evaluated.addAll();
    fail(report, 'oneOf', 'must fit one of the alternatives');
  }
  if (matching > 1) fail(report, 'oneOf', 'must fit only one of the alternatives');
}
