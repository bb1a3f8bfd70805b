// Error: 'room' does not exist in type 'RoomJoin'
import { connect, roomChannel } from '../../build/src/api.js';

export const joining: Promise<unknown> = connect('', { auth: { name: 'ada' } }).join(roomChannel, { room: 'lobby' });
