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
  const more = violations.length - LISTED;
  if (more <= 0 && !violations.some(isLong)) return violations;
  const list = violations.slice(0, LISTED).map(({ path, message, ...rest }) => {
    const words = cut(message, WORDS);
    const { keyword } = rest;
    return { ...(words === message ? rest : { keyword }), path: cut(path, PATH), message: words };
  });
  if (more > 0) {
    const least = violations.length < COLLECTED ? '' : 'at least ';
    list.push({ path: '', keyword: 'violations', message: `and ${least}${more} more` });
  }
  return list;
}

function isLong({ path, message }: Violation): boolean {
  return path.length > PATH || message.length > WORDS;
}

/** The beginning of a text that is longer than so many code points. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const points = Array.from(text);
  return points.length <= most ? text : `${points.slice(0, most).join('')}…`;
}

const NONE: readonly Violation[] = [];

/**
 * Collects the violations of one value. Checks call it; nothing is allocated while nothing is wrong.
 *
 * Paths are built on the way out: a check reports at its own root, and its caller says where that root lies.
 */
export class Report {
  /** How many violations there are. */
  size: number = 0;

  /**
   * Whether the value is on its way out. What is sent is held to what a server takes: no unknown fields and no unknown
   * values of open enums. What is received may have both.
   */
  readonly strict: boolean;

  #violations: readonly Violation[] = NONE;

  constructor(strict: boolean) {
    this.strict = strict;
  }

  /** The violations, in order, each told once: the first 100, and how many more there are. */
  get violations(): readonly Violation[] {
    return listed(toldOnce(this.#violations));
  }

  /** Reports a violation at the root of the value under check. `undefined` is allowed nowhere, and says nothing. */
  fail(keyword: string, message: string, allowed?: unknown): void {
    if (this.size >= COLLECTED) return;
    if (this.size === 0) this.#violations = [];
    const violation = allowed === undefined ? { path: '', keyword, message } : { path: '', keyword, message, allowed };
    this.size = (this.#violations as Violation[]).push(violation);
  }

  /** Puts every violation from the `from`th on below a part of a JSON Pointer. Returns how many there are. */
  below(from: number, step: string): number {
    for (let i = from; i < this.size; i++) {
      const violation = this.#violations[i] as { path: string };
      violation.path = step + violation.path;
    }
    return this.size;
  }
}

/** What several schemas ask of one place in the same words is told once. */
function toldOnce<V extends Violation>(violations: readonly V[]): readonly V[] {
  if (violations.length < 2) return violations;
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
 * @param under The property that the value is of what is reported, where it is one.
 */
export function violationsOf(
  check: Check<unknown>,
  value: unknown,
  direction: 'sent' | 'received',
  under?: string | null,
): readonly Violation[] {
  const report = new Report(direction === 'sent');
  check(value, report);
  if (report.size === 0) return NONE;
  if (typeof under === 'string') report.below(0, step(under));
  return report.violations;
}

/** One line for a violation: where, and what the schema allows. */
export function wording(violation: Violation): string {
  return violation.path === '' ? violation.message : `${violation.path} ${violation.message}`;
}
