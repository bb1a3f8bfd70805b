// Looks at every message of the reference protocol, for `tests/drift.rs`, which adds one.
import type { ServerMessage } from './api.js';

export function show(message: ServerMessage): string {
  switch (message.type) {
    case 'room.joined':
    case 'room.left':
    case 'chat.sent':
    case 'chat.message':
    case 'user.typing':
    case 'prices.watching':
    case 'prices.tick':
    case 'prices.done':
    case 'prices.snapshot':
    case 'prices.quoted':
      return message.type;
    default: {
      const missing: never = message;
      return missing;
    }
  }
}
