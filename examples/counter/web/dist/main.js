// Bundled from main.ts by `npm run example` in tests/typescript. Do not edit.

// handfast/report.ts
var MAX_COLLECTED = 1e3;
var MAX_LISTED = 100;
var MAX_PATH = 256;
var MAX_MESSAGE = 1e3;
var SPECIAL = /[~/]/;
function truncate(text3, max) {
  return text3.length > max && [...text3].length > max ? `${[...text3].slice(0, max).join("")}\u2026` : text3;
}
function fail({ violations }, keyword, message, allowed) {
  if (violations.length >= MAX_COLLECTED) return;
  const text3 = truncate(message, MAX_MESSAGE);
  violations.push(allowed === void 0 || text3 !== message ? { path: "", keyword, message: text3 } : { path: "", keyword, message, allowed });
}
function reportRule(value, report, rule) {
  if (typeof rule === "function") rule(value, report);
  else rule[0](value, report, rule[1], rule[2]);
}
function reportMember(member, report, rule, part) {
  const { violations } = report;
  let i = violations.length;
  reportRule(member, report, rule);
  for (; i < violations.length; i++) {
    const violation2 = violations[i];
    const name2 = String(part);
    const segment = SPECIAL.test(name2) ? name2.replace(/~/g, "~0").replace(/\//g, "~1") : name2;
    violation2.path = truncate(`/${segment}${violation2.path}`, MAX_PATH);
  }
}
function violationsOf(validate, value, direction, under = null) {
  const report = { strict: direction === "sent", violations: [] };
  if (under === null) reportRule(value, report, validate);
  else reportMember(value, report, validate, under);
  const all = report.deduplicate?.(report.violations) ?? report.violations;
  const more = all.length - MAX_LISTED;
  const least = all.length < MAX_COLLECTED ? "" : "at least ";
  if (more > 0) all.splice(MAX_LISTED, more, { path: "", keyword: "violations", message: `and ${least}${more} more` });
  return all;
}
function describe(words, violations) {
  return violations.length === 0 ? words : `${words}: ${violations.map(formatViolation).join("; ")}`;
}
function formatViolation(violation2) {
  return violation2.path === "" ? violation2.message : `${violation2.path} ${violation2.message}`;
}

// handfast/validators.ts
function wrongType(type, report, article) {
  fail(report, "type", `must be ${article} ${type}`, type);
}
function hasType(has2, type, report, article) {
  if (!has2) wrongType(type, report, article);
  return has2;
}
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function object(value, report) {
  return hasType(isObject(value), "object", report, "an");
}
function boolean(value, report) {
  return hasType(typeof value === "boolean", "boolean", report, "a");
}
function isSafeInteger(value) {
  return Number.isSafeInteger(value);
}
function anything() {
}
var noPayload = (value, report) => {
  if (object(value, report) && report.strict) noAdditionalProperties(value, NOTHING, report);
};
function noneOfTypes(types, report) {
  const allowed = types.map((type) => type.replace(/.* /, ""));
  const words = types.join(", ").replace(/, (?!.*,)/, " or ") || "nothing";
  fail(report, "type", `must be ${words}`, allowed);
}
function bounds(size, least, most, report, of, be, thing = "", things = "") {
  if (size < least) fail(report, "min" + of, `must ${be} at least ${least}${least === 1 ? thing : things}`, least);
  if (size > most) fail(report, "max" + of, `must ${be} at most ${most}${most === 1 ? thing : things}`, most);
}
function codePoints(value) {
  return [...value].length;
}
function hasOwn(object2, name2) {
  return Object.prototype.hasOwnProperty.call(object2, name2);
}
function has(value, name2) {
  return value[name2] !== void 0 && hasOwn(value, name2);
}
function missingProperty(name2, report) {
  fail(report, "required", `must have the property ${JSON.stringify(name2)}`, name2);
}
function noAdditionalProperties(value, declared, report) {
  for (const name2 of undeclared(value, declared)) reportMember(value, report, undeclaredProperty, name2);
}
function undeclaredProperty(_, report) {
  fail(report, "additionalProperties", "is not a known property");
}
var NONE = [];
function undeclared(value, declared) {
  let names;
  for (const name2 in value) if (!declared.has(name2) && has(value, name2)) (names ??= []).push(name2);
  return names?.sort(byCodePoint) ?? NONE;
}
var NOTHING = /* @__PURE__ */ new Map();
function byCodePoint(a, b) {
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
}

// handfast/rules.ts
function reportString(value, report, limits) {
  if (typeof value !== "string") return wrongType("string", report, "a");
  const { minLength: least, maxLength: most, pattern, source } = limits;
  const { length } = value;
  const isCounted = length > most || length < 2 * least && length >= least;
  bounds(isCounted ? codePoints(value) : length, least, most, report, "Length", "be", " character long", " characters long");
  if (pattern && !pattern.test(value)) fail(report, "pattern", `must match the pattern ${source}`, source);
}
function reportNumber(value, report, limits) {
  if (!Number.isFinite(value)) return wrongType("number", report, "a");
  bounds(value, limits.minimum, limits.maximum, report, "imum", "be");
  const { exclusiveMinimum: bound } = limits;
  if (value <= bound) fail(report, "exclusiveMinimum", `must be greater than ${bound}`, bound);
}
function reportInteger(value, report, limits) {
  if (Number.isInteger(value)) reportNumber(value, report, limits);
  else wrongType("integer", report, "an");
}
function reportArray(value, report, { items, minItems, maxItems }) {
  if (!Array.isArray(value)) return wrongType("array", report, "an");
  if (items) for (let i = 0; i < value.length; i++) reportMember(value[i], report, items, i);
  bounds(value.length, minItems, maxItems, report, "Items", "have", " item", " items");
}
function reportObject(value, report, properties, additional) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrongType("object", report, "an");
  let missing;
  for (const name2 in properties) {
    if (name2 === "?") continue;
    const member = value[name2];
    if (member !== void 0) reportMember(member, report, properties[name2], name2);
    else if (!properties["?"].includes(name2)) (missing ??= []).push(name2);
  }
  additional?.(value, properties, report);
  if (missing) for (const name2 of missing) missingProperty(name2, report);
}
function reportAdditional(value, properties, report) {
  noAdditionalProperties(value, namesOf(properties), report);
}
function reportAdditionalIfSent(value, properties, report) {
  if (report.strict) reportAdditional(value, properties, report);
}
function namesOf(properties) {
  return new Set(Object.keys(properties).slice(1));
}

// handfast/backoff.ts
var MIN_DELAY = 100;
function backoffDelay(clock, { min, max }, failures) {
  const floor = Math.min(max, Math.max(min / 2, MIN_DELAY));
  const bound = Math.max(floor, Math.min(max, min * 2 ** failures));
  return floor + clock.random() * (bound - floor);
}

// handfast/clock.ts
var MAX_TIMEOUT = 2 ** 31 - 1;
var systemClock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(milliseconds, MAX_TIMEOUT));
    return () => clearTimeout(timer);
  },
  random: () => Math.random()
};
var BLOCKED = 100;
function deadline(clock, milliseconds, callback) {
  const due = clock.now() + milliseconds;
  let cancel = clock.after(milliseconds, () => {
    if (clock.now() < due + BLOCKED) callback();
    else cancel = clock.after(BLOCKED, callback);
  });
  return () => cancel();
}

// handfast/descriptor.ts
function tagOf(message) {
  return message.tag === void 0 ? message.name : message.tag;
}

// handfast/envelope.ts
function repeatable(id) {
  return /.{129}/su.test(id) ? void 0 : id;
}
var DATE_TIME = /^(.{17})(\d\d)(\.\d+|)(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
function rfc3339(value) {
  const [, minute, second, fraction, zone] = DATE_TIME.exec(String(value).toUpperCase()) ?? [];
  const leap = second === "60" ? 1e3 : 0;
  const whole = `${minute}${leap ? 59 : second}`;
  const time2 = Date.parse(whole + zone) + leap;
  const fits2 = (/* @__PURE__ */ new Date(whole + "Z")).toJSON() === whole + ".000Z" && !(leap && time2 % 864e5);
  return fits2 ? time2 + Number((fraction + "00").slice(1, 4)) : NaN;
}
var text = [reportString, {}];
function integer(value, report) {
  if (!Number.isSafeInteger(value)) wrongType("integer", report, "an");
}
function number(value, report) {
  integer(value, report);
  if (Number.isSafeInteger(value) && value < 0) fail(report, "minimum", "must be at least 0", 0);
}
function time(value, report) {
  if (typeof value !== "string") wrongType("string", report, "a");
  else if (Number.isNaN(rfc3339(value))) fail(report, "format", "must be a valid date-time", "date-time");
}
var FIELDS = { id: text, v: integer, channel: text, seq: number, epoch: text, timestamp: time };
function readDefault(value, report) {
  const read2 = {};
  for (const name2 in FIELDS) {
    const held = value[name2];
    if (held === void 0) continue;
    const { length } = report.violations;
    reportMember(held, report, FIELDS[name2], name2);
    if (report.violations.length === length) read2[name2 === "v" ? "version" : name2] = name2 === "timestamp" ? rfc3339(held) : held;
  }
  return read2;
}

// handfast/result.ts
var CallFailedError = class extends Error {
  name = "CallFailedError";
  error;
  constructor(error) {
    const { code, message, received } = error;
    super(`${code}${received === void 0 ? "" : ` (${received})`}: ${message}`);
    this.error = error;
  }
};
var Success = class {
  ok = true;
  value;
  constructor(value) {
    this.value = value;
  }
  orThrow() {
    return this.value;
  }
};
var Failed = class {
  ok = false;
  error;
  constructor(error) {
    this.error = error;
  }
  orThrow() {
    throw new CallFailedError(this.error);
  }
};
function ok(value) {
  return new Success(value);
}
function err(error) {
  return new Failed(error);
}

// handfast/decode.ts
var SURROGATE_ESCAPE = /\\ud[89a-f]/i;
var PAIR_OR_ESCAPE = /\\[^u]|\\ud[89ab]..\\ud[c-f]../gi;
var LARGE_EXPONENT = /\d[eE](?:\+\d|\d)\d\d/;
var MANY_DIGITS = /\b\d{210}/;
var ESCAPE = /\\./g;
var STRING_OR_NUMBER = /"[^"]*"|-?\d[\d.eE+-]*/g;
var HALF_PAIR = "a string has half a surrogate pair";
var NOT_JSON = "not JSON";
var TOO_DEEP = "nested too deeply";
var MAX_DEPTH = 512;
function isDeeper(value, depth) {
  if (typeof value !== "object" || value === null) return false;
  if (depth <= 0) return true;
  const inside = Math.min(depth, MAX_DEPTH) - 1;
  if (Array.isArray(value)) return value.some((item2) => isDeeper(item2, inside));
  if (ArrayBuffer.isView(value)) return false;
  for (const name2 in value) {
    const item2 = value[name2];
    if (typeof item2 === "object" && hasOwn(value, name2) && isDeeper(item2, inside)) return true;
  }
  return false;
}
function parseFrame(frame, depth, encoding) {
  if (encoding) return encoding.decode(frame, depth);
  return typeof frame === "string" ? parse(frame, depth) : err(decodeError("syntax", NOT_JSON));
}
function parse(text3, depth) {
  const value = parseJson(text3);
  const problem = value === void 0 ? NOT_JSON : isDeeper(value, depth) ? TOO_DEEP : textProblem(text3);
  return problem ? err(decodeError("syntax", problem)) : ok(value);
}
function parseJson(text3) {
  try {
    return JSON.parse(text3);
  } catch {
    return void 0;
  }
}
function textProblem(text3) {
  if (hasHalfPair(text3)) return HALF_PAIR;
  return (LARGE_EXPONENT.test(text3) || MANY_DIGITS.test(text3)) && overflows(text3) ? "a number is too large" : void 0;
}
function hasHalfPair(text3) {
  return SURROGATE_ESCAPE.test(text3) && SURROGATE_ESCAPE.test(text3.replace(PAIR_OR_ESCAPE, ""));
}
function overflows(text3) {
  for (const [token] of text3.replace(ESCAPE, "").matchAll(STRING_OR_NUMBER)) if (token[0] !== '"' && !Number.isFinite(Number(token))) return true;
  return false;
}
function partsOf(value, { byTag, pending }) {
  const report = { strict: false, violations: [] };
  const fields = readDefault(value, report);
  const { type, payload = {}, channel } = value;
  const incoming = pending?.(fields.id)?.find((answer) => (tagOf(answer) ?? void 0) === type) ?? byTag.get(type);
  if (incoming?.channel !== void 0 && channel === void 0) missingProperty("channel", report);
  return { incoming, type, payload, fields, violations: report.violations, tagRule, content: "payload" };
}
var tagRule = [reportObject, { "?": [], type: text }];
function read(value, reader, split2 = partsOf) {
  try {
    return isObject(value) ? judge(value, split2(value, reader), reader) : refuse("syntax", "not an object");
  } catch (error) {
    if (error instanceof RangeError) return refuse("syntax", TOO_DEEP);
    throw error;
  }
}
function judge(value, { incoming, type, payload: found, fields, violations, tagRule: tagRule2, content }, { refuseUnknown }) {
  const isTag = typeof type === "string" || Number.isSafeInteger(type);
  const payload = incoming?.readBytes?.(found) ?? found;
  const remains = { ...isTag && { type }, payload, ...fields };
  const direction = refuseUnknown === void 0 ? "received" : "sent";
  let wrong = [];
  if (incoming) {
    wrong = violationsOf(incoming.receive, payload, direction, content);
    if (content !== null && wrong.length > 0 && value[content] === void 0) {
      wrong = violationsOf((_, report) => missingProperty(content, report), value, direction);
    }
  } else if (!isTag) violations = [...violationsOf(tagRule2, value, direction), ...violations];
  if (violations.length > 0) return refuse("envelope", WRONG_ENVELOPE, remains, [...violations, ...wrong], incoming);
  if (!incoming) return refuse("unknown-type", `no message has the type \`${type}\``, remains);
  if (wrong.length > 0) return refuse("invalid", `the payload of \`${incoming.name}\` does not fit`, remains, wrong, incoming);
  return { incoming, message: { type: incoming.name, payload: incoming.receive === noPayload ? void 0 : payload, ...fields } };
}
var WRONG_ENVELOPE = "the envelope does not fit";
function decodeError(kind, words, remains = {}, violations = []) {
  const code = kind.toUpperCase().replace("-", "_");
  return { code, kind, message: describe(words, violations), violations, ...remains };
}
function refuse(kind, words, remains, violations, incoming) {
  const error = decodeError(kind, words, remains, violations);
  return { incoming, message: error, error };
}

