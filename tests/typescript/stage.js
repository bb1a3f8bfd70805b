// Puts the runtime and the sample side by side, as `codegen` does: for the tests into `build/src/`, and with
// `--example` into the web page of the chat example.

import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = path => fileURLToPath(new URL(path, import.meta.url));
const templates = '../../templates/typescript/';

function stage(into) {
  mkdirSync(at(into), { recursive: true });
  cpSync(at(`${templates}runtime/`), at(into), { recursive: true });
  cpSync(at(`${templates}sample/api.ts`), at(`${into}api.ts`));
}

if (process.argv.includes('--example')) {
  stage('../../examples/chat/web/');
} else {
  rmSync(at('build/'), { recursive: true, force: true });
  stage('build/src/');
}
