// Error: Message<"room.left", undefined>' is not assignable to type 'never'
import type { ServerMessage } from '../../build/src/api.js';

export function show(message: ServerMessage): string {
  switch (message.type) {
    case 'room.joined':
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
