// What every contender is made from: the JSON Schema that is generated from protocol.yaml, without references.

import { readFileSync } from 'node:fs';

const bundle = JSON.parse(readFileSync(new URL('build/schema.json', import.meta.url), 'utf8'));

/** A schema with what it refers to written in its place. None of protocol.yaml contains itself. */
function inlined(schema) {
  if (Array.isArray(schema)) return schema.map(inlined);
  if (typeof schema !== 'object' || schema === null) return schema;
  if (schema.$ref !== undefined) {
    return inlined(schema.$ref.slice(2).split('/').reduce((at, key) => at[key], bundle));
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inlined(value)]));
}

/** The schema of each whole message that a client receives, by tag. */
export const messages = Object.entries(bundle.$defs.client.$defs.messages.$defs).map(([tag, schema]) => [
  tag,
  inlined(schema),
]);

/** The schemas of the payloads, by tag. */
export const payloads = messages.map(([tag, schema]) => [tag, schema.properties.payload]);

/** The tags of the messages that are measured. */
export const MEASURED = ['chat.message', 'price.tick', 'book.snapshot', 'sensor.frame'];

/** Ajv's functions as ones that return their errors. */
export function withErrors(validators) {
  return new Map([...validators].map(([tag, validate]) => [tag, value => (validate(value) ? [] : validate.errors)]));
}

/** A check of whole messages by checks for each tag. */
export function byTag(checks) {
  return value => checks.get(value.type)?.(value) === true;
}
