// What a client does with a text: limits and surrogates are looked after, the envelope is read, the payload is checked, and a
// message is made. Whole messages only.

import { decode } from '../build/api.js';

export const parseAndCheck = text => decode(text).ok;
