// Error: Type 'number' is not assignable to type 'boolean'
import { type Handlers, handlers } from './asking.js';

export const wrong: Handlers = { ...handlers, confirm: () => ({ yes: 1 }) };
