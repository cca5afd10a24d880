/** An organisation's card: reading, checking, and which key is the week's. Specified in `keys/organisation.md`. */
import { isRelayAddress } from "./address.js";
import { BadCard, CardOlder, CardOtherRoot, Malformed, NoteUnsigned } from "./errors.js";
import { readObject } from "./message-reader.js";
import { isSignedBy, parseNoteKey, readNote } from "./note.js";
import { digest, HASH_BYTES, KEM_PUBLIC_BYTES, PUBLIC_BYTES, same, unb64 } from "./wire.js";

export { keyFor, keysAhead } from "./weekly-keys.js";

export const CARD_KIND = "tocsin/1/card";
const FINGERPRINT_DIGITS = 60;
const WEEKLY_KEYS = 26; // at most, on one card
const TEXT_CHARACTERS = 200; // of a name, a number, a verifier key

/** What a sender needs to know of an organisation; `signed` is the signed note. Optional: what no kit keeps.
 *  @typedef {{ name: string, root: Uint8Array, seq: number, issued: number, expires: number, relays: string[],
 *    mailbox: Uint8Array, week: number, weekly: Uint8Array[], lastResort: Uint8Array, graceDays: number,
 *    languages: string[], sms: string | null, log: string[], lastResortNumber?: number | null,
 *    smsKey?: Uint8Array | null, logKeys?: Uint8Array[], witnessKeys?: Uint8Array[], signed: Uint8Array }} Card */

/** Return the first 60 digits of H(root public key) as a decimal number, in groups of 5. Specified in
 *  `keys/organisation.md`, *Root*. @param {Uint8Array} root @returns {string} */
export function fingerprint(root) {
  const number = digest(root).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const digits = String(number).slice(0, FINGERPRINT_DIGITS);
  return digits.match(/.{1,5}/g)?.join(" ") ?? "";
}

/** Check a card's signature and fields. `root`: the root it must belong to; without one, the card's own word. Specified
 *  in `keys/organisation.md`, *Reading a card*. @param {Uint8Array} data
 *  @param {{ root?: Uint8Array, newerThan?: number }} [known] @returns {Card} @throws {BadCard} @throws {CardOtherRoot}
 *  @throws {NoteUnsigned} @throws {CardOlder} when its seq is below `newerThan` */
export function readCard(data, { root, newerThan = -1 } = {}) {
  const { note, card } = takeApart(data);
  if (root && !same(card.root, root)) throw new CardOtherRoot();
  if (!isSignedBy(note, card.root)) throw new NoteUnsigned();
  if (card.seq < newerThan) throw new CardOlder();
  return card;
}

/** @param {Uint8Array} data */
function takeApart(data) {
  try {
    const note = readNote(data);
    return { note, card: fromFields(fieldsOf(note), data) };
  } catch (error) {
    if (error instanceof Malformed) throw new BadCard(error.detail);
    throw error;
  }
}

/** @param {import("./note.js").Note} note @returns {Record<string, unknown>} */
function fieldsOf(note) {
  if (note.kind !== CARD_KIND || note.lines.length !== 2) throw new BadCard("a note of another kind");
  try {
    return readObject(note.lines[1]);
  } catch {
    throw new BadCard("not JSON");
  }
}

/** @param {Record<string, unknown>} fields @param {Uint8Array} signed @returns {Card} */
function fromFields(fields, signed) {
  const { log: verifiers = [], languages = [], log_keys = [], witness_keys = [], sms, sms_key } = fields;
  const log = list(verifiers, 0, 16, text);
  log.forEach(parseNoteKey); // refuse a verifier key that is none now, not at the first receipt
  return {
    name: text(fields.name),
    root: unb64(fields.root, PUBLIC_BYTES),
    seq: number(fields.seq),
    issued: number(fields.issued),
    expires: number(fields.expires),
    relays: list(fields.relays, 1, 16, relay),
    mailbox: hash(fields.mailbox),
    week: number(fields.week),
    weekly: list(fields.weekly, 1, WEEKLY_KEYS, kemKey),
    lastResort: kemKey(fields.last_resort),
    graceDays: number(fields.grace_days),
    languages: list(languages, 0, 64, text),
    sms: optional(sms, text),
    log,
    lastResortNumber: optional(fields.last_resort_number, number),
    smsKey: optional(sms_key, hash), // X25519: as long as a hash
    logKeys: list(log_keys, 0, 16, hash),
    witnessKeys: list(witness_keys, 0, 16, hash),
    signed,
  };
}

/** @param {unknown} value @returns {string} */
function text(value) {
  if (typeof value !== "string" || Array.from(value).length > TEXT_CHARACTERS)
    throw new BadCard("a text that is none or too long");
  return value;
}

/** @param {unknown} value @returns {number} */
function number(value) {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw new BadCard("a number that is none");
  return Number(value);
}

/** @param {unknown} value @returns {string} */
function relay(value) {
  if (typeof value !== "string" || !isRelayAddress(value)) {
    throw new BadCard("a relay's address is not in its one spelling");
  }
  return value;
}

/** @param {unknown} value @returns {Uint8Array} */
function kemKey(value) {
  return unb64(value, KEM_PUBLIC_BYTES);
}

/** @param {unknown} value @returns {Uint8Array} */
function hash(value) {
  return unb64(value, HASH_BYTES);
}

/** @template T @param {unknown} value @param {(value: unknown) => T} read @returns {T | null} */
function optional(value, read) {
  return value == null ? null : read(value);
}

/** @template T @param {unknown} value @param {number} least @param {number} most @param {(item: unknown) => T} read
 *  @returns {T[]} */
function list(value, least, most, read) {
  if (!Array.isArray(value) || value.length < least || value.length > most) throw new BadCard("a list that is none");
  return value.map(read);
}
