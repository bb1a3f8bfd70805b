/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { type Validator, violationsOf } from './report.js';

/**
 * A type as tools know it that take validators of any make: the interfaces `StandardSchemaV1` and `StandardJSONSchemaV1` of
 * StandardSchema Schema 1.1 (https://standardschema.dev).
 */
export interface StandardSchema<T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: 'handfast';
    /** Never present; it carries the type. */
    readonly types?: { readonly input: T; readonly output: T } | undefined;
    /** Validates a value, which is neither changed nor copied. */
    readonly validate: (value: unknown) => ValidationResult<T>;
    /** The type as JSON Schema. Throws a `RangeError` for any target but `draft-2020-12`. */
    readonly jsonSchema: {
      readonly input: (options: { readonly target: string }) => Record<string, unknown>;
      readonly output: (options: { readonly target: string }) => Record<string, unknown>;
    };
  };
}

/** The value, or everything that is wrong with it. */
export type ValidationResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path: readonly (string | number)[] }[] };

/**
 * A schema, created lazily: its keywords, the schemas that it refers to, and its location in the `$defs` of a document that
 * refers to it.
 */
export type SchemaDefinition = () => readonly [
  schema: boolean | Readonly<Record<string, unknown>>,
  uses?: readonly SchemaDefinition[],
  ...place: string[],
];

/**
 * Wraps a validator and its JSON Schema for such tools.
 *
 * @param direction `sent` holds a value to what a server accepts, `received` to what a client accepts.
 */
export function standardSchema<T>(
  validate: Validator<T>,
  direction: 'sent' | 'received',
  schema: SchemaDefinition,
): StandardSchema<T> {
  const jsonSchema = ({ target }: { readonly target: string }): Record<string, unknown> => {
    if (target === 'draft-2020-12') return document(schema);
    throw new RangeError(`there is no JSON Schema for the target \`${target}\`, only for \`draft-2020-12\``);
  };
  return {
    '~standard': {
      version: 1,
      vendor: 'handfast',
      validate(value) {
        const violations = violationsOf(validate, value, direction);
        if (violations.length === 0) return { value: value as T };
        return { issues: violations.map(({ path, message }) => ({ message, path: keys(value, path) })) };
      },
      jsonSchema: { input: jsonSchema, output: jsonSchema },
    },
  };
}

/** A schema with everything that it refers to, as a self-contained document of draft 2020-12. */
function document(root: SchemaDefinition): Record<string, unknown> {
  const [schema, uses = []] = root();
  const out: Record<string, unknown> = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...(typeof schema === 'boolean' ? { allOf: [schema] } : schema),
  };
  // Iteration includes what is added to the set meanwhile.
  const all = new Set(uses);
  for (const definition of all) {
    const [said, further = [], ...place] = definition();
    for (const one of further) all.add(one);
    let at = out;
    place.forEach((name, i) => {
      at = getOrCreate(at, '$defs', {});
      at = getOrCreate(at, name, i === place.length - 1 ? said : {});
    });
  }
  return out;
}

/** Returns the property of a name, which is created if there is none. */
function getOrCreate(at: Record<string, unknown>, name: string, created: unknown): Record<string, unknown> {
  const own = { value: created, enumerable: true, configurable: true, writable: true };
  if (!Object.hasOwn(at, name)) Object.defineProperty(at, name, own);
  return at[name] as Record<string, unknown>;
}

/** A JSON Pointer (RFC 6901) into a value as keys: numbers for indices of arrays. */
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
