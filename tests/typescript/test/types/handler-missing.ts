// Error: Property '"prices.quoted"' is missing
import { dispatch, type ServerMessage } from '../../build/src/api.js';

export function handle(message: ServerMessage): string {
  return dispatch<string>(message, {
    'room.joined': m => m.type,
    'room.left': m => m.type,
    'chat.sent': m => m.type,
    'chat.message': m => m.payload.text,
    'user.typing': m => m.payload.name,
    'prices.watching': m => m.type,
    'prices.tick': m => m.payload.price,
    'prices.done': m => m.type,
    'prices.snapshot': m => m.payload.symbol,
  });
}
