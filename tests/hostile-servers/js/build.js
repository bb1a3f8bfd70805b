// Bundles the drivers with the generated client: `node build.js FOLDER`, where `api.ts` was generated.

import { copyFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const tests = new URL('../../typescript/', import.meta.url);
const { buildSync } = createRequire(new URL('package.json', tests))('esbuild');

const [folder] = process.argv.slice(2);
const here = fileURLToPath(new URL('.', import.meta.url));
for (const name of ['driver.js', 'node.js', 'page.js']) copyFileSync(join(here, name), join(folder, name));
copyFileSync(join(here, '../scenarios.json'), join(folder, 'scenarios.json'));

const options = { absWorkingDir: folder, bundle: true, target: 'es2022', logLevel: 'error' };
const nodePaths = [fileURLToPath(new URL('node_modules', tests))];
const external = ['bufferutil', 'utf-8-validate'];
buildSync({ ...options, entryPoints: ['node.js'], outfile: 'node.cjs', platform: 'node', format: 'cjs', nodePaths, external });
buildSync({ ...options, entryPoints: ['page.js'], outfile: 'page.bundle.js', platform: 'browser', format: 'iife' });
