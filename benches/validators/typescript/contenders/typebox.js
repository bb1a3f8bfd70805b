// TypeBox 1, compiled: a validator for each tag. Where it refuses it is asked for the errors.

import { Compile } from 'typebox/compile';
import * as all from '../schemas.js';

function compiled([tag, schema]) {
  const validator = Compile(schema);
  const check = value => {
    if (validator.Check(value)) return true;
    validator.Errors(value);
    return false;
  };
  return [tag, check];
}

export const payloads = new Map(all.payloads.map(compiled));
export const check = all.byTag(new Map(all.messages.map(compiled)));
