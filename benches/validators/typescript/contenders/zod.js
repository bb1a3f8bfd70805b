// zod 4: a schema for each payload, and a discriminated union of messages. It makes a new value of what it takes.

import * as z from 'zod';
import * as all from '../schemas.js';
import { zodOf } from '../zod-of.js';

function made([tag, schema]) {
  const type = zodOf(schema);
  return [tag, value => type.safeParse(value).success];
}

const union = z.discriminatedUnion(
  'type',
  all.messages.map(([, schema]) => zodOf(schema)),
);

export const payloads = new Map(all.payloads.map(made));
export const check = value => union.safeParse(value).success;
