// What a page pays for the client, minified by esbuild and compressed by gzip -9, in bytes.
//
//     npm run sizes                what `connect`, `connect` and one call, and the pages of the examples weigh
//     npm run sizes -- --files     and what each file of the first call and of the first page adds to it

import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { pages } from './page.js';

/** One call of each example. */
const calls = {
  chat: "import { connect, chatSend } from './api.js'; globalThis.r = connect('').call(chatSend, { roomId: 'lobby', text: 'hi' });",
  counter: "import { connect, counterAdd } from './api.js'; globalThis.r = connect('').call(counterAdd, { by: 1 });",
};

const OUT = '/out/';

/** Bundles a program, or the page's if there is none. */
function bundle(page, program) {
  const folder = fileURLToPath(page);
  const { outputFiles } = buildSync({
    ...(program === undefined ? { entryPoints: ['main.ts'] } : { stdin: { contents: program, resolveDir: folder, loader: 'ts' } }),
    absWorkingDir: folder,
    outdir: OUT,
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    sourcemap: 'external',
  });
  const textOf = ending => outputFiles.find(({ path }) => path.endsWith(ending)).text;
  return { folder, text: textOf('.js'), map: JSON.parse(textOf('.map')) };
}

function compressed(text) {
  return gzipSync(text, { level: 9 }).length;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The numbers in a segment of a source map (ECMA-426). */
function numbers(segment) {
  const decoded = [];
  let [value, shift] = [0, 0];
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    value += (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    decoded.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return decoded;
}

/** The pieces of a bundle, each with its source. */
function pieces({ text, map }) {
  const found = [];
  let [lineStart, source] = [0, 0];
  const lines = text.split('\n');
  for (const [line, mappings] of map.mappings.split(';').entries()) {
    let column = 0;
    for (const segment of mappings === '' ? [] : mappings.split(',')) {
      const [columns, sources = 0] = numbers(segment);
      column += columns;
      source += sources;
      found.push({ start: lineStart + column, source: map.sources[source] });
    }
    lineStart += lines[line].length + 1;
  }
  return found.map(({ start, source }, i) => ({ source, text: text.slice(start, found[i + 1]?.start ?? text.length) }));
}

/** Prints the files of a bundle, and by how much it is smaller without each. */
function printFiles(bundled) {
  const all = pieces(bundled);
  const rows = [...new Set(all.map(({ source }) => source))].map(source => {
    const bytes = all.reduce((sum, piece) => sum + (piece.source === source ? piece.text.length : 0), 0);
    const rest = all.filter(piece => piece.source !== source).map(({ text }) => text);
    return { source, bytes, added: compressed(bundled.text) - compressed(rest.join('')) };
  });
  for (const { source, bytes, added } of rows.sort((a, b) => b.bytes - a.bytes)) {
    print(`  ${relative(bundled.folder, resolve(OUT, source))}`, bytes, added);
  }
}

function print(name, bytes, gzipped) {
  console.log(`${name.padEnd(40)}${String(bytes).padStart(10)}${String(gzipped).padStart(10)}`);
}

print('', 'minified', 'and gzip');
for (const [example, page] of Object.entries(pages)) {
  const showsFiles = process.argv.includes('--files') && example === 'chat';
  const programs = { connect: "import { connect } from './api.js'; globalThis.r = connect('');", 'connect and call': calls[example], page: undefined };
  for (const [name, program] of Object.entries(programs)) {
    const bundled = bundle(page, program);
    print(`${example}: ${name}`, bundled.text.length, compressed(bundled.text));
    if (name === 'page') {
      const own = pieces(bundled).filter(({ source }) => /\/web\/(api|handfast)/.test(source));
      const text = own.map(piece => piece.text).join('');
      print(`${example}: what the page imports`, text.length, compressed(text));
    }
    if (showsFiles && name !== 'connect') printFiles(bundled);
  }
}
