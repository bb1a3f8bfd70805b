// Bundles the clients with the generated code: `node build.js FOLDER`, where `api.ts` was generated.

import { copyFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const tests = new URL('../../typescript/', import.meta.url);
const { buildSync } = createRequire(new URL('package.json', tests))('esbuild');

const [folder] = process.argv.slice(2);
const here = fileURLToPath(new URL('.', import.meta.url));
copyFileSync(join(here, 'clients.js'), join(folder, 'clients.js'));
buildSync({
  absWorkingDir: folder,
  bundle: true,
  target: 'es2022',
  logLevel: 'error',
  entryPoints: ['clients.js'],
  outfile: 'clients.cjs',
  platform: 'node',
  format: 'cjs',
  nodePaths: [fileURLToPath(new URL('node_modules', tests))],
  external: ['bufferutil', 'utf-8-validate'],
});
