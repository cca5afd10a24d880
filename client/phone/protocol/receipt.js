/** A receipt: a relay's signed word that it holds an envelope. Specified in `keys/receipt.md`. */
import { BadReceipt, Malformed } from "./errors.js";
import { isSignedBy, readNote } from "./note.js";
import { HASH_BYTES, HOUR_SECONDS, same, unb64 } from "./wire.js";

export const RECEIPT_KIND = "tocsin/1/receipt";
const LINES = 5;

/** What a receipt says: relay's origin, commitment, H(envelope), hour (Unix seconds, floored to 3600).
 *  @typedef {{ origin: string, commitment: Uint8Array, envelopeHash: Uint8Array, hour: number }} Receipt */

/** Take a receipt apart; nothing is verified yet. Specified in `keys/receipt.md`, *Text*. @param {Uint8Array} data
 *  @returns {{ receipt: Receipt, note: import("./note.js").Note }} @throws {BadReceipt} */
export function readReceipt(data) {
  try {
    const note = readNote(data);
    const [kind, origin, commitment, envelopeHash, hour] = note.lines;
    if (kind !== RECEIPT_KIND || note.lines.length !== LINES) throw new BadReceipt("a note of another kind");
    const read = {
      origin,
      commitment: unb64(commitment, HASH_BYTES),
      envelopeHash: unb64(envelopeHash, HASH_BYTES),
      hour: wholeHour(hour),
    };
    return { receipt: read, note };
  } catch (error) {
    throw error instanceof Malformed ? new BadReceipt(error.detail) : error;
  }
}

/** Return the receipt, if one of `keys` signed it for this very commitment and envelope. Specified in
 *  `keys/receipt.md`, *Checking*. @param {Uint8Array} data @param {Uint8Array[]} keys @param {Uint8Array} commitment
 *  @param {Uint8Array} envelopeHash @returns {Receipt} @throws {BadReceipt} */
export function checkReceipt(data, keys, commitment, envelopeHash) {
  const { receipt, note } = readReceipt(data);
  if (!keys.some((key) => isSignedBy(note, key))) throw new BadReceipt("not signed by this relay");
  if (!same(receipt.commitment, commitment) || !same(receipt.envelopeHash, envelopeHash)) {
    throw new BadReceipt("for another envelope");
  }
  return receipt;
}

/** @param {string} text */
function wholeHour(text) {
  if (!/^(0|[1-9]\d{0,11})$/.test(text) || Number(text) % HOUR_SECONDS) throw new BadReceipt("the hour is none");
  return Number(text);
}
