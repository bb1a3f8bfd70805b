/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { MAX_COLLECTED, type Report, type Validator } from './report.js';

/** Whether objects and arrays passed a validator. */
type Verdicts = Map<Validator<unknown>, Map<object, boolean>>;

// While one value is validated, which is synchronous. Outgoing and incoming values are held to different rules.
let isChecking = false;
let sent: Verdicts = new Map();
let received: Verdicts = new Map();

const FAILED = { path: '', keyword: '', message: '' };

/**
 * Calls a validator of a recursive type. Its verdict on an object is remembered until the outermost call returns: the guard, the
 * alternatives of a union and the report of violations all validate the object again, which would double the time with each
 * level.
 *
 * @param alternatives Whether values that pass are validated again as well, as by alternatives.
 */
export function memoize(value: unknown, report: Report, validate: Validator<unknown>, alternatives: boolean): void {
  if (typeof value !== 'object' || value === null) return validate(value, report);
  if (isChecking) return validateOnce(value, report, validate, alternatives);
  isChecking = true;
  try {
    validateOnce(value, report, validate, alternatives);
  } finally {
    isChecking = false;
    if (sent.size > 0) sent = new Map();
    if (received.size > 0) received = new Map();
  }
}

function validateOnce(value: object, report: Report, validate: Validator<unknown>, alternatives: boolean): void {
  const all = report.strict ? sent : received;
  const known = all.get(validate)?.get(value);
  if (known === true) return;
  const before = report.violations.length;
  if (known === false && (report.isTrial || before >= MAX_COLLECTED)) {
    if (before === 0) report.violations.push(FAILED);
    return;
  }
  validate(value, report);
  const passes = report.violations.length === before;
  // If no more violations are collected, their number says nothing.
  if (before >= MAX_COLLECTED || (passes && !alternatives)) return;
  const verdicts = all.get(validate) ?? new Map<object, boolean>();
  all.set(validate, verdicts.set(value, passes));
}
