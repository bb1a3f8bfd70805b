// Lays the generated code of the chat example out for the tests, which run it without its page.

import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = path => fileURLToPath(new URL(path, import.meta.url));
const example = '../../examples/chat/web/';

rmSync(at('build/'), { recursive: true, force: true });
mkdirSync(at('build/src/'), { recursive: true });
for (const name of ['api.ts', 'api.schemas.ts', 'handfast.ts', 'handfast']) {
  cpSync(at(`${example}${name}`), at(`build/src/${name}`), { recursive: true });
}
