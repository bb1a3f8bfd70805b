// Bundles drivers with the generated client: `node build.js SOURCES FOLDER`, where `api.ts` was generated. The scenarios of
// `tests/scenarios` are driven by bundles of this kind, too.

import { copyFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const tests = new URL('../../typescript/', import.meta.url);
const { buildSync } = createRequire(new URL('package.json', tests))('esbuild');

const [sources, folder] = process.argv.slice(2);
for (const name of readdirSync(sources)) {
  if (name.endsWith('.js')) copyFileSync(join(sources, name), join(folder, name));
}

const options = { absWorkingDir: folder, bundle: true, target: 'es2022', logLevel: 'error' };
const nodePaths = [fileURLToPath(new URL('node_modules', tests))];
const external = ['bufferutil', 'utf-8-validate'];
buildSync({ ...options, entryPoints: ['node.js'], outfile: 'node.cjs', platform: 'node', format: 'cjs', nodePaths, external });
buildSync({ ...options, entryPoints: ['page.js'], outfile: 'page.bundle.js', platform: 'browser', format: 'iife' });
