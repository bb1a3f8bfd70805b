// Bundles the page of the chat example, so that running the example needs no Node: `npm run example`.

import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** The folder of the page. */
export const page = new URL('../../examples/chat/web/', import.meta.url);

/** The file of its script. */
export const pageBundle = new URL('dist/main.js', page);

/** The text of its script. */
export function bundlePage() {
  const { outputFiles } = buildSync({
    absWorkingDir: fileURLToPath(page),
    entryPoints: ['main.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    banner: { js: '// Bundled from main.ts by `npm run example` in tests/typescript. Do not edit.' },
  });
  return outputFiles[0].text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(new URL('.', pageBundle), { recursive: true });
  writeFileSync(pageBundle, bundlePage());
}
