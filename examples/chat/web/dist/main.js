// Bundled from main.ts by `npm run example` in tests/typescript. Do not edit.

// handfast/report.ts
var COLLECTED = 1e3;
var LISTED = 100;
var PATH = 256;
var WORDS = 1e3;
function cut(text, most) {
  return text.length > most && [...text].length > most ? `${[...text].slice(0, most).join("")}\u2026` : text;
}
function fail({ found }, keyword, message, allowed) {
  const violation = { path: "", keyword, message: cut(message, WORDS) };
  if (allowed !== void 0 && violation.message === message) violation.allowed = allowed;
  if (found.length < COLLECTED) found.push(violation);
}
function below({ found }, from, part2) {
  for (; from < found.length; from++) found[from].path = cut(`/${part2}${found[from].path}`, PATH);
}
function overlaps(report) {
  report.once = toldOnce;
}
function toldOnce(violations) {
  const seen = /* @__PURE__ */ new Set();
  return violations.filter(({ path, keyword, message }) => {
    const said = `${path} ${keyword} ${message}`;
    return !seen.has(said) && seen.add(said);
  });
}
function part(name) {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
function violationsOf(check, value, direction) {
  const report = { strict: direction === "sent", found: [] };
  check(value, report);
  const all = report.once?.(report.found) ?? report.found;
  const more = all.length - LISTED;
  const least = all.length < COLLECTED ? "" : "at least ";
  if (more > 0) all.splice(LISTED, more, { path: "", keyword: "violations", message: `and ${least}${more} more` });
  return all;
}
function violationsUnder(check, value, direction, under) {
  const checkUnder = (_, report) => {
    check(value, report);
    below(report, 0, part(under));
  };
  return violationsOf(checkUnder, value, direction);
}
function passes(value, check, strict) {
  const report = { strict, found: [] };
  check(value, report);
  return report.found.length === 0;
}
function wording(violation) {
  return violation.path === "" ? violation.message : `${violation.path} ${violation.message}`;
}

// handfast/check.ts
function notA(type, report, article) {
  fail(report, "type", `must be ${article} ${type}`, type);
}
function isFields(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function object(value, report) {
  if (isFields(value)) return true;
  notA("object", report, "an");
  return false;
}
function array(value, report) {
  if (Array.isArray(value)) return true;
  notA("array", report, "an");
  return false;
}
function string(value, report) {
  if (typeof value === "string") return true;
  notA("string", report, "a");
  return false;
}
function boolean(value, report) {
  if (typeof value === "boolean") return true;
  notA("boolean", report, "a");
  return false;
}
function isSafeInteger(value) {
  return Number.isSafeInteger(value);
}
function integer(value, report) {
  if (Number.isInteger(value)) return true;
  notA("integer", report, "an");
  return false;
}
function anything() {
}
var noPayload = anything;
function notOf(types, report) {
  const words = [...types];
  const last = words.pop() ?? "nothing";
  const allowed = types.map((type) => type.replace(/.* /, ""));
  fail(report, "type", `must be ${words.length > 0 ? `${words.join(", ")} or ` : ""}${last}`, allowed);
}
function notConst(allowed, report) {
  fail(report, "const", `must be ${JSON.stringify(allowed)}`, allowed);
}
function notEnum(allowed, report) {
  fail(report, "enum", `must be one of ${allowed.map((value) => JSON.stringify(value)).join(", ")}`, allowed);
}
function notOnly(allowed, report) {
  fail(report, "enum", `must be ${JSON.stringify(allowed[0])}`, allowed);
}
function equal(a, b) {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item2, i) => equal(item2, b[i]));
  }
  if (!isFields(a) || !isFields(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]));
}
function within(size, least, most, report, of, be, things = "") {
  const words = (count, how) => `must ${be} at ${how} ${count}${count === 1 ? things.replace("s", "") : things}`;
  if (size < least) fail(report, "min" + of, words(least, "least"), least);
  if (size > most) fail(report, "max" + of, words(most, "most"), most);
}
function codePoints(value) {
  return [...value].length;
}
function isText(value, least, most) {
  if (typeof value !== "string" || value.length < least || value.length > 2 * most) return false;
  const count = value.length > 2 * least - 2 && value.length <= most ? least : codePoints(value);
  return count >= least && count <= most;
}
function run(character, least, most) {
  const known = new Uint8Array(128);
  return {
    test(value) {
      if (value.length < least || value.length > most) return false;
      for (let i = 0; i < value.length; i++) {
        if ((known[value.charCodeAt(i)] ||= character.test(value[i]) ? 1 : 2) > 1) return false;
      }
      return true;
    }
  };
}
function items(value, from, check, report) {
  for (let i = from; i < value.length; i++) item(value, i, check, report);
}
function item(value, index, check, report) {
  if (index >= value.length) return;
  const before = report.found.length;
  check(value[index], report);
  below(report, before, index);
}
function noItems(value, from, report) {
  items(value, from, tooMany, report);
}
function tooMany(_, report) {
  fail(report, "items", "is one item too many");
}
function isUnique(value) {
  const plain = value.filter((item2) => typeof item2 !== "object" || item2 === null);
  const nested = value.filter((item2) => typeof item2 === "object" && item2 !== null);
  return new Set(plain).size === plain.length && !nested.some((a, i) => nested.some((b, j) => j < i && equal(a, b)));
}
function uniqueItems(value, report) {
  if (!isUnique(value)) fail(report, "uniqueItems", "must have no two equal items", true);
}
function has(value, name) {
  return value[name] !== void 0 && Object.hasOwn(value, name);
}
function property(value, name, check, report) {
  if (!has(value, name)) return;
  const before = report.found.length;
  check(value[name], report);
  if (report.found.length > before) below(report, before, part(name));
}
function required(value, names, report) {
  for (const name of names) {
    if (!has(value, name)) lacks(name, report);
  }
}
function lacks(name, report) {
  fail(report, "required", `must have the property ${JSON.stringify(name)}`, name);
}
function isClosed(value, declared) {
  return undeclared(value, declared).length === 0;
}
function noOthers(value, declared, report) {
  others(value, declared, unknownProperty, report);
}
function unknownProperty(_, report) {
  fail(report, "additionalProperties", "is not a known property");
}
function others(value, declared, check, report) {
  for (const name of undeclared(value, declared)) property(value, name, check, report);
}
var NONE = [];
function undeclared(value, declared) {
  let names;
  for (const name in value) if (!declared.has(name) && has(value, name)) (names ??= []).push(name);
  return names?.sort(byCodePoint) ?? NONE;
}
function byCodePoint(a, b) {
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
}
function discriminant(value, name) {
  return isFields(value) && has(value, name) ? value[name] : void 0;
}
function noVariant(value, name, allowed, report) {
  if (!object(value, report)) return;
  if (!has(value, name)) return required(value, [name], report);
  const before = report.found.length;
  if (allowed.length === 1) notOnly([allowed[0]], report);
  else notEnum(allowed, report);
  below(report, before, part(name));
}

// handfast/rules.ts
function tell(value, report, rule) {
  rule[0](value, report, rule);
}
function tellText(value, report, [, least, most, expression, source]) {
  if (typeof value !== "string") return notA("string", report, "a");
  within(codePoints(value), least, most, report, "Length", "be", " characters long");
  if (expression && !expression.test(value)) fail(report, "pattern", `must match the pattern ${source}`, source);
}
function tellNumber(value, report, [, least, most, above]) {
  if (!Number.isFinite(value)) return notA("number", report, "a");
  within(value, least, most, report, "imum", "be");
  if (value <= above) fail(report, "exclusiveMinimum", `must be greater than ${above}`, above);
}
function tellInteger(value, report, rule) {
  if (Number.isInteger(value)) tellNumber(value, report, rule);
  else notA("integer", report, "an");
}
function tellList(value, report, [, item2, least, most]) {
  if (!Array.isArray(value)) return notA("array", report, "an");
  for (let i = 0; i < value.length; i++) tellPart(value, report, item2, i);
  within(value.length, least, most, report, "Items", "have", " items");
}
function tellFields(value, report, [, rules, others2]) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return notA("object", report, "an");
  for (const name in rules) {
    if (name !== "?" && value[name] !== void 0) tellPart(value, report, rules[name], name);
  }
  others2?.(value, rules, report);
  for (const name in rules) {
    if (name !== "?" && value[name] === void 0 && !rules["?"].includes(name)) lacks(name, report);
  }
}
function tellPart(value, report, rule, key) {
  const before = report.found.length;
  rule[0](value[key], report, rule);
  below(report, before, key);
}
function tellOthers(value, rules, report) {
  noOthers(value, { has: (name) => name !== "?" && Object.hasOwn(rules, name) }, report);
}
function tellOthersIfSent(value, rules, report) {
  if (report.strict) tellOthers(value, rules, report);
}

// handfast/clock.ts
var systemClock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  random: () => Math.random()
};

