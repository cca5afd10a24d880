/** The writer of the form of before, as far as an examiner looks at it: a flag in each slot, the decoy's key in the real. */
import { openSlot, sealSlot } from "../../../client/phone/core/vault/sealed-slot.js";
import { concat, domain, u32 } from "../../../client/phone/protocol/wire.js";

const VAULT_BYTES = 262_144;
const SLOT_BYTES = Math.floor((VAULT_BYTES - 32) / 3);
const SLOT = domain("slot");
const slotOf = (bytes, place) => bytes.subarray(32 + place * SLOT_BYTES, 32 + (place + 1) * SLOT_BYTES);

/** A vault with a decoy. @returns {Promise<{ bytes: Uint8Array, keys: { real: Uint8Array, decoy: Uint8Array },
 *  places: number[], content: Uint8Array }>} */
export async function oldVault(content, randomBytes) {
  const keys = { real: randomBytes(32), decoy: randomBytes(32) };
  const place = randomBytes(1)[0] % 3;
  const vault = { bytes: randomBytes(VAULT_BYTES), keys, places: [place, (place + 1) % 3], content };
  return { ...vault, bytes: await oldRefill(vault, true, randomBytes) };
}

/** A saving of the real session, which fills all three slots, or of the decoy's, which can fill its own only. */
export async function oldRefill({ bytes, keys, places: [real, decoy], content }, isReal, randomBytes) {
  const whole = bytes.slice();
  const fill = async (place, key, head) => {
    const plain = new Uint8Array(SLOT_BYTES - 48);
    plain.set(concat(head, u32(content.length), content));
    slotOf(whole, place).set(await sealSlot(key, SLOT, plain, { randomBytes }));
  };
  await fill(decoy, keys.decoy, concat(Uint8Array.of(2, 255), new Uint8Array(32)));
  if (!isReal) return whole;
  await fill(real, keys.real, concat(Uint8Array.of(1, decoy), keys.decoy));
  slotOf(whole, 3 - real - decoy).set(randomBytes(SLOT_BYTES));
  return whole;
}

/** @returns {Promise<Uint8Array>} the plaintext of the slot that this key opens */
export async function readOld(bytes, key) {
  const tried = await Promise.all([0, 1, 2].map((place) => openSlot(slotOf(bytes, place), key, SLOT)));
  return tried.find((plain) => plain !== null);
}
