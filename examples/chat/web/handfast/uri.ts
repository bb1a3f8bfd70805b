/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// `format` for URIs, IRIs and templates of them, by the same rules as on the server.

import { isIpv6 } from './address.js';
import { fail, type Report } from './report.js';

/** `format: uri` (RFC 3986), with a scheme */
export function uri(value: string, report: Report): void {
  if (!isReference(value, URI, true)) fail(report, 'format', 'must be a valid uri', 'uri');
}

/** `format: uri-reference` (RFC 3986) */
export function uriReference(value: string, report: Report): void {
  if (!isReference(value, URI, false)) fail(report, 'format', 'must be a valid uri-reference', 'uri-reference');
}

/** `format: iri` (RFC 3987), with a scheme */
export function iri(value: string, report: Report): void {
  if (!isReference(value, IRI, true)) fail(report, 'format', 'must be a valid iri', 'iri');
}

/** `format: iri-reference` (RFC 3987) */
export function iriReference(value: string, report: Report): void {
  if (!isReference(value, IRI, false)) fail(report, 'format', 'must be a valid iri-reference', 'iri-reference');
}

/** `format: uri-template` (RFC 6570) */
export function uriTemplate(value: string, report: Report): void {
  if (!TEMPLATE.test(value)) fail(report, 'format', 'must be a valid uri-template', 'uri-template');
}

interface Alphabet {
  readonly path: RegExp;
  readonly query: RegExp;
  readonly fragment: RegExp;
  readonly user: RegExp;
  readonly name: RegExp;
}

function alphabet(international: boolean): Alphabet {
  const letters = international ? wide() : '';
  const madeOf = (also: string): RegExp => new RegExp(`^(?:[\\w\\-.~!$&'()*+,;=${letters}${also}]|%[\\da-fA-F]{2})*$`, 'u');
  return {
    path: madeOf('/:@'),
    query: madeOf(international ? `/?:@${HIDDEN}` : '/?:@'),
    fragment: madeOf('/?:@'),
    user: madeOf(':'),
    name: madeOf(''),
  };
}

/** `ucschar` of RFC 3987, section 2.2; the last two code points of each plane are no characters. */
function wide(): string {
  let planes = '';
  for (let n = 1; n <= 13; n++) planes += `\\u{${n.toString(16)}0000}-\\u{${n.toString(16)}fffd}`;
  return `\\u00a0-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\uffef${planes}\\u{e1000}-\\u{efffd}`;
}

/** `iprivate` of RFC 3987, section 2.2 */
const HIDDEN = '\\ue000-\\uf8ff\\u{f0000}-\\u{ffffd}\\u{100000}-\\u{10fffd}';

const URI = /*@__PURE__*/ alphabet(false);
const IRI = /*@__PURE__*/ alphabet(true);
const FUTURE = /^[vV][\da-fA-F]+\.[\w\-.~!$&'()*+,;=:]+$/;

/** By appendix B: the text is split at the marks that part it, then each part is checked by itself. */
function isReference(text: string, of: Alphabet, absolute: boolean): boolean {
  const parts = /^(?:([^:/?#]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#([^]*))?$/.exec(text);
  if (parts === null) return false;
  const [, scheme, authority, path = '', query = '', fragment = ''] = parts;
  if (scheme === undefined ? absolute : !/^[A-Za-z][A-Za-z\d+.-]*$/.test(scheme)) return false;
  const rest = of.path.test(path) && of.query.test(query) && of.fragment.test(fragment);
  return rest && (authority === undefined || isAuthority(authority, of));
}

function isAuthority(text: string, of: Alphabet): boolean {
  const at = text.indexOf('@');
  const host = text.slice(at + 1);
  if (at >= 0 && !of.user.test(text.slice(0, at))) return false;
  const literal = /^\[([^\]]*)\](?::\d*)?$/.exec(host)?.[1];
  if (literal !== undefined) return isIpv6(literal) || FUTURE.test(literal);
  const name = /^([^:]*)(?::\d*)?$/.exec(host)?.[1];
  return name !== undefined && of.name.test(name);
}

const TEMPLATE = /*@__PURE__*/ template();

/** RFC 6570, section 2, all four levels, with erratum 6937; operators that are kept for later are operators. */
function template(): RegExp {
  const escaped = '%[\\da-fA-F]{2}';
  const name = `(?:\\w|${escaped})+(?:\\.(?:\\w|${escaped})+)*`;
  const spec = `${name}(?::[1-9]\\d{0,3}|\\*)?`;
  const literal = `[!#$&-;=?-[\\]_a-z~${wide()}${HIDDEN}]`;
  return new RegExp(`^(?:${literal}|${escaped}|\\{[+#./;?&=,!@|]?${spec}(?:,${spec})*\\})*$`, 'u');
}