// handfast/connection.ts
var FINAL = [1008, 4401, 4403, 4406, 4409];
var SILENT = 4e3;
var Connection = class {
  #settings;
  #host;
  #transport;
  /** Counts the transports, so that what an earlier one still says is not heard. */
  #generation = 0;
  #failures = 0;
  #writable = false;
  #ended = false;
  #heard = 0;
  #cancelTimer = () => {
  };
  constructor(settings, host) {
    this.#settings = settings;
    this.#host = host;
  }
  /** Whether the hello is written, so that messages may follow. */
  get writable() {
    return this.#writable;
  }
  /** Makes an attempt to connect. */
  start() {
    const { url, protocol: protocol2, connect: connect2, clock } = this.#settings;
    const generation = ++this.#generation;
    const isCurrent = () => generation === this.#generation;
    const { timeout } = protocol2.session;
    this.#cancelTimer = clock.after(timeout, () => this.#drop(SILENT, `not ready within ${timeout} ms`));
    try {
      this.#transport = connect2(url, protocol2.subprotocol, {
        opened: () => {
          if (isCurrent()) void this.#sayHello(isCurrent);
        },
        received: (data) => {
          if (!isCurrent()) return;
          this.#heard = clock.now();
          this.#host.received(data);
        },
        closed: (code, reason) => {
          if (isCurrent()) this.#lost(code, reason);
        }
      });
    } catch (error) {
      this.#host.failed(error);
      this.#lost(1006, "could not connect");
    }
  }
  async #sayHello(isCurrent) {
    try {
      const hello = await this.#host.hello();
      if (!isCurrent()) return;
      if (hello !== null) this.#transport?.send(hello);
    } catch (error) {
      if (!isCurrent()) return;
      this.#host.failed(error);
      if (isCurrent()) this.#drop(1e3, "no hello");
      return;
    }
    this.#writable = true;
    this.#host.opened();
  }
  /** Writes a message; only while {@link writable}. */
  write(text) {
    this.#transport?.send(text);
  }
  /** The session is ready: from now on silence is watched, and the next loss is the first. */
  ready() {
    this.#failures = 0;
    this.#cancelTimer();
    const { heartbeat } = this.#settings.protocol.session;
    if (heartbeat !== null && this.#host.ping !== null) this.#listen(heartbeat, this.#host.ping);
  }
  /** Pings after a `heartbeat` without a word from the server. One timer, however much is heard. */
  #listen(heartbeat, ping) {
    const { clock, protocol: protocol2 } = this.#settings;
    const { timeout } = protocol2.session;
    const silence = () => clock.now() - this.#heard;
    this.#cancelTimer = clock.after(heartbeat - silence(), () => {
      if (silence() < heartbeat) return this.#listen(heartbeat, ping);
      const asked = clock.now();
      this.#cancelTimer = clock.after(timeout, () => {
        if (this.#heard >= asked) this.#listen(heartbeat, ping);
        else this.#drop(SILENT, `no answer to a ping within ${timeout} ms`);
      });
      this.write(ping);
    });
  }
  /** Ends it for good. */
  end(code, reason) {
    this.#ended = true;
    this.#drop(code, reason);
  }
  #drop(code, reason) {
    const transport = this.#transport;
    this.#lost(code, reason);
    transport?.close(code, reason);
  }
  #lost(code, reason) {
    const { protocol: protocol2, clock, reconnect } = this.#settings;
    const { min, max } = protocol2.session.backoff;
    this.#generation++;
    this.#transport = void 0;
    this.#writable = false;
    this.#cancelTimer();
    if (this.#ended || !reconnect || (protocol2.finalCloses ?? FINAL).includes(code)) {
      this.#host.closed({ code, reason, final: true });
      return;
    }
    const retryIn = clock.random() * Math.min(max, min * 2 ** this.#failures++);
    this.#cancelTimer = clock.after(retryIn, () => this.start());
    this.#host.closed({ code, reason, final: false, retryIn });
  }
};

// handfast/descriptor.ts
function tagOf(message) {
  return message.tag === void 0 ? message.name : message.tag;
}

// handfast/envelope.ts
function optional(name, kind2) {
  return { name, kind: kind2, presence: "optional" };
}
var defaultEnvelope = {
  tag: { name: "type", kind: "text" },
  content: "payload",
  id: /* @__PURE__ */ optional("id", "text"),
  replyTo: null,
  correlate: "id",
  outcome: null,
  version: /* @__PURE__ */ optional("v", "integer"),
  channel: /* @__PURE__ */ optional("channel", "text"),
  seq: /* @__PURE__ */ optional("seq", "integer"),
  epoch: /* @__PURE__ */ optional("epoch", "text"),
  timestamp: { field: /* @__PURE__ */ optional("timestamp", "text"), as: "rfc3339" }
};
function readSurroundings(message, envelope, violations) {
  const read2 = {};
  const id = readField(message, envelope.replyTo ?? envelope.id, violations);
  if (id !== void 0) read2.id = id;
  const version = readField(message, envelope.version, violations);
  if (typeof version === "number") read2.version = version;
  const channel = readField(message, envelope.channel, violations);
  if (typeof channel === "string") read2.channel = channel;
  const seq = readField(message, envelope.seq, violations);
  if (typeof seq === "number") read2.seq = seq;
  const epoch = readField(message, envelope.epoch, violations);
  if (typeof epoch === "string") read2.epoch = epoch;
  const timestamp = readTimestamp(message, envelope, violations);
  if (timestamp !== void 0) read2.timestamp = timestamp;
  return read2;
}
function readField(message, field, violations) {
  if (field === null) return void 0;
  const value = message[field.name];
  if (value === void 0) {
    if (field.presence !== "optional") violations.push(missing(field.name));
    return void 0;
  }
  if (value === null && field.presence === "nullable") return void 0;
  if (field.kind === "text" ? typeof value === "string" : Number.isSafeInteger(value)) return value;
  violations.push(wrongKind(field));
  return void 0;
}
function readTimestamp(message, { timestamp }, violations) {
  if (timestamp === null) return void 0;
  const value = readField(message, timestamp.field, violations);
  if (value === void 0) return void 0;
  const time = timeOf(value, { timestamp });
  if (!Number.isNaN(time)) return time;
  violations.push({ path: `/${timestamp.field.name}`, keyword: "format", message: "must be a valid date-time", allowed: "date-time" });
  return void 0;
}
function timeOf(value, { timestamp }) {
  if (timestamp?.as === "unix-s") return Number(value) * 1e3;
  return timestamp?.as === "unix-ms" ? Number(value) : Date.parse(String(value));
}
function missing(name) {
  return { path: "", keyword: "required", message: `must have the property ${JSON.stringify(name)}`, allowed: name };
}
var WRONG_KIND = {
  text: ["must be a string", "string"],
  integer: ["must be an integer", "integer"],
  either: ["must be an integer or a string", ["integer", "string"]]
};
function wrongKind(field) {
  const [message, allowed] = WRONG_KIND[field.kind];
  return { path: `/${field.name}`, keyword: "type", message, allowed };
}
function writeMessage(envelope, tag, payload, address) {
  const message = { [envelope.tag.name]: tag };
  if (envelope.content === null) Object.assign(message, payload);
  else if (payload !== void 0) message[envelope.content] = payload;
  if (envelope.id !== null && address.id !== void 0) message[envelope.id.name] = address.id;
  if (envelope.version?.presence === "required") message[envelope.version.name] = address.version;
  if (envelope.channel !== null && address.channel !== void 0) message[envelope.channel.name] = address.channel;
  return JSON.stringify(message);
}

// handfast/result.ts
var Failed = class extends Error {
  name = "Failed";
  error;
  constructor(error) {
    super(`${error.code}: ${error.message}`);
    this.error = error;
  }
};
function ok(value) {
  return { ok: true, value, orThrow: () => value };
}
function err(error) {
  return {
    ok: false,
    error,
    orThrow() {
      throw new Failed(error);
    }
  };
}

// handfast/decode.ts
var SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
var ESCAPE = /\\(?:u([0-9a-fA-F]{4})|.)/g;
var LARGE_EXPONENT = /\d[eE]\+?\d\d\d/;
var MANY_DIGITS = 309;
var STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
var TOO_DEEP = "nested too deeply";
function isDeeper(value, depth) {
  return nests(value, Math.min(depth, DEEPEST));
}
var DEEPEST = 512;
function nests(value, depth) {
  if (typeof value !== "object" || value === null) return false;
  if (depth <= 0) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (typeof value[i] === "object" && nests(value[i], depth - 1)) return true;
    return false;
  }
  for (const name in value) {
    const item2 = value[name];
    if (typeof item2 === "object" && nests(item2, depth - 1)) return true;
  }
  return false;
}
function parse(text, depth) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("syntax", "not JSON", {});
  }
  if (hasMoreBrackets(text, Math.min(depth, DEEPEST)) && isDeeper(value, depth)) return refuse("syntax", TOO_DEEP, {});
  if (text.includes("\\") && SURROGATE_ESCAPE.test(text) && hasLoneSurrogate(text)) {
    return refuse("syntax", "a string has half a surrogate pair", {});
  }
  if ((LARGE_EXPONENT.test(text) || hasManyDigits(text)) && overflows(text)) {
    return refuse("syntax", "a number is too large", {});
  }
  return ok(value);
}
function hasMoreBrackets(text, most) {
  let left = most;
  for (const bracket of "{[") {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) if (left-- <= 0) return true;
  }
  return false;
}
function hasLoneSurrogate(text) {
  let open = -1;
  for (const { 1: digits, index } of text.matchAll(ESCAPE)) {
    const code = digits === void 0 ? 0 : parseInt(digits, 16);
    const second = code >= 56320 && code <= 57343;
    if (second ? open !== index : open !== -1) return true;
    open = code >= 55296 && code <= 56319 ? index + 6 : -1;
  }
  return open !== -1;
}
function hasManyDigits(text) {
  for (let at = MANY_DIGITS - 1; at < text.length; at += MANY_DIGITS) {
    let [from, to] = [at, at];
    while (isDigit(text.charCodeAt(from - 1))) from--;
    while (isDigit(text.charCodeAt(to))) to++;
    if (to - from >= MANY_DIGITS) return true;
  }
  return false;
}
function isDigit(code) {
  return code >= 48 && code <= 57;
}
function overflows(text) {
  for (const [token] of text.matchAll(STRING_OR_NUMBER)) {
    if (token[0] !== '"' && !Number.isFinite(Number(token))) return true;
  }
  return false;
}
function read(value, reader) {
  if (!isFields(value)) return refuse("syntax", "not an object", {});
  const violations = [];
  let around = readSurroundings(value, reader.envelope, violations);
  const tag = readTag(value, reader.envelope);
  const incoming = find(value, tag, around, reader);
  if (incoming === void 0) {
    const payload2 = payloadOf(value, reader.envelope);
    if (tag.problem !== void 0) violations.unshift(tag.problem);
    if (violations.length > 0)
      return refuse("envelope", "the envelope does not fit", { ...around, payload: payload2, violations });
    const words = `no message has the type \`${tag.value}\``;
    return refuse("unknown-type", words, { ...around, type: tag.value, payload: payload2 });
  }
  const envelope = incoming.envelope ?? reader.envelope;
  if (incoming.envelope !== void 0) {
    violations.length = 0;
    around = readSurroundings(value, envelope, violations);
  }
  const payload = payloadOf(value, envelope);
  const type = tag.value === void 0 ? {} : { type: tag.value };
  if (incoming.channel !== void 0 && envelope.channel?.presence === "optional") {
    if (value[envelope.channel.name] === void 0) violations.push(missing(envelope.channel.name));
  }
  if (violations.length > 0) {
    return refuse("envelope", "the envelope does not fit", { ...around, ...type, payload, violations });
  }
  if (incoming.receive === noPayload) {
    return ok({ incoming, message: { type: incoming.name, payload: void 0, ...around } });
  }
  const direction = reader.strict === true ? "sent" : "received";
  const wrong = envelope.content === null ? violationsOf(incoming.receive, payload, direction) : violationsUnder(incoming.receive, payload, direction, envelope.content);
  if (wrong.length > 0) {
    const words = `the payload of \`${incoming.name}\` does not fit`;
    return refuse("invalid", words, { ...around, ...type, payload, violations: wrong });
  }
  return ok({ incoming, message: { type: incoming.name, payload, ...around } });
}
function readTag(message, { tag }) {
  const value = message[tag.name];
  if (value === void 0) return { problem: missing(tag.name) };
  const isText2 = typeof value === "string";
  if (isText2 ? tag.kind !== "integer" : tag.kind !== "text" && Number.isSafeInteger(value)) return { value };
  return { problem: wrongKind(tag) };
}
function find(value, tag, around, reader) {
  if (tag.problem !== void 0 && value[reader.envelope.tag.name] !== void 0) return void 0;
  const { outcome } = reader.envelope;
  const answers = reader.pending?.(around.id) ?? [];
  const answer = answers.find((candidate) => tagOf(candidate) === (tag.value ?? null));
  if (answer !== void 0) {
    return outcome !== null && value[outcome.field] === outcome.failure ? reader.failure : answer;
  }
  return tag.value === void 0 ? void 0 : reader.lookup(tag.value);
}
function payloadOf(message, envelope) {
  if (envelope.content === null) return withoutEnvelope(message, envelope);
  const payload = message[envelope.content];
  return payload === void 0 ? {} : payload;
}
function withoutEnvelope(message, envelope) {
  const { tag, outcome, id, replyTo, version, channel, seq, epoch, timestamp } = envelope;
  const fields = [tag, id, replyTo, version, channel, seq, epoch, timestamp?.field];
  const names = /* @__PURE__ */ new Set([outcome?.field, ...fields.map((field) => field?.name)]);
  return Object.fromEntries(Object.entries(message).filter(([name]) => !names.has(name)));
}
var CODES = { syntax: "SYNTAX", envelope: "ENVELOPE", "unknown-type": "UNKNOWN_TYPE", invalid: "INVALID" };
function refuse(kind2, words, remains) {
  const { type, violations = [], ...rest } = remains;
  const message = [words, violations.map(wording).join("; ")].filter((part2) => part2 !== "").join(": ");
  return err({ code: CODES[kind2], kind: kind2, message, violations, ...type !== void 0 && { type }, ...rest });
}

