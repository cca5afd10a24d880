/**
 * Vaults of before: three slots, a flag in each, and the decoy's key in the real one. They are opened; the real session
 * writes the new form at its first saving (`vault.js`).
 *
 *   salt 32 | slot | slot | slot | 2 random bytes
 *   plaintext = 1 real or 2 decoy | place of the decoy (255: none) | key of the decoy 32 | u32 n | content | zeros
 *
 * The decoy's session cannot carry the real slot over: it does not fit into the new form and nobody opens it there. So
 * that session goes on rewriting its own old slot until the real one is opened.
 */
/** @import { RandomBytes } from "../../protocol/wire.js" */

import { counted } from "../../protocol/envelope.js";
import { TooMuchContent } from "../../protocol/errors.js";
import { concat, domain, SALT_BYTES, SEED_BYTES, u32 } from "../../protocol/wire.js";
import { OVERHEAD_BYTES, openSlot, sealSlot } from "./sealed-slot.js";

const VAULT_BYTES = 262_144;
const SLOTS = 3;
const SLOT_BYTES = Math.floor((VAULT_BYTES - SALT_BYTES) / SLOTS);
const PLAIN_BYTES = SLOT_BYTES - OVERHEAD_BYTES;
const HEAD_BYTES = 1 + 1 + SEED_BYTES + 4;
const DECOY = 2;
const NO_DECOY = 0xff;
const SLOT = domain("slot");

/** What an old slot holds. `decoy` is that of the real slot, when there is one.
 *  @typedef {{ content: Uint8Array, place: number, isDecoy: boolean,
 *    decoy: { place: number, key: Uint8Array, content: Uint8Array } | null }} OldSlot */

/** Open the slot of this key. @param {Uint8Array} bytes @param {Uint8Array} key
 *  @returns {Promise<OldSlot | null>} null when there is none */
export async function openOldVault(bytes, key) {
  const tried = await Promise.all([0, 1, 2].map((place) => openSlot(slotOf(bytes, place), key, SLOT)));
  const place = tried.findIndex((plain) => plain !== null);
  const plain = tried[place];
  const found = plain && counted(plain, 2 + SEED_BYTES);
  if (!plain || !found) return null;
  const decoy = { place: plain[1], key: plain.slice(2, 2 + SEED_BYTES) };
  const behind = decoy.place < SLOTS ? await openSlot(slotOf(bytes, decoy.place), decoy.key, SLOT) : null;
  const theirs = behind && counted(behind, 2 + SEED_BYTES);
  return {
    content: found[0].slice(),
    place,
    isDecoy: plain[0] === DECOY,
    decoy: theirs && { ...decoy, content: theirs[0].slice() },
  };
}

/** Return an old vault with the decoy's slot sealed anew. @param {Uint8Array} bytes
 *  @param {{ place: number, key: Uint8Array }} slot @param {Uint8Array} content @param {RandomBytes} randomBytes
 *  @returns {Promise<Uint8Array>} @throws {TooMuchContent} */
export async function rewriteOldDecoy(bytes, { place, key }, content, randomBytes) {
  if (content.length > PLAIN_BYTES - HEAD_BYTES) throw new TooMuchContent();
  const plain = new Uint8Array(PLAIN_BYTES);
  plain.set(concat(Uint8Array.of(DECOY, NO_DECOY), new Uint8Array(SEED_BYTES), u32(content.length), content));
  const whole = bytes.slice();
  slotOf(whole, place).set(await sealSlot(key, SLOT, plain, { randomBytes }));
  return whole;
}

/** @param {Uint8Array} bytes @param {number} place */
function slotOf(bytes, place) {
  const start = SALT_BYTES + place * SLOT_BYTES;
  return bytes.subarray(start, start + SLOT_BYTES);
}
