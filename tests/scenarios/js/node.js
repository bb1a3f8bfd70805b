// The TypeScript client in Node: `node node.cjs CONTROL`, where the orders come from. Ends by itself once its clients are closed.

import { WebSocket } from 'ws';
import { serve } from './client.js';

const say = line => process.stdout.write(`${JSON.stringify(line)}\n`);
process.on('uncaughtException', error => say({ uncaught: String(error?.stack ?? error) }));
process.on('unhandledRejection', error => say({ uncaught: String(error?.stack ?? error) }));
// What a client has no listener for is a warning, and the scenarios have listeners for all that matters.
console.warn = () => {};

void serve(new WebSocket(`ws://${process.argv[2]}`), WebSocket).then(() => say({ done: true }));
