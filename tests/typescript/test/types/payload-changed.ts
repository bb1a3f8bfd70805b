// Error: Cannot assign to 'text' because it is a read-only property
import type { ChatMessage } from '../../build/src/api.js';

export function shout(message: ChatMessage): void {
  message.text = message.text.toUpperCase();
}
