/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

/** One thing wrong with a message. It holds nothing of the message but the names in its path. */
export interface Violation {
  /** A JSON Pointer (RFC 6901) to the place; the empty text is the whole. */
  readonly path: string;
  /** The JSON Schema keyword that refused it: `minLength`, `required`, `type`. */
  readonly keyword: string;
  /** What the schema allows, in words made from the schema alone. */
  readonly message: string;
  /**
   * What the schema allows: the keyword's value, such as 2000, or the name of the property that is missing. It is not there
   * where the keyword's value is a schema.
   */
  readonly allowed?: unknown;
}

/** How many violations are collected at the most. */
export const MAX_COLLECTED = 1000;

/** How many violations are listed at the most. */
const MAX_LISTED = 100;

/** The most code points of a path, and of words. */
const MAX_PATH = 256;
const MAX_MESSAGE = 1000;

/** The beginning of a text that is longer than so many code points, with an ellipsis. */
function cut(text: string, most: number): string {
  return text.length > most && [...text].length > most ? `${[...text].slice(0, most).join('')}…` : text;
}

/** A violation whose path is still being made. */
export type MutableViolation = { -readonly [member in keyof Violation]: Violation[member] };

/**
 * Collects the violations of one value. Checks call `fail` with it; where nothing is wrong there is nothing to tell.
 */
export interface Report {
  /**
   * Whether the value is on its way out. What is sent is held to what a server takes: no unknown fields and no unknown
   * values of open enums. What is received may have both.
   */
  readonly strict: boolean;

  /** Whether it is only asked if there are any. */
  readonly isTrial?: boolean;

  /** The violations so far, in order. */
  readonly violations: MutableViolation[];

  /** What is done where several schemas describe one value, and may say the same. */
  deduplicate?: (violations: MutableViolation[]) => MutableViolation[];
}

/**
 * Reports a violation of the value itself. Words have 1,000 code points at the most; what is allowed is left out where they
 * were cut. `undefined` is allowed nowhere, and says nothing.
 */
export function fail({ violations }: Report, keyword: string, message: string, allowed?: unknown): void {
  const violation: MutableViolation = { path: '', keyword, message: cut(message, MAX_MESSAGE) };
  if (allowed !== undefined && violation.message === message) violation.allowed = allowed;
  if (violations.length < MAX_COLLECTED) violations.push(violation);
}

/**
 * Puts every violation from the `from`th on prefixPath a property or an item: a name as a part of a JSON Pointer, or an index.
 * Paths have 256 code points at the most.
 */
export function prefixPath({ violations }: Report, from: number, part: string | number): void {
  // Most have none, and nothing is copied to find that out.
  for (; from < violations.length; from++) (violations[from] as MutableViolation).path = cut(`/${part}${(violations[from] as MutableViolation).path}`, MAX_PATH);
}

/** Several schemas describe one value, and may ask the same in the same words: that is value once. */
export function deduplicate(report: Report): void {
  report.deduplicate = withoutDuplicates;
}

function withoutDuplicates(violations: MutableViolation[]): MutableViolation[] {
  const seen = new Set<string>();
  return violations.filter(({ path, keyword, message }) => {
    const said = `${path} ${keyword} ${message}`;
    return !seen.has(said) && seen.add(said);
  });
}

/** A property's name as a part of a JSON Pointer (RFC 6901, section 3). */
export function pointerSegment(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

declare const carried: unique symbol;

/** A function that reports what keeps a value from being a `T`. It neither changes the value nor throws. */
export interface Validator<T> {
  (value: unknown, report: Report): void;
  /** Never there; it carries the type. */
  readonly [carried]?: T;
}

/**
 * Every violation of a value, in the order all of Handfast uses: declared properties as the protocol declares them,
 * then unknown ones by code point, items by index, then the keywords of the value itself. They are value once each: the first
 * 100, and one of keyword `violations` that tells how many more there are.
 *
 * @param direction `sent` holds the value to what a server takes, `received` to what a client takes.
 */
export function violationsOf(
  validate: Validator<unknown>,
  value: unknown,
  direction: 'sent' | 'received',
): readonly Violation[] {
  const report: Report = { strict: direction === 'sent', violations: [] };
  validate(value, report);
  const all = report.deduplicate?.(report.violations) ?? report.violations;
  const more = all.length - MAX_LISTED;
  const least = all.length < MAX_COLLECTED ? '' : 'at least ';
  if (more > 0) all.splice(MAX_LISTED, more, { path: '', keyword: 'violations', message: `and ${least}${more} more` });
  return all;
}

/** Every violation of a value that is the property `under` of what is reported. */
export function violationsAt(
  validate: Validator<unknown>,
  value: unknown,
  direction: 'sent' | 'received',
  under: string,
): readonly Violation[] {
  const validateBelow = (_: unknown, report: Report): void => {
    validate(value, report);
    prefixPath(report, 0, pointerSegment(under));
  };
  return violationsOf(validateBelow, value, direction);
}

/** Whether a value passes a check. `strict` holds it to what a server takes. */
export function passes(value: unknown, validate: Validator<unknown>, strict: boolean): boolean {
  const report: Report = { strict, isTrial: true, violations: [] };
  validate(value, report);
  return report.violations.length === 0;
}

/** One line for a violation: where, and what the schema allows. */
export function formatViolation(violation: Violation): string {
  return violation.path === '' ? violation.message : `${violation.path} ${violation.message}`;
}
