/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

/** One violation of a schema. It repeats nothing of the message but the names in its path. */
export interface Violation {
  /** The location as a JSON Pointer (RFC 6901); the empty string is the whole value. */
  readonly path: string;
  /** The JSON Schema keyword that is violated: `minLength`, `required`, `type`. */
  readonly keyword: string;
  /** What the schema allows, in words made from the schema alone. */
  readonly message: string;
  /**
   * What the schema allows: the keyword's value, such as 2000, or the name of the property that is missing. Absent if the
   * keyword's value is a schema.
   */
  readonly allowed?: unknown;
}

/** The maximum number of violations that are collected. */
export const MAX_COLLECTED = 1000;

/** The maximum number of violations that are listed. */
const MAX_LISTED = 100;

/** The maximum lengths of a path and of a message, in code points. */
const MAX_PATH = 256;
const MAX_MESSAGE = 1000;

/** A text, truncated to a maximum of code points. */
function truncate(text: string, max: number): string {
  return text.length > max && [...text].length > max ? `${[...text].slice(0, max).join('')}…` : text;
}

/** A violation whose path is still being built. */
export type MutableViolation = { -readonly [member in keyof Violation]: Violation[member] };

/**
 * Collects the violations of one value. Validators add to it by `fail`.
 */
export interface Report {
  /**
   * Whether the value is outgoing. Outgoing values are held to what a server accepts: no unknown properties and no unknown values
   * of open enums. Incoming values may have both.
   */
  readonly strict: boolean;

  /** Whether only the existence of violations matters. */
  readonly isTrial?: boolean;

  /** The violations so far, in order. */
  readonly violations: MutableViolation[];

  /** Removes duplicates, if several schemas describe one value. */
  deduplicate?: (violations: MutableViolation[]) => MutableViolation[];
}

/**
 * Reports a violation of the value itself. A message has at most 1,000 code points; `allowed` is omitted if the message was
 * truncated, or if it is `undefined`.
 */
export function fail({ violations }: Report, keyword: string, message: string, allowed?: unknown): void {
  const violation: MutableViolation = { path: '', keyword, message: truncate(message, MAX_MESSAGE) };
  if (allowed !== undefined && violation.message === message) violation.allowed = allowed;
  if (violations.length < MAX_COLLECTED) violations.push(violation);
}

/**
 * Prefixes the paths of all violations from index `from` on with a property or an item: a segment of a JSON Pointer, or an
 * index. A path has at most 256 code points.
 */
export function prefixPath({ violations }: Report, from: number, part: string | number): void {
  // Usually there are none, and no array is copied to find out.
  for (; from < violations.length; from++) {
    const violation = violations[from] as MutableViolation;
    violation.path = truncate(`/${part}${violation.path}`, MAX_PATH);
  }
}

/** Has equal violations reported once: several schemas describe one value and may ask for the same. */
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

/** A property's name as a segment of a JSON Pointer (RFC 6901, section 3). */
export function pointerSegment(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

declare const carried: unique symbol;

/** A function that reports what keeps a value from being a `T`. It neither changes the value nor throws. */
export interface Validator<T> {
  (value: unknown, report: Report): void;
  /** Never present; it carries the type. */
  readonly [carried]?: T;
}

/**
 * Every violation of a value, in the order all of Handfast uses: declared properties as the protocol declares them,
 * then unknown ones by code point, items by index, then the keywords of the value itself. The first 100 are listed, followed by
 * one of keyword `violations` that says how many more there are.
 *
 * @param direction `sent` holds the value to what a server accepts, `received` to what a client accepts.
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

/** Every violation of a value, with paths that begin with the property `under`. */
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

/** Whether a value passes a validator. `strict` holds it to what a server accepts. */
export function passes(value: unknown, validate: Validator<unknown>, strict: boolean): boolean {
  const report: Report = { strict, isTrial: true, violations: [] };
  validate(value, report);
  return report.violations.length === 0;
}

/** A violation in one line: its location, and what the schema allows. */
export function formatViolation(violation: Violation): string {
  return violation.path === '' ? violation.message : `${violation.path} ${violation.message}`;
}
