// with tests/guide/snippets/questions.yaml
import { connect } from './api.js';

declare const url: string;
declare function dialog(text: string, signal: AbortSignal): Promise<boolean>;
declare function read(name: string): Promise<{ text: string }>;

// …
