/**
 * The vault: 256 KiB that look like random bytes, whatever is inside and whether anything is.
 *
 *   salt 32 | slot | slot | slot | 2 random bytes          slot: nonce 32 | ciphertext | tag 16
 *
 * Three equal slots. The real content is in one, a decoy for a PIN given under duress may be in another, and a slot
 * that holds nothing is random bytes. All stand under keys made from a PIN and the one salt, so opening costs the same
 * and looks the same for either PIN and for a wrong one. Each writing uses a fresh nonce, from which that writing's key
 * is derived.
 *
 * Who opens the real slot also holds the decoy's key: then every saving rewrites all three slots, and two copies of the
 * vault taken at different times do not tell which slots are in use. A session under the decoy can only rewrite its
 * own.
 */
/** @import { RandomBytes } from "../protocol/wire.js" */

import { counted } from "../protocol/envelope.js";
import { BadPlaintext, KeystoreCut, TooMuchContent, WrongPassphrase } from "../protocol/errors.js";
import { concat, domain, mac, SALT_BYTES, SEED_BYTES, same, TAG_BYTES, u32, utf8 } from "../protocol/wire.js";
import { Chacha20Poly1305 } from "../vendor-src/crypto.js";

export const VAULT_BYTES = 262_144;
export const SLOTS = 3;
const NONCE_BYTES = 32;
const SLOT_BYTES = Math.floor((VAULT_BYTES - SALT_BYTES) / SLOTS);
const PLAIN_BYTES = SLOT_BYTES - NONCE_BYTES - TAG_BYTES;
// flags 1 | decoy's place 1 | decoy's key 32 | length 4
const HEAD_BYTES = 1 + 1 + SEED_BYTES + 4;
export const CONTENT_BYTES = PLAIN_BYTES - HEAD_BYTES; // what the real content and the decoy may each have

const REAL = 1;
const DECOY = 2;
const NO_DECOY = 0xff;
const SLOT = domain("slot");
const ZERO_IV = new Uint8Array(12); // sound because each key seals once

/** Argon2id of a PIN; costs a second, so it is given in and loaded when needed (`pin.js`).
 *  @typedef {(pin: Uint8Array, salt: Uint8Array) => Promise<Uint8Array>} Stretch */
/** An open vault. `duress` is true when the decoy's PIN opened it. `bytes` is what is to be stored.
 *  @typedef {{ bytes: Uint8Array, content: Uint8Array, duress: boolean, place: number, key: Uint8Array,
 *    decoy: { place: number, key: Uint8Array } | null }} Vault */

/** Make a new vault with this content under this PIN. @param {string} pin @param {Uint8Array} content
 *  @param {{ randomBytes: RandomBytes, stretch: Stretch }} by @returns {Promise<Vault>} @throws {TooMuchContent} */
export async function createVault(pin, content, { randomBytes, stretch }) {
  const bytes = randomBytes(VAULT_BYTES);
  const key = await stretch(encodePin(pin), bytes.subarray(0, SALT_BYTES));
  const place = placeAmong([0, 1, 2], randomBytes);
  return saveVault({ bytes, content, duress: false, place, key, decoy: null }, content, randomBytes);
}

/** Open a vault with the PIN of its content or of its decoy. @param {Uint8Array} bytes @param {string} pin
 *  @param {Stretch} stretch @returns {Promise<Vault>} @throws {KeystoreCut} @throws {WrongPassphrase} */
export async function openVault(bytes, pin, stretch) {
  if (bytes.length !== VAULT_BYTES) throw new KeystoreCut();
  const key = await stretch(encodePin(pin), bytes.subarray(0, SALT_BYTES));
  // All three are always tried: the time must not tell which slot it was, or that it was none.
  const tried = await Promise.all([0, 1, 2].map((place) => openSlot(slotOf(bytes, place), key)));
  const place = tried.findIndex((plain) => plain !== null);
  const plain = tried[place];
  if (!plain) throw new WrongPassphrase();
  return readPlain(plain, { bytes, place, key });
}

/** Return the vault with other content. @param {Vault} vault @param {Uint8Array} content
 *  @param {RandomBytes} randomBytes @returns {Promise<Vault>} @throws {TooMuchContent} */
export async function saveVault(vault, content, randomBytes) {
  const bytes = vault.bytes.slice();
  await refill(vault, bytes, randomBytes);
  await sealSlot(bytes, vault.place, vault.key, plainOf(vault, content), randomBytes);
  return { ...vault, bytes, content };
}

/** Set or replace the decoy: an ordinary content behind a second PIN. Under the decoy itself nothing changes and
 *  nothing is said: whoever forced that PIN out of somebody may try this too. @param {Vault} vault @param {string} pin
 *  @param {Uint8Array} content @param {{ randomBytes: RandomBytes, stretch: Stretch }} by @returns {Promise<Vault>}
 *  @throws {WrongPassphrase} when the PIN is the vault's own @throws {TooMuchContent} */
export async function setDecoy(vault, pin, content, { randomBytes, stretch }) {
  const key = await stretch(encodePin(pin), vault.bytes.subarray(0, SALT_BYTES));
  if (vault.duress) return saveVault(vault, vault.content, randomBytes);
  if (same(key, vault.key)) throw new WrongPassphrase("the decoy needs a PIN of its own");
  const place =
    vault.decoy?.place ??
    placeAmong(
      [0, 1, 2].filter((slot) => slot !== vault.place),
      randomBytes,
    );
  const next = { ...vault, bytes: vault.bytes.slice(), decoy: { place, key } };
  await sealSlot(next.bytes, place, key, plainOf({ duress: true, decoy: null }, content), randomBytes);
  return saveVault(next, vault.content, randomBytes);
}

