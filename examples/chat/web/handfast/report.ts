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
const COLLECTED = 1000;

/** How many violations are listed at the most. */
const LISTED = 100;

/** The most code points of a path, and of words. */
const PATH = 256;
const WORDS = 1000;

/**
 * Violations as they are shown: the first 100, and one of keyword `violations` that tells how many more there are; paths of
 * 256 code points at the most and words of 1,000, with an ellipsis where they were cut. What is allowed is left out where
 * the words were.
 */
function listed(violations: readonly Violation[]): readonly Violation[] {
  const list = violations.slice(0, LISTED).map(shortened);
  const more = violations.length - LISTED;
  if (more > 0) {
    const least = violations.length < COLLECTED ? '' : 'at least ';
    list.push({ path: '', keyword: 'violations', message: `and ${least}${more} more` });
  }
  return list;
}

function shortened(violation: Violation): Violation {
  const { path, keyword, message } = violation;
  if (path.length <= PATH && message.length <= WORDS) return violation;
  const words = cut(message, WORDS);
  return { ...(words === message ? violation : { keyword }), path: cut(path, PATH), message: words };
}

/** The beginning of a text that is longer than so many code points. */
function cut(text: string, most: number): string {
  const points = Array.from(text);
  return points.length <= most ? text : `${points.slice(0, most).join('')}…`;
}

const NONE: readonly Violation[] = [];

/** Collects the violations of one value. Checks call it; where nothing is wrong there is nothing to tell. */
export class Report {
  /**
   * Whether the value is on its way out. What is sent is held to what a server takes: no unknown fields and no unknown
   * values of open enums. What is received may have both.
   */
  readonly strict: boolean;

  /** The path to the object or the array in hand. */
  path: string = '';

  /** The property or the item in hand; the empty text is the whole. */
  name: string | number = '';

  /** What is done where several schemas describe one value, and may say the same. */
  once: ((violations: readonly Violation[]) => readonly Violation[]) | undefined = undefined;

  /** The violations so far, in order. */
  found: readonly Violation[] = NONE;

  constructor(strict: boolean) {
    this.strict = strict;
  }

  /** How many violations there are. */
  get size(): number {
    return this.found.length;
  }

  /** The violations, in order, each told once: the first 100, and how many more there are. */
  get violations(): readonly Violation[] {
    const { found } = this;
    return found === NONE ? found : listed(this.once?.(found) ?? found);
  }

  /** The path to what is in hand. */
  get place(): string {
    return this.name === '' ? this.path : `${this.path}/${this.name}`;
  }

  /** Reports a violation of what is in hand. `undefined` is allowed nowhere, and says nothing. */
  fail(keyword: string, message: string, allowed?: unknown): void {
    if (this.size >= COLLECTED) return;
    const path = this.place;
    const violation = allowed === undefined ? { path, keyword, message } : { path, keyword, message, allowed };
    if (this.size === 0) this.found = [violation];
    else (this.found as Violation[]).push(violation);
  }
}

/** Puts every violation from the `from`th on below a part of a JSON Pointer. Returns how many there are. */
export function below({ found }: Report, from: number, step: string): number {
  for (let i = from; i < found.length; i++) {
    const violation = found[i] as { path: string };
    violation.path = step + violation.path;
  }
  return found.length;
}

/** Several schemas describe one value, and may ask the same in the same words: that is told once. */
export function overlaps(report: Report): void {
  report.once = toldOnce;
}

function toldOnce(violations: readonly Violation[]): readonly Violation[] {
  const seen = new Set<string>();
  return violations.filter(({ path, keyword, message }) => {
    const said = `${path} ${keyword} ${message}`;
    return !seen.has(said) && seen.add(said);
  });
}

/** A property's name as a part of a JSON Pointer (RFC 6901, section 3). */
export function step(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
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
 * then unknown ones by code point, items by index, then the keywords of the value itself.
 *
 * @param direction `sent` holds the value to what a server takes, `received` to what a client takes.
 */
export function violationsOf(
  check: Check<unknown>,
  value: unknown,
  direction: 'sent' | 'received',
): readonly Violation[] {
  const report = new Report(direction === 'sent');
  check(value, report);
  return report.violations;
}

/** Every violation of a value that is the property `under` of what is reported. */
export function violationsUnder(
  check: Check<unknown>,
  value: unknown,
  direction: 'sent' | 'received',
  under: string,
): readonly Violation[] {
  const report = new Report(direction === 'sent');
  check(value, report);
  below(report, 0, step(under));
  return report.violations;
}

/** Whether a value passes a check. `strict` holds it to what a server takes. */
export function passes(value: unknown, check: Check<unknown>, strict: boolean): boolean {
  const report = new Report(strict);
  check(value, report);
  return report.size === 0;
}

/** One line for a violation: where, and what the schema allows. */
export function wording(violation: Violation): string {
  return violation.path === '' ? violation.message : `${violation.path} ${violation.message}`;
}
