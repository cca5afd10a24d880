/** What all sides agree on: sizes, domain strings, purposes, names of headers. Specified in `keys/wire.md`. */

import { hmac, sha256 } from "../vendor-src/crypto.js";
import { BadHeader, Malformed } from "./errors.js";

/** How many random bytes are wanted -> that many bytes; `crypto.getRandomValues` in earnest.
 *  @typedef {(count: number) => Uint8Array} RandomBytes */

export const SUITE = 0x01; // HPKE base mode, KEM 0x647a, KDF 0x0001, AEAD 0x0003

// Two sizes and no other, always full, so that a size tells only "letter" or "piece of a file".
export const LETTER_BYTES = 8_192;
export const PARCEL_BYTES = 65_536;

export const ENC_BYTES = 1_120; // what X-Wing encapsulates: ML-KEM-768 1,088 and X25519 32
export const TAG_BYTES = 16;
export const KEM_PUBLIC_BYTES = 1_216;
export const PUBLIC_BYTES = 32; // Ed25519
export const SEED_BYTES = 32;
export const SALT_BYTES = 32;
export const HASH_BYTES = 32;
export const MAC_BYTES = 32;
export const ID_BYTES = 16;
export const SIGNATURE_BYTES = 64;

export const WEEK_SECONDS = 604_800;
export const HOUR_SECONDS = 3_600;
export const SIGNATURE_SECONDS = 300; // how far the clock of a signed request may be off

export const MAILBOX_HEADER = "Tocsin-Mailbox";
export const COMMIT_HEADER = "Tocsin-Commit";
export const WORK_HEADER = "Tocsin-Work";
export const WAKE_HEADER = "Tocsin-Wake";
export const SIGNATURE_HEADER = "Tocsin-Signature";
export const ROOT_HEADER = "Tocsin-Root";
export const SEQ_HEADER = "Tocsin-Seq";

export const ENVELOPE_TYPE = "application/octet-stream";

/** Who an envelope is for; part of the HPKE info, so that one can never be passed off as the other. */
export const Purpose = Object.freeze({ REPORT: 1, CONTACT: 2, REPLY: 3 });

/** First byte of each frame of a collect answer. */
export const FrameKind = Object.freeze({ FILLER: 0, LETTER: 1, PARCEL: 2 });

const encoder = new TextEncoder();
// A BOM is a character like any other: dropping it would make two byte strings the same text.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Encode a text. @param {string} text @returns {Uint8Array} UTF-8 */
export function utf8(text) {
  return encoder.encode(text);
}

/** Decode a text. @param {Uint8Array} data @returns {string} @throws {Malformed} when it is not UTF-8 */
export function unutf8(data) {
  try {
    return decoder.decode(data);
  } catch {
    throw new Malformed("not UTF-8");
  }
}

/** Parse a JSON object. @param {Uint8Array} data UTF-8 of a JSON object @returns {Record<string, any>}
 *  @throws {BadHeader} */
export function jsonObject(data) {
  let value;
  try {
    value = JSON.parse(unutf8(data));
  } catch {
    throw new BadHeader();
  }
  if (!isObject(value)) throw new BadHeader();
  return value;
}

/** Tell whether a value of JSON is an object. @param {unknown} value @returns {value is Record<string, any>} */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Number);
}

/** Join byte strings. @param {Uint8Array[]} parts @returns {Uint8Array} one after the other */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Encode a number. @param {number} value @returns {Uint8Array} 4 bytes, big-endian */
export function u32(value) {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, value);
  return data;
}

/** Decode a number of 4 bytes, big-endian. @param {Uint8Array} data @param {number} at @returns {number} */
export function readU32(data, at) {
  return new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(at);
}

/** Write what every hash, MAC and signature of ours begins with: `tocsin/1/NAME` and a zero byte. Specified in
 *  `keys/wire.md`, *Domain strings*. @param {string} name @returns {Uint8Array} */
export function domain(name) {
  return utf8(`tocsin/1/${name}\0`);
}

/** Hash byte strings. @param {Uint8Array[]} parts @returns {Uint8Array} SHA-256 of the parts one after the other */
export function digest(...parts) {
  return parts.length === 1 ? sha256(parts[0]) : sha256(concat(...parts));
}

/** Authenticate byte strings. Source: RFC 2104. @param {Uint8Array} key @param {Uint8Array[]} parts
 *  @returns {Uint8Array} HMAC-SHA256 of the parts one after the other */
export function mac(key, ...parts) {
  return hmac(sha256, key, concat(...parts));
}

/** Compare two byte strings in a time that depends on their length alone. @param {Uint8Array} a
 *  @param {Uint8Array} b */
export function same(a, b) {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}

// A spread over a whole parcel would overflow the stack of an old phone.
const SLICE = 8_192;

/** Encode bytes. @param {Uint8Array} data @returns {string} base64url without padding (RFC 4648 section 5) */
export function b64(data) {
  let binary = "";
  for (let at = 0; at < data.length; at += SLICE) binary += String.fromCharCode(...data.subarray(at, at + SLICE));
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** Decode base64url. Only the one canonical spelling is taken, so that equal bytes are equal text. Source: RFC 4648
 *  section 5. @param {unknown} text @param {number} [length] @returns {Uint8Array} @throws {Malformed} */
export function unb64(text, length) {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) {
    throw new Malformed("not base64url without padding");
  }
  const data = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (mark) => mark.charCodeAt(0));
  if (b64(data) !== text) throw new Malformed("not the canonical base64url");
  if (length !== undefined && data.length !== length) {
    throw new Malformed(`${data.length} bytes where ${length} should be`);
  }
  return data;
}

/** Return the week a Unix time lies in; week 0 began on 1 January 1970. @param {number} now @returns {number} */
export function weekOf(now) {
  return Math.floor(now / WEEK_SECONDS);
}
