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

/**
 * Collects the violations of one value. Checks call it; nothing is allocated while nothing is wrong.
 *
 * Paths are built on the way out: a check reports at its own root, and its caller says where that root lies.
 */
export class Report {
  /**
   * Whether the value is on its way out. What is sent is held to what a server takes: no unknown fields and no unknown
   * values of open enums. What is received may have both.
   */
  readonly strict: boolean;

  readonly #violations: { path: string; readonly keyword: string; readonly message: string }[] = [];

  constructor(strict: boolean) {
    this.strict = strict;
  }

  /** How many violations there are. */
  get size(): number {
    return this.#violations.length;
  }

  /** The violations, in order. What several schemas ask of one place in the same words is told once. */
  get violations(): readonly Violation[] {
    if (this.#violations.length < 2) return this.#violations;
    const seen = new Set<string>();
    return this.#violations.filter(({ path, keyword, message }) => {
      const said = `${path} ${keyword} ${message}`;
      return !seen.has(said) && seen.add(said);
    });
  }

  /** Reports a violation at the root of the value under check. */
  fail(keyword: string, message: string): void {
    this.#violations.push({ path: '', keyword, message });
  }

  /** Puts every violation from the `from`th on below a property or an item. */
  below(from: number, key: string | number): void {
    if (this.#violations.length === from) return;
    const step = typeof key === 'number' ? `/${key}` : `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    for (const violation of this.#violations.slice(from)) violation.path = step + violation.path;
  }
}

declare const carried: unique symbol;

/** A function that reports what keeps a value from being a `T`. It neither changes the value nor throws. */
export interface Check<T> {
  (value: unknown, report: Report): void;
  /** Never there; it carries the type. */
  readonly [carried]?: T;
}

const NONE: readonly Violation[] = [];
const spare: { sent: Report | undefined; received: Report | undefined } = { sent: undefined, received: undefined };

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
  const report = spare[direction] ?? new Report(direction === 'sent');
  spare[direction] = undefined; // a getter in the value may come back here
  check(value, report);
  if (report.size > 0) return report.violations;
  spare[direction] = report;
  return NONE;
}

/** One line for a violation: where, and what the schema allows. */
export function wording(violation: Violation): string {
  return violation.path === '' ? violation.message : `${violation.path} ${violation.message}`;
}
