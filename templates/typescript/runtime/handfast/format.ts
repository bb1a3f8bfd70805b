// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// `format`, by the same rules as on the server. Every rule runs in linear time. Those that say more have files of their own.

import { fail, type Report } from './report.js';

const DATE = /^(\d\d)(\d\d)-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const DURATION =
  /^P(?!$)(?:\d+W|(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)?(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?)$/;
const POINTER = /^(?:\/(?:[^/~]|~[01])*)*$/;
const RELATIVE = /^(?:0|[1-9]\d*)(?:[+-][1-9]\d*)?(?:#|(?:\/(?:[^/~]|~[01])*)*)$/;
const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;

/** `format: date` (RFC 3339 `full-date`) */
export function date(value: string, report: Report): void {
  if (!isDate(value)) fail(report, 'format', 'must be a valid date', 'date');
}

/** `format: time` (RFC 3339 `full-time`) */
export function time(value: string, report: Report): void {
  if (!isTime(value)) fail(report, 'format', 'must be a valid time', 'time');
}

/** `format: date-time` (RFC 3339) */
export function dateTime(value: string, report: Report): void {
  const fits = isDate(value.slice(0, 10)) && /^[Tt]$/.test(value.charAt(10)) && isTime(value.slice(11));
  if (!fits) fail(report, 'format', 'must be a valid date-time', 'date-time');
}

/** `format: duration` (RFC 3339, appendix A) */
export function duration(value: string, report: Report): void {
  if (!DURATION.test(value)) fail(report, 'format', 'must be a valid duration', 'duration');
}

/** `format: uuid` (RFC 9562) */
export function uuid(value: string, report: Report): void {
  if (!UUID.test(value)) fail(report, 'format', 'must be a valid uuid', 'uuid');
}

/** `format: json-pointer` (RFC 6901) */
export function jsonPointer(value: string, report: Report): void {
  if (!POINTER.test(value)) fail(report, 'format', 'must be a valid json-pointer', 'json-pointer');
}

/** `format: relative-json-pointer` */
export function relativeJsonPointer(value: string, report: Report): void {
  if (!RELATIVE.test(value)) fail(report, 'format', 'must be a valid relative-json-pointer', 'relative-json-pointer');
}

/** `format: int64`: a 64-bit integer as text */
export function int64(value: string, report: Report): void {
  const fits = value.length <= 20 && /^(?:0|-?[1-9]\d*)$/.test(value) && isWithin(BigInt.asIntN, value);
  if (!fits) fail(report, 'format', 'must be a valid int64', 'int64');
}

/** `format: uint64`: an unsigned 64-bit integer as text */
export function uint64(value: string, report: Report): void {
  const fits = value.length <= 20 && /^(?:0|[1-9]\d*)$/.test(value) && isWithin(BigInt.asUintN, value);
  if (!fits) fail(report, 'format', 'must be a valid uint64', 'uint64');
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
