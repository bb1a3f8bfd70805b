// A JSON Schema as one would write it with zod. Only what protocol.yaml uses.

import * as z from 'zod';

export function zodOf(schema) {
  if ('const' in schema) return z.literal(schema.const);
  if (schema.enum) return z.enum(schema.enum);
  if (Array.isArray(schema.type)) {
    const [only] = schema.type.filter(name => name !== 'null');
    return zodOf({ ...schema, type: only }).nullable();
  }
  const { properties, required = [], items } = schema;
  switch (schema.type) {
    case 'object': {
      const field = ([key, value]) => [key, required.includes(key) ? zodOf(value) : zodOf(value).optional()];
      return z.object(Object.fromEntries(Object.entries(properties).map(field)));
    }
    case 'array':
      return bounded(z.array(zodOf(items)), schema.minItems, schema.maxItems);
    case 'string': {
      const text = schema.format === 'date-time' ? z.iso.datetime({ offset: true }) : z.string();
      const long = bounded(text, schema.minLength, schema.maxLength);
      return schema.pattern === undefined ? long : long.regex(new RegExp(schema.pattern, 'u'));
    }
    case 'integer':
    case 'number': {
      let number = schema.type === 'integer' ? z.int() : z.number();
      if (schema.minimum !== undefined) number = number.gte(schema.minimum);
      if (schema.maximum !== undefined) number = number.lte(schema.maximum);
      if (schema.exclusiveMinimum !== undefined) number = number.gt(schema.exclusiveMinimum);
      return number;
    }
    case 'boolean':
      return z.boolean();
    case 'null':
      return z.null();
    default:
      throw new Error(`no type for ${JSON.stringify(schema)}`);
  }
}

function bounded(type, least, most) {
  const lower = least === undefined ? type : type.min(least);
  return most === undefined ? lower : lower.max(most);
}
