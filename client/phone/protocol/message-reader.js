/**
 * Reading a message's header. Specified in `keys/message.md`; the phone reads only what is meant for it.
 *
 * Fields that are not known here are kept in `other`, never dropped: a newer desk may speak to an older phone.
 */

import { BadHeader, BadMessage, UnknownVersion } from "./errors.js";
import { PIECES, RECEIPT_BYTES, RECEIPTS, VERSION } from "./message.js";
import { isObject, PARCEL_BYTES, unutf8 } from "./wire.js";

const FILES = 64; // in one message
const SHORT_CHARACTERS = 255;
const RELAYS = 8; // in one reply block
const PERMITTED_TYPES = 16; // of alerts: more than there are, so that a newer phone can name its own

/** @typedef {{ message: Record<string, any>, other: Record<string, any> }} Read */

// Each reader takes a value or refuses it; `undefined` in gives the default out. Names are what Python calls the fields.
/** @typedef {(value: unknown, path: string) => any} FieldReader */

/** @param {RegExp} pattern @returns {FieldReader} */
const matching = (pattern) => (value, path) =>
  typeof value === "string" && pattern.test(value) ? value : refuse(path);
// base64url without padding of 16, 32 and 1,216 bytes; the last letter holds no stray bits
const id = matching(/^[A-Za-z0-9_-]{21}[AQgw]$/);
const hash = matching(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/);
const kemKey = matching(/^[A-Za-z0-9_-]{1621}[AQgw]$/);
const alertType = matching(/^(detained|moved|unsafe|safe|missed|text)$/);

/** @param {number} least @param {number} most @returns {FieldReader} */
const between = (least, most) => (value, path) =>
  Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most ? value : refuse(path);
const number = between(0, Number.MAX_SAFE_INTEGER);

/** @param {number} most @returns {FieldReader} */
const text = (most) => (value, path) =>
  typeof value === "string" && Array.from(value).length <= most ? value : refuse(path);

/** @param {FieldReader} item @param {number} least @param {number} most @returns {FieldReader} */
const list = (item, least, most) => (value, path) =>
  Array.isArray(value) && value.length >= least && value.length <= most
    ? value.map((entry) => item(entry, `${path}[...]`))
    : refuse(path);

/** @type {FieldReader} */
const object = (value, path) => (isObject(value) ? value : refuse(path));
/** @type {FieldReader} */
const truth = (value, path) => (typeof value === "boolean" ? value : refuse(path));
/** @type {FieldReader} */
const anything = (value) => value;

/** @param {FieldReader} reader @param {() => any} otherwise @returns {FieldReader} */
const or = (reader, otherwise) => (value, path) => (value === undefined ? otherwise() : reader(value, path));
/** @param {FieldReader} reader @returns {FieldReader} */
const orNull = (reader) => (value, path) => (value === null || value === undefined ? null : reader(value, path));

/** @param {Record<string, FieldReader>} fields @returns {FieldReader} */
const struct = (fields) => (value, path) => {
  const whole = object(value, path);
  const read = Object.entries(fields).map(([name, reader]) => [name, reader(own(whole, name), `${path}.${name}`)]);
  return Object.fromEntries(read);
};

/** @type {FieldReader} */
const relayPair = (value, path) => {
  if (!Array.isArray(value) || value.length !== 2) return refuse(path);
  return [text(SHORT_CHARACTERS)(value[0], path), hash(value[1], path)];
};

const replyBlock = struct({ relays: list(relayPair, 1, RELAYS), key: kemKey, secret: hash, until: number });
const parcelRef = struct({ id, n: between(1, PIECES), sha256: hash, type: text(SHORT_CHARACTERS), bytes: number });

const caseKeys = struct({ pin: hash, forced: hash, open: hash });

const IDENTITY = { v: between(VERSION, VERSION), id, case: id, seq: number, at: number };
const FACTS = {
  ...IDENTITY,
  facts: or(object, () => ({})),
  when: or(object, () => ({})),
  parcels: or(list(parcelRef, 0, FILES), () => []),
  reply: orNull(replyBlock),
  practice: or(truth, () => false),
  receipts: or(list(text(RECEIPT_BYTES), 0, RECEIPTS), () => []),
  case_secret: orNull(hash),
  keys: orNull(caseKeys),
};

