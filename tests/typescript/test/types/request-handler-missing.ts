// Error: Property 'hang' is missing
import { type Handlers, handlers } from './asking.js';

const { confirm, drain } = handlers;

export const some: Handlers = { confirm, drain, 'prices.watch': handlers['prices.watch'] };
