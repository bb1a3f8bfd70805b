/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

/** A success with its value, or a failure with its error. `if (r.ok)` narrows. */
export type Result<T, E> = Ok<T> | Err<E>;

/** A success. */
export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
  /** The value. */
  orThrow(): T;
}

/** A failure. */
export interface Err<E> {
  readonly ok: false;
  readonly error: E;
  /** Throws a {@link CallFailedError}. */
  orThrow(): never;
}

/** What every error has. */
export interface Failure {
  /** The error code, for programs. */
  readonly code: string | number;
  /** A description, for people. */
  readonly message: string;
}

/** A failure that is thrown; `error` is that of the result. */
export class CallFailedError<E extends Failure = Failure> extends Error {
  override readonly name: string = 'CallFailedError';
  readonly error: E;

  constructor(error: E) {
    super(`${error.code}: ${error.message}`);
    this.error = error;
  }
}

/** Makes a success. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value, orThrow: () => value };
}

/** Makes a failure. */
export function err<E extends Failure>(error: E): Err<E> {
  return {
    ok: false,
    error,
    orThrow() {
      throw new CallFailedError(error);
    },
  };
}
