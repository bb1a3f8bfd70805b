// Error in one line: Expected 2 arguments, but got 1.
import { connect } from '../../build/src/api.js';

export const client: unknown = connect('');
