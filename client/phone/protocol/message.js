/** Messages: the header JSON of an envelope, and its MACs. Specified in `keys/message.md`; reading one is in
 *  `message-reader.js`. */
/** @import { RandomBytes } from "./wire.js" */

import { infoOf, PARCEL_ROOM } from "./envelope.js";
import { NotAuthentic } from "./errors.js";
import { b64, digest, domain, ID_BYTES, mac, same, utf8 } from "./wire.js";

export const VERSION = 1;
// How much of a file one parcel carries: the room of a parcel less what its header may take.
export const PIECE_BYTES = 63_488;
export const RECEIPTS = 8; // in one message
export const RECEIPT_BYTES = 1_024; // the longest receipt that is handed on
export const PIECES = 4_096; // 248 MiB: a long film, and still a bound on what a liar can announce

/** @typedef {{ v: number, kind: string, id: string, case: string, seq: number, at: number }} Identity */
/** A file that follows in `n` parcels.
 *  @typedef {{ id: string, n: number, sha256: string, type: string, bytes: number }} ParcelRef */
/** Where an answer may go.
 *  @typedef {{ relays: [string, string][], key: string, secret: string, until: number }} ReplyBlock */
/** Keys of a case, b64: who writes under `pin` gave the PIN, under `forced` the one for being forced, under `open` holds
 *  the phone. @typedef {{ pin: string, forced: string, open: string }} CaseKeys */
/** @typedef {{ facts: Record<string, any>, when: Record<string, any>, parcels: ParcelRef[], reply: ReplyBlock | null,
 *    practice: boolean, receipts?: string[], case_secret?: string, keys?: CaseKeys }} Facts */
/** @typedef {Identity & Facts} Report */
/** @typedef {Identity & { of: string, i: number, n: number }} Parcel */
/** What the open key may say to a contact. @typedef {{ types: string[], place: boolean, text: boolean }} OpenPermission */
/** `keys` and `open` stand in the one that was sealed in advance.
 *  @typedef {Identity & { type: string, text: string, place: any, keys?: CaseKeys | null,
 *    open?: OpenPermission | null }} AlertMessage */
/** @typedef {Identity & { text: string, status: string, reply: ReplyBlock | null }} Reply */

/** A place in a case: which case, the how manieth message, when it was said (Unix seconds).
 *  @typedef {{ case: string, seq: number, at: number }} Place */

const CASE_ID = domain("case-id");
const SAID = domain("said");
const REPLY = domain("reply");
const ALERT = domain("alert");

if (PIECE_BYTES >= PARCEL_ROOM - 512) throw new RangeError("a piece and its header do not fit a parcel");

/** @param {Place} place @param {string} kind @param {RandomBytes} randomBytes @returns {Identity} */
function identity(place, kind, randomBytes) {
  return { v: VERSION, kind, id: b64(randomBytes(ID_BYTES)), case: place.case, seq: place.seq, at: place.at };
}

/** Write facts as the first message of a case (`report`) or as a later one (`amend`). @param {"report" | "amend"} kind
 *  @param {Place} place @param {Partial<Facts>} content @param {RandomBytes} randomBytes @returns {Report} */
export function factsMessage(kind, place, content, randomBytes) {
  const { facts = {}, when = {}, parcels = [], reply = null, practice = false, receipts = [], ...proof } = content;
  const whole = { ...identity(place, kind, randomBytes), facts, when, parcels, reply, practice, ...proof };
  return receipts.length ? { ...whole, receipts } : whole;
}

/** Write the message of piece `i` (from 0) of a file announced as `ref`. @param {Place} place @param {ParcelRef} ref
 *  @param {number} i @param {RandomBytes} randomBytes @returns {Parcel} */
export function parcelMessage(place, ref, i, randomBytes) {
  return { ...identity(place, "parcel", randomBytes), of: ref.id, i, n: ref.n };
}

/** Write what a contact reads. @param {Place} place @param {{ type: string, text?: string, place?: any }} said
 *  @param {RandomBytes} randomBytes @returns {AlertMessage} */
export function alertMessage(place, { type, text: words = "", place: where = null }, randomBytes) {
  return { ...identity(place, "alert", randomBytes), type, text: words, place: where };
}

/** Encode a message as the header JSON, compact UTF-8; a lone surrogate, which `JSON.stringify` escapes, goes out as
 *  U+FFFD. @param {object} message @returns {Uint8Array} */
export function headerOf(message) {
  return utf8(JSON.stringify(message).replace(/\\(?:ud[89a-f]..|.)/g, (mark) => (mark[2] ? "\ufffd" : mark)));
}

/** Return the id of the case that this secret opens: 16 bytes of H("tocsin/1/case-id\0" | secret), b64.
 *  @param {Uint8Array} secret 32 bytes @returns {string} */
export function caseId(secret) {
  return b64(digest(CASE_ID, secret).subarray(0, ID_BYTES));
}

/** Return the body of a report or amendment: HMAC(key, "tocsin/1/said\0" | info | salt | header).
 *  @param {Uint8Array} key @param {import("./envelope.js").Address} address @param {number} size
 *  @param {Uint8Array} salt @param {Uint8Array} header @returns {Uint8Array} */
export function saidMac(key, address, size, salt, header) {
  return mac(key, SAID, infoOf(address, size), salt, header);
}

/** Return the body of a reply: HMAC(secret, "tocsin/1/reply\0" | info | salt | header). Source: HMAC-SHA256 (RFC 2104).
 *  @param {Uint8Array} secret @param {import("./envelope.js").Address} address @param {number} size
 *  @param {Uint8Array} salt @param {Uint8Array} header @returns {Uint8Array} */
export function replyMac(secret, address, size, salt, header) {
  return mac(secret, REPLY, infoOf(address, size), salt, header);
}

/** Return the body of an alert: HMAC(key, "tocsin/1/alert\0" | info | salt | header). Source: HMAC-SHA256 (RFC 2104).
 *  @param {Uint8Array} key @param {import("./envelope.js").Address} address @param {number} size
 *  @param {Uint8Array} salt @param {Uint8Array} header @returns {Uint8Array} */
export function alertMac(key, address, size, salt, header) {
  return mac(key, ALERT, infoOf(address, size), salt, header);
}

/** Compare in constant time. @param {Uint8Array} expected @param {Uint8Array} body @throws {NotAuthentic} */
export function checkMac(expected, body) {
  if (!same(expected, body)) throw new NotAuthentic();
}
