/**
 * The vault: 256 KiB of one form, whatever is inside and whether anything is.
 *
 *   salt 32 | keyslot 128 | keyslot | keyslot | nonce 32 | ciphertext of [ slot | slot | slot | 2 zeros ] | tag 16
 *
 * Three PINs may have a place here, each with a keyslot and an inner slot. The keyslots hold one common element, from
 * which the key of the outer ciphertext is made; an inner slot opens with the key of its own PIN only (`vault.md`). No
 * content has anything the others lack: no flag, no key of another. Each names the place where it may set a second PIN;
 * nobody can tell whether something is there. The places form a ring, so the session of a second PIN never
 * overwrites the one it was set from.
 *
 * Each saving changes the common element, renews every keyslot, and seals the outer ciphertext anew: all bytes after the
 * salt change, whoever saves.
 */
/** @import { RandomBytes } from "../../protocol/wire.js" */
/** @import { Keyslot } from "./keyslots.js" */
/** @import { OldSlot } from "./version-1.js" */

import { counted } from "../../protocol/envelope.js";
import { BadPlaintext, KeystoreCut, TooMuchContent, WrongPassphrase } from "../../protocol/errors.js";
import { concat, domain, SALT_BYTES, same, u32 } from "../../protocol/wire.js";
import { Point } from "../../vendor-src/crypto.js";
import {
  decryptKeyslot,
  drawElement,
  drawKeyslot,
  encryptElement,
  KEYSLOT_BYTES,
  keyToScalar,
  packKeyslot,
  renewKeyslot,
  unpackKeyslot,
} from "./keyslots.js";
import { encodeOldPin, encodePin } from "./pin-text.js";
import { OVERHEAD_BYTES, openSlot, sealSlot } from "./sealed-slot.js";
import { openOldVault, rewriteOldDecoy } from "./version-1.js";

export const VAULT_BYTES = 262_144;
export const SLOTS = 3;
const PLACES = [0, 1, 2];
const THIRD = 0 + 1 + 2; // less two places: the third
const OUTER_AT = SALT_BYTES + SLOTS * KEYSLOT_BYTES;
const SLOT_BYTES = Math.floor((VAULT_BYTES - OUTER_AT - OVERHEAD_BYTES) / SLOTS);
const INNER_BYTES = VAULT_BYTES - OUTER_AT - OVERHEAD_BYTES;
const PLAIN_BYTES = SLOT_BYTES - OVERHEAD_BYTES;
// place of a second PIN 1 | length 4
const HEAD_BYTES = 1 + 4;
export const CONTENT_BYTES = PLAIN_BYTES - HEAD_BYTES; // what each PIN's content may have

const OUTER = domain("vault-outer");
const INNER = domain("vault-slot");

/** Argon2id of a PIN; costs a second, so it is given in and loaded when needed (`pin.js`).
 *  @typedef {(pin: Uint8Array, salt: Uint8Array) => Promise<Uint8Array>} Stretch */
/** An open vault. `bytes` is what is to be stored. `next` is the place where this PIN may set a second one. `old` is
 *  there as long as the bytes have the form of before.
 *  @typedef {{ bytes: Uint8Array, content: Uint8Array, key: Uint8Array, place: number, next: number, element: Point,
 *    keyslots: Keyslot[], slots: Uint8Array[], old: OldSlot | null }} Vault */

/** Make a new vault with this content under this PIN. @param {string} pin @param {Uint8Array} content
 *  @param {{ randomBytes: RandomBytes, stretch: Stretch }} by @returns {Promise<Vault>} @throws {TooMuchContent} */
export async function createVault(pin, content, { randomBytes, stretch }) {
  const salt = randomBytes(SALT_BYTES);
  const key = await stretch(encodePin(pin), salt);
  const place = drawPlace(PLACES, randomBytes);
  const next = drawPlace(
    PLACES.filter((other) => other !== place),
    randomBytes,
  );
  const blank = blankVault(salt, { key, place, next }, randomBytes);
  const slots = replaceAt(blank.slots, place, await sealInner(blank, content, randomBytes));
  return packVault({ ...blank, slots, content }, randomBytes);
}

/** Open a vault with any PIN that has a place in it. @param {Uint8Array} bytes @param {string} pin
 *  @param {Stretch} stretch @returns {Promise<Vault>} @throws {KeystoreCut} when it was cut off
 *  @throws {WrongPassphrase} */
export async function openVault(bytes, pin, stretch) {
  if (bytes.length !== VAULT_BYTES) throw new KeystoreCut();
  const salt = bytes.subarray(0, SALT_BYTES);
  const texts = [encodePin(pin), encodeOldPin(pin)];
  // A PIN with capitals or accents, set when these still counted, has the key of its old spelling.
  for (const text of same(texts[0], texts[1]) ? [texts[0]] : texts) {
    const key = await stretch(text, salt);
    const vault = (await openWithKey(bytes, key)) ?? (await openOld(bytes, key));
    if (vault) return vault;
  }
  throw new WrongPassphrase();
}

/** Return the vault with other content. @param {Vault} vault @param {Uint8Array} content
 *  @param {RandomBytes} randomBytes @returns {Promise<Vault>} @throws {TooMuchContent} */
