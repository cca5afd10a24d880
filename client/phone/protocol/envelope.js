/** Sealing. Specified in `keys/envelope.md`; opening is in `opening.js`, which the press does without. */
/** @import { RandomBytes } from "./wire.js" */

import { Chacha20Poly1305, CipherSuite, HkdfSha256, XWing } from "../vendor-src/crypto.js";
import { Malformed, TooMuchContent, UnknownSuite, WrongSize } from "./errors.js";
import {
  concat,
  digest,
  domain,
  ENC_BYTES,
  HASH_BYTES,
  KEM_PUBLIC_BYTES,
  LETTER_BYTES,
  mac,
  PARCEL_BYTES,
  readU32,
  SALT_BYTES,
  SUITE,
  TAG_BYTES,
  u32,
  utf8,
} from "./wire.js";

/** Where an envelope goes: all of it is bound into the HPKE info,
 *    so a letter cannot be re-addressed. `recipient` is the
 *  organisation's root public key for a report, else H of the X-Wing key it is sealed to.
 *  @typedef {{ purpose: number, recipient: Uint8Array, mailbox: Uint8Array }} Address */

/** An envelope ready to be deposited, what a receipt for it must name, and the key that blinds it in a log (32 bytes,
 *  null of one from before).
 *  @typedef {{ envelope: Uint8Array, commitment: Uint8Array, mailbox: Uint8Array, blind: Uint8Array | null }} Sealed */

export const HPKE = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });

export const OVERHEAD_BYTES = 1 + ENC_BYTES + TAG_BYTES;
export const FRAMING_BYTES = SALT_BYTES + 4 + 4; // the salt and two lengths
export const LETTER_ROOM = LETTER_BYTES - OVERHEAD_BYTES - FRAMING_BYTES; // header and body of a letter together
export const PARCEL_ROOM = PARCEL_BYTES - OVERHEAD_BYTES - FRAMING_BYTES;
const EKM_BYTES = 64; // the randomness of one X-Wing encapsulation: ML-KEM 32, X25519 32

const ENVELOPE = domain("envelope");
const COMMIT = domain("commit");
const BLIND = utf8("tocsin/1/blind");

/** Write the HPKE info: `tocsin/1/envelope\0` | purpose u8 | recipient 32 | mailbox 32 | size u32. Specified in
 *  `keys/envelope.md`, *HPKE*. @param {Address} address @param {number} size @returns {Uint8Array} */
export function infoOf(address, size) {
  return concat(ENVELOPE, Uint8Array.of(address.purpose), address.recipient, address.mailbox, u32(size));
}

/** Write the content: salt 32 | u32 n | header | u32 m | body. Specified in `keys/envelope.md`, *Plaintext*.
 *  @param {Uint8Array} salt @param {Uint8Array} header @param {Uint8Array} body @returns {Uint8Array} */
export function frame(salt, header, body) {
  return concat(salt, u32(header.length), header, u32(body.length), body);
}

/** Commit to a content: C = H("tocsin/1/commit\0" | content). Hides the content because the salt in it is random.
 *  Specified in `keys/envelope.md`, *Commitment*. @param {Uint8Array} content @returns {Uint8Array} */
export function commit(content) {
  return digest(COMMIT, content);
}

/** Return HKDF-SHA256(salt of the content, no salt, info "tocsin/1/blind"). @param {Uint8Array} salt
 *  @returns {Uint8Array} 32 bytes */
export function blindingKey(salt) {
  return mac(mac(new Uint8Array(HASH_BYTES), salt), BLIND, Uint8Array.of(1));
}

/** Seal header, body and salt in one envelope of exactly `size` bytes. `body` may be made from the salt and the header,
 *  as the MAC of an alert or a reply has to be. Source: HPKE in base mode (RFC 9180).
 *  @param {{ header: Uint8Array, body?: Uint8Array | ((salt: Uint8Array) => Uint8Array), key: Uint8Array, address:
 *  Address, randomBytes: RandomBytes, size?: number }} letter @returns {Promise<Sealed>} @throws {TooMuchContent}
 *  @throws {Malformed} when the key is none */
export async function seal({ header, body, ...to }) {
  return sealContent(contentOf(header, body, to.randomBytes), to);
}

/** Write a content under a fresh salt. @param {Uint8Array} header
 *  @param {Uint8Array | ((salt: Uint8Array) => Uint8Array) | undefined} body none: an empty one
 *  @param {RandomBytes} randomBytes
 *  @returns {Uint8Array} */
export function contentOf(header, body, randomBytes) {
  const salt = randomBytes(SALT_BYTES);
  return frame(salt, header, typeof body === "function" ? body(salt) : (body ?? new Uint8Array()));
}

/** Seal a content. Sealed to two keys it has one commitment, and whoever opens both counts them once.
 *  @param {Uint8Array} content @param {{ key: Uint8Array, address: Address, randomBytes: RandomBytes, size?: number
 *  }} to @returns {Promise<Sealed>} @throws {TooMuchContent} @throws {Malformed} when the key is none */
export async function sealContent(content, { key, address, randomBytes, size = LETTER_BYTES }) {
  const room = size - OVERHEAD_BYTES;
  if (content.length > room) throw new TooMuchContent(`${content.length} bytes where ${room} fit`);
  const plaintext = new Uint8Array(room);
  plaintext.set(content);
  const sealed = await encrypt(plaintext, await publicKey(key), infoOf(address, size), randomBytes);
  const envelope = concat(Uint8Array.of(SUITE), sealed);
  const blind = blindingKey(content.subarray(0, SALT_BYTES));
  return { envelope, commitment: commit(content), mailbox: address.mailbox, blind };
}

/** Refuse what cannot be an envelope, before any key is touched. Specified in `keys/envelope.md`, *Opening*.
 *  @param {Uint8Array} envelope @throws {WrongSize} @throws {UnknownSuite} */
export function checkForm(envelope) {
  if (envelope.length !== LETTER_BYTES && envelope.length !== PARCEL_BYTES) {
    throw new WrongSize(`${envelope.length} bytes`);
  }
  if (envelope[0] !== SUITE) throw new UnknownSuite();
}

/** Read bytes behind their length, a u32 at `start`. @param {Uint8Array} data @param {number} start
 *  @returns {[Uint8Array, number] | null} the counted bytes and where they end, or null when they do not fit */
export function counted(data, start) {
  if (start + 4 > data.length) return null;
  const end = start + 4 + readU32(data, start);
  return end > data.length ? null : [data.subarray(start + 4, end), end];
}

/** @param {Uint8Array} key */
async function publicKey(key) {
  if (key.length !== KEM_PUBLIC_BYTES) throw new Malformed(`an X-Wing public key has ${KEM_PUBLIC_BYTES} bytes`);
  return HPKE.kem.deserializePublicKey(key);
}

/** @param {Uint8Array} plaintext @param {CryptoKey} recipientPublicKey @param {Uint8Array} info
 *  @param {RandomBytes} randomBytes */
async function encrypt(plaintext, recipientPublicKey, info, randomBytes) {
  try {
    const sealed = await HPKE.seal({ recipientPublicKey, info, ekm: randomBytes(EKM_BYTES) }, plaintext);
    return concat(new Uint8Array(sealed.enc), new Uint8Array(sealed.ct));
  } catch {
    // ML-KEM refuses a key whose coefficients are out of range; nothing else in here can fail
    throw new Malformed("an X-Wing public key that is none");
  }
}