// handfast/encoder.ts
var Encoder = class {
  constructor(protocol2, options = {}) {
    this.protocol = protocol2;
    this.options = options;
  }
  /** Encodes a message, if a server would accept it. */
  encode(message, payload, fields) {
    const tag = tagOf(message);
    const text3 = message.writeBytes?.(payload) ?? payload;
    const invalid = (words, violations2) => err({ code: "INVALID", message: describe(`the payload of \`${message.name}\` ${words}`, violations2), violations: violations2 });
    if (tag === null && !fields.isReply) return invalid("has no tag: its role is off", []);
    const violations = message.send === noPayload && payload === void 0 ? [] : this.check(message, payload, text3);
    if (violations.length > 0) return invalid("does not fit", violations);
    let packet;
    try {
      packet = this.compose(tag, this.options.encoding ? message.packBytes?.(payload) ?? payload : text3, fields, message);
    } catch (error) {
      return invalid(`cannot be written: ${String(error)}`, []);
    }
    if (this.isTooLarge(packet)) {
      const { message: max } = this.protocol.limits;
      return err({ code: "TOO_LARGE", message: `\`${message.name}\` has more than ${max} bytes`, retryable: false });
    }
    return ok(packet);
  }
  /** What is wrong with the payload of a message, of which `text` is the same without bytes. */
  check({ send }, payload, text3) {
    return this.violations(send, payload, 1, "payload", text3);
  }
  /** Whether a message has more bytes than one may have. */
  isTooLarge(packet) {
    const max = this.protocol.limits.message;
    return packet.length * 3 > max && byteLength(packet) > max;
  }
  /**
   * The violations for which a server would refuse a value that is nested in `outer` objects of the message.
   *
   * @param text The same without bytes.
   */
  violations(validate, payload, outer, under, text3 = payload) {
    if (isDeeper(text3, this.protocol.depth - outer)) validate = tooDeep;
    return violationsOf(validate, payload, "sent", under);
  }
  /** The tag of one of the session's own messages; `null` if the protocol has none. */
  tag(role) {
    const tag = this.protocol.roles?.[role];
    return tag === void 0 ? role : tag;
  }
  /** Encodes one of the session's own messages; `null` if the protocol has none. */
  session(role, payload, fields = {}) {
    const tag = this.tag(role);
    return tag === null ? null : this.compose(tag, payload, fields);
  }
  /**
   * Writes a message; one of the session has no descriptor.
   *
   * @throws if a value cannot be written, or a string has half a surrogate pair.
   */
  compose(tag, payload, { id, channel, seq, epoch }, _message) {
    return this.pack({ type: tag ?? void 0, payload, id, channel, seq, epoch });
  }
  pack(message) {
    const { encoding } = this.options;
    if (encoding) return encoding.encode(message);
    const text3 = JSON.stringify(message);
    if (text3.includes("\\ud") && hasHalfPair(text3)) throw new TypeError(HALF_PAIR);
    return text3;
  }
};
function byteLength(text3) {
  if (typeof text3 !== "string") return text3.length;
  let bytes = text3.length;
  for (let i = 0; i < text3.length; i++) {
    const unit = text3.charCodeAt(i);
    if (unit > 127) bytes += unit > 2047 && (unit & 63488) !== 55296 ? 2 : 1;
  }
  return bytes;
}
function tooDeep(_, report) {
  fail(report, "depth", "is nested too deeply to be checked");
}

// handfast/sequence.ts
function short(epoch) {
  return /.{65}/su.test(epoch) ? void 0 : epoch;
}
var SequenceTracker = class {
  /** The number of the last message. */
  #seq;
  #epoch;
  /** The first and the last number that were last reported as missing. */
  #missed;
  /** The number of the last message, if it is known. */
  get last() {
    return this.#seq;
  }
  /** The position of the last message, if all of it is known. */
  get position() {
    return this.#seq === void 0 || this.#epoch === void 0 ? {} : { seq: this.#seq, epoch: this.#epoch };
  }
  /** Takes the number in the reply to a join: that of the last message before it. */
  joined({ seq, epoch }) {
    return this.#advance(seq, epoch, 0);
  }
  /** Takes the number of a message, or of one that is not for this client. */
  message({ seq, epoch }) {
    return this.#advance(seq, epoch, 1);
  }
  /** Takes a gap that the server reports, with where the numbering is if it began anew. */
  reported({ from, to, reason }, { seq, epoch } = {}) {
    if (reason === "epoch") {
      this.#seq = seq;
      this.#epoch = short(epoch);
      this.#missed = void 0;
    } else if (to !== void 0 && (this.#seq === void 0 || to > this.#seq)) {
      const first = this.#seq === void 0 ? 0 : this.#seq + 1;
      this.#missed = [Math.max(from ?? first, first), to];
      this.#seq = to;
    }
  }
  /** Forgets what was last reported as missing, because a gap without bounds is reported. */
  forgetMissed() {
    this.#missed = void 0;
  }
  /** @param step By how much the number grows if nothing was missed: 0 in the reply to a join, 1 in a message. */
  #advance(seq, epoch, step) {
    const last = this.#seq;
    epoch = short(epoch);
    const isRenewed = epoch !== void 0 && this.#epoch !== void 0 && epoch !== this.#epoch;
    this.#epoch = epoch ?? this.#epoch;
    if (isRenewed) {
      this.#seq = seq;
      this.#missed = void 0;
      return { gap: { reason: "epoch" } };
    }
    if (seq === void 0 || last === void 0) {
      this.#seq = seq ?? last;
      return {};
    }
    if (step === 1 && seq <= last) {
      const [from, to] = this.#missed ?? [1, 0];
      if (seq < from || seq > to) return { isDuplicate: true };
    } else if (seq >= last) {
      this.#seq = seq;
      if (seq === last + step) return {};
      this.#missed = [last + 1, seq - step];
      return { gap: { from: last + 1, to: seq - step } };
    }
    this.#seq = seq;
    this.#missed = void 0;
    return { gap: {} };
  }
};

// handfast/membership.ts
function membershipIn(key, channel, params, own, members) {
  const keyed = { channel: key };
  return {
    key,
    join: channel.join ?? own.join,
    leave: channel.leave ?? own.leave,
    params: channel.join ? params : keyed,
    leaveParams: channel.leave ? pick(params, channel.params) : keyed,
    subscriptions: /* @__PURE__ */ new Map(),
    sequence: new SequenceTracker(),
    members,
    wasJoined: false,
    isOwn: false,
    isMember: false,
    mayBeMember: false,
    wasLeft: false,
    pending: void 0,
    refusals: 0,
    releaseSlot() {
    }
  };
}
function pick(value, names) {
  return names ? Object.fromEntries(names.map((name2) => [name2, value[name2]])) : value;
}

