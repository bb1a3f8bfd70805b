// Bundles the pages of the examples, so that running an example needs no Node: `npm run example`.

import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const folder = name => new URL(`../../examples/${name}/web/`, import.meta.url);

/** The folders of the pages. */
export const pages = { chat: folder('chat'), counter: folder('counter') };

/** The committed script of a page. */
export const bundleOf = page => new URL('dist/main.js', page);

/** The text of a page's script. */
export function bundlePage(page) {
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
  for (const page of Object.values(pages)) {
    const bundle = bundleOf(page);
    mkdirSync(new URL('.', bundle), { recursive: true });
    writeFileSync(bundle, bundlePage(page));
  }
}
