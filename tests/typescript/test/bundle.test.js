// What is not used falls away; what is committed is what its sources make.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { bundleOf, bundlePage, pages } from '../page.js';

const out = fileURLToPath(new URL('../build/out/', import.meta.url));

function bundle(contents) {
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: out },
    bundle: true,
    write: false,
    minifySyntax: true,
    format: 'esm',
    target: 'es2022',
  });
  return outputFiles[0].text;
}

test('what is not used falls away', () => {
  const text = bundle(`
    import { connect, chatSend } from './api.js';
    globalThis.r = connect('').call(chatSend, { roomId: 'lobby', text: 'hi' });
  `);
  assert.match(text, /chat\.send/);
  assert.match(text, /characters long/);
  for (const unused of [/prices\./, /user\./, /room\.join/, /A-Z/, /must contain/, /messageTable/, /uniqueItems/, /Script_Extensions/, /~standard/, /json-schema/, /propertyNames/, /unevaluated/, /subscription/, /wait to be read/]) {
    assert.doesNotMatch(text, unused);
  }
});

test('what joins channels without presence has no code for it', () => {
  const text = bundle(`import { joinChannel } from './handfast.js'; globalThis.r = joinChannel;`);
  assert.match(text, /was left/);
  assert.doesNotMatch(text, /wasListed/);
});

test('a type costs nothing, and neither does a module that is not used', () => {
  assert.equal(bundle(`import './api.js';`).trim(), '');
  assert.equal(bundle(`import './api.schemas.js';`).trim(), '');
});

test('the runtime needs no eval, so a strict Content-Security-Policy lets it run', () => {
  assert.doesNotMatch(bundle(`export * from './api.js'`), /\beval\b|new Function/);
});

test('a page weighs what the figures say, within a hundredth', () => {
  const figures = readFileSync(new URL('../../../docs/figures.md', import.meta.url), 'utf8');
  const rows = {
    connect: '`connect`',
    'connect and call': '`connect` and one call',
    page: 'the page of the example',
    'what the page imports': 'what that page imports: generated code and runtime',
  };
  const sizes = execFileSync(process.execPath, ['sizes.js'], { cwd: fileURLToPath(new URL('../', import.meta.url)), encoding: 'utf8' });
  for (const [name, row] of Object.entries(rows)) {
    const said = figures.split('\n').find(line => line.startsWith(`| ${row} |`)).split('|');
    for (const [i, example] of Object.keys(pages).entries()) {
      const bytes = Number(sizes.split('\n').find(line => line.startsWith(`${example}: ${name} `)).split(/ +/).at(-1));
      const figure = Number(said[i + 2].replace(',', ''));
      assert.ok(Math.abs(bytes - figure) <= figure / 100, `${example}, ${name}: ${bytes} bytes, and docs/figures.md says ${figure}`);
    }
  }
});

for (const [example, page] of Object.entries(pages)) {
  test(`the page of the ${example} example is what its sources make`, () => {
    assert.ok(readFileSync(bundleOf(page), 'utf8') === bundlePage(page), 'run `npm run example`');
  });

  test(`the ${example} example has the runtime that the templates have`, () => {
    const templates = new URL('../../../templates/typescript/runtime/', import.meta.url);
    for (const name of readdirSync(templates, { recursive: true }).filter(name => name.endsWith('.ts'))) {
      const copy = readFileSync(new URL(name, page), 'utf8').replace('/* eslint-disable */\n', '');
      assert.ok(copy === readFileSync(new URL(name, templates), 'utf8'), `${example}, ${name}: generate it again`);
    }
  });
}
