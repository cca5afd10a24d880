/** Proof of work (Hashcash), asked for only when a relay is crowded. Specified in `keys/wire.md`. */
import { concat, digest, domain } from "./wire.js";

export const NONCE_BYTES = 8;
export const MAX_BITS = 24; // an old phone does 2**18 hashes in a few seconds; more than this would be a refusal in disguise
const SLICE = 256; // hashes between two breaths: under 20 ms on a slow phone, so the screen stays alive

const DOMAIN = domain("work");

/** What is weighed: the relay's seed, the mailbox, H(envelope).
 *  @typedef {{ seed: Uint8Array, mailbox: Uint8Array, envelopeHash: Uint8Array }} Task */

/** Count the leading zero bits of H("tocsin/1/work\0" | seed | mailbox | H(envelope) | nonce). Specified in
 *  `keys/wire.md`, *Work*. @param {Task} task @param {Uint8Array} nonce @returns {number} */
export function weighs({ seed, mailbox, envelopeHash }, nonce) {
  return zeroBits(digest(DOMAIN, seed, mailbox, envelopeHash, nonce));
}

/** Find the first 8-byte nonce that weighs at least `bits`; about 2**bits hashes. Specified in `keys/wire.md`, *Work*.
 *  @param {Task} task @param {number} bits @param {() => Promise<void>} breathe lets the screen live; rejecting it
 *  stops the work @returns {Promise<Uint8Array>} */
export async function doWork({ seed, mailbox, envelopeHash }, bits, breathe) {
  const weighed = concat(DOMAIN, seed, mailbox, envelopeHash, new Uint8Array(NONCE_BYTES));
  const nonce = weighed.subarray(-NONCE_BYTES);
  const counter = new DataView(weighed.buffer, weighed.length - NONCE_BYTES);
  for (let number = 0; ; number++) {
    counter.setUint32(0, Math.floor(number / 0x1_0000_0000));
    counter.setUint32(4, number % 0x1_0000_0000);
    if (zeroBits(digest(weighed)) >= bits) return nonce.slice();
    if (number % SLICE === SLICE - 1) await breathe();
  }
}

/** @param {Uint8Array} value */
function zeroBits(value) {
  const first = value.findIndex((byte) => byte !== 0);
  return first < 0 ? value.length * 8 : first * 8 + Math.clz32(value[first]) - 24;
}