// handfast/counting.ts
var ACKNOWLEDGE_MESSAGES = 64;
var ACKNOWLEDGE_BYTES = 32768;
var ACKNOWLEDGE_DELAY = 5e3;
var LATE = 50;
var Sent = class {
  /** Whether messages are counted. */
  isCounting = false;
  /** The bytes of the messages that are kept. */
  bytes = 0;
  /** Those to send again. A volatile message has a number and is not kept. */
  kept = /* @__PURE__ */ new Map();
  /** The number of the last message. */
  #last = 0;
  /** The number of the last message that the peer has received. */
  #acknowledged = 0;
  /** The number of the last message. */
  get last() {
    return this.#last;
  }
  /** Forgets all messages, and counts from one or not at all. */
  begin(counting) {
    this.isCounting = counting;
    this.kept.clear();
    this.bytes = this.#last = this.#acknowledged = 0;
  }
  /** Counts a message that is sent; `undefined` if it is not sent again. */
  send(message) {
    if (!this.isCounting) return;
    this.#last++;
    if (message === void 0) return;
    this.bytes += message.bytes;
    this.kept.set(this.#last, message);
  }
  /**
   * Forgets what the peer has received, and returns that. Numbers older than another have no effect.
   *
   * @returns `undefined` if so many were never sent.
   */
  acknowledge(received) {
    if (received > this.#last) return void 0;
    const forgotten = [];
    for (const [number2, message] of this.kept) {
      if (number2 > received) break;
      this.kept.delete(number2);
      this.bytes -= message.bytes;
      forgotten.push(message);
    }
    this.#acknowledged = Math.max(this.#acknowledged, received);
    return forgotten;
  }
  /** Whether the peer can have received so many messages, and no fewer than it has acknowledged. */
  isPossible(received) {
    return this.isCounting && received >= this.#acknowledged && received <= this.#last;
  }
  /** What to send on the next connection: messages, and between them the numbers of the last volatile messages that are skipped. */
  rest() {
    const rest = [];
    let last = this.#acknowledged;
    for (const [number2, message] of this.kept) {
      if (number2 > last + 1) rest.push(number2 - 1);
      rest.push(message);
      last = number2;
    }
    if (last < this.#last) rest.push(this.#last);
    return rest;
  }
};
var Link = class {
  /** Whether both ends count. */
  isCounting = false;
  /** How many messages were received in this session. */
  received = 0;
  #heartbeat;
  #timeout;
  #maxBytes;
  #acknowledged = 0;
  /** The bytes since the last acknowledgement. */
  #bytes = 0;
  /** When to acknowledge at the latest; infinite if that was done. */
  #due = Infinity;
  /** When something was received last. */
  #heard = 0;
  /** When a ping was sent, if nothing was received since. */
  #pinged;
  /** Whether the deadline was extended because the timer fired late. */
  #isExtended = false;
  /** Whether a ping was requested, regardless of the interval. */
  #isRequested = false;
  /** @param outbound The sender's budget for what is not acknowledged, in bytes. */
  constructor(heartbeat, timeout, outbound) {
    this.#heartbeat = heartbeat;
    this.#timeout = timeout;
    this.#maxBytes = Math.max(1, Math.min(ACKNOWLEDGE_BYTES, Math.floor(outbound / 4)));
  }
  /** A connection begins. The handshake acknowledges what was received before; unless resumed, the session is new. */
  attach(counting, resumed, now) {
    this.hear(now);
    this.#isRequested = false;
    this.isCounting = counting;
    if (!resumed) this.received = 0;
    this.#isAcknowledged();
  }
  /** Something was received. */
  hear(now) {
    this.#heard = now;
    this.#pinged = void 0;
    this.#isExtended = false;
  }
  /** Counts a message, which may contain its number. Numbers may begin anew. */
  count(bytes, now, number2 = this.received + 1) {
    if (!this.isCounting) return;
    this.received = number2;
    this.#acknowledged = Math.min(this.#acknowledged, number2);
    this.#bytes += bytes;
    this.#due = Math.min(this.#due, now + ACKNOWLEDGE_DELAY);
  }
  /** The peer skips volatile messages that were lost: what follows has the number after `last`. */
  skip(last, now) {
    if (last > this.received) this.count(0, now, last);
  }
  /** The number to acknowledge, if it is time for that. `asked` if the peer asks: it sent a ping. */
  acknowledge(asked, now) {
    const isDue = this.received - this.#acknowledged >= ACKNOWLEDGE_MESSAGES || this.#bytes >= this.#maxBytes || this.#due <= now;
    return this.#due < Infinity && (asked || isDue) ? this.#isAcknowledged() : void 0;
  }
  #isAcknowledged() {
    this.#bytes = 0;
    this.#due = Infinity;
    return this.#acknowledged = this.received;
  }
  /** Requests a ping, regardless of the interval. */
  ping() {
    this.#isRequested ||= this.#pinged === void 0;
  }
  /** When {@link handleTimeout} has something to do, unless something is received. */
  timeout() {
    return Math.min(this.#due, this.#beat());
  }
  #beat() {
    if (this.#heartbeat === null) return Infinity;
    if (this.#pinged !== void 0) return this.#pinged + this.#timeout;
    return this.#heard + (this.#isRequested ? 0 : this.#heartbeat);
  }
  /** What to do now; called until it returns `undefined`. */
  handleTimeout(now) {
    const received = this.acknowledge(false, now);
    if (received !== void 0) return received;
    const due = this.#beat();
    if (now < due) return void 0;
    if (this.#pinged !== void 0) {
      if (now - due <= LATE || this.#isExtended) {
        this.#pinged = Infinity;
        return "silent";
      }
      this.#isExtended = true;
    }
    this.#isRequested = false;
    this.#pinged = now;
    return "ping";
  }
};

// handfast/outbound.ts
var OUTCOME_UNKNOWN = {
  code: "OUTCOME_UNKNOWN",
  message: "the session ended before the reply"
};
var ABORTED = { code: "CANCELLED", message: "aborted by the caller" };
var OVERHEAD = 256;
var POLL_INTERVAL = 20;
var Outbound = class extends Encoder {
  clock = this.options.clock ?? systemClock;
  /** The bound, in bytes. */
  maxBytes = this.protocol.limits.outbound;
  /** Whether messages may be written: behind the hello, or from ready on if that resumes a session. */
  isOpen = false;
  /** What may answer what was ever requested. Any other message, whatever id it has, is one like those without. */
  answers = /* @__PURE__ */ new Set();
  #lastId = 0;
  /** What is not written yet, in the order of the calls. */
  #queued = /* @__PURE__ */ new Set();
  /** The pending requests that were written, in order. */
  written = /* @__PURE__ */ new Map();
  #nextOrder = 0;
  #usedBytes = 0;
  /** The messages that were written and are not acknowledged. */
  #sent = new Sent();
  /** A pong and an acknowledgement that found the socket full. Only the last of each is sent. */
  #control = /* @__PURE__ */ new Map();
  #cancelPoll;
  /** Enqueues a request. If it cannot be sent, it fails, and never throws. */
  request(request, payload, { timeout, signal, as }, answers, outcome, position = {}) {
    const { errors, idempotent } = request;
    const id = this.nextId(request);
    const packet = this.packetOf(request, payload, { id, ...position });
    if (!packet.ok) return void outcome.failed(packet.error);
    const transient = as !== void 0;
    const entry = this.entryOf(packet.value, { id, idempotent, answers, errors, transient, ...outcome });
    if (signal?.aborted) return void outcome.failed(ABORTED);
    if (!transient && this.isFull(entry)) return void outcome.failed(this.queueFull());
    for (const answer of answers) {
      this.register(answer);
      this.answers.add(answer);
    }
    entry.release = unlessInTime(this.clock, timeout, signal, (error) => this.fail(entry, error));
    this.enqueue(entry, as === "rejoin");
    return entry;
  }
  /** An id for a request. */
  nextId(_request) {
    return String(++this.#lastId);
  }
  packetOf(message, payload, fields) {
    return this.closedError ? err(this.closedError) : this.encode(message, payload, fields);
  }
  entryOf(packet, rest) {
    const bytes = byteLength(packet) + OVERHEAD;
    return { order: this.#nextOrder++, packet, bytes, used: bytes, ...rest };
  }
  /** Sends a message that is not counted, before all others. A server that does not read gets only the last of each. */
  control(role, payload, fields) {
    const packet = this.session(role, payload, fields);
    if (packet === null || !this.isOpen) return;
    this.#control.set(role, packet);
    this.#flushControl();
  }
  /** There is always room for one message, so that none is queued for ever. */
  isFull({ bytes }, max = this.maxBytes) {
    const used = this.#usedBytes + this.buffered;
    return used > 0 && used + bytes > max;
  }
  queueFull() {
    return { code: "QUEUE_FULL", message: `${this.maxBytes} bytes are pending already`, retryable: true };
  }
  enqueue(entry, isUrgent = false) {
    this.#usedBytes += entry.bytes;
    if (isUrgent && this.isOpen) return this.#write(entry);
    this.#queued.add(entry);
    if (this.#queued.size === 1) this.flush();
  }
  /** Writes what is queued, as far as the socket has room. */
  flush() {
    if (!this.isOpen || !this.#flushControl()) return;
    for (const entry of this.#queued) {
      const { bytes } = this.#sent;
      if (this.#isSocketFull() || bytes > 0 && bytes + entry.bytes > this.maxBytes) return;
      this.#write(entry);
      if (!this.isOpen) return;
    }
  }
  #flushControl() {
    if (this.#isSocketFull()) return false;
    this.#control.forEach((packet) => this.write(packet));
    this.#control.clear();
    return true;
  }
  /** Whether the socket's buffer is full; then it is polled. */
  #isSocketFull() {
    if (this.buffered <= this.maxBytes / 2) return false;
    this.#cancelPoll ??= this.clock.after(POLL_INTERVAL, () => {
      this.#cancelPoll = void 0;
      this.flush();
    });
    return true;
  }
  /** A session begins or ends. What was written in another is forgotten; what is written counts, or does not. */
  begin(counting) {
    for (const entry of this.#sent.kept.values()) entry.settled?.(OUTCOME_UNKNOWN);
    this.followed?.until(Infinity, OUTCOME_UNKNOWN);
    this.#sent.begin(counting);
  }
  /** The server has received so many messages. Returns whether that is possible. */
  acknowledged(received) {
    const forgotten = this.#sent.acknowledge(received);
    forgotten?.forEach((entry) => entry.settled?.());
    if (forgotten) this.followed?.until(received);
    this.flush();
    return forgotten !== void 0;
  }
  /** Whether a session can be resumed of which the server has received so many messages. */
  canResume(received) {
    return this.#sent.isPossible(received);
  }
  /** Resumes: writes what the server has not received, before all that is queued. */
  resume(received) {
    this.acknowledged(received);
    this.followed?.until(Infinity, OUTCOME_UNKNOWN);
    this.isOpen = true;
    for (const next of this.#sent.rest()) this.write(typeof next === "number" ? this.session("received", { sent: next }) : next.packet);
    this.flush();
  }
  #write(entry) {
    const { packet, id, volatile } = entry;
    this.#queued.delete(entry);
    this.#sent.send(volatile ? void 0 : entry);
    entry.isWritten = true;
    if (id !== void 0) this.written.set(id, entry);
    else {
      this.free(entry);
      if (!this.#sent.isCounting) entry.settled?.(OUTCOME_UNKNOWN);
      else if (volatile) entry.follow?.(this.#sent.last);
    }
    this.write(packet);
  }
  /** The request that a message replies to. */
  find(id, _match) {
    return this.written.get(id);
  }
  /** Passes a reply to its request. */
  answer(request, message, incoming) {
    request.release?.();
    this.free(request);
    if (request.isDone || !request.answered(message, incoming)) this.#remove(request);
  }
  /** Fails a message that is queued or pending. */
  fail(entry, error, answered = false) {
    const { isDone, isWritten } = entry;
    this.abandon(entry, answered);
    if (isDone) return;
    entry.failed?.(error, isWritten);
    entry.settled?.(error);
  }
  /** Gives up a request. */
  abandon(entry, _answered = false) {
    entry.release?.();
    this.#remove(entry);
  }
  /** It no longer uses any of the bound. */
  free(entry) {
    this.#usedBytes -= entry.used;
    entry.used = 0;
  }
  #remove(entry) {
    entry.isDone = true;
    this.free(entry);
    this.#queued.delete(entry);
    this.written.delete(entry.id);
  }
  /** The connection was lost, and perhaps its session is not: only volatile messages are dropped. */
  detach() {
    this.isOpen = false;
    this.#cancelPoll?.();
    this.#cancelPoll = void 0;
    this.#control.clear();
    for (const entry of this.#queued) if (entry.volatile) this.fail(entry, OUTCOME_UNKNOWN);
  }
  /**
   * The session has ended: what may be sent again is queued for the next one; the outcome of the rest is unknown.
   *
   * @param refused Whether the server refused the hello, and has not processed what followed.
   * @param again Whether what was written may be written again.
   */
  lost(refused, again) {
    this.detach();
    const notes = refused ? [...this.#sent.kept.values()].filter(({ id }) => id === void 0) : [];
    const all = [...this.written.values(), ...notes, ...this.#queued].sort((a, b) => a.order - b.order);
    if (refused) {
      this.followed?.until(Infinity, OUTCOME_UNKNOWN);
      this.#sent.begin(false);
    } else this.begin(false);
    this.written.clear();
    this.#queued.clear();
    const failed = [];
    for (const entry of all) {
      const { isWritten, isDone, transient, idempotent } = entry;
      if (isDone || transient || isWritten && !refused && !(again && idempotent)) {
        failed.push(entry);
        continue;
      }
      entry.wasLost ||= isWritten && !refused;
      entry.isWritten = false;
      this.#usedBytes += entry.bytes - entry.used;
      entry.used = entry.bytes;
      this.#queued.add(entry);
    }
    for (const entry of failed) this.fail(entry, OUTCOME_UNKNOWN, true);
  }
  /** Fails every request, and drops the rest. */
  failAll(error) {
    for (const entry of [...this.#queued, ...this.written.values()]) this.fail(entry, entry.wasLost ? OUTCOME_UNKNOWN : error, true);
  }
};
function unlessInTime(clock, timeout, signal, giveUp) {
  const late = () => giveUp({ code: "TIMEOUT", message: `no reply within ${timeout} ms` });
  const cancelTimer = timeout === null ? void 0 : deadline(clock, timeout, late);
  const abort = () => giveUp(ABORTED);
  signal?.addEventListener("abort", abort);
  return () => {
    cancelTimer?.();
    signal?.removeEventListener("abort", abort);
  };
}

// handfast/listeners.ts
var Listeners = class {
  #byEvent = /* @__PURE__ */ new Map();
  #host;
  constructor(host) {
    this.#host = host;
  }
  on(event, listener) {
    const listeners = this.#byEvent.get(event) ?? /* @__PURE__ */ new Set();
    this.#byEvent.set(event, listeners);
    const own = (value) => listener(value);
    listeners.add(own);
    return () => listeners.delete(own);
  }
  /** Calls every listener that is not removed meanwhile, in the order they were added. Returns whether there was one. */
  emit(event, value) {
    const current = this.#byEvent.get(event);
    const listeners = [...current ?? []];
    for (const listener of listeners) {
      try {
        if (current?.has(listener)) listener(value);
      } catch (error) {
        this.#host.reportThrown(error);
      }
    }
    return listeners.length > 0;
  }
  clear() {
    for (const listeners of this.#byEvent.values()) listeners.clear();
    this.#byEvent.clear();
  }
};

// handfast/subscription.ts
var Subscription = class {
  /** @internal Proxies of Vue leave it alone. */
  [Symbol.toStringTag] = "Subscription";
  /** The channel's key on the wire. */
  key;
  #core;
  #channel;
  #leave;
  #events;
  #ended;
  constructor(core, channel, leave) {
    this.key = channel.key;
    this.#core = core;
    this.#channel = channel;
    this.#leave = leave;
    this.#events = new Listeners(core);
  }
  /** The last reply to a join. Messages may have followed it: what shows its state listens to `joined`. */
  get joined() {
    return this.#channel.joinReply;
  }
  /**
   * Who is in the channel. While there is no connection, it is what was known last. It is the channel's: its subscribers are called as long as
   * there is a subscription to the channel.
   */
  get members() {
    return this.#channel.members?.store;
  }
  on(what, listener) {
    if (typeof what === "string") return this.#events.on(what, listener);
    this.#core.register(what);
    const deliver = listener;
    return this.#events.on(`:${what.name}`, (message) => deliver(message.payload, message));
  }
  send(message, payload, options) {
    return this.#ended ? err(this.#ended) : message.by(this.#core, message, payload, options, { channel: this.key });
  }
  /**
   * Ends the subscription; its listeners are not called any more, but subscribers of `members` remove themselves. The last subscription to a channel leaves it at the server and
   * waits for the reply. That is decided immediately, so that a later call of `join` joins the channel again.
   */
  leave() {
    return this.#leave();
  }
  /** @internal */
  emit(event, what) {
    this.#events.emit(event, what);
  }
  /** @internal */
  deliver(message) {
    return this.#events.emit(`:${message.type}`, message);
  }
  /** @internal Ends the subscription. */
  end(message) {
    this.#ended ??= { code: "CLOSED", message };
    this.#events.clear();
  }
};

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
  "ID_REUSED",
  "TOO_MANY",
  "OTHER_PRINCIPAL",
  "NOT_RESUMED"
];
var SessionRefusedError = class extends Error {
  name = "SessionRefusedError";
  /**
   * The code of the server's refusal: `VERSION`, `INVALID`, an error of the auth message; or the close code, if there was no other. This client itself
   * refuses with `VERSION`, with `INVALID` if the auth does not fit, and with `TOO_LARGE` if the hello has more bytes than a message may have.
   */
  code;
  /** The side that is too old, if that is the reason. */
  side;
  /** What is wrong with the auth message, or another of the opening, if that is the reason. */
  violations;
  constructor(code, message, side, violations = []) {
    super(message);
    this.code = code;
    this.side = side;
    this.violations = violations;
  }
};

// handfast/session.ts
var text2 = [reportString, {}];
var count = [reportInteger, { minimum: 0, maximum: 9007199254740991 }];
var violation = [reportObject, { "?": [], path: text2, keyword: text2, message: text2 }];
var refusalRule = [reportObject, {
  "?": ["retryable", "violations", "side"],
  code: reportCode,
  message: text2,
  side: text2,
  retryable: boolean,
  violations: [reportArray, { items: violation }]
}];
function reportCode(value, report) {
  if (typeof value !== "string" && !Number.isInteger(value)) noneOfTypes(["integer", "string"], report);
}
var name = [reportString, { maxLength: 64 }];
var readyRule = [reportObject, {
  "?": ["hash", "session", "resumed", "received", "expires"],
  version: text2,
  hash: name,
  session: name,
  resumed: boolean,
  received: count,
  expires: count
}];
var countsRule = [reportObject, { "?": ["received", "sent", "expires"], received: count, sent: count, expires: count }];
var gapRule = [reportObject, { "?": ["channel", "from", "to", "reason"], channel: text2, from: count, to: count, reason: text2 }];
var skipRule = [reportObject, { "?": [], channel: text2, seq: count }];
var channelKeyRule = [reportObject, { "?": [], channel: text2 }];
var failure = { name: "error", receive: anything };
function wireError(payload) {
  if (violationsOf(refusalRule, payload, "received").length === 0) return payload;
  return { code: "FAILED", message: "the request failed", data: payload };
}
function refusalText({ message, violations = [] }) {
  return describe(message, violations.slice(0, 1));
}
function callError(error, declared) {
  const { code, message, retryable = false, data, violations = [] } = error;
  const descriptor = declared.find((candidate) => candidate.code === code);
  if (descriptor) {
    const wrong = descriptor.data === noPayload ? [] : violationsOf(descriptor.data, data, "received");
    if (wrong.length === 0) return { code, message, retryable, data };
    return badReply(decodeError("invalid", `the data of the error \`${code}\` does not fit`, { payload: error }, wrong));
  }
  if (code === "INVALID") return { code, message, violations };
  if (code === "TIMEOUT") return { code, message };
  if (isSessionCode(code)) return { code, message, retryable };
  return { code: "UNDECLARED", received: code, message, retryable, data };
}
function badReply(reply) {
  return { code: "BAD_REPLY", message: reply.message, reply };
}
function isSessionCode(code) {
  return SESSION_CODES.includes(code);
}
function wrongChannel({ id, channel, payload }) {
  const remains = { id, channel, payload };
  return badReply(decodeError("envelope", "the reply to a join is of another channel", remains));
}
function isOwn(error, code) {
  return error.code === code && !("data" in error);
}
function isRetryable(error) {
  return isOwn(error, "TIMEOUT") || "retryable" in error && error.retryable === true;
}

// handfast/channels.ts
var MAX_REJOINS = 3;
var MAX_KEY = 1024;
var MAX_LEAVES = 1024;
var GAP = "$gap";
var SKIP = "$skip";
var PRESENCE = "$presence";
var JOIN = "$join";
var LEAVE = "$leave";
var Channels = class {
  #core;
  /** Those with subscriptions, by key. */
  memberships = /* @__PURE__ */ new Map();
  /** Those whose leave is not answered, and that. */
  #leaving = /* @__PURE__ */ new Map();
  /** The session's own requests. */
  #own;
  /** What must be joined again on the current connection. */
  #queue = /* @__PURE__ */ new Set();
  /** The number of pending rejoins. */
  #pendingRejoins = 0;
  #maxRejoins = MAX_REJOINS;
  /** How often in a row rejoins came too fast. */
  #refusals = 0;
  #cancelPause;
  /** What learns that the server has added this client to a channel to which there is no subscription. */
  added = /* @__PURE__ */ new Set();
  /** Follows who is in a channel. */
  #follow;
  constructor(core) {
    this.#core = core;
    core.handle("gap", GAP, gapRule, (message) => this.#gap(message));
    core.handle("skip", SKIP, skipRule, ({ payload }) => this.isNew(payload));
    this.#own = { join: ownRequest(core, "join", JOIN), leave: ownRequest(core, "leave", LEAVE) };
    for (const { reply } of [this.#own.join, this.#own.leave]) if (reply.tag !== null) core.register(reply);
    core.events.on(`:${JOIN}`, (message) => this.#added(message));
    core.events.on(`:${LEAVE}`, ({ payload }) => this.#removed(payload));
  }
  /** Joins a channel for one more subscription. */
  join(channel, params, setup, options) {
    const { signal } = options;
    let promise;
    const ignore = () => {
      if (this.#core.isClosing) promise?.catch(() => {
      });
    };
    promise = new Promise((resolve2, reject) => {
      const key = channel.key(params);
      const timeout = this.#core.timeout(channel.join ?? this.#own.join, options);
      if (signal?.aborted) throw new CallFailedError(ABORTED);
      const known = this.memberships.get(key);
      const membership = known ?? this.membership(key, channel, params);
      const subscription = this.subscribe(membership, setup);
      if (!membership.subscriptions.has(subscription)) throw new CallFailedError({ code: "CLOSED", message: "the subscription was left" });
      if (signal?.aborted) {
        void this.#release(membership, subscription, ABORTED.message);
        throw new CallFailedError(ABORTED);
      }
      const release = unlessInTime(this.#core.clock, timeout, signal, (error) => {
        pending.settle(error);
        void this.#release(membership, subscription, error.message);
      });
      const pending = {
        settle: (error) => {
          release();
          ignore();
          if (error) reject(new CallFailedError(error));
          else resolve2(subscription);
        }
      };
      membership.subscriptions.set(subscription, pending);
      this.#join(membership, channel.join ? params : membership.params, subscription, pending);
    });
    ignore();
    return promise;
  }
  /** Makes a subscription, and calls its setup. */
  subscribe(membership, setup) {
    const leave = () => this.#release(membership, subscription, "the subscription was left");
    const subscription = new Subscription(this.#core, membership, leave);
    membership.subscriptions.set(subscription, void 0);
    this.memberships.set(membership.key, membership);
    try {
      setup?.(subscription);
    } catch (error) {
      void this.#release(membership, subscription, "its setup failed");
      throw error;
    }
    return subscription;
  }
  /** A channel of which nothing is known yet. */
  membership(key, channel, params) {
    return membershipIn(key, channel, params, this.#own, channel.presence && this.#members(channel.presence));
  }
  #members(descriptor) {
    const core = this.#core;
    this.#follow ??= descriptor.via({
      listen: (receive, listener) => core.handle("presence", PRESENCE, receive, ({ payload }) => listener(payload)),
      find: (key) => this.#find(key)?.members,
      emit: (key, event) => {
        const membership = this.#find(key);
        if (membership) this.#each(membership, (subscription) => subscription.emit("presence", event));
      },
      invalid: (error) => core.invalid(error, PRESENCE),
      reportThrown: (error) => core.reportThrown(error),
      limit: core.maxBytes
    });
    return this.#follow(descriptor);
  }
  /** Joins it for a subscription. The next rejoin is as the last join that succeeded. */
  #join(membership, params, subscription, pending) {
    const { join, subscriptions } = membership;
    const failed = (error) => {
      this.#failed(membership, error);
      if (subscriptions.delete(subscription)) this.#endLost(membership, error, [[subscription, pending]]);
    };
    const answered = (message) => {
      if (!isOfChannel(message, membership)) return failed(wrongChannel(message));
      membership.params = params;
      this.#joined(membership, message, subscription);
      pending.settle();
    };
    pending.request = this.#core.request(join, params, { timeout: null }, [join.reply], { answered, failed });
  }
  /** A join failed. The server may have processed it nevertheless. */
  #failed(membership, error) {
    membership.mayBeMember ||= isOwn(error, "TIMEOUT") || isOwn(error, "BAD_REPLY");
  }
  /** A join for a subscription was answered, or a rejoin. */
  #joined(membership, message, subscription) {
    const { wasJoined, isMember, subscriptions } = membership;
    membership.joinReply = message.payload;
    membership.wasJoined = membership.isOwn = membership.isMember = true;
    membership.refusals = 0;
    this.#queue.delete(membership);
    if (!membership.pending) membership.releaseSlot();
    if (!subscription || wasJoined && !isMember) this.#each(membership, (one) => one.emit("joined", message.payload));
    const { gap } = membership.sequence.joined(this.#position(message));
    if (wasJoined && gap) this.#emitGap(membership, gap);
    if (!subscription || !subscriptions.has(subscription)) return;
    subscriptions.set(subscription, void 0);
    subscription.emit("joined", message.payload);
  }
  /** Removes a subscription. The last one leaves the channel, at the server as well if it may have processed the join. */
  async #release(membership, subscription, why) {
    const { subscriptions } = membership;
    const pending = subscriptions.get(subscription);
    const wasSubscribed = subscriptions.delete(subscription);
    membership.wasLeft ||= !pending;
    subscription.end(why);
    pending?.settle({ code: "CLOSED", message: why });
    if (!wasSubscribed) return ok(void 0);
    const request = pending?.request;
    if (request) {
      this.#core.abandon(request);
      membership.mayBeMember ||= request.isWritten === true;
    }
    return subscriptions.size === 0 ? this.#drop(membership, membership.isMember) : ok(void 0);
  }
  /**
   * Forgets a channel without subscriptions, and leaves it if this client is or may be in it. A later join of the same key is of another membership,
   * which this one no longer disturbs.
   */
  #drop(membership, isMember) {
    const { key, pending: join, mayBeMember } = membership;
    if (this.memberships.get(key) === membership) this.memberships.delete(key);
    this.#queue.delete(membership);
    membership.releaseSlot();
    if (join) this.#core.abandon(join);
    return isMember || mayBeMember || join?.isWritten ? this.#leave(membership) : Promise.resolve(ok(void 0));
  }
  /** Leaves at the server. Its caller waits for a while; the leave is sent and its answer awaited as long as the session lasts. */
  #leave(membership) {
    const { leave, leaveParams } = membership;
    if (leave.tag === null) return Promise.resolve(ok(void 0));
    const core = this.#core;
    for (const [left, request] of this.#leaving) {
      if (this.#leaving.size < MAX_LEAVES) break;
      if (!request?.isWritten || request.used > 0) continue;
      core.abandon(request);
      this.#leaving.delete(left);
    }
    this.#leaving.set(membership, void 0);
    return new Promise((resolve2) => {
      const release = unlessInTime(core.clock, core.timeout(leave), void 0, (error) => {
        if (request) core.free(request);
        resolve2(err(error));
      });
      const ended = (result) => {
        release();
        this.#leaving.delete(membership);
        resolve2(result);
      };
      const request = core.request(leave, leaveParams, { timeout: null, as: "leave" }, [leave.reply], {
        answered: ({ payload }) => ended(ok(payload)),
        // Every channel is left when the connection ends.
        failed: (error) => ended(isOwn(error, "OUTCOME_UNKNOWN") ? ok(void 0) : err(error))
      });
      if (this.#leaving.has(membership)) this.#leaving.set(membership, request);
    });
  }
  /** The channel is lost. What waits for a reply goes on waiting, unless it is for all. */
  #lose(membership, error, all = false) {
    const { subscriptions } = membership;
    const lost = [...subscriptions].filter(([, pending]) => all || !pending);
    for (const [subscription] of lost) subscriptions.delete(subscription);
    membership.wasJoined = membership.isOwn = membership.isMember = false;
    this.#endLost(membership, error, lost);
  }
  /** Ends subscriptions that are removed already. */
  #endLost(membership, error, lost) {
    if (membership.subscriptions.size === 0) void this.#drop(membership, membership.isMember && membership.wasLeft);
    for (const [subscription, pending] of lost) {
      if (!pending && !this.#core.isClosing) subscription.emit("lost", error);
      subscription.end(`the subscription was lost: ${error.message}`);
      pending?.settle(error);
    }
  }
  // After a loss of the connection
  /** Joins every channel again that was joined. First joins are queued with the other requests. */
  opened() {
    for (const membership of [...this.memberships.values()]) {
      if (this.memberships.get(membership.key) !== membership) continue;
      if (membership.isOwn && [...membership.subscriptions.values()].includes(void 0)) this.#queue.add(membership);
      else if (membership.wasJoined) this.#emitUnboundedGap(membership);
    }
    this.#rejoin();
  }
  /** The session has ended, and every membership with it. Without an error, channels are joined again. */
  ended(error) {
    this.#queue.clear();
    this.#cancelPause?.();
    this.#cancelPause = void 0;
    this.#maxRejoins = MAX_REJOINS;
    this.#refusals = 0;
    for (const membership of this.memberships.values()) {
      membership.isMember = membership.mayBeMember = false;
      membership.members?.ended();
      membership.pending = void 0;
      membership.releaseSlot();
    }
    if (error) for (const membership of [...this.memberships.values()]) this.#lose(membership, error, true);
  }
  #rejoin() {
    for (const membership of this.#queue) {
      if (this.#pendingRejoins >= this.#maxRejoins || this.#cancelPause) return;
      this.#queue.delete(membership);
      this.#rejoinOne(membership);
    }
  }
  #rejoinOne(membership) {
    const { join, params, sequence } = membership;
    let isCurrent = true;
    this.#pendingRejoins++;
    const cancelTimer = deadline(this.#core.clock, this.#core.protocol.session.timeout, () => {
      this.#emitUnboundedGap(membership);
      membership.releaseSlot();
      this.#rejoin();
    });
    membership.releaseSlot = () => {
      cancelTimer();
      membership.releaseSlot = () => {
      };
      this.#pendingRejoins--;
    };
    const answered = (message) => {
      if (!isOfChannel(message, membership)) return failed(wrongChannel(message));
      isCurrent = false;
      membership.pending = void 0;
      membership.releaseSlot();
      this.#refusals = 0;
      this.#maxRejoins = Math.min(this.#maxRejoins + 1, MAX_REJOINS);
      this.#joined(membership, message);
      this.#rejoin();
    };
    const failed = (error) => {
      if (isOwn(error, "OUTCOME_UNKNOWN") || !isCurrent) return;
      isCurrent = false;
      this.#failed(membership, error);
      membership.pending = void 0;
      membership.releaseSlot();
      if (!membership.isMember) isRetryable(error) ? this.#refused(membership, error.code) : this.#lose(membership, error);
      this.#rejoin();
    };
    const envelope = join.envelope ?? this.#core.protocol.envelope?.client;
    const position = !envelope || envelope.seq && envelope.epoch ? sequence.position : {};
    const pending = this.#core.request(join, params, { timeout: null, as: "rejoin" }, [join.reply], { answered, failed }, position);
    if (isCurrent) membership.pending = pending;
  }
  /** Refused temporarily. Too fast: all wait, and then begin with one at a time. For any other reason: it waits alone. */
  #refused(membership, code) {
    const { clock, protocol: protocol2 } = this.#core;
    const again = () => {
      this.#queue.add(membership);
      this.#rejoin();
    };
    if (code === "RATE_LIMITED") {
      this.#maxRejoins = 1;
      this.#pause();
      again();
    } else membership.releaseSlot = clock.after(backoffDelay(clock, protocol2.session.backoff, membership.refusals), again);
    if (!membership.refusals++) this.#emitUnboundedGap(membership);
  }
  #pause() {
    if (this.#cancelPause) return;
    const { min, max } = this.#core.protocol.session.backoff;
    const bound = Math.min(max, min * 2 ** (2 + this.#refusals++));
    this.#cancelPause = this.#core.clock.after(bound / 2 * (1 + this.#core.clock.random()), () => {
      this.#cancelPause = void 0;
      this.#rejoin();
    });
  }
  // Receiving
  /** The membership that a message belongs to, if the channel was joined. */
  #find(key) {
    const membership = key === void 0 ? void 0 : this.memberships.get(key);
    return membership?.wasJoined ? membership : void 0;
  }
  /** Counts a message off; whether it is new. */
  isNew(fields) {
    const membership = this.#find(fields.channel);
    if (!membership || fields.type === JOIN || fields.type === GAP) return true;
    const { gap, isDuplicate } = membership.sequence.message(this.#position(fields));
    if (gap) this.#emitGap(membership, gap);
    return !isDuplicate;
  }
  /** The position in a channel. If messages are numbered in the session, there is none. */
  #position(fields) {
    return this.#core.numbered ? {} : fields;
  }
  /** Messages of the session are missing, perhaps those of any channel. */
  missed(gap) {
    for (const membership of [...this.memberships.values()]) if (membership.wasJoined) this.#emitGap(membership, gap);
  }
  /** Takes the server's word that something is missing. */
  #gap(message) {
    const notice = message.payload;
    const { channel, ...gap } = notice;
    const { numbered, events } = this.#core;
    if (channel === void 0) {
      if (numbered) return numbered.gap(gap);
      this.missed(gap);
      events.emit("gap", gap);
    }
    const membership = this.#find(channel);
    if (!membership) return;
    membership.sequence.reported(gap, this.#position(message));
    this.#emitGap(membership, gap);
  }
  /** Whether a leave is not answered. */
  isLeaving(key) {
    return [...this.#leaving.keys()].some((left) => left.key === key);
  }
  /** The server has added this client to a channel: one that it has joined is counted on from there. */
  #added(message) {
    const { channel: key } = message.payload;
    if (byteLength(key) > MAX_KEY || this.isLeaving(key)) return;
    const isKnown = this.#find(key) !== void 0;
    if (!isKnown) {
      const waiting = this.memberships.get(key);
      if (waiting) waiting.wasJoined = true;
      for (const add of [...this.added]) add(key);
    }
    const membership = this.#find(key);
    if (!membership) return;
    const isBack = isKnown && !membership.isMember && !membership.isOwn;
    membership.isMember = true;
    if (isBack) this.#each(membership, (subscription) => subscription.emit("joined", membership.joinReply));
    const { gap } = membership.sequence.joined(this.#position(message));
    if (gap) this.#emitGap(membership, gap);
  }
  /** The server has removed this client from a channel. */
  #removed({ channel }) {
    const membership = this.#find(channel);
    if (!membership) return;
    this.#lose(membership, { code: "CLOSED", message: "the server has removed this client from the channel" });
  }
  /** Delivers a message to every subscription of its channel. Returns whether one has a listener. */
  deliver(message) {
    let wasDelivered = false;
    const membership = this.#find(message.channel);
    if (!membership) return false;
    this.#each(membership, (subscription) => {
      wasDelivered = subscription.deliver(message) || wasDelivered;
    });
    return wasDelivered;
  }
  #emitUnboundedGap(membership) {
    membership.sequence.forgetMissed();
    this.#emitGap(membership, {});
  }
  #emitGap(membership, gap) {
    this.#each(membership, (subscription) => subscription.emit("gap", gap));
  }
  /** Acts on the subscriptions that do not wait for a reply. */
  #each(membership, act) {
    for (const [subscription, pending] of [...membership.subscriptions]) if (!pending) act(subscription);
  }
};
function joinChannel(core, channel, params, setup, options) {
  return channelsOf(core).join(channel, params, setup, options);
}
function channelsOf(core) {
  return core.channels ??= new Channels(core);
}
function ownRequest(core, role, name2) {
  const reply = { name: name2, tag: core.tag(role), receive: channelKeyRule };
  const request = { ...reply, send: channelKeyRule, reply, errors: [], idempotent: true };
  return core.protocol.mapped?.request(request, role) ?? request;
}
function isOfChannel({ channel }, { key }) {
  return channel === void 0 || channel === key;
}

// handfast/close-codes.ts
var DEFAULT_CLOSE_CODES = {
  violations: 1008,
  tooLarge: 1009,
  silent: 4e3,
  slow: 4008,
  unauthorized: 4401,
  kicked: 4403,
  version: 4406,
  takenOver: 4409,
  rateLimited: 4429,
  mistakes: []
};
function isRefusal(code, closeCodes) {
  const { violations, unauthorized, kicked, version, takenOver, mistakes } = closeCodes;
  return [violations, unauthorized, kicked, version, takenOver, ...mistakes].includes(code);
}

// handfast/url.ts
var SOCKET = /^wss?:\/\/[^@/]+\/[^#]*$/;
function webSocketUrl(address) {
  const { location } = globalThis;
  try {
    const { href } = new URL(address, address.startsWith("/") ? location?.origin : void 0);
    const socket = href.replace(/^http/, "ws");
    if (SOCKET.test(socket)) return socket;
  } catch {
  }
  throw new TypeError("handfast: write the address like `wss://example.org/ws`, or `/ws` in a page, without user, password and `#`");
}

// handfast/transport.ts
var MAX_REASON = 123;
var CLOSE_TIMEOUT = 2e3;
function webSocket(constructor) {
  return (url, subprotocol, events) => {
    const own = constructor ?? globalThis.WebSocket;
    if (!own) throw new Error("handfast: no WebSocket: install `ws`, and pass its own: `connect(url, { WebSocket })`");
    const socket = new own(webSocketUrl(url), subprotocol ? [subprotocol] : []);
    const close = (code, reason) => {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.onerror = () => {
      };
      socket.close(code >= 3e3 && code <= 4999 ? code : 1e3, truncate2(reason));
      const timer = setTimeout(() => drop(socket), CLOSE_TIMEOUT);
      timer.unref?.();
    };
    socket.binaryType = "arraybuffer";
    socket.onopen = () => events.opened();
    socket.onmessage = (event) => events.received(event.data);
    socket.onclose = (event) => events.closed(event.code, event.reason);
    socket.onerror = ({ message }) => {
      close(1e3, "");
      events.closed(1006, typeof message === "string" ? message : "");
    };
    return { send: (packet) => socket.send(packet), close, buffered: () => socket.bufferedAmount };
  };
}
function drop(socket) {
  const own = socket;
  (socket.terminate ?? own[/* @__PURE__ */ Symbol.for("nodejs.unref")])?.call(socket);
  for (const symbol of Object.getOwnPropertySymbols(socket)) {
    if (symbol.description === "response") own[symbol]?.socket?.destroy?.();
  }
}
function truncate2(reason) {
  let kept = "";
  for (const point of reason) {
    if (byteLength(kept + point) > MAX_REASON) break;
    kept += point;
  }
  return kept;
}

// handfast/connection.ts
var ABNORMAL = 1006;
var TRY_AGAIN_LATER = 1013;
var OVERLOADED_STEPS = 3;
var Connection = class extends Outbound {
  /** The close codes of the protocol. */
  closeCodes = { ...DEFAULT_CLOSE_CODES, ...this.protocol.closeCodes };
  phase = "connecting";
  #url;
  #subprotocol;
  #connect = this.options.transport ?? webSocket(this.options.WebSocket);
  /** An encoded ping. */
  #ping = this.session("ping");
  #transport;
  /** Whether the current attempt has reached a server that takes the subprotocol. */
  #hasOpened = false;
  /** Counts the transports, so that events of an earlier one are ignored. */
  #generation = 0;
  /** Attempts to connect again since a session that lasted. */
  #attempts = 0;
  /** How often the bound of the backoff has doubled. */
  #backoffSteps = 0;
  /** Whether the server is overloaded, and reconnecting must not be hurried. */
  #isOverloaded = false;
  #readyAt = 0;
  /** When the timer of the link fires. */
  #timerAt = 0;
  #cancelTimer = () => {
  };
  constructor(protocol2, url, options) {
    const encoding = options?.encoding;
    if (typeof encoding === "string") throw new TypeError(`handfast: pass what is imported as ${encoding}`);
    if (options?.WebSocket && options.transport) throw new TypeError("handfast: give the transport its `webSocket(WebSocket)`");
    super(protocol2, options);
    const name2 = options?.encoding?.name ?? "json";
    const subprotocol = protocol2.subprotocols[name2];
    if (subprotocol === void 0) throw new Error(`handfast: ${protocol2.name} has no encoding ${name2}`);
    this.#url = String(url);
    this.#subprotocol = subprotocol;
    const { heartbeat, timeout } = protocol2.session;
    this.link = new Link(this.#ping === null ? null : heartbeat, timeout, this.maxBytes);
  }
  get buffered() {
    return this.#transport?.buffered?.() ?? 0;
  }
  /**
   * Makes an attempt to connect.
   *
   * @throws if the transport throws.
   */
  attempt() {
    const generation = ++this.#generation;
    const isCurrent = () => generation === this.#generation;
    const { timeout } = this.protocol.session;
    this.phase = "connecting";
    this.#hasOpened = false;
    this.#cancelTimer();
    this.#transport = this.#connect(this.#url, this.#subprotocol, {
      opened: () => {
        if (!isCurrent()) return;
        this.#hasOpened = true;
        void this.hello(isCurrent);
      },
      received: (frame) => {
        if (!isCurrent()) return;
        const now = this.clock.now();
        this.link.hear(now);
        this.received(frame, now);
        if (this.phase === "ready" && this.link.timeout() < this.#timerAt) this.#watch();
      },
      closed: (code, reason) => {
        if (isCurrent()) this.#lost(code, reason, this.#isFinal(code));
      }
    }, this.options.encoding);
    if (isCurrent()) this.#cancelTimer = deadline(this.clock, timeout, () => this.drop(this.closeCodes.silent, `not ready within ${timeout} ms`));
  }
  #retry() {
    try {
      this.attempt();
    } catch (error) {
      const generation = this.#generation;
      this.failed(error);
      if (generation === this.#generation) this.#lost(ABNORMAL, "could not connect");
    }
  }
  /** Skips the rest of the delay before the next attempt. While connected, pings the server. */
  retryNow() {
    if (this.phase === "waiting") return this.#retry();
    if (this.phase !== "ready") return;
    this.link.ping();
    this.#beat();
  }
  /** The network or the page is available again. An overloaded server is still left its delay. */
  wake() {
    if (this.phase !== "waiting" || !this.#isOverloaded) this.retryNow();
  }
  write(packet) {
    try {
      if (packet !== null) this.#transport?.send(packet);
    } catch (error) {
      this.drop(ABNORMAL, String(error));
    }
  }
  /** The session is ready: the heartbeat begins. `counting` if both ends count. */
  attach(counting, resumed) {
    this.phase = "ready";
    this.#readyAt = this.clock.now();
    this.link.attach(counting, resumed, this.#readyAt);
    this.#watch();
  }
  /** Sets the timer of the link. One timer, however much is received. */
  #watch() {
    this.#cancelTimer();
    this.#timerAt = this.link.timeout();
    if (this.#timerAt < Infinity) this.#cancelTimer = this.clock.after(Math.max(0, this.#timerAt - this.clock.now()), () => this.#beat());
  }
  /** Does what is due: pings, acknowledges, and drops the connection if nothing is received. */
  #beat() {
    while (this.phase === "ready") {
      const action = this.link.handleTimeout(this.clock.now());
      if (action === void 0) return this.#watch();
      if (action === "silent") this.drop(this.closeCodes.silent, `no answer to a ping within ${this.protocol.session.timeout} ms`);
      else if (action === "ping") this.write(this.#ping);
      else this.acknowledge(action);
    }
  }
  /** Acknowledges so many messages. */
  acknowledge(received) {
    if (received !== void 0) this.control("received", { received });
  }
  /** Whether a close code means that the client must not reconnect. */
  #isFinal(code) {
    if (code === this.closeCodes.unauthorized && this.phase === "ready" && this.refresh?.hasExpired()) return false;
    return code === 1e3 || isRefusal(code, this.closeCodes);
  }
  /** Closes the connection, for good if it is `final`. `refused` if the server, or this client, refuses the session. */
  drop(code, reason, final = false, refused = false) {
    if (this.phase === "ended") return;
    const transport = this.#transport;
    this.#lost(code, reason, final, refused);
    transport?.close(code === ABNORMAL ? this.closeCodes.silent : code, reason);
  }
  #lost(code, reason, final = false, refused = false) {
    const { phase, clock } = this;
    const { backoff } = this.protocol.session;
    if (phase === "ready" && clock.now() - this.#readyAt >= backoff.max) this.#attempts = this.#backoffSteps = 0;
    this.#generation++;
    this.#transport = void 0;
    this.#cancelTimer();
    this.#isOverloaded = refused || code === this.closeCodes.rateLimited || code === this.closeCodes.slow;
    if (this.#isOverloaded) this.#backoffSteps = Math.max(this.#backoffSteps, OVERLOADED_STEPS);
    const closed = { code, reason, final: final || this.options.reconnect === false };
    if (!closed.final && this.#attempts >= (backoff.attempts ?? Infinity)) {
      closed.final = true;
      closed.reason = `gave up after ${this.#attempts} attempts: ${reason || code}`;
    }
    if (closed.final) {
      this.phase = "ended";
      return this.closed(closed, phase === "ready", refused);
    }
    if (code === ABNORMAL && !this.#hasOpened && this.#attempts > 0) this.#hint(reason);
    this.#attempts++;
    const retryIn = backoffDelay(clock, backoff, this.#backoffSteps++);
    this.phase = "waiting";
    this.#cancelTimer = clock.after(retryIn, () => this.#retry());
    this.closed({ ...closed, retryIn }, phase === "ready", refused);
  }
  /** Logs what may be wrong, as browsers do not say. */
  #hint(reason) {
    const url = this.#url.replace(/[?#].*/, "");
    this.warn("hint", `no connection to ${url} (${reason || "see the network tab"}): does it serve ${this.#subprotocol || this.protocol.name}, to this origin?`);
  }
};

// handfast/state.ts
var Store = class {
  #value;
  #listeners;
  constructor(value, host) {
    this.#value = value;
    this.#listeners = new Listeners(host);
  }
  /** The current value. */
  get = () => this.#value;
  /** Calls a function with the current value, and with each later one. If the first call throws, so does this, and there is no other. */
  subscribe = (run) => {
    const unsubscribe = this.#listeners.on("change", () => run(this.#value));
    try {
      run(this.#value);
    } catch (error) {
      unsubscribe();
      throw error;
    }
    return unsubscribe;
  };
  /** @internal */
  set(value) {
    this.#value = value;
    this.#listeners.emit("change", void 0);
  }
};

// handfast/wake.ts
function onWake(callback) {
  const page = globalThis;
  const { document: document2 } = page;
  const shown = () => {
    if (document2?.visibilityState === "visible") callback();
  };
  const events = [
    [page, "online", callback],
    [page, "pageshow", callback],
    [document2, "visibilitychange", shown]
  ];
  for (const [target, event, listener] of events) target?.addEventListener?.(event, listener);
  return () => {
    for (const [target, event, listener] of events) target?.removeEventListener?.(event, listener);
  };
}

// handfast/core.ts
var Core = class extends Connection {
  /** By this Vue knows that its proxies must leave it alone: private fields are not read through one. */
  [Symbol.toStringTag] = "Client";
  state = new Store({ status: "connecting" }, this);
  /** The listeners of events and of messages. */
  events = new Listeners(this);
  /** Whether the application has closed the client. */
  isClosing = false;
  /** How many hellos were begun: each asks for credentials. */
  hellos = 0;
  /** The length of the message that is being processed: UTF-16 units of text, or bytes. */
  frameLength = 0;
  /** Whether nothing but the hello is sent before ready. */
  isForeign = false;
  reader = {
    byTag: /* @__PURE__ */ new Map(),
    own: [],
    pending: (id) => this.find(id)?.answers,
    failure
  };
  /** The kinds of warnings that were given. */
  #warned = /* @__PURE__ */ new Set();
  #stopWaking;
  #resolveReady;
  #rejectReady;
  /** A ready message that was received before the hello was written, which may still fail. */
  #earlyReady;
  /** Whether the protocol lets sessions resume. */
  #canCount;
  /** The token of the session, if it can be resumed. */
  #token;
  /** The connection was lost, and its session may be resumed; cancels the timer after which the server has given it up. */
  #detached;
  /** A refusal until the connection is closed, whose code says whether it is final. */
  #refusal;
  /** Whether the listeners of `error` are being called with what another listener threw. */
  #isReportingThrown = false;
  /**
   * @throws if there can be no connection: if the address is invalid, the platform has no WebSocket, the protocol does not have
   * the encoding, or the timeout is none.
   */
  constructor(protocol2, url, options, answering2) {
    super(protocol2, url, options);
    this.timeout({});
    this.ready = new Promise((resolve2, reject) => {
      this.#resolveReady = resolve2;
      this.#rejectReady = reject;
    });
    this.ready.catch(() => {
    });
    this.prepare();
    this.#canCount = !this.isForeign && protocol2.session.resume !== null && this.tag("received") !== null;
    this.requests = answering2?.(this);
    this.refresh = protocol2.refresh?.(this);
    this.attempt();
    if (!this.closedError) this.#stopWaking = onWake(() => this.wake());
  }
  // What an application calls, as `Client` documents it
  call(request, payload, options, as) {
    const sending = { ...options, timeout: this.timeout(request, options), as };
    return new Promise((resolve2) => {
      this.request(request, payload, sending, [request.reply], {
        answered: ({ payload: payload2 }) => resolve2(ok(payload2)),
        failed: (error) => resolve2(err(error))
      });
    });
  }
  stream(request, payload, options = {}) {
    return request.via(this, request, payload, options);
  }
  send(message, payload, options) {
    return message.by(this, message, payload, options);
  }
  join(channel, params, setup, options = {}) {
    return channel.via(this, channel, params, setup, options);
  }
  on(what, listener) {
    if (typeof what === "string") return this.events.on(what, listener);
    this.register(what);
    return this.events.on(`:${what.name}`, (message) => listener(message.payload, message));
  }
  async refreshAuth() {
    if (!this.refresh) throw new TypeError("the protocol has no auth message");
    await this.refresh.now();
  }
  close() {
    this.isClosing = true;
    this.drop(1e3, "closed by the client", true);
  }
  /** @throws if the timeout that the application has set is none. */
  timeout(request, { timeout = request.timeout ?? this.options.timeout ?? this.protocol.session.timeout } = {}) {
    if (!(Number.isFinite(timeout) && timeout >= 0)) throw new TypeError(`handfast: the timeout is ${timeout}`);
    return timeout;
  }
  // The session
  /** Called for each attempt, as a token may expire. */
  async hello(isCurrent) {
    this.hellos++;
    try {
      const auth = await this.authPayload();
      if (!isCurrent()) return;
      const { version, hash, auth: validate } = this.protocol;
      if (validate && auth !== void 0) {
        const violations = this.violations(validate, auth, 2, null);
        if (violations.length > 0) {
          return this.#refuse("INVALID", describe("the auth does not fit", violations), void 0, violations);
        }
      }
      const resume = this.#detached ? { session: this.#token, received: this.link.received } : {};
      const hello = this.session("hello", { version, hash, auth, ...this.#canCount && { resume } });
      const packets = [hello, ...this.credentials(auth)];
      if (packets.some((packet) => packet !== null && this.isTooLarge(packet))) return this.#refuse("TOO_LARGE", "the hello is too large for the server");
      for (const packet of packets) this.write(packet);
    } catch (error) {
      if (!isCurrent()) return;
      this.failed(error);
      this.drop(ABNORMAL, "the hello could not be made");
    }
    if (!isCurrent()) return;
    this.phase = "greeted";
    if (!this.#detached && !this.isForeign) this.start();
    if (this.#earlyReady) this.becomeReady(this.#earlyReady);
  }
  /** The credentials, which may have to be fetched. */
  async authPayload() {
    const { auth, token } = this.options;
    const [payload, replaced] = await Promise.all([resolve(auth), resolve(token)]);
    return replaced === void 0 ? payload : { ...payload, token: replaced };
  }
  /** What follows the hello with the credentials. */
  credentials(_auth) {
    return [];
  }
  /** Begins a session, whose first messages follow the hello at once. */
  start(_name) {
    this.isOpen = true;
    this.begin(this.#canCount);
    this.channels?.opened();
    this.flush();
  }
  becomeReady(welcome) {
    if (this.phase === "connecting") this.#earlyReady = welcome;
    if (this.phase !== "greeted") return;
    const { session, received = -1, ...ready } = welcome;
    const { resumed = false } = ready;
    const incompatible = this.protocol.accepts?.(ready.version);
    if (incompatible) {
      this.#end(false);
      return this.#refuse("VERSION", ...incompatible);
    }
    const counting = this.#canCount && received >= 0;
    if (resumed && !(this.#detached && counting && this.canResume(received))) {
      this.#end(false);
      return this.drop(ABNORMAL, "the server resumes another session");
    }
    if (!resumed && this.#detached) this.#end(false);
    this.#detached?.();
    this.#detached = void 0;
    this.#token = counting ? session : void 0;
    if (!resumed && !this.isOpen) this.start(session);
    if (this.phase !== "greeted") return;
    this.attach(counting, resumed);
    if (resumed) this.resume(received);
    else if (counting) this.#acknowledged(received);
    else this.begin(false);
    if (!this.isOpen) return;
    this.refresh?.expires(ready.expires);
    this.#resolveReady(ready);
    this.state.set({ status: "connected" });
    const { version, hash } = this.protocol;
    const server = { version: ready.version, hash: ready.hash ?? hash };
    if (server.hash !== hash) {
      const words = `skew: the server was generated from a different spec, version ${server.version} (${server.hash}); generate both ends from the same spec`;
      const skew = { client: { version, hash }, server, message: `handfast: ${words}` };
      if (!this.events.emit("skew", skew)) this.warn("skew", words);
    }
    this.events.emit("open", ready);
  }
  closed(closed, wasReady, refused) {
    const { code, reason, final } = closed;
    const isRefused = isRefusal(code, this.closeCodes);
    const refusal = this.#refusal;
    this.#refusal = void 0;
    const wasDetached = this.#detached !== void 0;
    const isBare = !final && wasReady && (code === ABNORMAL || code === this.closeCodes.silent);
    this.refresh?.stop();
    if (!final && this.phase === "ended") return;
    this.#earlyReady = void 0;
    if (final) this.closedError ??= { code: "CLOSED", message: refusal?.message || reason || `closed with ${code}` };
    const error = this.closedError;
    if (isBare && this.#token !== void 0) {
      this.detach();
      this.#detached = this.clock.after(this.protocol.session.resume ?? 0, () => this.#end(false));
    } else if (final || !wasDetached) {
      this.#end(!wasReady && !wasDetached && (refused || isRefused || !!refusal), code !== this.closeCodes.tooLarge);
      if (!final && this.phase === "ended") return;
    }
    if (error) {
      this.#stopWaking?.();
      this.failAll(error);
      this.#rejectReady(isRefused ? refusal ?? new SessionRefusedError(code, error.message) : new CallFailedError(error));
    }
    const status = this.state.get().status === "connecting" ? "connecting" : "reconnecting";
    this.state.set({ status: final ? "closed" : status, closed });
    this.events.emit("close", closed);
    if (final) this.events.clear();
  }
  /** The session has ended, and every membership with it. */
  #end(refused, again = true) {
    this.#detached?.();
    this.#detached = void 0;
    this.channels?.ended(this.closedError);
    this.endRequests();
    this.lost(refused, again);
  }
  endRequests() {
    this.requests?.end();
  }
  /** The server has received so many messages. */
  #acknowledged(received) {
    if (!this.acknowledged(received)) this.warn("received", "the server acknowledges what was never sent");
  }
  /** The server refuses the session. */
  #refusedBy(refusal) {
    const { code, side, violations, retryable, byCode } = refusal;
    const words = refusalText(refusal);
    if (byCode) this.#refusal = new SessionRefusedError(code, words, side, violations);
    else if (retryable) this.drop(code === "RATE_LIMITED" ? this.closeCodes.rateLimited : TRY_AGAIN_LATER, words, false, true);
    else this.#refuse(code, words, side, violations);
  }
  /** The server or this client refuses the session for good: no reconnect. */
  #refuse(code, message, side, violations) {
    const { version, unauthorized } = this.closeCodes;
    this.closedError = { code: "CLOSED", message };
    this.#rejectReady(new SessionRefusedError(code, message, side, violations));
    this.drop(code === "VERSION" ? version : unauthorized, message, true, true);
  }
  // Receiving
  received(frame, now) {
    this.frameLength = typeof frame === "string" ? frame.length : frame?.byteLength ?? 0;
    const parsed = parseFrame(frame, this.protocol.depth, this.options.encoding);
    const match = parsed.ok ? this.read(parsed.value) : { message: parsed.error, error: parsed.error };
    const { message, error } = match;
    const incoming = match.incoming;
    const isOwn2 = incoming?.isOwn;
    if (!this.isNew(match, now)) return;
    if (this.requests?.receive(match, parsed)) return;
    const isError = this.isRefusal(match);
    const request = this.find(message.id, match);
    const handler = isError ? this.#refused : incoming?.handle;
    if (incoming && !error) {
      if (request?.answers.includes(incoming)) return this.answer(request, message, incoming);
      const mayAnswer = request || isError || this.answers.has(incoming);
      if (message.id !== void 0 && mayAnswer && incoming.channel === void 0 && !isOwn2 && !(isError && request)) {
        if (request) this.fail(request, badReply(decodeError("envelope", `\`${incoming.name}\` is no reply to the request`, message)), true);
        return;
      }
    }
    const shown = error && (isOwn2 ? incoming?.receive !== anything && { ...error, payload: void 0 } : error);
    if (shown && request) return this.fail(request, badReply(shown), true);
    if (this.channels?.isNew(message) === false) return;
    if (!shown) {
      if (handler) return handler(message, request);
      const wasDelivered = this.channels?.deliver(message);
      if (!this.events.emit(`:${message.type}`, message) && !wasDelivered) this.events.emit("unhandled", message);
      return;
    }
    if ((isOwn2 || isError) && this.phase !== "ready") this.drop(ABNORMAL, shown.message);
    else if (shown.kind !== "unknown-type") this.invalid(shown, incoming?.name);
    else this.events.emit("unhandled", shown);
  }
  /** Reads a message that was parsed. */
  read(value) {
    return read(value, this.reader);
  }
  /** Counts a message off; whether it is new. */
  isNew({ incoming }, now) {
    if (this.phase === "ready" && !incoming?.isOwn) {
      this.link.count(this.frameLength, now);
      this.acknowledge(this.link.acknowledge(false, now));
    }
    return true;
  }
  /** What a pong repeats of its ping. */
  nonce(_payload) {
    return void 0;
  }
  /** Handles the messages of the session. */
  prepare() {
    const own = (role, receive, handler) => this.handle(role, role, receive, handler, true);
    own("ready", readyRule, ({ payload }) => this.becomeReady(payload));
    own("refuse", refusalRule, ({ payload }) => {
      if (this.phase !== "ready") this.#refusedBy(payload);
    });
    own("ping", anything, ({ id, payload }) => {
      if (this.phase === "ready") this.acknowledge(this.link.acknowledge(true, this.clock.now()));
      const nonce = this.nonce(payload);
      const fields = { id: repeatable(id), isReply: true };
      if (this.isOpen) this.control("pong", nonce, fields);
      else this.write(this.session("pong", nonce, fields));
    });
    own("pong", anything, () => {
    });
    own("received", countsRule, ({ payload }) => {
      const { received, sent } = payload;
      if (sent !== void 0 && this.phase === "ready") this.link.skip(sent, this.clock.now());
      if (received !== void 0) this.#acknowledged(received);
    });
    this.handle("error", "error", refusalRule, this.#refused);
  }
  /** Whether a message says that the session, or a request, failed. */
  isRefusal({ incoming }) {
    return incoming === failure || incoming?.handle === this.#refused;
  }
  /** An error of the server, which may be the reply to a request. */
  #refused = ({ payload }, request) => {
    const received = wireError(payload);
    const error = callError(received, request?.errors ?? []);
    if (request) return this.fail(request, error, true);
    if (this.phase !== "ready") return this.#refusedBy(received);
    this.failed(new CallFailedError(error), "the server says", `error ${error.code}`);
  };
  register(message, tag = tagOf(message)) {
    if (tag !== null) this.reader.byTag.set(tag, message);
  }
  /** Handles a message of the session, if the protocol has it. */
  handle(role, name2, receive, handle, isOwn2 = false) {
    const tag = this.tag(role);
    this.own({ name: name2, tag, receive, handle, isOwn: isOwn2 }, tag, role);
  }
  /** Registers a message of the session. */
  own(message, tag, _role) {
    this.register(message, tag);
  }
  /** Reports a message that is not valid. */
  invalid(error, name2) {
    if (!this.events.emit("invalid", error)) this.warn(`invalid ${name2}`, `an invalid message: ${error.message}`);
  }
  /** Reports an error that no call waits for and that is no mistake of the application. */
  failed(error, words = "could not connect", kind = "auth") {
    if (!this.events.emit("error", error)) this.warn(kind, `${words}: ${String(error)}`);
  }
  /**
   * Warns on the console, once of each kind: a server could otherwise flood the console. The number of kinds is bounded by the
   * protocol.
   */
  warn(kind, words) {
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    console.warn(`handfast: ${words}`);
  }
  /** Reports what a listener threw; without a listener for that, as an uncaught error. */
  reportThrown(error) {
    const isOfListener = this.#isReportingThrown;
    this.#isReportingThrown = true;
    if (isOfListener || !this.events.emit("error", error)) {
      queueMicrotask(() => {
        throw error;
      });
    }
    this.#isReportingThrown = isOfListener;
  }
};
async function resolve(source) {
  return typeof source === "function" ? source() : source;
}

// handfast/client.ts
var Client = Core;

// handfast/versions.ts
var VERSION = /^(?!.{65})((^|\b\.)(?!0\d)\d{1,19}){3}(-(?!0\d+\b(?!-))[\da-z-]+(\.(?!0\d+\b(?!-))[\da-z-]+)*)?(\+[\da-z-]+(\.[\da-z-]+)*)?$/i;
function sortKey(version) {
  return VERSION.test(version) ? version.replace(/\d+/g, (digits) => digits.length + 10 + digits) : "";
}
function accepting(accepts, from, below) {
  return (version) => {
    const key = sortKey(version);
    const side = key < sortKey(from) ? "server" : below && key >= sortKey(below) ? "client" : void 0;
    return side && [`the server speaks ${key ? version : "no version"}, and this client takes ${accepts}: the ${side} is too old`, side];
  };
}

// api.ts
var counterValueRule = [reportObject, {
  "?": [],
  count: [reportInteger, { minimum: -9007199254740991, maximum: 9007199254740991 }]
}];
function isCounterValue(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { count: count2 } = value;
  return isSafeInteger(count2);
}
function validateCounterValue(value, report) {
  if (!isCounterValue(value)) reportRule(value, report, counterValueRule);
}
var counterAddRule = [reportObject, {
  "?": [],
  by: [reportInteger, { minimum: -10, maximum: 10 }]
}, reportAdditionalIfSent];
var countChangedRule = [reportObject, {
  "?": [],
  count: [reportInteger, { minimum: -9007199254740991, maximum: 9007199254740991 }]
}];
function isCountChanged(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { count: count2 } = value;
  return isSafeInteger(count2);
}
function validateCountChanged(value, report) {
  if (!isCountChanged(value)) reportRule(value, report, countChangedRule);
}
var counterValue = {
  name: "counter.value",
  receive: validateCounterValue
};
var counterFollow = {
  name: "counter.follow",
  send: noPayload,
  reply: counterValue,
  errors: []
};
var counterAdded = {
  name: "counter.added",
  receive: noPayload
};
var counterAdd = {
  name: "counter.add",
  send: counterAddRule,
  reply: counterAdded,
  errors: []
};
var countChanged = {
  name: "count.changed",
  receive: validateCountChanged,
  channel: "changes"
};
var changesChannel = {
  name: "changes",
  key: () => "changes",
  join: counterFollow,
  via: joinChannel
};
var protocol = {
  name: "counter",
  version: "1.0.0",
  hash: "2ba7810edbf27e28f30f75a3da2035e9",
  subprotocols: { json: "counter.v1+json" },
  depth: 64,
  limits: { message: 65536, outbound: 1048576 },
  session: { heartbeat: 25e3, timeout: 1e4, resume: 12e4, backoff: { min: 500, max: 3e4 } },
  accepts: /* @__PURE__ */ accepting("^1", "1.0.0", "2.0.0")
};
function connect(url, options) {
  return new Client(protocol, url, options);
}

// main.ts
var output = document.querySelector("output");
var client = connect("/ws");
function show({ count: count2 }) {
  output.value = String(count2);
}
await client.join(changesChannel, void 0, (changes) => {
  changes.on("joined", show);
  changes.on(countChanged, show);
});
for (const button of document.querySelectorAll("button")) {
  button.addEventListener("click", () => void client.call(counterAdd, { by: Number(button.value) }));
}
