// Error: is not assignable to parameter of type 'Published<PricesTick, "room">'
import { connect, pricesTick, roomChannel } from '../../build/src/api.js';

export async function listen(): Promise<void> {
  const room = await connect('', { auth: { name: 'ada' } }).join(roomChannel, { roomId: 'lobby' });
  room.on(pricesTick, tick => tick.price);
}
