// zod 4: a schema for each payload, and a discriminated union of messages. It makes a new value of what it takes.

import * as z from 'zod';
import * as all from '../schemas.js';
import { zodOf } from '../zod-of.js';

const types = all.payloads.map(([tag, schema]) => [tag, zodOf(schema)]);

const union = z.discriminatedUnion(
  'type',
  all.messages.map(([, schema]) => zodOf(schema)),
);

export const payloads = new Map(types.map(([tag, type]) => [tag, value => type.safeParse(value).success]));
export const told = new Map(types.map(([tag, type]) => [tag, value => type.safeParse(value).error?.issues ?? []]));
export const check = value => union.safeParse(value).success;
