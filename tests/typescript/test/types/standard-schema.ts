// Compiles: the types are what tools take that know Standard Schema.
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import type * as api from '../../build/src/api.js';
import * as schemas from '../../build/src/api.schemas.js';

export const validated: StandardSchemaV1<api.ChatSend> = schemas.chatSendSchema;
export const described: StandardJSONSchemaV1<api.ChatSend> = schemas.chatSendSchema;

export function taken(value: StandardSchemaV1.InferOutput<typeof schemas.chatSendSchema>): string {
  return value.text;
}
