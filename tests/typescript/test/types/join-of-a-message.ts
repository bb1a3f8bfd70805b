// Error in one line: is not assignable to parameter of type '"only a channel can be joined: it is a constant whose name ends with `Channel`"'.
import { connect, roomJoin } from '../../build/src/api.js';

export const joined: unknown = connect('', { auth: { name: 'ada' } }).join(roomJoin, { roomId: 'lobby' });
