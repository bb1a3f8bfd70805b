// Error: Argument of type 'Uint8Array<ArrayBuffer>' is not assignable to parameter of type 'string'.
import * as api from '../../build/src/api.js';

api.decodeClientMessage(new Uint8Array());
