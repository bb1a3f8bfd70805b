// The client of the package `home-assistant-js-websocket` against a server of ours. Prints what it sees, one JSON value a line.
//
//   node peers/home-assistant-client.js ws://127.0.0.1:1234/api/websocket

import { callService, createConnection, createLongLivedTokenAuth, ERR_INVALID_AUTH, getStates } from 'home-assistant-js-websocket';
import WebSocket from 'ws';

const [url] = process.argv.slice(2);
const say = value => console.log(JSON.stringify(value));
globalThis.WebSocket = WebSocket;
const auth = token => createLongLivedTokenAuth(url.replace('ws:', 'http:').replace('/api/websocket', ''), token);

const connection = await createConnection({ auth: auth('secret') });
say({ version: connection.haVersion });
say({ states: (await getStates(connection)).map(state => [state.entity_id, state.state]) });
const events = [];
let heard;
const unsubscribe = await connection.subscribeEvents(event => {
  events.push(event.data);
  heard?.();
}, 'state_changed');
await callService(connection, 'light', 'turn_on', { level: 3 }, { entity_id: 'light.kitchen' });
if (events.length === 0) await new Promise(resolve => (heard = resolve));
say({ events });
say({ failed: await callService(connection, 'light', 'explode').catch(({ code, message }) => ({ code, message })) });
await connection.ping();
say({ pinged: true });
await unsubscribe();
await callService(connection, 'light', 'turn_on', { level: 4 });
say({ events: events.length });
connection.close();
say({ refused: await createConnection({ auth: auth('wrong') }).catch(error => error === ERR_INVALID_AUTH) });
process.exit(0);
