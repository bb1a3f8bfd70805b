// Compiles: the WebSockets of browsers, of undici and of `ws`.
import type { WebSocket as Undici } from 'undici-types';
import { WebSocket as Ws } from 'ws';
import * as api from '../../build/src/api.js';

declare const undici: typeof Undici;

api.connect('ws://localhost/', { auth: { name: 'ada' }, WebSocket: Ws });
api.connect('ws://localhost/', { auth: { name: 'ada' }, WebSocket: undici });
api.connect('ws://localhost/', { auth: { name: 'ada' }, WebSocket });
