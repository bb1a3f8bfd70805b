// Bundles the programs of a suite with the generated client: `node build.js SUITE FOLDER`, where `api.ts` was generated. `js/node.js` becomes
// `node.cjs`, and `js/page.js`, if there is one, `page.bundle.js`. They may import the suite's JSON files, which are put beside them.

import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const tests = new URL('../typescript/', import.meta.url);
const { buildSync } = createRequire(new URL('package.json', tests))('esbuild');

const [suite, folder] = process.argv.slice(2);
const sources = join(suite, 'js');
for (const [from, end] of [[sources, '.js'], [suite, '.json']]) {
  for (const name of readdirSync(from)) {
    if (name.endsWith(end)) copyFileSync(join(from, name), join(folder, name));
  }
}

const options = { absWorkingDir: folder, bundle: true, target: 'es2022', logLevel: 'error' };
// Beside the packages: `fake-clock.mjs`.
const nodePaths = [fileURLToPath(new URL('node_modules', tests)), fileURLToPath(new URL('.', import.meta.url))];
const external = ['bufferutil', 'utf-8-validate'];
buildSync({ ...options, entryPoints: ['node.js'], outfile: 'node.cjs', platform: 'node', format: 'cjs', nodePaths, external });
if (existsSync(join(sources, 'page.js'))) {
  buildSync({ ...options, entryPoints: ['page.js'], outfile: 'page.bundle.js', platform: 'browser', format: 'iife' });
}
