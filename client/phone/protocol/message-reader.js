/**
 * Reading a message's header. Specified in `keys/message.md`; the phone reads only what is meant for it.
 *
 * Fields that are not known here are kept in `other`, never dropped: a newer desk may speak to an older phone.
 */

import { BadMessage, UnknownVersion } from "./errors.js";
import { PIECES, VERSION } from "./message.js";
import { isObject, PARCEL_BYTES } from "./wire.js";

const FILES = 64; // in one message
const SHORT_CHARACTERS = 255;
const RELAYS = 8; // in one reply block

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

const IDENTITY = { v: between(VERSION, VERSION), id, case: id, seq: number, at: number };
const FACTS = {
  ...IDENTITY,
  facts: or(object, () => ({})),
  when: or(object, () => ({})),
  parcels: or(list(parcelRef, 0, FILES), () => []),
  reply: orNull(replyBlock),
  practice: or(truth, () => false),
  case_secret: orNull(hash),
  keys: orNull(struct({ pin: hash, forced: hash, open: hash })),
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
  },
  reply: {
    ...IDENTITY,
    text: or(text(PARCEL_BYTES), () => ""),
    status: or(text(SHORT_CHARACTERS), () => "received"),
    reply: orNull(replyBlock),
  },
};

/** Check a header that was opened. @param {Record<string, any>} fields @returns {Read} @throws {UnknownVersion}
 *  @throws {BadMessage} */
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
