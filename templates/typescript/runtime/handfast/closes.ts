// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

/** The close codes that a client acts on, by what they stand for. */
export interface Closes {
  readonly violations: number;
  readonly tooLarge: number;
  readonly silent: number;
  readonly slow: number;
  readonly unauthorized: number;
  readonly kicked: number;
  readonly version: number;
  readonly takenOver: number;
  readonly rateLimited: number;
}

const USUAL: Closes = {
  violations: 1008,
  tooLarge: 1009,
  silent: 4000,
  slow: 4008,
  unauthorized: 4401,
  kicked: 4403,
  version: 4406,
  takenOver: 4409,
  rateLimited: 4429,
};

/** The close codes of a protocol. */
export function closesOf(protocol: { readonly closes?: Partial<Closes> }): Closes {
  return { ...USUAL, ...protocol.closes };
}

/** Whether a server that closes with a code does not want this client back. */
export function isRefusal(code: number, closes: Closes): boolean {
  const { violations, unauthorized, kicked, version, takenOver } = closes;
  return [violations, unauthorized, kicked, version, takenOver].includes(code);
}
