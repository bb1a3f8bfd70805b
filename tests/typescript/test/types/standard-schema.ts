// Compiles: the types are what tools take that know Standard Schema.
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import * as api from '../../build/src/api.js';

export const validated: StandardSchemaV1<api.ChatSend> = api.chatSendSchema;
export const described: StandardJSONSchemaV1<api.ChatSend> = api.chatSendSchema;

export function taken(value: StandardSchemaV1.InferOutput<typeof api.chatSendSchema>): string {
  return value.text;
}