// handfast/errors.ts
var SESSION_CODES = [
  "ENVELOPE",
  "SYNTAX",
  "UNKNOWN_TYPE",
  "NOT_READY",
  "NO_REPLY",
  "INTERNAL",
  "TOO_LARGE",
  "RATE_LIMITED",
  "ID_REUSED"
];
var Refused = class extends Error {
  name = "Refused";
  /** `VERSION`, an error of the auth message, or what the close code says. */
  code;
  /** The end that is too old, where that is the reason. */
  side;
  constructor(code, message, side) {
    super(message);
    this.code = code;
    this.side = side;
  }
};

// handfast/listeners.ts
var Listeners = class {
  #byEvent = /* @__PURE__ */ new Map();
  #threw;
  /** @param threw takes what a listener throws, so that the others still hear. */
  constructor(threw) {
    this.#threw = threw;
  }
  on(event, listener) {
    const listeners = this.#byEvent.get(event) ?? /* @__PURE__ */ new Set();
    this.#byEvent.set(event, listeners);
    const own = (told) => listener(told);
    listeners.add(own);
    return () => listeners.delete(own);
  }
  /** Tells everyone, in the order they came; whether there was anyone. */
  emit(event, told) {
    const listeners = this.#byEvent.get(event);
    if (listeners === void 0 || listeners.size === 0) return false;
    for (const listener of [...listeners]) {
      try {
        listener(told);
      } catch (error) {
        this.#threw(error);
      }
    }
    return true;
  }
  clear() {
    this.#byEvent.clear();
  }
};

