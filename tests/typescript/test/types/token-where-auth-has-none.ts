// Error in one line: Type 'string' is not assignable to type 'undefined'.
import type { AuthenticatedConnectOptions } from '../../build/out/handfast.js';

export const named: AuthenticatedConnectOptions<{ readonly name: string }> = { auth: { name: 'ada' }, token: 't' };
