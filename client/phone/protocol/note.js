/** Signed notes (c2sp.org/signed-note, Ed25519, signature type 0x01). Specified in `keys/note.md`. The phone only
 *  checks. */

import { Point, sha512 } from "../vendor-src/crypto.js";
import { NotANote, NoteUnsigned } from "./errors.js";
import { concat, digest, PUBLIC_BYTES, SIGNATURE_BYTES, same, unutf8, utf8 } from "./wire.js";

export const NOTE_BYTES = 262_144; // the largest note read; a card has about 25,000
export const SIGNATURES = 16; // the most signature lines looked at

const ED25519 = 0x01;
// no `+`, no control character, nothing that Unicode calls white space, no byte order mark
const NAME = /^[^+\0-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+$/;
const SIGNATURE_LINE = /^— ([^ ]+) ([A-Za-z0-9+/]+={0,2})$/u;

/** A verifier key: a name without blanks or `+`, and an Ed25519 public key.
 *  @typedef {{ name: string, public: Uint8Array }} NoteKey */
/** @typedef {{ name: string, id: Uint8Array, signature: Uint8Array }} SignatureLine */
/** A note as read: the signed text (ends with a newline) and its signature lines.
 *  @typedef {{ text: string, lines: string[], kind: string, signatures: SignatureLine[] }} Note */

/** Return the 4 bytes that name a key on a signature line. Source: C2SP signed-note. @param {string} name
 *  @param {Uint8Array} key */
export function keyId(name, key) {
  return digest(utf8(`${name}\n`), Uint8Array.of(ED25519), key).subarray(0, 4);
}

/** Write a verifier key as the text `name+hash+key` of the specification. Source: C2SP signed-note.
 *  @param {NoteKey} key @returns {string} */
export function noteKeyText(key) {
  const encoded = btoa(String.fromCharCode(ED25519, ...key.public));
  return `${key.name}+${hex(keyId(key.name, key.public))}+${encoded}`;
}

/** Read a verifier key from its text `name+hash+key`. Source: C2SP signed-note. @param {unknown} text
 *  @returns {NoteKey} @throws {NotANote} */
export function parseNoteKey(text) {
  if (typeof text !== "string") throw new NotANote("not a verifier key");
  const [name, claimed, encoded] = split(text);
  const key = unbase64(encoded);
  if (!isName(name) || key.length !== 1 + PUBLIC_BYTES || key[0] !== ED25519) {
    throw new NotANote("not an Ed25519 verifier key");
  }
  const open = key.subarray(1);
  if (hex(keyId(name, open)) !== claimed) throw new NotANote("the verifier key's own hash does not fit");
  return { name, public: open };
}

/** Take a note apart; nothing is verified yet. Specified in `keys/note.md`, *Reading*. @param {Uint8Array} data
 *  @returns {Note} @throws {NotANote} */
export function readNote(data) {
  if (data.length > NOTE_BYTES) throw new NotANote("too long");
  const whole = decoded(data);
  const blank = whole.lastIndexOf("\n\n");
  if (blank < 0 || !whole.endsWith("\n") || blank + 2 === whole.length) throw new NotANote("no signature lines");
  const text = whole.slice(0, blank + 1);
  if (text === "\n" || hasControls(text)) throw new NotANote("control characters in the text");
  const signed = whole.slice(blank + 2, -1).split("\n");
  if (signed.length > SIGNATURES) throw new NotANote("too many signature lines");
  const lines = text.split("\n").slice(0, -1);
  return { text, lines, kind: lines[0], signatures: signed.map(signatureLine) };
}

/** Tell whether a signature of this Ed25519 public key is on the note, whatever name it is given. @param {Note} note
 *  @param {Uint8Array} key @returns {boolean} */
export function isSignedBy(note, key) {
  const text = utf8(note.text);
  return note.signatures.some(
    ({ name, id, signature }) => same(id, keyId(name, key)) && verifies(key, text, signature),
  );
}

/** Read a note of this kind that `key` signed. Specified in `keys/note.md`, *Reading*. @param {Uint8Array} data
 *  @param {Uint8Array} key @param {string} kind @returns {Note} @throws {NotANote} @throws {NoteUnsigned} */
export function verifyNote(data, key, kind) {
  const note = readNote(data);
  if (note.kind !== kind) throw new NotANote("a note of another kind");
  if (!isSignedBy(note, key)) throw new NoteUnsigned();
  return note;
}

/** Tell whether an Ed25519 signature is this key's, by the exact equation [s]B = R + [k]A (`keys/note.md`). @param {Uint8Array} key
 *  @param {Uint8Array} message @param {Uint8Array} signature @returns {boolean} */
export function verifies(key, message, signature) {
  if (key.length !== PUBLIC_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  try {
    const [r, s] = [signature.slice(0, PUBLIC_BYTES), signature.slice(PUBLIC_BYTES)];
    const [open, nonce] = [Point.fromBytes(key), Point.fromBytes(r)]; // neither is taken in a second spelling
    if (open.isSmallOrder() || nonce.isSmallOrder()) return false;
    const k = littleEndian(sha512(concat(r, key, message))) % Point.CURVE().n;
    // The library's own `verify` multiplies both sides by 8, so it takes points of mixed order that libsodium and
    // OpenSSL refuse. It throws where s is not below the group's order.
    return Point.BASE.multiply(littleEndian(s), false).equals(open.multiply(k, false).add(nonce));
  } catch {
    return false;
  }
}

/** @param {string} text */
function isName(text) {
  return NAME.test(text);
}

/** @param {string} text */
function hasControls(text) {
  return Array.from(text).some((mark) => mark < " " && mark !== "\n");
}

/** @param {string} text @returns {[string, string, string]} */
function split(text) {
  const first = text.indexOf("+");
  const second = text.indexOf("+", first + 1);
  if (first < 0 || second < 0) throw new NotANote("not a verifier key");
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
}

/** @param {Uint8Array} data */
function decoded(data) {
  try {
    return unutf8(data);
  } catch (error) {
    throw new NotANote(/** @type {import("./errors.js").Malformed} */ (error).detail);
  }
}

/** @param {string} line @returns {SignatureLine} */
function signatureLine(line) {
  const found = SIGNATURE_LINE.exec(line);
  if (!found || !isName(found[1])) throw new NotANote("a signature line that is none");
  const data = unbase64(found[2]);
  if (data.length < 5) throw new NotANote("a signature line that is too short");
  return { name: found[1], id: data.subarray(0, 4), signature: data.subarray(4) };
}

/** @param {string} text @returns {Uint8Array} */
function unbase64(text) {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new NotANote("not base64");
  const binary = atob(text);
  if (btoa(binary) !== text) throw new NotANote("not the canonical base64");
  return Uint8Array.from(binary, (mark) => mark.charCodeAt(0));
}

/** @param {Uint8Array} data */
function hex(data) {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {Uint8Array} data @returns {bigint} */
function littleEndian(data) {
  return BigInt(`0x${hex(data.slice().reverse())}`);
}
