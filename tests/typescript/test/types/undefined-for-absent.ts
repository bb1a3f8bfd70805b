// Error: with 'exactOptionalPropertyTypes: true'
import type { PricesBook } from '../../build/src/api.js';

export const book: PricesBook = { symbol: 'BTC-EUR', depth: undefined };
