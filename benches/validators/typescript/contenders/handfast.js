// The checks that are generated, of the payload: each is looked up by the tag. Where one refuses it is asked for the violations.

import * as api from '../build/api.js';

const messages = Object.values(api).filter(exported => exported?.receive !== undefined);

const told = ({ name, receive }) => {
  const is = api[`is${name.replace(/(?:^|\.)(.)/g, (_, letter) => letter.toUpperCase())}`];
  return [name, value => is(value) || api.violationsOf(receive, value, 'received').length === 0];
};

export const payloads = new Map(messages.map(told));
export const check = value => payloads.get(value.type)?.(value.payload) === true;
