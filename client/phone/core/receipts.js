/**
 * The phone's own receipts. They come while the phone may be locked, so each is sealed to a public key whose private half
 * lies in the vault; unlocked, they move into the vault and go along with later messages of their case. Specified in
 * `outbox.md`, "Receipts".
 */
/** @import { Letter } from "./letter.js" */
/** @import { RandomBytes } from "../protocol/wire.js" */

import { RECEIPT_BYTES, RECEIPTS } from "../protocol/message.js";
import { concat, domain, jsonObject, LETTER_BYTES, SEED_BYTES, same, unutf8, utf8 } from "../protocol/wire.js";
import { Chacha20Poly1305, CipherSuite, HkdfSha256 } from "../vendor-src/crypto.js";

export const RECORD_BYTES = 1_586; // X25519 32, always 1,538 inside, tag 16
const ROOM = 1_536; // case, receipt and what JSON puts around them
const ENC_BYTES = 32;
const LENGTH_BYTES = 2;
const STORED = 32; // in the vault: 15 KB, a night's worth
const CARRIED = 2; // messages that carry a receipt: a relay may drop one
const INFO = domain("own-receipt");

/** `carried`: how many messages have carried it. @typedef {{ case: string, receipt: string, carried: number }} OwnReceipt */

/** Tell whether a receipt for this letter is worth keeping: one to the organisation that is no piece of a file. What
 *  went to a contact is no organisation's to know. @param {Pick<Letter, "mailbox" | "envelope">} letter
 *  @param {{ mailbox: Uint8Array }} recipient @returns {boolean} */
export function isWorthKeeping(letter, recipient) {
  return letter.envelope.length === LETTER_BYTES && same(letter.mailbox, recipient.mailbox);
}

/** Derive the public key, which may lie open, from the seed of 32 bytes in the vault. @param {Uint8Array} seed
 *  @returns {Promise<Uint8Array>} */
export async function receiptKey(seed) {
  const { kem } = await suite();
  return new Uint8Array(await kem.serializePublicKey((await derive(kem, seed)).publicKey));
}

/** Seal a receipt as it came; every record has the same size. Null: it is longer than any message carries.
 *  @param {Uint8Array} key @param {string} caseId @param {Uint8Array} receipt @param {RandomBytes} randomBytes
 *  @returns {Promise<Uint8Array | null>} */
export async function sealReceipt(key, caseId, receipt, randomBytes) {
  const plain = utf8(JSON.stringify({ case: caseId, receipt: unutf8(receipt) }));
  if (receipt.length > RECEIPT_BYTES || plain.length > ROOM) return null;
  const padded = new Uint8Array(LENGTH_BYTES + ROOM);
  new DataView(padded.buffer).setUint16(0, plain.length);
  padded.set(plain, LENGTH_BYTES);
  const hpke = await suite();
  const recipientPublicKey = await hpke.kem.deserializePublicKey(key);
  const { enc, ct } = await hpke.seal({ recipientPublicKey, info: INFO, ekm: randomBytes(SEED_BYTES) }, padded);
  return concat(new Uint8Array(enc), new Uint8Array(ct));
}

/** Open the records that the vault's seed opens; the others are passed over. @param {Uint8Array} seed
 *  @param {Uint8Array[]} records @returns {Promise<OwnReceipt[]>} */
export async function openReceipts(seed, records) {
  const hpke = await suite();
  const recipientKey = await derive(hpke.kem, seed);
  const opened = await Promise.all(records.map((record) => openRecord(hpke, recipientKey, record)));
  return opened.filter((own) => own !== null);
}

/** THE place where a vault gets receipts: return its content with these, each once; of more than 32 the newest stay.
 *  @template {{ receipts?: OwnReceipt[] }} Content @param {Content} content @param {OwnReceipt[]} fresh
 *  @returns {Content} */
export function storeInVault(content, fresh) {
  const before = content.receipts ?? [];
  const known = new Set(before.map(({ receipt }) => receipt));
  const added = fresh.filter(({ receipt }) => !known.has(receipt) && known.add(receipt));
  return { ...content, receipts: [...before, ...added].slice(-STORED) };
}

/** Choose what the next message of a case carries: at most 8 and `room` bytes of header, those first that fewest
 *  messages carried. @param {OwnReceipt[]} own @param {string} caseId @param {number} room @returns {string[]} */
export function chooseReceipts(own, caseId, room) {
  const waiting = own.filter((entry) => entry.case === caseId && entry.carried < CARRIED);
  /** @type {string[]} */ const chosen = [];
  let left = room - utf8(',"receipts":[]').length;
  for (const { receipt } of waiting.sort((a, b) => a.carried - b.carried)) {
    const need = utf8(JSON.stringify(receipt)).length + 1;
    if (chosen.length === RECEIPTS || need > left) break;
    chosen.push(receipt);
    left -= need;
  }
  return chosen;
}

/** Return the receipts after a message carried `chosen`. @param {OwnReceipt[]} own @param {string[]} chosen
 *  @returns {OwnReceipt[]} */
export function markCarried(own, chosen) {
  return own.map((entry) => (chosen.includes(entry.receipt) ? { ...entry, carried: entry.carried + 1 } : entry));
}

/** @param {CipherSuite} hpke @param {CryptoKeyPair} recipientKey @param {Uint8Array} record
 *  @returns {Promise<OwnReceipt | null>} */
async function openRecord(hpke, recipientKey, record) {
  try {
    const enc = record.subarray(0, ENC_BYTES);
    const padded = new Uint8Array(await hpke.open({ recipientKey, enc, info: INFO }, record.subarray(ENC_BYTES)));
    const length = new DataView(padded.buffer).getUint16(0);
    const { case: caseId, receipt } = jsonObject(padded.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
    return { case: String(caseId), receipt: String(receipt), carried: 0 };
  } catch {
    return null;
  }
}

async function suite() {
  const { DhkemX25519HkdfSha256 } = await import("../vendor-src/wake.js");
  return new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });
}

/** @param {CipherSuite["kem"]} kem @param {Uint8Array} seed */
function derive(kem, seed) {
  return kem.deriveKeyPair(/** @type {ArrayBuffer} */ (seed.slice().buffer));
}
