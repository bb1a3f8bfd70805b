// Error: Type 'Encoding<"msgpack">' is not assignable to type 'Encoding<never>'.
import * as api from '../../build/src/api.js';
import { msgpack } from '../../build/src/handfast.js';

api.connect('ws://localhost/', { auth: { name: 'ada' }, encoding: msgpack });
