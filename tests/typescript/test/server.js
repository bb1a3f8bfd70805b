// Starts the server of an example for tests that open its page.

import { spawn } from 'node:child_process';

/** The arguments of Chromium. */
export const flags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(' ');

/** Starts a program that prints `NAME: URL` once it listens. */
export async function serve(program, args, env = {}) {
  const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  const url = await new Promise((resolve, reject) => {
    let text = '';
    server.once('error', reject);
    server.once('exit', code => reject(new Error(`the server ended with ${code}: ${text}`)));
    server.stdout.on('data', data => {
      text += data;
      const ready = /^\w+: (http:\S+)$/m.exec(text);
      if (ready) resolve(ready[1]);
    });
  });
  const signal = name => server.kill(name);
  return { url, signal, stop: () => signal('SIGTERM') };
}
