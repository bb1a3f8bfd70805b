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
export const COLLECTED = 1000;

/** How many violations are listed at the most. */
const LISTED = 100;

/** The most code points of a path, and of words. */
const PATH = 256;
const WORDS = 1000;

/** The beginning of a text that is longer than so many code points, with an ellipsis. */
function cut(text: string, most: number): string {
  return text.length > most && [...text].length > most ? `${[...text].slice(0, most).join('')}…` : text;
}

/** A violation whose path is still being made. */
export type Found = { -readonly [member in keyof Violation]: Violation[member] };

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
  readonly trial?: boolean;

  /** The violations so far, in order. */
  readonly found: Found[];

  /** What is done where several schemas describe one value, and may say the same. */
  once?: (violations: Found[]) => Found[];
}

/**
 * Reports a violation of the value itself. Words have 1,000 code points at the most; what is allowed is left out where they
 * were cut. `undefined` is allowed nowhere, and says nothing.
 */
export function fail({ found }: Report, keyword: string, message: string, allowed?: unknown): void {
  const violation: Found = { path: '', keyword, message: cut(message, WORDS) };
  if (allowed !== undefined && violation.message === message) violation.allowed = allowed;
  if (found.length < COLLECTED) found.push(violation);
}

/**
 * Puts every violation from the `from`th on below a property or an item: a name as a part of a JSON Pointer, or an index.
 * Paths have 256 code points at the most.
 */
export function below({ found }: Report, from: number, part: string | number): void {
  // Most have none, and nothing is copied to find that out.
  for (; from < found.length; from++) (found[from] as Found).path = cut(`/${part}${(found[from] as Found).path}`, PATH);
}

/** Several schemas describe one value, and may ask the same in the same words: that is told once. */
export function overlaps(report: Report): void {
  report.once = toldOnce;
}

function toldOnce(violations: Found[]): Found[] {
  const seen = new Set<string>();
  return violations.filter(({ path, keyword, message }) => {
    const said = `${path} ${keyword} ${message}`;
    return !seen.has(said) && seen.add(said);
  });
}

/** A property's name as a part of a JSON Pointer (RFC 6901, section 3). */
export function part(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

declare const carried: unique symbol;

/** A function that reports what keeps a value from being a `T`. It neither changes the value nor throws. */
export interface Check<T> {
  (value: unknown, report: Report): void;
  /** Never there; it carries the type. */
  readonly [carried]?: T;
}

/**
 * Every violation of a value, in the order all of Handfast uses: declared properties as the protocol declares them,
 * then unknown ones by code point, items by index, then the keywords of the value itself. They are told once each: the first
 * 100, and one of keyword `violations` that tells how many more there are.
 *
 * @param direction `sent` holds the value to what a server takes, `received` to what a client takes.
 */
export function violationsOf(
  check: Check<unknown>,
  value: unknown,
  direction: 'sent' | 'received',
): readonly Violation[] {
  const report: Report = { strict: direction === 'sent', found: [] };
  check(value, report);
  const all = report.once?.(report.found) ?? report.found;
  const more = all.length - LISTED;
  const least = all.length < COLLECTED ? '' : 'at least ';
  if (more > 0) all.splice(LISTED, more, { path: '', keyword: 'violations', message: `and ${least}${more} more` });
  return all;
}

/** Every violation of a value that is the property `under` of what is reported. */
export function violationsUnder(
  check: Check<unknown>,
  value: unknown,
  direction: 'sent' | 'received',
  under: string,
): readonly Violation[] {
  const checkUnder = (_: unknown, report: Report): void => {
    check(value, report);
    below(report, 0, part(under));
  };
  return violationsOf(checkUnder, value, direction);
}

/** Whether a value passes a check. `strict` holds it to what a server takes. */
export function passes(value: unknown, check: Check<unknown>, strict: boolean): boolean {
  const report: Report = { strict, trial: true, found: [] };
  check(value, report);
  return report.found.length === 0;
}

/** One line for a violation: where, and what the schema allows. */
export function wording(violation: Violation): string {
  return violation.path === '' ? violation.message : `${violation.path} ${violation.message}`;
}