export async function saveVault(vault, content, randomBytes) {
  if (vault.old?.isDecoy) {
    return { ...vault, content, bytes: await rewriteOldDecoy(vault.bytes, vault, content, randomBytes) };
  }
  const ready = await renewForm(vault, randomBytes);
  const slots = replaceAt(ready.slots, ready.place, await sealInner(ready, content, randomBytes));
  return writeVault({ ...ready, slots, content }, randomBytes);
}

/** Set or replace the second PIN of this one, with a content of its own. Under any PIN this does the same: the ring of
 *  places keeps the PIN that set this one safe. @param {Vault} vault @param {string} pin @param {Uint8Array} content
 *  @param {{ randomBytes: RandomBytes, stretch: Stretch }} by @returns {Promise<Vault>}
 *  @throws {WrongPassphrase} when the PIN has another place already @throws {TooMuchContent} */
export async function setSecondPin(vault, pin, content, { randomBytes, stretch }) {
  if (vault.old?.isDecoy) return saveVault(vault, vault.content, randomBytes); // it knows no free place
  const ready = await renewForm(vault, randomBytes);
  const key = await stretch(encodePin(pin), saltOf(ready));
  refuseUsed(ready, key, ready.next);
  const third = THIRD - ready.place - ready.next;
  const second = { key, place: ready.next, next: third };
  return saveVault(await withPlace(ready, second, content, randomBytes), ready.content, randomBytes);
}

/** Fill the place of this PIN's second one with chance, whether or not there is one. @param {Vault} vault
 *  @param {RandomBytes} randomBytes @returns {Promise<Vault>} */
export async function removeSecondPin(vault, randomBytes) {
  if (vault.old?.isDecoy) return saveVault(vault, vault.content, randomBytes);
  const ready = await renewForm(vault, randomBytes);
  const keyslots = replaceAt(ready.keyslots, ready.next, drawKeyslot(randomBytes));
  const slots = replaceAt(ready.slots, ready.next, randomBytes(SLOT_BYTES));
  return saveVault({ ...ready, keyslots, slots }, ready.content, randomBytes);
}

/** Return the vault with another PIN in the place of this one; the other places stay. @param {Vault} vault
 *  @param {string} pin @param {{ randomBytes: RandomBytes, stretch: Stretch }} by @returns {Promise<Vault>}
 *  @throws {WrongPassphrase} when the PIN has another place already */
export async function changePin(vault, pin, { randomBytes, stretch }) {
  if (vault.old?.isDecoy) return saveVault(vault, vault.content, randomBytes); // the real session opens it by its key
  const ready = await renewForm(vault, randomBytes);
  const key = await stretch(encodePin(pin), saltOf(ready));
  refuseUsed(ready, key, ready.place);
  const keyslot = encryptElement(ready.element, keyToScalar(key), randomBytes);
  const keyslots = replaceAt(ready.keyslots, ready.place, keyslot);
  return saveVault({ ...ready, key, keyslots }, ready.content, randomBytes);
}

/** Return what stands there when no PIN was ever chosen, and what is left of a wiped vault. @param {RandomBytes} randomBytes */
export function emptyVault(randomBytes) {
  const keyslots = PLACES.map(() => packKeyslot(drawKeyslot(randomBytes)));
  return concat(randomBytes(SALT_BYTES), ...keyslots, randomBytes(VAULT_BYTES - OUTER_AT));
}

/** @param {Uint8Array} bytes @param {Uint8Array} key @returns {Promise<Vault | null>} null when no keyslot opens */
async function openWithKey(bytes, key) {
  const keyslots = PLACES.map((place) =>
    unpackKeyslot(bytes.subarray(SALT_BYTES + place * KEYSLOT_BYTES, SALT_BYTES + (place + 1) * KEYSLOT_BYTES)),
  );
  if (!keyslots.every((keyslot) => keyslot !== null)) return null; // of before: random bytes
  const secret = keyToScalar(key);
  // All three are always tried: the time must not tell which place it was.
  const elements = keyslots.map((keyslot) => decryptKeyslot(keyslot, secret));
  const place = elements.findIndex((element) => element !== null);
  const element = elements[place];
  if (!element) return null;
  const inner = await openSlot(bytes.subarray(OUTER_AT), element.toBytes(), OUTER, bytes.subarray(0, OUTER_AT));
  if (!inner) return null; // changed or damaged: every PIN fails in the same words
  const slots = PLACES.map((number) => inner.slice(number * SLOT_BYTES, (number + 1) * SLOT_BYTES));
  const plain = await openSlot(slots[place], key, INNER);
  const found = plain && counted(plain, 1);
  if (!plain || !found || plain[0] >= SLOTS) throw new BadPlaintext("a slot of another version");
  return { bytes, content: found[0].slice(), key, place, next: plain[0], element, keyslots, slots, old: null };
}

