// Error: Property 'data' is missing
import * as hf from '../../build/src/handfast.js';
import { type Handlers, handlers } from './asking.js';

export const wrong: Handlers = { ...handlers, confirm: () => hf.err({ code: 'BUSY' }) };
