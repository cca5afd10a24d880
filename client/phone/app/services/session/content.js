/** What a PIN opens: the content of its place in the vault. Every PIN's has the same fields, so that no screen can tell
 *  which of two it shows. */
/** @import { Book } from "../../../core/contacts/book.js" */
/** @import { OwnReceipt } from "../../../core/receipts.js" */
/** @import { Vault } from "../../../core/vault/vault.js" */
/** @import { RandomBytes } from "../../../protocol/wire.js" */
/** @import { ReceivedReply, ReplyRoute } from "../../app.js" */

import { b64, domain, jsonObject, mac, SEED_BYTES, utf8 } from "../../../protocol/wire.js";
import { findWords } from "../../ui/i18n.js";

const VERSION = 1;
const OF_NOTES = "notes"; // what contents of before were called behind a second PIN
const DAY_MS = 86_400_000;
const SESSION = domain("session");

/** What this session speaks with, and what the one of its second PIN does; both b64.
 *  @typedef {{ pin: string, forced: string }} SessionKeys */
/** @typedef {{ at: number, text: string }} StoredNote `at` in milliseconds */
/** `name`: what the organisation is called here. `names`: for contacts whom the kit knows and this content does not.
 *  `standIns`: ids of contacts in the book that stand for those of the kit (`core/contacts/stand-ins.js`). `over`: the
 *  case, and its next number, that this session looks at no more. `wake`: what contacts were told of ringing here.
 *  `receiptSeed`: opens the phone's own receipts, those that lie in `receipts` it has opened.
 *  @typedef {{ v: number, name: string, seq: number, hasPin: boolean, facts: Record<string, any>, ways: ReplyRoute[],
 *    answers: ReceivedReply[], keys: SessionKeys, notes: StoredNote[], names: string[], standIns: string[], over: string,
 *    receiptSeed?: string,
 *    receipts?: OwnReceipt[], contacts?: Book, sms?: { number: string, text: string }[], wake?: any }} Content */

/** Draw the keys of the first PIN's session and of the second one's. @param {RandomBytes} randomBytes
 *  @returns {SessionKeys} */
export function drawKeys(randomBytes) {
  return { pin: b64(randomBytes(SEED_BYTES)), forced: b64(randomBytes(SEED_BYTES)) };
}

/** Tell whether what is said with these keys is said under force: whoever sets a second PIN gives it one key for both,
 *  so that a PIN that is set from there means the same. @param {SessionKeys} keys */
export function isForcedPair({ pin, forced }) {
  return pin === forced;
}

/** Return a content with everything that no PIN has changed yet.
 *  @template {Pick<Content, "name" | "seq" | "hasPin" | "keys"> & Partial<Content>} Given
 *  @param {Given} has @returns {Content & Given} */
export function newContent(has) {
  const blank = { v: VERSION, facts: {}, ways: [], answers: [], notes: listExampleNotes(), standIns: [], over: "" };
  return { ...blank, names: listReadyNames().people, ...has };
}

/** Return what a second PIN calls organisation and contacts when its owner chooses nothing.
 *  @returns {{ organisation: string, people: string[] }} */
export function listReadyNames() {
  return { organisation: findWords("names.organisation") ?? "", people: findWords("names.people") ?? [] };
}

/** Return what a second PIN opens that is set from this content. @param {Content} from
 *  @param {{ name: string, names: string[], contacts: Book, standIns: string[] }} chosen @returns {Content} */
export function newSecondContent({ keys: { forced }, seq }, chosen) {
  return newContent({ ...chosen, seq, hasPin: true, keys: { pin: forced, forced } });
}

/** Read what a PIN opened. One of before gets what it lacks; behind a second PIN there were notes alone.
 *  @param {Vault} vault @param {RandomBytes} randomBytes @returns {Content} */
export function readContent(vault, randomBytes) {
  const { kind, key, ...has } = jsonObject(vault.content);
  const isSecond = kind === OF_NOTES || (!kind && !has.keys && "notes" in has);
  if (!isSecond) return newContent({ ...FIRST, ...has, keys: has.keys ?? keysOfBefore(vault, randomBytes) });
  const own = key ?? deriveKey(vault.key);
  return newContent({ ...SECOND, name: listReadyNames().organisation, ...has, keys: { pin: own, forced: own } });
}

const FIRST = { name: "", seq: 0, hasPin: false };
const SECOND = { seq: 0, hasPin: true };

/** A vault from before sessions had keys: each makes its own of what it holds. @param {Vault} vault
 *  @param {RandomBytes} randomBytes @returns {SessionKeys} */
function keysOfBefore(vault, randomBytes) {
  const before = vault.old?.decoy;
  return { ...drawKeys(randomBytes), ...(before ? { forced: deriveKey(before.key) } : {}) };
}

/** @param {Uint8Array} key */
function deriveKey(key) {
  return b64(mac(key, SESSION));
}

/** @param {Content} content */
export function packContent(content) {
  return utf8(JSON.stringify(content));
}

/** What stands among the notes when nobody has written any. @returns {StoredNote[]} */
function listExampleNotes() {
  const now = Date.now();
  const texts = findWords("notes.examples") ?? [];
  return texts.map((/** @type {string} */ text, /** @type {number} */ i) => ({ at: now - (i * 3 + 1) * DAY_MS, text }));
}
