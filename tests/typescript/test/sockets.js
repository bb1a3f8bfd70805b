// Servers that no library would make, on ports of their own, and programs that use a client against them.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Listens, and hands each socket to `serve` with the text of its upgrade. Call the result's `stop` in the end. */
export async function rawServer(serve) {
  const sockets = new Set();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', data => serve(socket, data.toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `ws://127.0.0.1:${server.address().port}/ws`, sockets, stop };
}

/** Answers an upgrade. */
export function upgrade(socket, request) {
  const key = /sec-websocket-key: (.*)\r/i.exec(request)[1];
  const protocol = /sec-websocket-protocol: (.*)\r/i.exec(request)[1];
  const accept = createHash('sha1').update(key + GUID).digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  lines.push(`Sec-WebSocket-Accept: ${accept}`, `Sec-WebSocket-Protocol: ${protocol}`, '', '');
  socket.write(lines.join('\r\n'));
}

/** Writes a message as one text frame. */
export function say(socket, message) {
  const text = Buffer.from(JSON.stringify(message));
  const head = text.length < 126 ? [0x81, text.length] : [0x81, 126, text.length >> 8, text.length & 255];
  socket.write(Buffer.concat([Buffer.from(head), text]));
}

/**
 * Runs a program with `api`, `url` and `WebSocket` in it, in a process of its own; what it printed, and how it ended.
 *
 * @param native Whether `WebSocket` is Node's own, or that of `ws`.
 */
export async function program(url, native, text) {
  const imports = native ? '' : `import { WebSocket } from 'ws';`;
  const whole = `import * as api from './build/out/api.js'; ${imports} const url = ${JSON.stringify(url)}; ${text}`;
  const flags = native ? ['--experimental-websocket', '--no-warnings'] : [];
  const child = spawn(process.execPath, [...flags, '--input-type=module', '-e', whole], {
    cwd: fileURLToPath(new URL('../', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = setTimeout(() => child.kill('SIGKILL'), 15000);
  let [out, errors] = ['', ''];
  child.stdout.on('data', data => (out += data));
  child.stderr.on('data', data => (errors += data));
  const [code] = await once(child, 'close');
  clearTimeout(kill);
  return { out, errors, code };
}
