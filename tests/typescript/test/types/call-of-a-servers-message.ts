// Error in one line: is not assignable to parameter of type '"the server sends this message: listen to it by `client.on`"'.
import { chatMessage, connect } from '../../build/src/api.js';

export const called: unknown = connect('', { auth: { name: 'ada' } }).call(chatMessage, { from: 'bob', text: 'hi' });