// handfast/requests.ts
var OUTCOME_UNKNOWN = {
  code: "OUTCOME_UNKNOWN",
  message: "the connection ended before the answer was complete"
};
var Requests = class {
  #clock;
  #correlate;
  #entries = /* @__PURE__ */ new Map();
  constructor(clock, correlate) {
    this.#clock = clock;
    this.#correlate = correlate;
  }
  /**
   * Takes a request, and fails it with `TIMEOUT` where `timeout` milliseconds bring no answer; `null` waits for as long
   * as the connection lasts.
   */
  add(request, timeout) {
    const late = () => this.fail(request.id, { code: "TIMEOUT", message: `no answer within ${timeout} ms` });
    const cancelTimer = timeout === null ? () => {
    } : this.#clock.after(timeout, late);
    this.#entries.set(request.id, { request, written: false, lost: false, abandoned: false, cancelTimer });
  }
  /** The request that a message answers: by its id, or the first in line where the protocol goes by order. */
  find(id) {
    return this.#find(id)?.request;
  }
  #find(id) {
    if (this.#correlate === "id") return id === void 0 ? void 0 : this.#entries.get(id);
    for (const entry of this.#entries.values()) if (entry.written) return entry;
    return void 0;
  }
  /** Whether a request that is pending went out over the connection there is. */
  isWritten(id) {
    return this.#entries.get(id)?.written ?? false;
  }
  /** Gives a request its answer. */
  answer(request, message, incoming) {
    const entry = this.#entries.get(request.id);
    if (entry === void 0) return;
    entry.cancelTimer();
    if (entry.abandoned || request.answered(message, incoming)) this.#entries.delete(request.id);
  }
  /** Fails a request. */
  fail(id, error, answered = false) {
    const entry = this.#entries.get(id);
    if (entry === void 0) return;
    const wasAbandoned = entry.abandoned;
    this.abandon(id, answered);
    if (!wasAbandoned) entry.request.failed(error);
  }
  /**
   * Waits for a request no longer. Its place in line stays, until its answer comes, where the protocol goes by order.
   */
  abandon(id, answered = false) {
    const entry = this.#entries.get(id);
    if (entry === void 0) return;
    entry.cancelTimer();
    entry.abandoned = true;
    if (answered || !entry.written || this.#correlate === "id") this.#entries.delete(id);
  }
  /** Writes a request, unless it has been written on this connection. */
  write(id, write) {
    const entry = this.#entries.get(id);
    if (entry === void 0 || entry.written) return;
    entry.written = true;
    write(entry.request.text);
  }
  /** Writes every request that has not been written on this connection. */
  flush(write) {
    for (const id of this.#entries.keys()) this.write(id, write);
  }
  /**
   * The connection broke: what may be sent again waits for the next one, the outcome of the rest is unknown. What was
   * written behind a hello that the server `refused` was not looked at.
   */
  disconnected(refused) {
    for (const [id, entry] of [...this.#entries]) {
      if (!entry.written) continue;
      entry.written = false;
      if (refused) continue;
      entry.lost = true;
      if (entry.request.idempotent && !entry.abandoned) continue;
      this.fail(id, OUTCOME_UNKNOWN);
    }
  }
  /** Fails every request. */
  failAll(error) {
    for (const [id, { lost }] of [...this.#entries]) this.fail(id, lost ? OUTCOME_UNKNOWN : error, true);
  }
};

// handfast/room.ts
var Room = class {
  /** The channel's key on the wire. */
  key;
  #host;
  #events;
  #messages;
  #joined;
  #seq;
  #epoch;
  constructor(key, host) {
    this.key = key;
    this.#host = host;
    this.#events = new Listeners((error) => host.threw(error));
    this.#messages = new Listeners((error) => host.threw(error));
  }
  /** The last answer to a join. */
  get joined() {
    return this.#joined;
  }
  on(what, listener) {
    if (typeof what === "string") return this.#events.on(what, listener);
    this.#host.learn(what);
    const hear = listener;
    return this.#messages.on(what.name, (message) => hear(message.payload, message));
  }
  /** Sends a message that has no reply, with the room's key in its envelope. */
  send(message, payload) {
    return this.#host.send(message, payload, this.key);
  }
  /** Leaves the room. Its listeners hear nothing more. */
  leave() {
    return this.#host.leave();
  }
  /** @internal Takes the answer to a join. */
  enter(joined, { seq, epoch }, again) {
    this.#joined = joined;
    if (again) this.#events.emit("rejoined", joined);
    const { gap } = this.#advance(seq, epoch, 0);
    if (again && gap !== void 0) this.#events.emit("gap", gap);
  }
  /** @internal Counts a message off; whether it is new. */
  count({ seq, epoch }) {
    const { gap, repeated } = this.#advance(seq, epoch, 1);
    if (gap !== void 0) this.#events.emit("gap", gap);
    return !repeated;
  }
  /**
   * Moves on to a number, and tells what was missed.
   *
   * @param step what the number grows by where nothing was missed: 0 in the answer to a join, 1 in a message.
   */
  #advance(seq, epoch, step) {
    const expected = this.#seq === void 0 ? void 0 : this.#seq + step;
    const anotherLife = epoch !== void 0 && this.#epoch !== void 0 && epoch !== this.#epoch;
    if (epoch !== void 0) this.#epoch = epoch;
    if (seq === void 0) return anotherLife ? { gap: {} } : {};
    if (!anotherLife && step === 1 && expected !== void 0 && seq < expected) return { repeated: true };
    this.#seq = seq;
    if (anotherLife || expected !== void 0 && seq < expected) return { gap: {} };
    if (expected === void 0 || seq === expected) return {};
    return { gap: { from: expected + 1 - step, to: seq - step } };
  }
  /** @internal Takes the server's word that something is missing. */
  miss(gap) {
    if (gap.to !== void 0 && (this.#seq === void 0 || gap.to > this.#seq)) this.#seq = gap.to;
    this.#events.emit("gap", gap);
  }
  /** @internal */
  hear(message) {
    return this.#messages.emit(message.type, message);
  }
  /** @internal */
  lose(error) {
    if (error !== void 0) this.#events.emit("lost", error);
    this.#events.clear();
    this.#messages.clear();
  }
};

// handfast/session.ts
function checkReady(value, report) {
  if (!object(value, report)) return;
  property(value, "version", string, report);
  property(value, "hash", string, report);
  property(value, "session", string, report);
  required(value, ["version"], report);
}
function checkRefusal(value, report) {
  if (!object(value, report)) return;
  property(value, "code", checkCode, report);
  property(value, "message", string, report);
  required(value, ["code"], report);
  required(value, ["message"], report);
}
function checkError(value, report) {
  overlaps(report);
  checkRefusal(value, report);
  if (!object(value, report)) return;
  property(value, "retryable", boolean, report);
  property(value, "violations", checkViolations, report);
}
function checkCode(value, report) {
  if (typeof value !== "string" && !Number.isInteger(value)) notOf(["integer", "string"], report);
}
function checkViolations(value, report) {
  if (array(value, report)) items(value, 0, checkViolation, report);
}
function checkViolation(value, report) {
  if (!object(value, report)) return;
  for (const name of ["path", "keyword", "message"]) {
    property(value, name, string, report);
    required(value, [name], report);
  }
}
function checkGap(value, report) {
  checkChannelKey(value, report);
  if (!object(value, report)) return;
  property(value, "from", integer, report);
  property(value, "to", integer, report);
}
function checkChannelKey(value, report) {
  if (!object(value, report)) return;
  property(value, "channel", string, report);
  required(value, ["channel"], report);
}
function checkNothing() {
}
var sessionMessages = {
  ready: { name: "ready", receive: checkReady },
  refuse: { name: "refuse", receive: checkRefusal },
  error: { name: "error", receive: checkError },
  gap: { name: "gap", receive: checkGap },
  ping: { name: "ping", receive: checkNothing },
  pong: { name: "pong", receive: checkNothing }
};
var failure = { name: "error", receive: checkNothing };
function wireError(payload) {
  if (violationsOf(checkError, payload, "received").length === 0) return payload;
  return { code: "FAILED", message: "the request failed", data: payload };
}
function callError(error, declared) {
  const { code, message, retryable = false, data, violations = [] } = error;
  const descriptor = declared.find((candidate) => candidate.code === code);
  if (descriptor !== void 0) {
    const wrong = violationsOf(descriptor.data, data, "received");
    if (wrong.length === 0) return { code, message, retryable, data };
    const words = `the data of the error \`${code}\` does not fit: ${wrong.map(wording).join("; ")}`;
    const reply = { code: "INVALID", kind: "invalid", message: words, payload: error, violations: wrong };
    return { code: "BAD_REPLY", message: words, reply };
  }
  if (code === "INVALID") return { code, message, violations };
  if (isSessionCode(code)) return { code, message, retryable };
  return { code: "UNDECLARED", received: code, message, retryable, data };
}
function isSessionCode(code) {
  return SESSION_CODES.some((known) => known === code);
}

// handfast/stream.ts
function deferred() {
  let resolve2;
  const promise = new Promise((settle) => resolve2 = settle);
  return { promise, resolve: resolve2 };
}
var Stream = class {
  #ack = deferred();
  #end = deferred();
  #waitingItems = [];
  #waitingReader;
  #over;
  #cancel;
  /** @param cancel tells the server. */
  constructor(cancel) {
    this.#cancel = cancel;
  }
  /** What the server said when the stream began, or why it did not. It never rejects. */
  get ack() {
    return this.#ack.promise;
  }
  /**
   * What the server said when the stream was over, or why it broke off: `CANCELLED` after a cancel. It never rejects.
   */
  get end() {
    return this.#end.promise;
  }
  /** Ends the stream early. Items that are already here can still be taken. */
  cancel() {
    if (this.#over !== void 0) return;
    this.#cancel();
    const error = { code: "CANCELLED", message: "the stream was cancelled" };
    this.#finish(err(error), {});
  }
  async *[Symbol.asyncIterator]() {
    try {
      for (; ; ) {
        while (this.#waitingItems.length > 0) yield this.#waitingItems.shift();
        if (this.#over?.failure !== void 0) throw new Failed(this.#over.failure);
        if (this.#over !== void 0) return;
        this.#waitingReader = deferred();
        await this.#waitingReader.promise;
      }
    } finally {
      this.cancel();
    }
  }
  /** @internal */
  acknowledge(ack) {
    this.#ack.resolve(ok(ack));
  }
  /** @internal */
  push(item2) {
    this.#waitingItems.push(item2);
    this.#wake();
  }
  /** @internal */
  complete(end) {
    this.#finish(ok(end), {});
  }
  /** @internal */
  fail(failure2) {
    this.#finish(err(failure2), { failure: failure2 });
  }
  #finish(end, over) {
    if (this.#over !== void 0) return;
    this.#over = over;
    this.#end.resolve(end);
    if (!end.ok) this.#ack.resolve(end);
    this.#wake();
  }
  #wake() {
    this.#waitingReader?.resolve();
    this.#waitingReader = void 0;
  }
};

// handfast/transport.ts
function webSocket(constructor) {
  return (url, subprotocol, events) => {
    const socket = new (constructor ?? WebSocket)(url, [subprotocol]);
    socket.onopen = () => events.opened();
    socket.onmessage = (event) => events.received(event.data);
    socket.onerror = () => {
    };
    socket.onclose = (event) => events.closed(event.code, event.reason);
    return {
      send: (text) => socket.send(text),
      close(code, reason) {
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close(code, reason);
      }
    };
  };
}

// handfast/client.ts
var Client = class {
  /**
   * The server's welcome. Rejects with {@link Refused} where the server refuses, and with {@link Failed} where the
   * client is closed before. Calls need not wait for it.
   */
  ready;
  #protocol;
  #options;
  #connection;
  #requests;
  #rooms = /* @__PURE__ */ new Map();
  /** Each join that succeeded or may yet, so that a channel is joined once. */
  #joins = /* @__PURE__ */ new Map();
  #rejoin = /* @__PURE__ */ new Map();
  #events = new Listeners((error) => this.#threw(error));
  #messages = new Listeners((error) => this.#threw(error));
  #byTag = /* @__PURE__ */ new Map();
  #reader;
  /** Messages without a reply that wait for a connection. */
  #unsent = [];
  #resolveReady;
  #rejectReady;
  #lastId = 0;
  /** Whether the server has welcomed this client on the connection there is. */
  #welcome = false;
  #warned = false;
  /** Whether the server, or this client itself, said no to the session. */
  #refused = false;
  /** Why nothing can be sent any more. */
  #over;
  constructor(protocol2, url, options = {}) {
    const { clock = systemClock, reconnect = true, transport = webSocket(options.WebSocket) } = options;
    this.#protocol = protocol2;
    this.#options = options;
    this.ready = new Promise((resolve2, reject) => {
      this.#resolveReady = resolve2;
      this.#rejectReady = reject;
    });
    this.ready.catch(() => {
    });
    this.#requests = new Requests(clock, protocol2.envelope.server.correlate);
    this.#reader = {
      envelope: protocol2.envelope.server,
      lookup: (tag) => this.#byTag.get(tag),
      pending: (id) => this.#requests.find(id)?.answers,
      failure
    };
    for (const message of Object.values(sessionMessages)) {
      const tag = this.#roleTag(message.name);
      if (tag !== null) this.#byTag.set(tag, message);
    }
    this.#connection = new Connection(
      { url: String(url), protocol: protocol2, connect: transport, clock, reconnect },
      {
        hello: () => this.#hello(),
        ping: this.#roleText("ping"),
        opened: () => this.#opened(),
        received: (data) => this.#received(data),
        closed: (closed) => this.#closed(closed),
        failed: (error) => this.#threw(error)
      }
    );
    this.#connection.start();
  }
  /**
   * Sends a request and waits for its reply. The result never rejects: errors that the message declares and those of
   * the runtime are told apart by `code`. Before there is a connection, it waits for one.
   */
  call(request, ...[payload, options]) {
    return this.#call(request, payload, options?.timeout);
  }
  #call(request, payload, timeout, answered) {
    return new Promise((resolve2) => {
      this.#ask(request, payload, timeout, [request.reply], {
        answered: (message) => {
          answered?.(message);
          resolve2(ok(message.payload));
          return true;
        },
        failed: (error) => resolve2(err(error))
      });
    });
  }
  /**
   * Sends a request that is answered with a stream. Once it was sent, the stream fails when the connection is lost. A
   * stream that has no end message goes on until then, or until it fails or is cancelled.
   */
  stream(request, ...[payload, options]) {
    const { ack, stream: item2, end, cancel } = request;
    let id;
    const stream = new Stream(() => {
      if (id === void 0) return;
      const wasWritten = this.#requests.isWritten(id);
      this.#requests.abandon(id);
      if (wasWritten && cancel !== void 0) this.#write(cancel, void 0, { id });
    });
    const answers = [item2, ...ack ? [ack] : [], ...end ? [end] : []];
    id = this.#ask({ ...request, idempotent: false }, payload, options?.timeout, answers, {
      answered: (message, incoming) => {
        if (incoming === item2) stream.push(message.payload);
        else if (incoming === ack) stream.acknowledge(message.payload);
        else stream.complete(message.payload);
        return incoming === end;
      },
      failed: (error) => stream.fail(error)
    });
    return stream;
  }
  /** Sends a message that has no reply. Before there is a connection, it waits for one, unless it is volatile. */
  send(message, ...[payload]) {
    return this.#write(message, payload, {});
  }
  on(what, listener) {
    if (typeof what === "string") return this.#events.on(what, listener);
    this.#learn(what);
    const hear = listener;
    return this.#messages.on(what.name, (message) => hear(message.payload, message));
  }
  /**
   * Joins a channel, or hands out the room where it has been joined already. After a loss of the connection it is
   * joined again by itself.
   *
   * @param setup is called before the request is sent, so that no message is missed by what it registers.
   * @throws {Failed} with the error of the join.
   */
  async join(channel, params, setup) {
    const key = channel.key(params);
    const known = this.#joins.get(key);
    if (known !== void 0) {
      const room2 = await known;
      setup?.(room2);
      return room2;
    }
    const join = this.#join(key, channel, params, setup);
    this.#joins.set(key, join);
    try {
      return await join;
    } catch (error) {
      this.#joins.delete(key);
      throw error;
    }
  }
  async #join(key, channel, params, setup) {
    const own = { channel: key };
    const request = channel.join ?? this.#ownRequest("join");
    const leaving = channel.leave ?? this.#ownRequest("leave");
    const room2 = new Room(key, {
      send: (message, payload, to) => this.#write(message, payload, { channel: to }),
      learn: (message) => this.#learn(message),
      threw: (error) => this.#threw(error),
      leave: () => {
        this.#forget(key);
        return this.#call(leaving, channel.leave ? pick(params, channel.params) : own);
      }
    });
    setup?.(room2);
    const enter = (again) => this.#call(
      again ? { ...request, idempotent: false } : request,
      channel.join ? params : own,
      again ? null : void 0,
      (message) => {
        room2.enter(message.payload, message, again);
        if (again) return;
        this.#rooms.set(key, room2);
        this.#rejoin.set(key, () => void rejoin());
      }
    );
    const rejoin = async () => {
      const { clock = systemClock } = this.#options;
      const cancelTimer = clock.after(this.#protocol.session.timeout, () => room2.miss({}));
      const joined = await enter(true).finally(cancelTimer);
      if (!joined.ok && joined.error.code !== "OUTCOME_UNKNOWN") this.#forget(key, joined.error);
    };
    (await enter(false)).orThrow();
    return room2;
  }
  /** Ends the connection, fails what is pending, and ends every timer and listener. */
  close() {
    this.#connection.end(1e3, "closed by the client");
  }
  // Sending
  #ask(request, payload, timeout, answers, settle) {
    const { client: client2 } = this.#protocol.envelope;
    const id = client2.id?.kind === "integer" ? ++this.#lastId : String(++this.#lastId);
    const text = this.#text(request, payload, { id });
    if (!text.ok) {
      settle.failed(text.error);
      return void 0;
    }
    const { errors, idempotent = false } = request;
    for (const answer of answers) this.#learn(answer);
    const usual = request.timeout ?? this.#options.timeout ?? this.#protocol.session.timeout;
    const wait = timeout === void 0 ? usual : timeout;
    this.#requests.add({ id, text: text.value, idempotent, answers, errors, ...settle }, wait);
    if (this.#connection.writable) this.#requests.write(id, (text2) => this.#connection.write(text2));
    return id;
  }
  #write(message, payload, address) {
    const text = this.#text(message, payload, address);
    if (!text.ok) return text;
    if (this.#connection.writable) this.#connection.write(text.value);
    else if (message.volatile !== true) this.#unsent.push(text.value);
    return ok(void 0);
  }
  /** What keeps a server from taking a value that so many objects of the message lie around. */
  #violations(check, payload, around, under) {
    if (isDeeper(payload, this.#protocol.depth - around)) check = tooDeep;
    return under === null ? violationsOf(check, payload, "sent") : violationsUnder(check, payload, "sent", under);
  }
  /** The text of a message that a server would take. */
  #text(message, payload, address) {
    if (this.#over !== void 0) return err(this.#over);
    const envelope = message.envelope ?? this.#protocol.envelope.client;
    if (message.send !== noPayload) {
      const { content } = envelope;
      const violations = this.#violations(message.send, payload, content === null ? 0 : 1, content);
      if (violations.length > 0) {
        const words = `the payload of \`${message.name}\` does not fit: ${violations.map(wording).join("; ")}`;
        return err({ code: "INVALID", message: words, violations });
      }
    }
    const text = this.#raw(envelope, tagOf(message) ?? message.name, payload, address);
    const most = this.#protocol.limits?.message;
    if (most !== void 0 && isLonger(text, most)) {
      const words = `\`${message.name}\` has more than ${most} bytes`;
      return err({ code: "TOO_LARGE", message: words, retryable: false });
    }
    return ok(text);
  }
  #raw(envelope, tag, payload, address) {
    return writeMessage(envelope, tag, payload, { ...address, version: parseInt(this.#protocol.version, 10) });
  }
  #roleTag(role) {
    const tag = this.#protocol.roles?.[role];
    return tag === void 0 ? role : tag;
  }
  #roleText(role, payload) {
    const tag = this.#roleTag(role);
    return tag === null ? null : this.#raw(this.#protocol.envelope.client, tag, payload, {});
  }
  #ownRequest(role) {
    const tag = this.#roleTag(role);
    const reply = { name: role, tag, receive: checkChannelKey };
    return { ...reply, send: checkChannelKey, reply, errors: [], idempotent: true };
  }
  // The session
  async #hello() {
    const { version, hash, auth: check } = this.#protocol;
    const proof = await this.#proof();
    if (check !== void 0 && proof !== void 0) {
      const violations = this.#violations(check, proof, 2, null);
      if (violations.length > 0) {
        const words = `the proof of who the client is does not fit: ${violations.map(wording).join("; ")}`;
        this.#end(new Refused("INVALID", words));
      }
    }
    return this.#roleText("hello", { version, hash, ...proof !== void 0 && { auth: proof } });
  }
  async #proof() {
    const { auth, token } = this.#options;
    const [proof, bearer] = await Promise.all([resolve(auth), resolve(token)]);
    return bearer === void 0 ? proof : { ...proof, token: bearer };
  }
  #opened() {
    for (const rejoin of this.#rejoin.values()) rejoin();
    this.#requests.flush((text) => this.#connection.write(text));
    for (const text of this.#unsent.splice(0)) this.#connection.write(text);
    if (this.#roleTag("hello") === null) this.#isReady({ version: this.#protocol.version, hash: this.#protocol.hash });
  }
  #isReady(ready) {
    this.#welcome = true;
    this.#connection.ready();
    this.#resolveReady(ready);
    const { name, version, hash } = this.#protocol;
    if (ready.hash !== void 0 && ready.hash !== hash) {
      const words = `handfast: this client was generated from ${name} ${version} (${hash}) and the server from ${ready.version} (${ready.hash}). Generate the older end anew, from the protocol.yaml of the newer.`;
      if (!this.#warned) console.warn(words);
      this.#warned = true;
      const theirs = { version: ready.version, hash: ready.hash };
      this.#events.emit("skew", { client: { version, hash }, server: theirs, message: words });
    }
    this.#events.emit("open", ready);
  }
  #closed(closed) {
    const isRefusal = (this.#protocol.finalCloses ?? FINAL).includes(closed.code);
    this.#requests.disconnected(!this.#welcome && (this.#refused || isRefusal));
    this.#welcome = false;
    if (closed.final) {
      const words = closed.reason === "" ? `the connection was closed with ${closed.code}` : closed.reason;
      this.#over ??= { code: "CLOSED", message: words };
      this.#requests.failAll(this.#over);
      this.#unsent.length = 0;
      for (const key of [...this.#rooms.keys()]) this.#forget(key, this.#over);
      this.#rejectReady(closed.code === 1e3 ? new Failed(this.#over) : new Refused(closed.code, words));
    }
    this.#events.emit("close", closed);
    if (!closed.final) return;
    this.#events.clear();
    this.#messages.clear();
  }
  /** The server's no, or our own: nothing is tried again. */
  #end(refused) {
    this.#over = { code: "CLOSED", message: refused.message };
    this.#refused = true;
    this.#rejectReady(refused);
    this.#connection.end(1e3, refused.message);
  }
  // Receiving
  #received(data) {
    const parsed = parse(typeof data === "string" ? data : "", this.#protocol.depth);
    const decoded = parsed.ok ? read(parsed.value, this.#reader) : parsed;
    const around = decoded.ok ? decoded.value.message : decoded.error;
    const room2 = around.channel === void 0 ? void 0 : this.#rooms.get(around.channel);
    const request = this.#requests.find(around.id);
    if (decoded.ok && request?.answers.includes(decoded.value.incoming) === true) {
      return this.#requests.answer(request, decoded.value.message, decoded.value.incoming);
    }
    if (room2?.count(around) === false) return;
    if (decoded.ok) return this.#heard(decoded.value.incoming, decoded.value.message, request, room2);
    const { error } = decoded;
    if (request !== void 0 && this.#isAnswer(error, request)) {
      return this.#requests.fail(request.id, { code: "BAD_REPLY", message: error.message, reply: error }, true);
    }
    if (error.kind !== "unknown-type") this.#events.emit("invalid", error);
    else if (error.id === void 0) this.#events.emit("unhandled", error);
  }
  /** Whether a message that could not be taken was meant for a request: without ids, only its tag can tell. */
  #isAnswer({ type }, { answers }) {
    const { correlate } = this.#protocol.envelope.server;
    return correlate === "id" || answers.some((answer) => tagOf(answer) === (type ?? null));
  }
  /** Takes a message that is not the answer to a request, or is an error. */
  #heard(incoming, message, request, room2) {
    switch (incoming) {
      case sessionMessages.ready:
        return this.#isReady(message.payload);
      case sessionMessages.refuse: {
        const { code, message: words, side } = message.payload;
        return this.#end(new Refused(code, words, side));
      }
      case failure:
      case sessionMessages.error: {
        const error = callError(wireError(message.payload), request?.errors ?? []);
        if (request !== void 0) return this.#requests.fail(request.id, error, true);
        if (message.id === void 0) this.#threw(new Failed(error));
        return;
      }
      case sessionMessages.gap: {
        const { channel, ...gap } = message.payload;
        return this.#rooms.get(channel)?.miss(gap);
      }
      case sessionMessages.ping: {
        const pong = this.#roleText("pong");
        if (pong !== null && this.#connection.writable) this.#connection.write(pong);
        return;
      }
      case sessionMessages.pong:
        return;
    }
    if (message.id !== void 0 && message.channel === void 0) return;
    const heardInRoom = room2?.hear(message) ?? false;
    if (this.#messages.emit(message.type, message) || heardInRoom) return;
    this.#events.emit("unhandled", message);
  }
  #learn(message) {
    const tag = tagOf(message);
    if (tag !== null) this.#byTag.set(tag, message);
  }
  #forget(key, error) {
    const room2 = this.#rooms.get(key);
    this.#rooms.delete(key);
    this.#joins.delete(key);
    this.#rejoin.delete(key);
    room2?.lose(error);
  }
  /** Tells of an error nobody waits for; where nobody listens either, the platform does. */
  #threw(error) {
    if (this.#events.emit("error", error)) return;
    queueMicrotask(() => {
      throw error;
    });
  }
};
function pick(value, names) {
  return names === void 0 ? value : Object.fromEntries(names.map((name) => [name, value[name]]));
}
function isLonger(text, most) {
  return text.length * 3 > most && new TextEncoder().encode(text).length > most;
}
function resolve(source) {
  return typeof source === "function" ? source() : source;
}
function tooDeep(_, report) {
  fail(report, "depth", "is nested too deeply to be checked");
}

// api.ts
var roomIdPattern = /* @__PURE__ */ run(/[a-z0-9-]/, 1, 64);
var memberRule = [tellFields, {
  "?": [],
  name: [tellText, 1, 40],
  status: [checkStatus]
}];
function isMember(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { name, status } = value;
  return isText(name, 1, 40) && status !== void 0 && passes(status, checkStatus, false);
}
function checkStatus(value, report) {
  string(value, report);
}
var symbolPattern = /^[A-Z]{2,6}-[A-Z]{2,6}$/u;
function isSymbol(value, _strict = true) {
  return typeof value === "string" && symbolPattern.test(value);
}
function checkSymbol(value, report) {
  if (!isSymbol(value, report.strict)) {
    tell(value, report, [tellText, void 0, void 0, symbolPattern, "^[A-Z]{2,6}-[A-Z]{2,6}$"]);
  }
}
var decimalPattern = /^-?[0-9]{1,18}(\.[0-9]{1,12})?$/u;
function isDecimal(value) {
  return typeof value === "string" && decimalPattern.test(value);
}
function checkDecimal(value, report) {
  if (!isDecimal(value)) {
    tell(value, report, [tellText, void 0, void 0, decimalPattern, "^-?[0-9]{1,18}(\\.[0-9]{1,12})?$"]);
  }
}
function checkLevel(value, report) {
  if (!array(value, report)) return;
  item(value, 0, checkDecimal, report);
  item(value, 1, checkDecimal, report);
  noItems(value, 2, report);
  if (!(value.length >= 2)) tell(value, report, [tellList, [anything], 2]);
}
function checkAttachment(value, report) {
  overlaps(report);
  switch (discriminant(value, "kind")) {
    case "image":
      return checkAttachmentImage(value, report);
    case "snippet":
      return checkAttachmentSnippet(value, report);
    default:
      return noVariant(value, "kind", ["image", "snippet"], report);
  }
}
var attachmentImageRule = [tellFields, {
  "?": ["alt"],
  kind: [checkAttachmentImageKind],
  url: [tellText, void 0, 2e3],
  width: [tellInteger, 1, 2e4],
  height: [tellInteger, 1, 2e4],
  alt: [tellText, void 0, 500]
}, tellOthersIfSent];
var attachmentImageFields = /* @__PURE__ */ new Set(["kind", "url", "width", "height", "alt"]);
function isAttachmentImage(value, strict = true) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { kind: kind2, url, width, height, alt } = value;
  return kind2 !== void 0 && passes(kind2, checkAttachmentImageKind, strict) && isText(url, 0, 2e3) && isSafeInteger(width) && width >= 1 && width <= 2e4 && isSafeInteger(height) && height >= 1 && height <= 2e4 && (alt === void 0 || isText(alt, 0, 500)) && (!strict || isClosed(value, attachmentImageFields));
}
function checkAttachmentImage(value, report) {
  if (!isAttachmentImage(value, report.strict)) tellFields(value, report, attachmentImageRule);
}
function checkAttachmentImageKind(value, report) {
  if (value !== "image") notConst("image", report);
}
var attachmentSnippetRule = [tellFields, {
  "?": ["language"],
  kind: [checkAttachmentSnippetKind],
  text: [tellText, void 0, 1e4],
  language: [checkAttachmentSnippetLanguage]
}, tellOthersIfSent];
var attachmentSnippetFields = /* @__PURE__ */ new Set(["kind", "text", "language"]);
function isAttachmentSnippet(value, strict = true) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { kind: kind2, text, language } = value;
  return kind2 !== void 0 && passes(kind2, checkAttachmentSnippetKind, strict) && isText(text, 0, 1e4) && (language === void 0 || language === null || isText(language, 0, 40)) && (!strict || isClosed(value, attachmentSnippetFields));
}
function checkAttachmentSnippet(value, report) {
  if (!isAttachmentSnippet(value, report.strict)) tellFields(value, report, attachmentSnippetRule);
}
function checkAttachmentSnippetKind(value, report) {
  if (value !== "snippet") notConst("snippet", report);
}
function checkAttachmentSnippetLanguage(value, report) {
  if (value === null) return;
  if (typeof value !== "string") return notOf(["null", "a string"], report);
  if (!isText(value, 0, 40)) tell(value, report, [tellText, void 0, 40]);
}
var roomFullError = {
  code: "ROOM_FULL",
  data: checkRoomFullErrorData
};
var roomFullErrorDataRule = [tellFields, {
  "?": [],
  limit: [tellInteger, 1, 9007199254740991]
}];
function isRoomFullErrorData(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { limit } = value;
  return isSafeInteger(limit) && limit >= 1;
}
function checkRoomFullErrorData(value, report) {
  if (!isRoomFullErrorData(value)) tellFields(value, report, roomFullErrorDataRule);
}
var notInRoomError = {
  code: "NOT_IN_ROOM",
  data: noPayload
};
var unknownSymbolError = {
  code: "UNKNOWN_SYMBOL",
  data: noPayload
};
var authRule = [tellFields, {
  "?": ["token"],
  name: [tellText, 1, 40],
  token: [tellText, void 0, 4096]
}, tellOthersIfSent];
var authFields = /* @__PURE__ */ new Set(["name", "token"]);
function isAuth(value, strict = true) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { name, token } = value;
  return isText(name, 1, 40) && (token === void 0 || isText(token, 0, 4096)) && (!strict || isClosed(value, authFields));
}
function checkAuth(value, report) {
  if (!isAuth(value, report.strict)) tellFields(value, report, authRule);
}
var roomJoinRule = [tellFields, {
  "?": [],
  roomId: [tellText, void 0, void 0, roomIdPattern, "^[a-z0-9-]{1,64}$"]
}, tellOthersIfSent];
var roomJoinFields = /* @__PURE__ */ new Set(["roomId"]);
function isRoomJoin(value, strict = true) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { roomId: roomId2 } = value;
  return typeof roomId2 === "string" && roomIdPattern.test(roomId2) && (!strict || isClosed(value, roomJoinFields));
}
function checkRoomJoin(value, report) {
  if (!isRoomJoin(value, report.strict)) tellFields(value, report, roomJoinRule);
}
var roomJoinedRule = [tellFields, {
  "?": [],
  members: [tellList, memberRule, 0, 1e3],
  topic: [checkRoomJoinedTopic]
}];
function isRoomJoined(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { members: members2, topic } = value;
  return Array.isArray(members2) && members2.length <= 1e3 && members2.every((item2) => isMember(item2)) && (topic === null || typeof topic === "string");
}
function checkRoomJoined(value, report) {
  if (!isRoomJoined(value)) tellFields(value, report, roomJoinedRule);
}
function checkRoomJoinedTopic(value, report) {
  if (value !== null && typeof value !== "string") notOf(["null", "a string"], report);
}
var roomLeaveRule = [tellFields, {
  "?": [],
  roomId: [tellText, void 0, void 0, roomIdPattern, "^[a-z0-9-]{1,64}$"]
}, tellOthersIfSent];
var roomLeaveFields = /* @__PURE__ */ new Set(["roomId"]);
function isRoomLeave(value, strict = true) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { roomId: roomId2 } = value;
  return typeof roomId2 === "string" && roomIdPattern.test(roomId2) && (!strict || isClosed(value, roomLeaveFields));
}
function checkRoomLeave(value, report) {
  if (!isRoomLeave(value, report.strict)) tellFields(value, report, roomLeaveRule);
}
var chatSendRule = [tellFields, {
  "?": ["attachments"],
  roomId: [tellText, void 0, void 0, roomIdPattern, "^[a-z0-9-]{1,64}$"],
  text: [tellText, 1, 2e3],
  attachments: [checkChatSendAttachments]
}, tellOthersIfSent];
var chatSendFields = /* @__PURE__ */ new Set(["roomId", "text", "attachments"]);
function isChatSend(value, strict = true) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { roomId: roomId2, text, attachments: attachments2 } = value;
  return typeof roomId2 === "string" && roomIdPattern.test(roomId2) && isText(text, 1, 2e3) && (attachments2 === void 0 || passes(attachments2, checkChatSendAttachments, strict)) && (!strict || isClosed(value, chatSendFields));
}
function checkChatSend(value, report) {
  if (!isChatSend(value, report.strict)) tellFields(value, report, chatSendRule);
}
function checkChatSendAttachments(value, report) {
  if (!array(value, report)) return;
  for (let i = 0; i < value.length; i++) {
    const before = report.found.length;
    checkAttachment(value[i], report);
    below(report, before, i);
  }
  if (!(value.length <= 4)) tell(value, report, [tellList, [anything], void 0, 4]);
}
var chatMessageRule = [tellFields, {
  "?": ["attachments"],
  from: [tellText, 1, 40],
  text: [tellText],
  attachments: [checkChatMessageAttachments]
}];
function isChatMessage(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { from: from$, text, attachments: attachments2 } = value;
  return isText(from$, 1, 40) && typeof text === "string" && (attachments2 === void 0 || passes(attachments2, checkChatMessageAttachments, false));
}
function checkChatMessage(value, report) {
  if (!isChatMessage(value)) tellFields(value, report, chatMessageRule);
}
function checkChatMessageAttachments(value, report) {
  if (!array(value, report)) return;
  for (let i = 0; i < value.length; i++) {
    const before = report.found.length;
    checkAttachment(value[i], report);
    below(report, before, i);
  }
}
var userTypingClientRule = [tellFields, {
  "?": [],
  roomId: [tellText, void 0, void 0, roomIdPattern, "^[a-z0-9-]{1,64}$"]
}, tellOthersIfSent];
var userTypingClientFields = /* @__PURE__ */ new Set(["roomId"]);
function isUserTypingClient(value, strict = true) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { roomId: roomId2 } = value;
  return typeof roomId2 === "string" && roomIdPattern.test(roomId2) && (!strict || isClosed(value, userTypingClientFields));
}
function checkUserTypingClient(value, report) {
  if (!isUserTypingClient(value, report.strict)) tellFields(value, report, userTypingClientRule);
}
var userTypingServerRule = [tellFields, {
  "?": [],
  name: [tellText, 1, 40]
}];
function isUserTypingServer(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { name } = value;
  return isText(name, 1, 40);
}
function checkUserTypingServer(value, report) {
  if (!isUserTypingServer(value)) tellFields(value, report, userTypingServerRule);
}
var userPresenceRule = [tellFields, {
  "?": [],
  member: memberRule,
  present: [boolean]
}];
function isUserPresence(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { member, present } = value;
  return isMember(member) && typeof present === "boolean";
}
function checkUserPresence(value, report) {
  if (!isUserPresence(value)) tellFields(value, report, userPresenceRule);
}
var pricesWatchRule = [tellFields, {
  "?": ["every"],
  symbols: [checkPricesWatchSymbols],
  every: [tellInteger, 50, 6e4]
}, tellOthersIfSent];
var pricesWatchFields = /* @__PURE__ */ new Set(["symbols", "every"]);
function isPricesWatch(value, strict = true) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { symbols, every } = value;
  return symbols !== void 0 && passes(symbols, checkPricesWatchSymbols, strict) && (every === void 0 || isSafeInteger(every) && every >= 50 && every <= 6e4) && (!strict || isClosed(value, pricesWatchFields));
}
function checkPricesWatch(value, report) {
  if (!isPricesWatch(value, report.strict)) tellFields(value, report, pricesWatchRule);
}
function checkPricesWatchSymbols(value, report) {
  if (!array(value, report)) return;
  if (!value.every((item2) => typeof item2 === "string" && symbolPattern.test(item2))) {
    items(value, 0, checkSymbol, report);
  }
  if (!(value.length >= 1 && value.length <= 50)) tell(value, report, [tellList, [anything], 1, 50]);
  uniqueItems(value, report);
}
var pricesTickRule = [tellFields, {
  "?": ["change"],
  symbol: [tellText, void 0, void 0, symbolPattern, "^[A-Z]{2,6}-[A-Z]{2,6}$"],
  price: [tellText, void 0, void 0, decimalPattern, "^-?[0-9]{1,18}(\\.[0-9]{1,12})?$"],
  side: [checkPricesTickSide],
  change: [tellNumber, void 0, void 0, -1]
}];
function isPricesTick(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { symbol: symbol$, price, side, change } = value;
  return typeof symbol$ === "string" && symbolPattern.test(symbol$) && typeof price === "string" && decimalPattern.test(price) && side !== void 0 && passes(side, checkPricesTickSide, false) && (change === void 0 || typeof change === "number" && change > -1 && change < Infinity);
}
function checkPricesTick(value, report) {
  if (!isPricesTick(value)) tellFields(value, report, pricesTickRule);
}
function checkPricesTickSide(value, report) {
  if (value !== "buy" && value !== "sell") notEnum(["buy", "sell"], report);
}
var pricesDoneRule = [tellFields, {
  "?": [],
  ticks: [tellInteger, 0, 9007199254740991]
}];
function isPricesDone(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { ticks } = value;
  return isSafeInteger(ticks) && ticks >= 0;
}
function checkPricesDone(value, report) {
  if (!isPricesDone(value)) tellFields(value, report, pricesDoneRule);
}
var pricesBookRule = [tellFields, {
  "?": ["depth"],
  symbol: [tellText, void 0, void 0, symbolPattern, "^[A-Z]{2,6}-[A-Z]{2,6}$"],
  depth: [tellInteger, 1, 100]
}, tellOthersIfSent];
var pricesBookFields = /* @__PURE__ */ new Set(["symbol", "depth"]);
function isPricesBook(value, strict = true) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { symbol: symbol$, depth } = value;
  return typeof symbol$ === "string" && symbolPattern.test(symbol$) && (depth === void 0 || isSafeInteger(depth) && depth >= 1 && depth <= 100) && (!strict || isClosed(value, pricesBookFields));
}
function checkPricesBook(value, report) {
  if (!isPricesBook(value, report.strict)) tellFields(value, report, pricesBookRule);
}
var pricesSnapshotRule = [tellFields, {
  "?": [],
  symbol: [tellText, void 0, void 0, symbolPattern, "^[A-Z]{2,6}-[A-Z]{2,6}$"],
  bids: [checkPricesSnapshotBids],
  asks: [checkPricesSnapshotAsks]
}];
function isPricesSnapshot(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { symbol: symbol$, bids, asks } = value;
  return typeof symbol$ === "string" && symbolPattern.test(symbol$) && bids !== void 0 && passes(bids, checkPricesSnapshotBids, false) && asks !== void 0 && passes(asks, checkPricesSnapshotAsks, false);
}
function checkPricesSnapshot(value, report) {
  if (!isPricesSnapshot(value)) tellFields(value, report, pricesSnapshotRule);
}
function checkPricesSnapshotBids(value, report) {
  if (!array(value, report)) return;
  for (let i = 0; i < value.length; i++) {
    const before = report.found.length;
    checkLevel(value[i], report);
    below(report, before, i);
  }
  if (!(value.length <= 100)) tell(value, report, [tellList, [anything], void 0, 100]);
}
function checkPricesSnapshotAsks(value, report) {
  if (!array(value, report)) return;
  for (let i = 0; i < value.length; i++) {
    const before = report.found.length;
    checkLevel(value[i], report);
    below(report, before, i);
  }
  if (!(value.length <= 100)) tell(value, report, [tellList, [anything], void 0, 100]);
}
var roomJoined = {
  name: "room.joined",
  receive: checkRoomJoined
};
var roomJoin = {
  name: "room.join",
  send: checkRoomJoin,
  reply: roomJoined,
  errors: [roomFullError],
  timeout: 5e3,
  idempotent: true
};
var roomLeft = {
  name: "room.left",
  receive: noPayload
};
var roomLeave = {
  name: "room.leave",
  send: checkRoomLeave,
  reply: roomLeft,
  errors: [notInRoomError],
  timeout: 5e3,
  idempotent: true
};
var chatSent = {
  name: "chat.sent",
  receive: noPayload
};
var chatSend = {
  name: "chat.send",
  send: checkChatSend,
  reply: chatSent,
  errors: [notInRoomError],
  timeout: 5e3
};
var chatMessage = {
  name: "chat.message",
  receive: checkChatMessage,
  channel: "room"
};
var userTyping = {
  name: "user.typing",
  send: checkUserTypingClient,
  receive: checkUserTypingServer,
  channel: "room",
  volatile: true
};
var userPresence = {
  name: "user.presence",
  receive: checkUserPresence,
  channel: "room"
};
var pricesWatching = {
  name: "prices.watching",
  receive: noPayload
};
var pricesTick = {
  name: "prices.tick",
  receive: checkPricesTick
};
var pricesDone = {
  name: "prices.done",
  receive: checkPricesDone
};
var pricesStop = {
  name: "prices.stop",
  send: noPayload
};
var pricesWatch = {
  name: "prices.watch",
  send: checkPricesWatch,
  ack: pricesWatching,
  stream: pricesTick,
  end: pricesDone,
  cancel: pricesStop,
  errors: [unknownSymbolError],
  timeout: 5e3
};
var pricesSnapshot = {
  name: "prices.snapshot",
  receive: checkPricesSnapshot
};
var pricesBook = {
  name: "prices.book",
  send: checkPricesBook,
  reply: pricesSnapshot,
  errors: [unknownSymbolError],
  timeout: 5e3,
  idempotent: true
};
var roomChannel = {
  name: "room",
  key: (params) => `room:${params.roomId}`,
  join: roomJoin,
  leave: roomLeave,
  params: ["roomId"]
};
var protocol = {
  name: "chat",
  version: "1.2.0",
  hash: "f3db6df2e15998fded0a26f019e750d3",
  subprotocol: "chat.v1+json",
  envelope: { client: defaultEnvelope, server: defaultEnvelope },
  depth: 64,
  limits: { message: 65536, outbound: 1048576, inbound: 262144 },
  session: { heartbeat: 25e3, timeout: 1e4, backoff: { min: 500, max: 3e4, attempts: 1e3 } },
  auth: checkAuth
};
function connect(url, options) {
  return new Client(protocol, url, options);
}

