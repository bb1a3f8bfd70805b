// Ajv, as code that was written beforehand (build.js): a function for each tag.

import * as written from '../build/ajv.js';
import * as all from '../schemas.js';

const named = (name, schemas) => new Map(schemas.map(([tag], i) => [tag, written[`${name}${i}`]]));

export const payloads = named('payload', all.payloads);
export const check = all.byTag(named('message', all.messages));
