// What is generated, of the payload: a guard for each tag, and its check, which tells what is wrong.

import * as api from '../build/api.js';

const messages = Object.values(api).filter(exported => exported?.receive !== undefined);
const guardOf = name => api[`is${name.replace(/(?:^|\.)(.)/g, (_, letter) => letter.toUpperCase())}`];

export const payloads = new Map(messages.map(({ name }) => [name, guardOf(name)]));
export const told = new Map(messages.map(({ name, receive }) => [name, value => api.violationsOf(receive, value, 'received')]));
export const check = value => payloads.get(value.type)?.(value.payload) === true;
