// Error: '"ROOM_FULL"' have no overlap
import { chatSend, connect } from '../../build/src/api.js';

export async function full(): Promise<boolean> {
  const r = await connect('', { auth: { name: 'ada' } }).call(chatSend, { roomId: 'lobby', text: 'hi' });
  return !r.ok && r.error.code === 'ROOM_FULL';
}
