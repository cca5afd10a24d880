/** What stands in a QR code. Specified in `keys/code.md`. */
import { relayAddress } from "./address.js";
import { BadCode, CodeTooLong, OtherCode } from "./errors.js";
import { concat, HASH_BYTES, ID_BYTES, PUBLIC_BYTES, utf8 } from "./wire.js";

const PREFIX = "TOCSIN:1:";
export const CARD_PREFIX = `${PREFIX}O:`;
export const PAIR_PREFIX = `${PREFIX}C:`;
export const DIGITS_PREFIX = `${PREFIX}D:`;
export const DIGITS = 60; // of a pairing
export const CODE_CHARACTERS = 262; // what version 9 at level M holds of the alphanumeric alphabet

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; // base32 of RFC 4648: all of it stands in the QR alphanumeric alphabet

export class CutCode extends BadCode {
  static code = "code-cut";
}

/** An organisation's code: its root public key, and where its card is to be had.
 *  @typedef {{ root: Uint8Array, relays: string[] }} CardCode */
/** A person's code: H of their pair card, the secret of this pairing, and where the pair card will lie.
 *  @typedef {{ card: Uint8Array, secret: Uint8Array, relays: string[] }} PairCode */

/** Write an organisation's code: `TOCSIN:1:O:` + base32 of root 32 | flags 1 | (length u8 | relay URL)*. Specified in
 *  `keys/code.md`, *An organisation's code*. @param {CardCode} code @returns {string} @throws {CodeTooLong} */
export function cardCode({ root, relays }) {
  return written(CARD_PREFIX, root, relays);
}

/** Write a person's code: `TOCSIN:1:C:` + base32 of H(pair card) 32 | s 16 | flags 1 | (length u8 | relay URL)*.
 *  Specified in `keys/code.md`, *A person's code*. @param {PairCode} code @returns {string} @throws {CodeTooLong} */
export function pairCode({ card, secret, relays }) {
  return written(PAIR_PREFIX, concat(card, secret), relays);
}

/** Return the bytes behind the base32: what a pairing is bound to. @param {PairCode} code @returns {Uint8Array} */
export function payloadOf({ card, secret, relays }) {
  return payload(concat(card, secret), relays);
}

/** Read an organisation's code as scanned or pasted; blanks and lower case are forgiven. Specified in `keys/code.md`,
 *  *Reading*. @param {string} text @returns {CardCode} @throws {BadCode} @throws {OtherCode} @throws {BadAddress} */
export function readCardCode(text) {
  try {
    const { fixed, relays } = readCode(text, CARD_PREFIX, PUBLIC_BYTES);
    return { root: fixed, relays };
  } catch (error) {
    // what `code.json` has named it from the first day
    throw error instanceof CutCode ? new BadCode(error.detail || "cut off") : error;
  }
}

/** Read a person's code. Specified in `keys/code.md`, *Reading*. @param {string} text @returns {PairCode}
 *  @throws {BadCode} @throws {OtherCode} @throws {CutCode} @throws {BadAddress} */
export function readPairCode(text) {
  const { fixed, relays } = readCode(text, PAIR_PREFIX, HASH_BYTES + ID_BYTES);
  return { card: fixed.slice(0, HASH_BYTES), secret: fixed.slice(HASH_BYTES), relays };
}

/** Write a safety number as a code, to be scanned on a video call: `TOCSIN:1:D:` + its 60 digits. Specified in
 *  `keys/code.md`, *A person's code*. @param {string} digits @returns {string} */
export function digitsCode(digits) {
  return DIGITS_PREFIX + digits.replace(/ /g, "");
}

/** Read what was scanned off a video call, or typed. Specified in `keys/code.md`, *A person's code*.
 *  @param {string} text @returns {string} what may be digits @throws {OtherCode} @throws {CutCode} */
export function readDigits(text) {
  const code = tidied(text);
  if (!code.startsWith(PREFIX)) return text;
  if (!code.startsWith(DIGITS_PREFIX)) throw new OtherCode();
  const digits = code.slice(DIGITS_PREFIX.length);
  if (!/^\d*$/.test(digits)) throw new BadCode("not digits");
  if (digits.length !== DIGITS) throw new CutCode();
  return digits;
}

/** ASCII alone: elsewhere the languages raise and strip different characters. @param {string} text */
function tidied(text) {
  return text.replace(/[\t-\r ]+/g, "").replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

/** @param {string} prefix @param {Uint8Array} fixed @param {string[]} relays */
function written(prefix, fixed, relays) {
  const text = prefix + base32(payload(fixed, relays));
  if (text.length > CODE_CHARACTERS) throw new CodeTooLong();
  return text;
}

/** @param {Uint8Array} fixed @param {string[]} relays */
function payload(fixed, relays) {
  const urls = relays.map((url) => concat(Uint8Array.of(url.length), utf8(relayAddress(url))));
  return concat(fixed, Uint8Array.of(0), ...urls);
}

/** @param {string} text @param {string} prefix @param {number} length */
function readCode(text, prefix, length) {
  const code = tidied(text);
  if (!code.startsWith(PREFIX)) throw new BadCode();
  if (!code.startsWith(prefix)) throw new OtherCode();
  const data = unbase32(code.slice(prefix.length));
  if (data.length <= length) throw new CutCode();
  if (data[length] !== 0) throw new BadCode("made by a newer version");
  return { fixed: data.slice(0, length), relays: addresses(data.subarray(length + 1)) };
}

/** @param {Uint8Array} data @returns {string[]} */
function addresses(data) {
  const relays = [];
  for (let at = 0; at < data.length; at += 1 + data[at]) {
    const url = data.subarray(at + 1, at + 1 + data[at]);
    if (url.length < data[at]) throw new CutCode();
    relays.push(relayAddress(String.fromCharCode(...url)));
  }
  if (relays.length === 0) throw new CutCode("no relay in it");
  return relays;
}

/** Encode bytes as base32 (RFC 4648) without padding. @param {Uint8Array} data @returns {string} */
export function base32(data) {
  let text = "";
  let bits = 0;
  let buffer = 0;
  for (const byte of data) {
    buffer = (buffer << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(buffer >> (bits - 5)) & 31];
    buffer &= 255;
  }
  return bits ? text + ALPHABET[(buffer << (5 - bits)) & 31] : text;
}

/** @param {string} text @returns {Uint8Array} */
function unbase32(text) {
  const data = [];
  let bits = 0;
  let buffer = 0;
  for (const mark of text) {
    const value = ALPHABET.indexOf(mark);
    if (value < 0) throw new BadCode("not base32");
    buffer = ((buffer << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      data.push((buffer >> bits) & 255);
    }
  }
  const whole = Uint8Array.from(data);
  if (base32(whole) !== text) throw new CutCode();
  return whole;
}
