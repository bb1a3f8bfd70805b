// Runs the scenarios in Node: `node node.cjs HOST ws|native NAME…`. Prints a line of JSON for each, and ends by itself.

import { WebSocket } from 'ws';
import scenarios from './scenarios.json';
import { runAll } from './driver.js';

/** How many run side by side. */
const TOGETHER = 12;

const [host, kind, ...names] = process.argv.slice(2);
const say = line => process.stdout.write(`${JSON.stringify(line)}\n`);
// What nobody caught is told, and fails the run.
process.on('uncaughtException', error => say({ uncaught: String(error?.stack ?? error) }));
process.on('unhandledRejection', error => say({ uncaught: String(error?.stack ?? error) }));

if (kind === 'native' && globalThis.WebSocket === undefined) {
  say({ missing: 'this Node has no WebSocket of its own' });
} else {
  // Newer Nodes have one of their own, which is not to be found where `ws` is tried.
  if (kind === 'ws') delete globalThis.WebSocket;
  const platform = { name: `node-${kind}`, host, together: TOGETHER, WebSocket: kind === 'ws' ? WebSocket : undefined };
  const asked = scenarios.filter(({ name }) => names.includes(name));
  void runAll(asked, platform, say).then(() => say({ done: true }));
}
