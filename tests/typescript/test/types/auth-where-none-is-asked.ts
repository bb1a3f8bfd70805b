// Error in one line: 'auth' does not exist in type 'ConnectOptions<never>'.
import type { ConnectOptions } from '../../build/src/handfast.js';

export const options: ConnectOptions = { auth: () => ({ name: 'ada' }) };
