/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// `contentEncoding`, by the same rules as on the server: RFC 4648, padded, and what the padding leaves over is zero.

import { fail, type Report } from './report.js';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;
const BASE64URL = /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]==|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]=)?$/;
const BASE32 =
  /^(?:[A-Z2-7]{8})*(?:[A-Z2-7][AEIMQUY4]={6}|[A-Z2-7]{3}[AQ]={4}|[A-Z2-7]{4}[ACEGIKMOQSUWY246]={3}|[A-Z2-7]{6}[AIQY]=)?$/;
const BASE16 = /^(?:[0-9A-F]{2})*$/;

/** `contentEncoding: base64` (section 4) */
export function base64(value: string, report: Report): void {
  if (!BASE64.test(value)) fail(report, 'contentEncoding', 'must be base64', 'base64');
}

/** `contentEncoding: base64url` (section 5) */
export function base64url(value: string, report: Report): void {
  if (!BASE64URL.test(value)) fail(report, 'contentEncoding', 'must be base64url', 'base64url');
}

/** `contentEncoding: base32` (section 6) */
export function base32(value: string, report: Report): void {
  if (!BASE32.test(value)) fail(report, 'contentEncoding', 'must be base32', 'base32');
}

/** `contentEncoding: base16` (section 8) */
export function base16(value: string, report: Report): void {
  if (!BASE16.test(value)) fail(report, 'contentEncoding', 'must be base16', 'base16');
}
