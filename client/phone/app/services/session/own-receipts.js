/**
 * The phone's own receipts on the disk: one record of 32 places, each of one size, always full. What no receipt has
 * taken yet is sealed chaff, so one copy of it does not tell how many there are. Specified in `../../core/outbox.md`,
 * *Receipts*.
 */
/** @import { Facts } from "../../../protocol/message.js" */
/** @import { Received } from "../../app.js" */
/** @import { Kit } from "../../../core/press.js" */
/** @import { OwnReceipt } from "../../../core/receipts.js" */
/** @import { Store } from "../../../core/store.js" */
/** @import { RandomBytes } from "../../../protocol/wire.js" */
/** What of a session is asked for here.
 *  @typedef {{ app: import("../../app.js").App, content: any, duress: boolean,
 *    saveOrRestore(before: Record<string, any>): Promise<void> }} ReceiptVault */

import {
  chooseReceipts,
  isWorthKeeping,
  markCarried,
  openReceipts,
  RECORD_BYTES,
  receiptKey,
  sealReceipt,
  storeInVault,
} from "../../../core/receipts.js";
import { LETTER_ROOM } from "../../../protocol/envelope.js";
import { factsMessage, headerOf } from "../../../protocol/message.js";
import { b64, concat, digest, HASH_BYTES, SEED_BYTES, same, unb64 } from "../../../protocol/wire.js";

export const RECEIPTS = "r";
const PLACES = 32; // as many as the vault holds

/** Seal a receipt for a message of the kit's case and put it first; the oldest goes. Nothing happens with any other.
 *  @param {{ store: Store, randomBytes: RandomBytes }} app @param {Kit} kit @param {Received} arrived
 *  @throws {StoreFull} @throws {StoreBroken} */
export async function storeReceipt({ store, randomBytes }, kit, { letter, receipt }) {
  if (!kit.receiptKey || kit.practice || !isWorthKeeping(letter, kit.desk) || caseOf(kit, letter) !== kit.case) return;
  const record = await sealReceipt(kit.receiptKey, kit.case, receipt, randomBytes);
  if (!record) return;
  const before = await readRecords(store, kit.receiptKey, randomBytes);
  await store.put(RECEIPTS, concat(record, ...before.slice(0, PLACES - 1)));
}

/** Let the record be there before the first receipt: else its being there would tell of one.
 *  @param {{ store: Store, randomBytes: RandomBytes }} app @param {Kit} kit */
export async function layOutReceipts({ store, randomBytes }, { receiptKey }) {
  if (!receiptKey || (await store.get(RECEIPTS))) return;
  await store.put(RECEIPTS, concat(...(await readRecords(store, receiptKey, randomBytes))));
}

/** Move what came while the phone was locked into the vault, and let the kit seal to this vault's key.
 *  @param {ReceiptVault} session @param {string} [seed] the one that opens it from now on, b64 */
export async function adoptReceipts(
  session,
  seed = session.content.receiptSeed ?? b64(session.app.randomBytes(SEED_BYTES)),
) {
  const { caseSession, store } = session.app;
  if (!caseSession) return;
  if (session.duress) {
    await session.saveOrRestore({}); // written as often as under the owner's PIN
    return;
  }
  const { receipts, receiptSeed } = session.content;
  const come = receiptSeed ? await loadReceipts(store, unb64(receiptSeed)) : [];
  Object.assign(session.content, storeInVault(session.content, come), { receiptSeed: seed });
  await session.saveOrRestore({ receipts, receiptSeed });
  const key = await receiptKey(unb64(seed));
  const known = caseSession.kit.receiptKey;
  if (!known || !same(known, key)) await caseSession.replaceKit(async (kit) => ({ ...kit, receiptKey: key }));
}

/** Choose the receipts that go along with these words, as many as fit into their letter. @param {ReceiptVault} session
 *  @param {Kit} kit @param {Partial<Facts>} content @returns {Partial<Facts>} */
export function takeReceipts({ app, content: stored }, { case: id, seq }, content) {
  const message = factsMessage("amend", { case: id, seq, at: Date.now() }, content, app.randomBytes);
  const room = LETTER_ROOM - HASH_BYTES - headerOf(message).length;
  const receipts = chooseReceipts(stored.receipts ?? [], id, room);
  stored.receipts = markCarried(stored.receipts ?? [], receipts);
  return receipts.length ? { receipts } : {};
}

/** Return what a seed opens of the stored record, the oldest first. @param {Store} store @param {Uint8Array} seed
 *  @returns {Promise<OwnReceipt[]>} */
async function loadReceipts(store, seed) {
  const stored = await store.get(RECEIPTS).catch(() => null);
  const opened = stored ? await openReceipts(seed, split(stored)) : [];
  return opened.filter((own) => own.case !== "").reverse();
}

/** @param {Store} store @param {Uint8Array} key @param {RandomBytes} randomBytes @returns {Promise<Uint8Array[]>} */
async function readRecords(store, key, randomBytes) {
  const stored = await store.get(RECEIPTS);
  if (stored?.length === PLACES * RECORD_BYTES) return split(stored);
  /** @type {Uint8Array[]} */ const chaff = [];
  for (let i = 0; i < PLACES; i++) {
    const record = await sealReceipt(key, "", new Uint8Array(), randomBytes);
    if (record) chaff.push(record);
  }
  return chaff;
}

/** @param {Uint8Array} stored */
function split(stored) {
  const starts = Array.from({ length: Math.floor(stored.length / RECORD_BYTES) }, (_, i) => i * RECORD_BYTES);
  return starts.map((start) => stored.slice(start, start + RECORD_BYTES));
}

/** Return the case a letter belongs to, as far as this page knows it: of what an earlier page wrote down only what was
 *  sealed in advance is known. @param {Kit} kit @param {Received["letter"]} letter */
function caseOf(kit, { id, unsealed }) {
  if (unsealed) return unsealed.case;
  return kit.ready.some(({ contact, sealed }) => contact === null && b64(digest(sealed.envelope)) === id)
    ? kit.case
    : "";
}
