// Error in one line: is not assignable to parameter of type '"this request is answered with a stream: use `client.stream`"'.
import { connect, pricesWatch } from '../../build/src/api.js';

export const called: unknown = connect('', { auth: { name: 'ada' } }).call(pricesWatch, { symbols: ['BTC-EUR'] });
