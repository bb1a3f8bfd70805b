// Error: Types of property 'reply' are incompatible
import { chatSend, connect } from '../../build/src/api.js';

export const sent: unknown = connect('').send(chatSend, { roomId: 'lobby', text: 'hi' });
