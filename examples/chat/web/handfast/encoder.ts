/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { noPayload } from './validators.js';
import { isDeeper } from './decode.js';
import { type Outgoing, type Protocol, type Request, type Role, tagOf } from './descriptor.js';
import { type Envelope, type OutgoingFields, type Tag, writeMessage } from './envelope.js';
import type { RuntimeError } from './errors.js';
import {
  fail,
  formatViolation,
  type Report,
  type Validator,
  type Violation,
  violationsAt,
  violationsOf,
} from './report.js';
import { err, ok, type Result } from './result.js';
import { type ChannelKey, validateChannelKey } from './session.js';

/** Validates outgoing messages and encodes them as text. */
export class Encoder {
  readonly #protocol: Omit<Protocol, 'auth'>;

  constructor(protocol: Omit<Protocol, 'auth'>) {
    this.#protocol = protocol;
  }

  /** The text of a message, if a server would accept it. */
  text(message: Outgoing<unknown>, payload: unknown, fields: OutgoingFields): Result<string, RuntimeError> {
    const envelope = message.envelope ?? this.#protocol.envelope.client;
    if (message.send !== noPayload) {
      const { content } = envelope;
      const violations = this.violations(message.send, payload, content === null ? 0 : 1, content);
      if (violations.length > 0) {
        const words = `the payload of \`${message.name}\` does not fit: ${violations.map(formatViolation).join('; ')}`;
        return err({ code: 'INVALID', message: words, violations });
      }
    }
    let text: string;
    try {
      text = this.#raw(envelope, tagOf(message) ?? message.name, payload, fields);
    } catch (error) {
      const words = `the payload of \`${message.name}\` cannot be written: ${String(error)}`;
      return err({ code: 'INVALID', message: words, violations: [] });
    }
    const max = this.#protocol.limits?.message;
    if (max !== undefined && text.length * 3 > max && byteLength(text) > max) {
      const words = `\`${message.name}\` has more than ${max} bytes`;
      return err({ code: 'TOO_LARGE', message: words, retryable: false });
    }
    return ok(text);
  }

  /** The violations for which a server would refuse a value that is nested in `outer` objects of the message. */
  violations(validate: Validator<unknown>, payload: unknown, outer: number, under: string | null): readonly Violation[] {
    if (isDeeper(payload, this.#protocol.depth - outer)) validate = tooDeep;
    return under === null ? violationsOf(validate, payload, 'sent') : violationsAt(validate, payload, 'sent', under);
  }

  /** The tag of one of the session's own messages; `null` if the protocol has none. */
  tag(role: Role): Tag | null {
    const tag = this.#protocol.roles?.[role];
    return tag === undefined ? role : tag;
  }

  /** The text of one of the session's own messages; `null` if the protocol has none. */
  session(role: Role, payload?: unknown): string | null {
    const tag = this.tag(role);
    return tag === null ? null : this.#raw(this.#protocol.envelope.client, tag, payload, {});
  }

  /** The session's own request to join or leave a channel. */
  channel(role: 'join' | 'leave'): Request<ChannelKey, ChannelKey> {
    const tag = this.tag(role);
    const reply = { name: role, tag, receive: validateChannelKey };
    return { ...reply, send: validateChannelKey, reply, errors: [], idempotent: true };
  }

  #raw(envelope: Envelope, tag: Tag, payload: unknown, fields: OutgoingFields): string {
    return writeMessage(envelope, tag, payload, { ...fields, version: parseInt(this.#protocol.version, 10) });
  }
}

/** How many bytes a text has in UTF-8. */
export function byteLength(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Each half of a surrogate pair has two of the four bytes.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit & 0xf800) !== 0xd800 ? 2 : 1;
  }
  return bytes;
}

function tooDeep(_: unknown, report: Report): void {
  fail(report, 'depth', 'is nested too deeply to be checked');
}
