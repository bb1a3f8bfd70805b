// Error in one line: is not assignable to parameter of type '"this request has one reply: use `client.call`"'.
import { chatSend, connect } from '../../build/src/api.js';

export const sent: unknown = connect('', { auth: { name: 'ada' } }).send(chatSend, { roomId: 'lobby', text: 'hi' });
