// Error: Property 'text' is missing
import { chatSend, connect } from '../../build/src/api.js';

export const calling: Promise<unknown> = connect('', { auth: { name: 'ada' } }).call(chatSend, { roomId: 'lobby' });
