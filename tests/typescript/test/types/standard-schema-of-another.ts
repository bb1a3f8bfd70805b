// Error: Type 'StandardSchema<ChatSend>' is not assignable to type 'StandardSchemaV1<RoomJoined
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type * as api from '../../build/src/api.js';
import * as schemas from '../../build/src/api.schemas.js';

export const wrong: StandardSchemaV1<api.RoomJoined> = schemas.chatSendSchema;
