// What is generated. A whole message is decoded: its envelope is read, its payload checked, and a message made of both.

import * as api from '../build/api.js';

const { decode, violationsOf } = api;
const messages = Object.values(api).filter(exported => exported?.receive !== undefined);

export const payloads = new Map(
  messages.map(({ name, receive }) => [name, value => violationsOf(receive, value, 'received').length === 0]),
);
export const parseAndCheck = text => decode(text).ok;
