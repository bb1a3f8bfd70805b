// with tests/guide/snippets/notes.yaml
import { type connect, noteAdd } from './api.js';

declare const client: ReturnType<typeof connect>;
declare const text: string;
declare function show(text: string): void;

// …
