/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

/** The close codes that a client acts on, by their meaning. */
export interface CloseCodes {
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

const DEFAULTS: CloseCodes = {
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
export function closeCodesOf(protocol: { readonly closeCodes?: Partial<CloseCodes> }): CloseCodes {
  return { ...DEFAULTS, ...protocol.closeCodes };
}

/** Whether a close code means that the server will not accept this client again. */
export function isRefusal(code: number, closeCodes: CloseCodes): boolean {
  const { violations, unauthorized, kicked, version, takenOver } = closeCodes;
  return [violations, unauthorized, kicked, version, takenOver].includes(code);
}
