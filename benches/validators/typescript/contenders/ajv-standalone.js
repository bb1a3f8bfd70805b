// Ajv, as code that was written beforehand (build.js): a function for each tag that stops at the first error, and one that
// tells all.

import * as first from '../build/ajv.js';
import * as every from '../build/ajv-all.js';
import * as all from '../schemas.js';

const named = (written, name, schemas) => new Map(schemas.map(([tag], i) => [tag, written[`${name}${i}`]]));

export const payloads = named(first, 'payload', all.payloads);
export const told = all.withErrors(named(every, 'payload', all.payloads));
export const check = all.byTag(named(first, 'message', all.messages));
