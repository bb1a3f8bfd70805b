/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { additionalProperties, item, type JsonObject } from './validators.js';
import { fail, type Validator, type Report } from './report.js';

/** A check that notes which properties and items of the value it has looked at. */
export type TrackingValidator = (value: unknown, report: Report, evaluated: Evaluated) => void;

/** What some schema has looked at inside of one value, where several describe it together. */
export class Evaluated {
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
  merge(other: Evaluated): void {
    this.#all ||= other.#all;
    this.note(other.#keys);
  }
}

/** What is sent has no fields but those that one of its schemas describes; what is received may. */
export function noUnevaluated(value: JsonObject, evaluated: Evaluated, report: Report): void {
  if (report.strict) unevaluatedProperties(value, evaluated, unevaluatedProperty, report);
}

/** `unevaluatedProperties`: what nothing has looked at, by code point. */
export function unevaluatedProperties(value: JsonObject, evaluated: Evaluated, validate: Validator<unknown>, report: Report): void {
  additionalProperties(value, { has: name => !evaluated.leaves(name) }, validate, report);
  evaluated.everything();
}

/** `unevaluatedProperties: false`, said at the property. */
export function unevaluatedProperty(_: unknown, report: Report): void {
  fail(report, 'unevaluatedProperties', 'is not a known property');
}

/** `unevaluatedItems`: what nothing has looked at, by index. */
export function unevaluatedItems(value: readonly unknown[], evaluated: Evaluated, validate: Validator<unknown>, report: Report): void {
  for (const i of value.keys()) if (evaluated.leaves(i)) item(value, i, validate, report);
  evaluated.everything();
}

/** `unevaluatedItems: false`, said at the item. */
export function unevaluatedItem(_: unknown, report: Report): void {
  fail(report, 'unevaluatedItems', 'is one item too many');
}

/** Whether a value passes a validate, without reporting; what was looked at counts if it does. */
export function passesTracked(value: unknown, validate: TrackingValidator, report: Report, evaluated: Evaluated): boolean {
  const trial: Report = { strict: report.strict, isTrial: true, violations: [] };
  const own = new Evaluated();
  validate(value, trial, own);
  if (trial.violations.length > 0) return false;
  evaluated.merge(own);
  return true;
}

/** `anyOf` without a discriminant, where it is watched what the alternatives look at. */
export function anyOfTracked(value: unknown, validators: readonly TrackingValidator[], report: Report, evaluated: Evaluated): void {
  const matching = validators.filter(validate => passesTracked(value, validate, report, evaluated)).length;
  if (matching > 0) return;
  evaluated.everything();
  fail(report, 'anyOf', 'must fit at least one of the alternatives');
}

/** `oneOf` without a discriminant, where it is watched what the alternatives look at. */
export function oneOfTracked(value: unknown, validators: readonly TrackingValidator[], report: Report, evaluated: Evaluated): void {
  const matching = validators.filter(validate => passesTracked(value, validate, report, evaluated)).length;
  if (matching === 0) {
    evaluated.everything();
    fail(report, 'oneOf', 'must fit one of the alternatives');
  }
  if (matching > 1) fail(report, 'oneOf', 'must fit only one of the alternatives');
}

