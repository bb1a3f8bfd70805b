// Error in one line: is not assignable to parameter of type '"this request has one reply: use `client.call`"'.
import { chatSend, connect } from '../../build/src/api.js';

export const stream: unknown = connect('', { auth: { name: 'ada' } }).stream(chatSend, { roomId: 'lobby', text: 'hi' });
