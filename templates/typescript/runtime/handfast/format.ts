// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// `format` and `contentEncoding`, each by the same rule as on the server. Every rule runs in linear time.

import type { Report } from './report.js';

const DATE = /^(\d\d)(\d\d)-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;

/** `format: date` (RFC 3339 `full-date`) */
export function date(value: string, report: Report): void {
  if (!isDate(value)) report.fail('format', 'must be a valid date');
}

/** `format: time` (RFC 3339 `full-time`) */
export function time(value: string, report: Report): void {
  if (!isTime(value)) report.fail('format', 'must be a valid time');
}

/** `format: date-time` (RFC 3339) */
export function dateTime(value: string, report: Report): void {
  const fits = isDate(value.slice(0, 10)) && /^[Tt]$/.test(value.charAt(10)) && isTime(value.slice(11));
  if (!fits) report.fail('format', 'must be a valid date-time');
}

/** `format: uuid` (RFC 9562) */
export function uuid(value: string, report: Report): void {
  if (!UUID.test(value)) report.fail('format', 'must be a valid uuid');
}

/** `format: hostname` (RFC 1123) */
export function hostname(value: string, report: Report): void {
  if (!isHostname(value)) report.fail('format', 'must be a valid hostname');
}

/** `format: email`: a mailbox of RFC 5321 */
export function email(value: string, report: Report): void {
  if (!isEmail(value)) report.fail('format', 'must be a valid email');
}

/** `format: ipv4` */
export function ipv4(value: string, report: Report): void {
  if (!isIpv4(value)) report.fail('format', 'must be a valid ipv4');
}

/** `format: ipv6` (RFC 4291, section 2.2) */
export function ipv6(value: string, report: Report): void {
  if (!isIpv6(value)) report.fail('format', 'must be a valid ipv6');
}

/** `format: uri` (RFC 3986), with a scheme */
export function uri(value: string, report: Report): void {
  if (!isUri(value)) report.fail('format', 'must be a valid uri');
}

/** `format: int64`: a 64-bit integer as text */
export function int64(value: string, report: Report): void {
  const fits = value.length <= 20 && /^(?:0|-?[1-9]\d*)$/.test(value) && isWithin(BigInt.asIntN, value);
  if (!fits) report.fail('format', 'must be a valid int64');
}

/** `format: uint64`: an unsigned 64-bit integer as text */
export function uint64(value: string, report: Report): void {
  const fits = value.length <= 20 && /^(?:0|[1-9]\d*)$/.test(value) && isWithin(BigInt.asUintN, value);
  if (!fits) report.fail('format', 'must be a valid uint64');
}

/** `contentEncoding: base64` (RFC 4648, section 4), padded, unused bits zero */
export function base64(value: string, report: Report): void {
  if (!BASE64.test(value)) report.fail('contentEncoding', 'must be base64');
}

function isWithin(wrap: (bits: number, value: bigint) => bigint, text: string): boolean {
  const value = BigInt(text);
  return wrap(64, value) === value;
}

function isDate(text: string): boolean {
  const [century, year, month, day] = (DATE.exec(text) ?? []).slice(1).map(Number);
  if (century === undefined || year === undefined || month === undefined || day === undefined) return false;
  const leap = (year === 0 ? century : year) % 4 === 0;
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return month >= 1 && month <= 12 && day >= 1 && day <= days;
}

function isTime(text: string): boolean {
  const parts = TIME.exec(text);
  if (parts === null) return false;
  const [hour = 0, minute = 0, second = 0] = parts.slice(1, 4).map(Number);
  const [hours = 0, minutes = 0] = parts.slice(5).map(part => Number(part ?? 0));
  if (hour > 23 || minute > 59 || hours > 23 || minutes > 59) return false;
  const east = (hours * 60 + minutes) * (parts[4] === '-' ? -1 : 1);
  const utc = (hour * 60 + minute - east + 1440) % 1440;
  return second <= 59 || (second === 60 && utc === 23 * 60 + 59);
}

function isHostname(text: string): boolean {
  return text.length <= 253 && text.split('.').every(label => /^(?!-)[A-Za-z\d-]{1,63}$/.test(label) && !label.endsWith('-'));
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every(part => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isIpv6(text: string): boolean {
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

const DOTTED = /^[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*$/;
const QUOTED = /^"(?:[ !#-[\]-~]|\\[ -~])*"$/;

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at < 0) return false;
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  return isHost(domain) && local.length <= 64 && (DOTTED.test(local) || QUOTED.test(local));
}

function isHost(domain: string): boolean {
  if (!domain.startsWith('[') || !domain.endsWith(']')) return isHostname(domain);
  const address = domain.slice(1, -1);
  return /^ipv6:/i.test(address) ? isIpv6(address.slice(5)) : isIpv4(address);
}

const PATH = /^(?:[\w\-.~!$&'()*+,;=/:@]|%[\da-fA-F]{2})*$/;
const QUERY = /^(?:[\w\-.~!$&'()*+,;=/?:@]|%[\da-fA-F]{2})*$/;
const USER = /^(?:[\w\-.~!$&'()*+,;=:]|%[\da-fA-F]{2})*$/;
const NAME = /^(?:[\w\-.~!$&'()*+,;=]|%[\da-fA-F]{2})*$/;
const FUTURE = /^[vV][\da-fA-F]+\.[\w\-.~!$&'()*+,;=:]+$/;

/** By appendix B: the text is split at the marks that part it, then each part is checked by itself. */
function isUri(text: string): boolean {
  const parts = /^[A-Za-z][A-Za-z\d+.-]*:(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#([^]*))?$/.exec(text);
  if (parts === null) return false;
  const [, authority, path = '', query = '', fragment = ''] = parts;
  const rest = PATH.test(path) && QUERY.test(query) && QUERY.test(fragment);
  return rest && (authority === undefined || isAuthority(authority));
}

function isAuthority(text: string): boolean {
  const at = text.indexOf('@');
  const host = text.slice(at + 1);
  if (at >= 0 && !USER.test(text.slice(0, at))) return false;
  const literal = /^\[([^\]]*)\](?::\d*)?$/.exec(host)?.[1];
  if (literal !== undefined) return isIpv6(literal) || FUTURE.test(literal);
  const name = /^([^:]*)(?::\d*)?$/.exec(host)?.[1];
  return name !== undefined && NAME.test(name);
}
