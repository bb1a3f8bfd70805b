// Error: Property 'value' does not exist on type 'Err<
import { connect, pricesBook } from '../../build/src/api.js';

export async function bids(): Promise<number> {
  const r = await connect('', { auth: { name: 'ada' } }).call(pricesBook, { symbol: 'BTC-EUR' });
  return r.value.bids.length;
}
