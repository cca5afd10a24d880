/** Reading the fields of what was stored: a value that is none of ours ends the reading. */

import { Malformed } from "../protocol/errors.js";

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
