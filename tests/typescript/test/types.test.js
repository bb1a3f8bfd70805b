// What must compile does, and what must not says why, under both compilers. A file of `types/` whose first line is
// `// Error: …` must fail with those words, `// Error in one line: …` with one line that ends with them; any other must pass.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pages } from '../page.js';

const at = path => fileURLToPath(new URL(path, import.meta.url));
const files = readdirSync(at('types/')).filter(name => name.endsWith('.ts'));

for (const compiler of ['typescript', 'typescript-5.9']) {
  test(`${compiler} takes what is meant and names what is wrong`, () => {
    const { stdout } = spawnSync(
      process.execPath,
      [at(`../node_modules/${compiler}/bin/tsc`), '-p', at('types/'), '--pretty', 'false'],
      { cwd: at('types/'), encoding: 'utf8' },
    );
    const errors = {};
    let file;
    for (const line of stdout.split('\n')) {
      file = /^([^\s(]+)\(\d+,\d+\): error/.exec(line)?.[1] ?? file;
      if (file !== undefined) errors[file] = `${errors[file] ?? ''}${line}\n`;
    }
    for (const name of files) {
      const [, inOneLine, expected] = /^\/\/ Error( in one line)?: (.*)/.exec(readFileSync(at(`types/${name}`), 'utf8')) ?? [];
      const said = errors[name] ?? '';
      if (inOneLine !== undefined) assert.ok(/^.*\n$/.test(said) && said.endsWith(`${expected}\n`), `${name} said: ${said}`);
      if (expected === undefined) assert.equal(said, '', name);
      else assert.ok(said.includes(expected), `${name} should fail with: ${expected}\nbut said: ${said}`);
    }
    assert.deepEqual(
      Object.keys(errors).filter(name => !files.includes(name)),
      [],
    );
  });
}

for (const compiler of ['typescript', 'typescript-5.9', 'typescript-5.4']) {
  test(`${compiler} compiles it in a project of ES2020 that checks nothing more than null`, () => {
    const { stdout, status } = spawnSync(process.execPath, [at(`../node_modules/${compiler}/bin/tsc`), '-p', at('oldest/')], { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  });
}

for (const [name, page] of Object.entries(pages)) {
  test(`the page of the ${name} example compiles`, () => {
    const compiler = at('../node_modules/typescript/bin/tsc');
    const { stdout, status } = spawnSync(process.execPath, [compiler, '-p', fileURLToPath(page)], { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  });
}
