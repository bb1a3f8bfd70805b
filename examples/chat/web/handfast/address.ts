/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// `format` for hosts and mailboxes without internationalized names, by the same rules as on the server.

import { fail, type Report } from './report.js';

/** `format: email`: a mailbox of RFC 5321 */
export function email(value: string, report: Report): void {
  if (!ASCII.test(value) || !isMailbox(value, isHost)) fail(report, 'format', 'must be a valid email', 'email');
}

/** `format: ipv4` */
export function ipv4(value: string, report: Report): void {
  if (!isIpv4(value)) fail(report, 'format', 'must be a valid ipv4', 'ipv4');
}

/** `format: ipv6` (RFC 4291, section 2.2) */
export function ipv6(value: string, report: Report): void {
  if (!isIpv6(value)) fail(report, 'format', 'must be a valid ipv6', 'ipv6');
}

/** Characters of ASCII alone. */
export const ASCII: RegExp = /^[\0-\x7f]*$/;

/** One label of a name: letters, digits, and hyphens inside. */
export function isLabel(label: string): boolean {
  return /^(?!-)[A-Za-z\d-]{1,63}$/.test(label) && !label.endsWith('-');
}

/** RFC 1123, section 2.1 */
export function isHost(text: string): boolean {
  return text.length <= 253 && text.split('.').every(isLabel);
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every(part => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** RFC 4291, section 2.2 */
export function isIpv6(text: string): boolean {
  const middle = text.indexOf('::');
  if (middle < 0) return groups(text, true) === 8;
  const [left, right] = [text.slice(0, middle), text.slice(middle + 2)];
  return (left === '' ? 0 : groups(left, false)) + (right === '' ? 0 : groups(right, true)) <= 7;
}

/** How many groups of 16 bits there are; `NaN` where there is anything else. */
function groups(text: string, mayEndInIpv4: boolean): number {
  const parts = text.split(':');
  let count = 0;
  for (const [i, part] of parts.entries()) {
    if (/^[\da-fA-F]{1,4}$/.test(part)) count++;
    else if (mayEndInIpv4 && i + 1 === parts.length && isIpv4(part)) count += 2;
    else return NaN;
  }
  return count;
}

const DOTTED = /^(?:[\w!#$%&'*+\-/=?^`{|}~]|[^\0-\x7f])+(?:\.(?:[\w!#$%&'*+\-/=?^`{|}~]|[^\0-\x7f])+)*$/;
const QUOTED = /^"(?:[ !#-[\]-~]|[^\0-\x7f]|\\[ -~])*"$/;

/** RFC 5321, section 4.1.2, with the characters of RFC 6531; `isName` decides about the domain. */
export function isMailbox(text: string, isName: (domain: string) => boolean): boolean {
  const at = text.lastIndexOf('@');
  if (at < 0) return false;
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  return isAt(domain, isName) && bytes(local) <= 64 && (DOTTED.test(local) || QUOTED.test(local));
}

function isAt(domain: string, isName: (domain: string) => boolean): boolean {
  if (!domain.startsWith('[') || !domain.endsWith(']')) return isName(domain);
  const address = domain.slice(1, -1);
  return /^ipv6:/i.test(address) ? isIpv6(address.slice(5)) : isIpv4(address);
}

/** How many bytes a text has in UTF-8, as far as it matters. */
function bytes(text: string): number {
  let count = 0;
  for (const c of text.slice(0, 65)) count += c < '\x80' ? 1 : c < '\u0800' ? 2 : c.length + 2;
  return count;
}
