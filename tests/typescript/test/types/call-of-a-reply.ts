// Error in one line: is not assignable to parameter of type '"this message is a reply: use `client.call` or `client.stream` with its request"'.
import { chatSent, connect } from '../../build/src/api.js';

export const called: unknown = connect('', { auth: { name: 'ada' } }).call(chatSent);
