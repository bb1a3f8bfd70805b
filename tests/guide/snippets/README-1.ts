// with protocol.yaml
declare function show(...texts: unknown[]): void;
declare function reload(): void;

// …
