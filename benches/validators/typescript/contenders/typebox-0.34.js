// TypeBox 0.34, compiled: a validator for each tag; for everything that is wrong it is asked for the errors.

import { FormatRegistry, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import * as all from '../schemas.js';

FormatRegistry.Set('date-time', value => !Number.isNaN(Date.parse(value)));

/** A JSON Schema as one would write it with TypeBox. Only what protocol.yaml uses. */
function type(schema) {
  if ('const' in schema) return Type.Literal(schema.const);
  if (schema.enum) return Type.Union(schema.enum.map(value => Type.Literal(value)));
  if (Array.isArray(schema.type)) return Type.Union(schema.type.map(one => type({ ...schema, type: one })));
  const { type: name, properties, required = [], items, ...options } = schema;
  switch (name) {
    case 'object': {
      const field = ([key, value]) => [key, required.includes(key) ? type(value) : Type.Optional(type(value))];
      return Type.Object(Object.fromEntries(Object.entries(properties).map(field)), options);
    }
    case 'array':
      return Type.Array(type(items), options);
    case 'string':
      return Type.String(options);
    case 'integer':
      return Type.Integer(options);
    case 'number':
      return Type.Number(options);
    case 'boolean':
      return Type.Boolean();
    case 'null':
      return Type.Null();
    default:
      throw new Error(`no type for ${JSON.stringify(schema)}`);
  }
}

const compiled = ([tag, schema]) => [tag, TypeCompiler.Compile(type(schema))];
const checks = ([tag, validator]) => [tag, value => validator.Check(value)];
const validators = all.payloads.map(compiled);

export const payloads = new Map(validators.map(checks));
export const told = new Map(
  validators.map(([tag, validator]) => [tag, value => (validator.Check(value) ? [] : Array.from(validator.Errors(value)))]),
);
export const check = all.byTag(new Map(all.messages.map(compiled).map(checks)));
