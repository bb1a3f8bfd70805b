// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { violationsOf, type Check } from './report.js';

/**
 * A type as tools know it that take validators of any make: the interfaces `StandardSchemaV1` and `StandardJSONSchemaV1` of
 * Standard Schema 1.1 (https://standardschema.dev).
 */
export interface Standard<T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: 'handfast';
    /** Never there; it carries the type. */
    readonly types?: { readonly input: T; readonly output: T } | undefined;
    /** Checks a value, which is neither changed nor copied. */
    readonly validate: (value: unknown) => Validated<T>;
    /** What is checked, as JSON Schema. Throws a `RangeError` for another target than `draft-2020-12`. */
    readonly jsonSchema: {
      readonly input: (options: { readonly target: string }) => Record<string, unknown>;
      readonly output: (options: { readonly target: string }) => Record<string, unknown>;
    };
  };
}

/** The value, or everything that is wrong with it. */
export type Validated<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path: readonly (string | number)[] }[] };

/**
 * Makes a check and its JSON Schema known to such tools.
 *
 * @param direction `sent` holds a value to what a server takes, `received` to what a client takes.
 */
export function standard<T>(
  check: Check<T>,
  direction: 'sent' | 'received',
  schema: () => Record<string, unknown>,
): Standard<T> {
  const jsonSchema = ({ target }: { readonly target: string }): Record<string, unknown> => {
    if (target === 'draft-2020-12') return schema();
    throw new RangeError(`there is no JSON Schema for the target \`${target}\`, only for \`draft-2020-12\``);
  };
  return {
    '~standard': {
      version: 1,
      vendor: 'handfast',
      validate(value) {
        const violations = violationsOf(check, value, direction);
        if (violations.length === 0) return { value: value as T };
        return { issues: violations.map(({ path, message }) => ({ message, path: keys(value, path) })) };
      },
      jsonSchema: { input: jsonSchema, output: jsonSchema },
    },
  };
}

/** A JSON Pointer (RFC 6901) into a value as keys: numbers where they lead into arrays. */
function keys(value: unknown, pointer: string): (string | number)[] {
  let at = value;
  return pointer
    .split('/')
    .slice(1)
    .map(part => {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const key = Array.isArray(at) ? Number(name) : name;
      at = typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[key] : undefined;
      return key;
    });
}
