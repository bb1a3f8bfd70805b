// The TypeScript client in a page. What opens the page says where the orders come from.

import { serve } from './client.js';

globalThis.runScenarios = ([control]) => serve(new WebSocket(`ws://${control}`)).then(() => {});
