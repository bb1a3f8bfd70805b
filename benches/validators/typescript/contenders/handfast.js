// The checks that are generated, of the payload: each is looked up by the tag.

import * as api from '../build/api.js';

const messages = Object.values(api).filter(exported => exported?.receive !== undefined);

export const payloads = new Map(
  messages.map(({ name, receive }) => [name, value => api.violationsOf(receive, value, 'received').length === 0]),
);
export const check = value => payloads.get(value.type)?.(value.payload) === true;