/** Return the vault under another PIN; the decoy stays. @param {Vault} vault @param {string} pin
 *  @param {{ randomBytes: RandomBytes, stretch: Stretch }} by @returns {Promise<Vault>}
 *  @throws {WrongPassphrase} when it is the decoy's */
export async function changePin(vault, pin, { randomBytes, stretch }) {
  const key = await stretch(encodePin(pin), vault.bytes.subarray(0, SALT_BYTES));
  if (vault.decoy && same(key, vault.decoy.key)) throw new WrongPassphrase("the decoy needs a PIN of its own");
  return saveVault({ ...vault, key }, vault.content, randomBytes);
}

/** Return what is left when a vault is wiped, and what stands there when no PIN was ever chosen.
 *  @param {RandomBytes} randomBytes */
export function emptyVault(randomBytes) {
  return randomBytes(VAULT_BYTES);
}

/** Encode a PIN: the digits of every script are the same digits. @param {string} pin @returns {Uint8Array} */
export function encodePin(pin) {
  const plain = pin.normalize("NFKC").replace(/\p{Nd}/gu, (digit) => String(digitOf(digit)));
  return utf8(plain);
}

/** The digits of a script stand in a row of ten, and its zero is the first after a character that is no digit.
 *  @param {string} digit */
function digitOf(digit) {
  const point = /** @type {number} */ (digit.codePointAt(0));
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(point - value - 1))) value++;
  return value;
}

/** A session that knows every slot renews the others too. A decoy whose PIN was changed by somebody else is left alone.
 *  @param {Vault} vault @param {Uint8Array} bytes @param {RandomBytes} randomBytes */
async function refill({ duress, place, decoy }, bytes, randomBytes) {
  if (duress) return;
  for (const slot of [0, 1, 2].filter((slot) => slot !== place)) {
    if (decoy?.place !== slot) {
      slotOf(bytes, slot).set(randomBytes(SLOT_BYTES));
      continue;
    }
    const plain = await openSlot(slotOf(bytes, slot), decoy.key);
    if (plain) await sealSlot(bytes, slot, decoy.key, plain, randomBytes);
  }
}

/** @param {Pick<Vault, "duress" | "decoy">} vault @param {Uint8Array} content @returns {Uint8Array} */
function plainOf({ duress, decoy }, content) {
  if (content.length > CONTENT_BYTES) throw new TooMuchContent(`${content.length} bytes where ${CONTENT_BYTES} fit`);
  const plain = new Uint8Array(PLAIN_BYTES);
  const place = Uint8Array.of(duress ? DECOY : REAL, decoy ? decoy.place : NO_DECOY);
  plain.set(concat(place, decoy ? decoy.key : new Uint8Array(SEED_BYTES), u32(content.length), content));
  return plain;
}

/** @param {Uint8Array} plain @param {{ bytes: Uint8Array, place: number, key: Uint8Array }} opened @returns {Vault} */
function readPlain(plain, opened) {
  const found = counted(plain, 2 + SEED_BYTES);
  if (!found || (plain[0] !== REAL && plain[0] !== DECOY)) throw new BadPlaintext("a slot of another version");
  const decoy = plain[1] < SLOTS ? { place: plain[1], key: plain.slice(2, 2 + SEED_BYTES) } : null;
  return { ...opened, content: found[0].slice(), duress: plain[0] === DECOY, decoy };
}

/** @param {Uint8Array} bytes @param {number} place */
function slotOf(bytes, place) {
  const start = SALT_BYTES + place * SLOT_BYTES;
  return bytes.subarray(start, start + SLOT_BYTES);
}

/** @param {Uint8Array} bytes @param {number} place @param {Uint8Array} key @param {Uint8Array} plain
 *  @param {RandomBytes} randomBytes */
async function sealSlot(bytes, place, key, plain, randomBytes) {
  const nonce = randomBytes(NONCE_BYTES);
  const sealed = await contextOf(key, nonce).seal(buffer(ZERO_IV), buffer(plain), new ArrayBuffer(0));
  slotOf(bytes, place).set(concat(nonce, new Uint8Array(sealed)));
}

/** @param {Uint8Array} slot @param {Uint8Array} key
 *  @returns {Promise<Uint8Array | null>} null when another key sealed it, or none */
async function openSlot(slot, key) {
  const context = contextOf(key, slot.subarray(0, NONCE_BYTES));
  try {
    return new Uint8Array(await context.open(buffer(ZERO_IV), buffer(slot.subarray(NONCE_BYTES)), new ArrayBuffer(0)));
  } catch {
    return null;
  }
}

/** @param {Uint8Array} key @param {Uint8Array} nonce */
function contextOf(key, nonce) {
  return new Chacha20Poly1305().createEncryptionContext(buffer(mac(key, SLOT, nonce)));
}

/** @param {Uint8Array} data @returns {ArrayBuffer} */
function buffer(data) {
  return data.slice().buffer;
}

/** @param {number[]} places @param {RandomBytes} randomBytes */
function placeAmong(places, randomBytes) {
  // a byte modulo 3 leans by less than one in 250, which tells nobody anything worth knowing
  return places[randomBytes(1)[0] % places.length];
}