/** @param {Uint8Array} bytes @param {Uint8Array} key @returns {Promise<Vault | null>} null when no slot opens */
async function openOld(bytes, key) {
  const old = await openOldVault(bytes, key);
  if (!old) return null;
  const { content, place } = old;
  const next = old.decoy?.place ?? (place + 1) % SLOTS;
  const unset = { element: Point.ZERO, keyslots: [], slots: [] }; // until `renewForm`
  return { bytes, content, key, place, next, ...unset, old };
}

/** @param {Uint8Array} salt @param {{ key: Uint8Array, place: number, next: number }} first
 *  @param {RandomBytes} randomBytes @returns {Vault} one whose places are all unused but for the first PIN's keyslot */
function blankVault(salt, first, randomBytes) {
  const element = drawElement(randomBytes);
  const keyslots = PLACES.map((place) =>
    place === first.place ? encryptElement(element, keyToScalar(first.key), randomBytes) : drawKeyslot(randomBytes),
  );
  const slots = PLACES.map(() => randomBytes(SLOT_BYTES));
  return { bytes: salt, content: new Uint8Array(), ...first, element, keyslots, slots, old: null };
}

/** Return a real session's vault in the form of today, its decoy with it. @param {Vault} vault
 *  @param {RandomBytes} randomBytes @returns {Promise<Vault>} @throws {TooMuchContent} */
async function renewForm(vault, randomBytes) {
  if (!vault.old) return vault;
  const { key, place, next, content } = vault;
  const blank = blankVault(saltOf(vault), { key, place, next }, randomBytes);
  const { decoy } = vault.old;
  if (!decoy) return { ...blank, content };
  const third = THIRD - place - next;
  const second = { key: decoy.key, place: next, next: third };
  return withPlace({ ...blank, content }, second, decoy.content, randomBytes);
}

/** Return the vault with a PIN and a content in a place. @param {Vault} vault
 *  @param {{ key: Uint8Array, place: number, next: number }} entry @param {Uint8Array} content
 *  @param {RandomBytes} randomBytes @returns {Promise<Vault>} @throws {TooMuchContent} */
async function withPlace(vault, entry, content, randomBytes) {
  const slot = await sealInner(entry, content, randomBytes);
  const keyslot = encryptElement(vault.element, keyToScalar(entry.key), randomBytes);
  return {
    ...vault,
    keyslots: replaceAt(vault.keyslots, entry.place, keyslot),
    slots: replaceAt(vault.slots, entry.place, slot),
  };
}

/** Change every byte after the salt: another common element, all keyslots renewed, the outer ciphertext sealed anew.
 *  @param {Vault} vault @param {RandomBytes} randomBytes @returns {Promise<Vault>} */
async function writeVault(vault, randomBytes) {
  const shift = drawElement(randomBytes);
  const element = vault.element.add(shift);
  const keyslots = vault.keyslots.map((keyslot) => renewKeyslot(keyslot, shift, randomBytes));
  return packVault({ ...vault, element, keyslots }, randomBytes);
}

/** @param {Vault} vault @param {RandomBytes} randomBytes @returns {Promise<Vault>} with its bytes */
async function packVault(vault, randomBytes) {
  const { element, keyslots } = vault;
  const head = concat(saltOf(vault), ...keyslots.map(packKeyslot));
  const inner = new Uint8Array(INNER_BYTES);
  inner.set(concat(...vault.slots));
  // The head is bound: with one keyslot exchanged every PIN fails alike, and nothing shows which of them it was.
  const outer = await sealSlot(element.toBytes(), OUTER, inner, { randomBytes, bound: head });
  return { ...vault, bytes: concat(head, outer) };
}

/** @param {Pick<Vault, "key" | "next">} entry @param {Uint8Array} content
 *  @param {RandomBytes} randomBytes @returns {Promise<Uint8Array>} @throws {TooMuchContent} */
async function sealInner({ key, next }, content, randomBytes) {
  if (content.length > CONTENT_BYTES) throw new TooMuchContent(`${content.length} bytes where ${CONTENT_BYTES} fit`);
  const plain = new Uint8Array(PLAIN_BYTES);
  plain.set(concat(Uint8Array.of(next), u32(content.length), content));
  return sealSlot(key, INNER, plain, { randomBytes });
}

/** One PIN in two places would hide what is in the second. @param {Vault} vault @param {Uint8Array} key
 *  @param {number} free the place it may have @throws {WrongPassphrase} */
function refuseUsed({ keyslots }, key, free) {
  const secret = keyToScalar(key);
  const opened = keyslots.map((keyslot) => decryptKeyslot(keyslot, secret) !== null);
  if (opened.some((isOpen, place) => isOpen && place !== free)) throw new WrongPassphrase("this PIN has a place");
}

/** @param {Pick<Vault, "bytes">} vault @returns {Uint8Array} */
function saltOf({ bytes }) {
  return bytes.subarray(0, SALT_BYTES);
}

/** @template Item @param {Item[]} items @param {number} place @param {Item} item @returns {Item[]} */
function replaceAt(items, place, item) {
  return items.map((old, number) => (number === place ? item : old));
}

/** @param {number[]} places @param {RandomBytes} randomBytes */
function drawPlace(places, randomBytes) {
  // a byte modulo 3 leans by less than one in 250, which tells nobody anything worth knowing
  return places[randomBytes(1)[0] % places.length];
}
