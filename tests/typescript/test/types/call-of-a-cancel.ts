// Error in one line: is not assignable to parameter of type '"this message cancels a stream: use `cancel` of the stream"'.
import { connect, pricesStop } from '../../build/src/api.js';

export const called: unknown = connect('', { auth: { name: 'ada' } }).call(pricesStop);
