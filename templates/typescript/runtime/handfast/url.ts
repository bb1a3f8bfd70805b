// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

/** The part of a page's address that is needed. Workers have one too, and Node has none. */
interface PageLocation {
  readonly protocol: string;
  readonly host: string;
}

const SCHEMES: Readonly<Record<string, string>> = { 'ws:': 'ws:', 'wss:': 'wss:', 'http:': 'ws:', 'https:': 'wss:' };

/**
 * The address of a WebSocket: `ws:`, `wss:`, or `http:` and `https:`, which mean the same. A page may write `/path` and
 * `//host/path`, with the scheme and the host it was loaded with.
 *
 * @throws {TypeError} for any other, and says what to write. Addresses that platforms treat differently are refused as well.
 */
export function webSocketUrl(address: string): string {
  const page = (globalThis as { location?: PageLocation }).location;
  const isRelative = address.startsWith('/');
  const base = page !== undefined && page.protocol in SCHEMES ? `${page.protocol}//${page.host}` : undefined;
  if (isRelative && base === undefined) throw refused('begins with `/`, which only a page can complete');
  let url: URL;
  try {
    url = new URL(address, isRelative ? base : undefined);
  } catch {
    throw refused('is not complete');
  }
  const scheme = SCHEMES[url.protocol];
  if (scheme === undefined) throw refused(`begins with \`${url.protocol}\``);
  if (url.username !== '' || url.password !== '') {
    throw refused('has a user and a password, which browsers do not send', ', and pass what proves who you are as `auth`');
  }
  if (address.includes('#')) throw refused('has a fragment (`#`), which no server sees', ', without it');
  return scheme + url.href.slice(url.protocol.length);
}

/** The address itself is not repeated: it may contain a password. */
function refused(what: string, more: string = ''): TypeError {
  return new TypeError(`handfast: the address ${what}: write \`wss://example.org/ws\`${more}`);
}
