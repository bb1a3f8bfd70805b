// Error in one line: is not assignable to parameter of type '"this message has no reply: use `client.send`"'.
import { connect, userTyping } from '../../build/src/api.js';

export const called: unknown = connect('', { auth: { name: 'ada' } }).call(userTyping, { roomId: 'lobby' });
