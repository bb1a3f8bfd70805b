// Error: '"offline"' have no overlap
import * as api from '../../build/src/api.js';

export const isOffline: boolean = api.connect('wss://example.org/', { auth: { name: 'ada' } }).state.get().status === 'offline';
