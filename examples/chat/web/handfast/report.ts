// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

/** One thing wrong with a message. It holds nothing of the message but the names in its path. */
export interface Violation {
  /** A JSON Pointer (RFC 6901) to the place; the empty text is the whole. */
  readonly path: string;
  /** The JSON Schema keyword that refused it: `minLength`, `required`, `type`. */
  readonly keyword: string;
  /** What the schema allows, in words made from the schema alone. */
  readonly message: string;
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

  /** The violations, in order. */
  violations: readonly Violation[] = NONE;

  /**
   * Whether the value is on its way out. What is sent is held to what a server takes: no unknown fields and no unknown
   * values of open enums. What is received may have both.
   */
  readonly strict: boolean;

  constructor(strict: boolean) {
    this.strict = strict;
  }

  /** Reports a violation, at the root of the value under check or at a path (JSON Pointer) below it. */
  fail(keyword: string, message: string, path: string = ''): void {
    if (this.size === 0) this.violations = [];
    this.size = (this.violations as Violation[]).push({ path, keyword, message });
  }

  /** Puts every violation from the `from`th on below a part of a JSON Pointer. Returns how many there are. */
  below(from: number, step: string): number {
    for (let i = from; i < this.size; i++) {
      const violation = this.violations[i] as { path: string };
      violation.path = step + violation.path;
    }
    return this.size;
  }
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

/** One line for a violation: where, and what the schema allows. */
export function wording(violation: Violation): string {
  return violation.path === '' ? violation.message : `${violation.path} ${violation.message}`;
}
