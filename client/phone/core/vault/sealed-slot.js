/** Bytes sealed under a key from which each writing derives a key of its own: nonce 32 | ciphertext | tag 16. */
/** @import { RandomBytes } from "../../protocol/wire.js" */

import { concat, mac, TAG_BYTES } from "../../protocol/wire.js";
import { Chacha20Poly1305 } from "../../vendor-src/crypto.js";

const NONCE_BYTES = 32;
export const OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES;
const ZERO_IV = new Uint8Array(12); // sound because each key seals once
const NOTHING = new Uint8Array();

/** Seal a plaintext under a fresh nonce. `label` is a domain string; `bound` is authenticated and not stored.
 *  @param {Uint8Array} key @param {Uint8Array} label @param {Uint8Array} plain
 *  @param {{ randomBytes: RandomBytes, bound?: Uint8Array }} by @returns {Promise<Uint8Array>} 48 bytes more */
export async function sealSlot(key, label, plain, { randomBytes, bound = NOTHING }) {
  const nonce = randomBytes(NONCE_BYTES);
  const sealed = await contextOf(key, label, nonce).seal(buffer(ZERO_IV), buffer(plain), buffer(bound));
  return concat(nonce, new Uint8Array(sealed));
}

/** Open what `sealSlot` made. @param {Uint8Array} slot @param {Uint8Array} key @param {Uint8Array} label
 *  @param {Uint8Array} [bound] @returns {Promise<Uint8Array | null>} null when another key sealed it, or none */
export async function openSlot(slot, key, label, bound = NOTHING) {
  const context = contextOf(key, label, slot.subarray(0, NONCE_BYTES));
  try {
    return new Uint8Array(await context.open(buffer(ZERO_IV), buffer(slot.subarray(NONCE_BYTES)), buffer(bound)));
  } catch {
    return null;
  }
}

/** @param {Uint8Array} key @param {Uint8Array} label @param {Uint8Array} nonce */
function contextOf(key, label, nonce) {
  return new Chacha20Poly1305().createEncryptionContext(buffer(mac(key, label, nonce)));
}

/** @param {Uint8Array} data @returns {ArrayBuffer} */
function buffer(data) {
  return data.slice().buffer;
}
