/** Reading the fields of what was stored: a value that is none of ours ends the reading. */

import { Malformed } from "../protocol/errors.js";
import { b64, HASH_BYTES, unb64 } from "../protocol/wire.js";

/** Refuse what was stored. @returns {never} @throws {Malformed} */
export function refuse() {
  throw new Malformed();
}

/** Read a whole number, at least `least`. @param {unknown} value @param {number} [least] @returns {number}
 *  @throws {Malformed} */
export function readWhole(value, least = 0) {
  return Number.isSafeInteger(value) && Number(value) >= least ? Number(value) : refuse();
}

/** Read a list of at most `most` items, each by `read`. @template T @param {unknown} value @param {number} most
 *  @param {(item: unknown, i: number) => T} read @returns {T[]} @throws {Malformed} */
export function readList(value, most, read) {
  return Array.isArray(value) && value.length <= most ? value.map(read) : refuse();
}

/** List what stands beside a stored envelope: its blinding key (b64 or null), tickets, the mark of "opened". Of the last
 *  two there are none yet. @param {{ blind: Uint8Array | null }} sealed @returns {[string | null, string[], null]} */
export function besideEnvelope({ blind }) {
  return [blind && b64(blind), [], null];
}

/** Read a blinding key; null of an envelope from before. @param {unknown} value @returns {Uint8Array | null} */
export function readBlind(value) {
  return typeof value === "string" ? unb64(value, HASH_BYTES) : null;
}
