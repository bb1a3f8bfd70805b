// Error: Type 'StandardSchema<ChatSend>' is not assignable to type 'StandardSchemaV1<RoomJoined
import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as api from '../../build/src/api.js';

export const wrong: StandardSchemaV1<api.RoomJoined> = api.chatSendSchema;
