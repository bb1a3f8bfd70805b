/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { MAX_COLLECTED, type Validator, type Report } from './report.js';

/** What a check said of objects and arrays: whether they pass. */
type Verdicts = Map<Validator<unknown>, Map<object, boolean>>;

// While one value is checked, which happens without a break. What is sent and what is received may be different things.
let isChecking = false;
let sent: Verdicts = new Map();
let received: Verdicts = new Map();

const FAILED = { path: '', keyword: '', message: '' };

/**
 * A check of values that may contain their like. What it said of one is remembered until the outermost is done: a guard, the
 * alternatives of a union and what tells the violations all ask again, which would take twice as long with each level.
 *
 * @param alternatives Whether those that pass are asked for again as well, as alternatives do.
 */
export function memoize(value: unknown, report: Report, validate: Validator<unknown>, alternatives: boolean): void {
  if (typeof value !== 'object' || value === null) return validate(value, report);
  if (isChecking) return ask(value, report, validate, alternatives);
  isChecking = true;
  try {
    ask(value, report, validate, alternatives);
  } finally {
    isChecking = false;
    if (sent.size > 0) sent = new Map();
    if (received.size > 0) received = new Map();
  }
}

function ask(value: object, report: Report, validate: Validator<unknown>, alternatives: boolean): void {
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
  // Where no more is collected, nothing can be value from it.
  if (before >= MAX_COLLECTED || (passes && !alternatives)) return;
  const verdicts = all.get(validate) ?? new Map<object, boolean>();
  all.set(validate, verdicts.set(value, passes));
}