/** @type {Record<string, Record<string, FieldReader>>} */
const KINDS = {
  report: FACTS,
  amend: FACTS,
  parcel: { ...IDENTITY, of: id, i: between(0, PIECES - 1), n: between(1, PIECES) },
  alert: {
    ...IDENTITY,
    type: alertType,
    text: or(text(PARCEL_BYTES), () => ""),
    place: or(anything, () => null),
    keys: orNull(caseKeys),
    open: orNull(struct({ types: list(text(SHORT_CHARACTERS), 0, PERMITTED_TYPES), place: truth, text: truth })),
  },
  reply: {
    ...IDENTITY,
    text: or(text(PARCEL_BYTES), () => ""),
    status: or(text(SHORT_CHARACTERS), () => "received"),
    reply: orNull(replyBlock),
  },
};

/** Check a header that was opened. Specified in `keys/message.md`, *Versions*. @param {Record<string, any>} fields
 *  @returns {Read} @throws {UnknownVersion} @throws {BadMessage} */
export function readMessage(fields) {
  const version = own(fields, "v");
  if (version !== VERSION) throw Number.isInteger(version) ? new UnknownVersion() : new BadMessage("$.v");
  const kind = own(fields, "kind");
  const readers = typeof kind === "string" ? own(KINDS, kind) : undefined;
  if (!readers) throw new BadMessage("$.kind");
  const message = { kind, ...struct(readers)(fields, "$") };
  if (kind === "parcel" && message.i >= message.n) throw new BadMessage("$.i");
  const rest = Object.entries(fields).filter(([name]) => name !== "kind" && own(readers, name) === undefined);
  return { message, other: Object.fromEntries(rest) };
}

/** @param {string} path @returns {never} */
function refuse(path) {
  throw new BadMessage(path);
}

/** A field of the object itself: `{"kind": "toString"}` must not find what every object inherits.
 *  @template T @param {Record<string, T>} whole @param {string} name @returns {T | undefined} */
function own(whole, name) {
  return Object.hasOwn(whole, name) ? whole[name] : undefined;
}

// JSON as Python and the phone both read it (`keys/wire.md`): the two languages' own readers differ in lone surrogates,
// spellings of a number, numbers without end, depth.

const DEPTH = 64; // nested deeper than anything of ours, and not so deep that a reader of any language gives up
// A backslash stands only inside a string. A pair comes first, so what is left of the halves stands alone.
const ESCAPE = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2})|.)/gs;
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[-+.\deE]*/gs;
const MARK = "\udc00"; // no string that was read begins with the second half of a pair

/** Parse a JSON object. A half of a surrogate pair reads as U+FFFD. A whole number that is written with a fraction, an
 *  exponent or a minus before zero comes as a `Number` object: no typed field takes it, and whoever carries it on writes
 *  it unchanged in value. @param {Uint8Array | string} data UTF-8 of a JSON object @returns {Record<string, any>}
 *  @throws {BadHeader} */
export function readObject(data) {
  let value;
  try {
    const text = typeof data === "string" ? data : unutf8(data);
    const mended = text.replace(ESCAPE, (whole, lone) => (lone ? "\\ufffd" : whole));
    value = JSON.parse(mended);
    if (!isObject(value) || isDeep(value)) throw new BadHeader();
    const marked = mended.replace(TOKEN, mark);
    if (marked !== mended) value = JSON.parse(marked, unmark);
  } catch {
    throw new BadHeader();
  }
  return value;
}

/** @param {string} token of JSON that was parsed already */
function mark(token) {
  if (token[0] === '"') return token;
  if (!Number.isFinite(Number(token))) throw new BadHeader();
  return /[.eE]|^-0$/.test(token) && Number.isInteger(Number(token)) ? `"${MARK}${token}"` : token;
}

/** @param {string} _ @param {unknown} value */
function unmark(_, value) {
  return typeof value === "string" && value[0] === MARK ? Object(Number(value.slice(1))) : value;
}

/** @param {Record<string, any>} fields */
function isDeep(fields) {
  /** @type {any[]} */
  let level = [fields];
  for (let depth = 0; depth < DEPTH && level.length; depth++) {
    level = level
      .flatMap((outer) => Object.values(outer))
      .filter((inner) => typeof inner === "object" && inner !== null);
  }
  return level.length > 0;
}
