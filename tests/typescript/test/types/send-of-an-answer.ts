// Error: this message answers a request of the server: return it from a handler
import type { Client } from '../../build/src/handfast.js';
import { confirmed } from './asking.js';

export function send(client: Client): void {
  client.send(confirmed, { yes: true });
}