// main.ts
var ROOMS = ["lobby", "music", "markets"];
var SYMBOLS = ["BTC-EUR", "ETH-EUR", "SOL-EUR"];
var TYPING_SHOWN = 3e3;
var TYPING_SENT = 3e3;
var BOOK_KEPT = 3e3;
var PRICES_KEPT = 60;
function $(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`index.html has no #${id}`);
  return element;
}
function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
var ownName = localStorage.getItem("name") ?? "";
function askName(problem = "") {
  $("who-error").textContent = problem;
  $("name").value = ownName;
  $("who").showModal();
}
$("who").addEventListener("cancel", (event) => event.preventDefault());
$("who-form").addEventListener("submit", () => {
  ownName = $("name").value.trim();
  if (ownName === "") return askName();
  localStorage.setItem("name", ownName);
  start();
});
var client;
function showState(state, words = state) {
  const element = $("state");
  element.dataset["state"] = state;
  element.textContent = words;
}
function start() {
  client?.close();
  const url = new URL("ws", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const own = connect(url, { auth: { name: ownName } });
  client = own;
  own.on("open", () => {
    showState("open", `connected as ${ownName}`);
    void followPrices(own);
    void showBook(own);
  });
  own.on("close", ({ final, retryIn = 0, reason }) => {
    if (own !== client) return;
    if (final) showState("closed", reason || "closed");
    else showState("connecting", `connection lost, trying again in ${Math.ceil(retryIn / 1e3)} s`);
  });
  own.on("error", (error) => note(String(error)));
  own.ready.catch((error) => {
    if (error instanceof Refused) askName(error.message);
  });
  showState("connecting");
  void enterRoom(own);
}
var room;
var members = /* @__PURE__ */ new Map();
function roomId() {
  return location.hash.slice(1) || "lobby";
}
function showRooms() {
  const current = roomId();
  const rooms = ROOMS.includes(current) ? ROOMS : [...ROOMS, current];
  $("rooms").replaceChildren(
    ...rooms.map((id) => {
      const link = make("a", { href: `#${id}`, textContent: `#${id}` });
      if (id === current) link.setAttribute("aria-current", "page");
      return make("li", {}, link);
    })
  );
  $("room-name").textContent = `#${current}`;
}
async function enterRoom(own) {
  const id = roomId();
  showRooms();
  $("messages").replaceChildren();
  $("topic").textContent = "";
  showMembers([]);
  showTyping();
  const left = room;
  room = void 0;
  if (left !== void 0) void left.leave();
  try {
    const entered = await own.join(roomChannel, { roomId: id }, hearRoom);
    if (own !== client || id !== roomId()) return void entered.leave();
    room = entered;
    showJoined(entered.joined);
  } catch (error) {
    if (own === client && id === roomId()) note(error instanceof Error ? error.message : String(error));
  }
}
function hearRoom(entered) {
  entered.on(chatMessage, (message, { timestamp }) => showMessage(message, timestamp));
  entered.on(userTyping, ({ name }) => showTyping(name));
  entered.on(userPresence, ({ member, present }) => {
    if (present) members.set(member.name, member);
    else members.delete(member.name);
    showMembers(members.values());
  });
  entered.on("rejoined", showJoined);
  entered.on("lost", (error) => note(error.message));
  entered.on(
    "gap",
    ({ from, to }) => note(
      from === void 0 || to === void 0 ? "Some messages were missed." : `${to - from + 1} messages were missed.`
    )
  );
}
function showJoined(joined) {
  $("topic").textContent = joined.topic ?? "";
  showMembers(joined.members);
}
function showMembers(present) {
  members = new Map([...present].map((member) => [member.name, member]));
  $("members").replaceChildren(
    ...[...members.values()].map(({ name, status }) => {
      const item2 = make("li", { textContent: status === "online" ? name : `${name} (${status})` });
      item2.dataset["status"] = status;
      return item2;
    })
  );
}
window.addEventListener("hashchange", () => {
  if (client !== void 0) void enterRoom(client);
});
$("go").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = $("go-room");
  location.hash = input.value;
  input.value = "";
});
function append(item2) {
  const list = $("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  list.append(item2);
  if (atEnd) list.scrollTop = list.scrollHeight;
}
function note(words) {
  append(make("li", { className: "note", textContent: words }));
}
function showMessage({ from, text, attachments: attachments2 = [] }, timestamp = Date.now()) {
  const time = new Date(timestamp);
  const when = time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  append(
    make(
      "li",
      {},
      make("span", { className: "who", textContent: from }),
      make("time", { dateTime: time.toISOString(), textContent: when }),
      make("div", { className: "text", textContent: text }),
      ...attachments2.map(attachmentElement)
    )
  );
  typing.delete(from);
  showTyping();
}
function attachmentElement(attachment) {
  switch (attachment.kind) {
    case "image":
      return imageElement(attachment);
    case "snippet": {
      const code = make("code", { textContent: attachment.text });
      return make("pre", { title: attachment.language ?? "text" }, code);
    }
    default: {
      const missing2 = attachment;
      return missing2;
    }
  }
}
function imageElement({ url, alt = "", width, height }) {
  const address = URL.canParse(url) ? new URL(url) : void 0;
  if (address?.protocol !== "https:" && !url.startsWith("data:image/")) return make("p", { textContent: alt || url });
  return make("img", { src: url, alt, width, height, loading: "lazy", referrerPolicy: "no-referrer" });
}
var attachments = [];
function showAttached() {
  const element = $("attached");
  element.hidden = attachments.length === 0;
  element.textContent = `attached: ${attachments.map(({ kind: kind2 }) => kind2).join(", ")}`;
}
async function say() {
  const input = $("text");
  const text = input.value.trim();
  if (text === "" || client === void 0) return;
  const sent = await client.call(chatSend, {
    roomId: roomId(),
    text,
    ...attachments.length > 0 && { attachments }
  });
  if (sent.ok) {
    input.value = "";
    typingSent = 0;
    attachments = [];
    showAttached();
  } else if (sent.error.code === "NOT_IN_ROOM") {
    note("You are not in this room yet.");
  } else {
    note(sent.error.message);
  }
}
$("say").addEventListener("submit", (event) => {
  event.preventDefault();
  void say();
});
$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  void say();
});
var kind = $("attachment-kind");
kind.addEventListener("change", () => {
  const image = kind.value === "image";
  $("attachment-label").textContent = image ? "Address (https)" : "Text";
  $("attachment-more-label").textContent = image ? "Description" : "Language";
});
$("attach").addEventListener("click", () => {
  if (attachments.length < 4) $("attachment").showModal();
});
$("attachment-cancel").addEventListener("click", () => $("attachment").close());
$("attachment-form").addEventListener("submit", (event) => {
  event.preventDefault();
  void attach();
});
async function attach() {
  const value = $("attachment-value").value;
  const more = $("attachment-more").value.trim();
  try {
    if (kind.value === "image") {
      const { naturalWidth: width, naturalHeight: height } = await load(value.trim());
      attachments.push({ kind: "image", url: value.trim(), width, height, ...more !== "" && { alt: more } });
    } else {
      attachments.push({ kind: "snippet", text: value, language: more === "" ? null : more });
    }
    $("attachment-form").reset();
    $("attachment").close();
    $("attachment-error").textContent = "";
    showAttached();
  } catch {
    $("attachment-error").textContent = "There is no picture at this address.";
  }
}
async function load(url) {
  const image = make("img", { src: url, referrerPolicy: "no-referrer" });
  await image.decode();
  return image;
}
var typing = /* @__PURE__ */ new Map();
var typingSent = 0;
function showTyping(name) {
  if (name !== void 0 && name !== ownName) {
    clearTimeout(typing.get(name));
    const forget = () => {
      typing.delete(name);
      showTyping();
    };
    typing.set(name, setTimeout(forget, TYPING_SHOWN));
  }
  const names = [...typing.keys()];
  const words = names.length > 3 ? "Several people" : names.join(", ");
  $("typing").textContent = names.length === 0 ? "" : `${words} ${names.length === 1 ? "is" : "are"} typing \u2026`;
}
$("text").addEventListener("input", () => {
  if (Date.now() - typingSent < TYPING_SENT || room === void 0) return;
  typingSent = Date.now();
  room.send(userTyping, { roomId: roomId() });
});
var history = /* @__PURE__ */ new Map();
var bookSymbol = SYMBOLS[0];
var bookAsked = 0;
async function followPrices(own) {
  const ticks = own.stream(pricesWatch, { symbols: SYMBOLS });
  try {
    for await (const tick of ticks) {
      showTick(tick);
      if (tick.symbol === bookSymbol && Date.now() - bookAsked > BOOK_KEPT) void showBook(own);
    }
  } catch {
  }
}
function showTick({ symbol, price, side, change = 0 }) {
  const prices = [...history.get(symbol) ?? [], Number(price)].slice(-PRICES_KEPT);
  history.set(symbol, prices);
  const row = priceRow(symbol);
  const set = (part2, text, tone) => {
    const element = row.querySelector(`.${part2}`);
    if (element === null) return;
    element.textContent = text;
    element.className = `${part2} ${tone}`;
  };
  set("price", price, side === "buy" ? "up" : "down");
  set("change", `${change < 0 ? "" : "+"}${(change * 100).toFixed(2)} %`, change < 0 ? "down" : "up");
  row.querySelector("polyline")?.setAttribute("points", sparkline(prices));
  row.querySelector("svg")?.setAttribute("class", change < 0 ? "down" : "up");
}
function priceRow(symbol) {
  const id = `price-${symbol}`;
  const known = document.getElementById(id);
  if (known !== null) return known;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 20");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "polyline"));
  const button = make(
    "button",
    { type: "button", title: `Show the order book of ${symbol}` },
    make("span", { className: "symbol", textContent: symbol }),
    make("span", { className: "price" }),
    svg,
    make("span", { className: "change" })
  );
  button.addEventListener("click", () => {
    bookSymbol = symbol;
    if (client !== void 0) void showBook(client);
  });
  const row = make("li", { id }, button);
  $("prices").append(row);
  return row;
}
function sparkline(values) {
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  const step = 100 / Math.max(values.length - 1, 1);
  return values.map((value, i) => `${(i * step).toFixed(1)},${(19 - (value - low) / range * 18).toFixed(1)}`).join(" ");
}
async function showBook(own) {
  const symbol = bookSymbol;
  bookAsked = Date.now();
  const book = await own.call(pricesBook, { symbol, depth: 8 });
  if (!book.ok || symbol !== bookSymbol) return;
  const { bids, asks } = book.value;
  $("book-name").textContent = `Order book ${symbol}`;
  const cells = (level) => level ?? ["", ""];
  $("book").replaceChildren(
    ...Array.from({ length: Math.max(bids.length, asks.length) }, (_, i) => {
      const [bid, bidAmount] = cells(bids[i]);
      const [ask, askAmount] = cells(asks[i]);
      return make("tr", {}, ...[bidAmount, bid, ask, askAmount].map((textContent) => make("td", { textContent })));
    })
  );
}
showRooms();
if (ownName === "") askName();
else start();
