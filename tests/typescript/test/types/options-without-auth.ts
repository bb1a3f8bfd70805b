// Error: Property 'auth' is missing in type '{ reconnect: false; }' but required in type 'AuthenticatedConnectOptions<Auth, never>'.
import { connect } from '../../build/src/api.js';

export const client: unknown = connect('', { reconnect: false });
