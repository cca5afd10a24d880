/**
 * The press: handing out what was sealed in advance (`prepare.js`), and sealing what is known of this moment.
 *
 * What it works from (the kit) lies open on the phone and holds sealed letters, public keys, mailbox ids, the case's id
 * and open key: no name, no text, no secret that opens anything. A phone without a PIN has no case before its first
 * press, and who its owner is only if that was left open.
 *
 * All `now` are milliseconds, as `Date.now()` gives them; what goes into a message is whole Unix seconds.
 */
/** @import { Sealed } from "../protocol/envelope.js" */
/** @import { Letter } from "./letter.js" */
/** @import { Wake } from "../protocol/wake.js" */
/** @import { CaseKeys, Facts, ReplyBlock } from "../protocol/message.js" */
/** @import { RandomBytes } from "../protocol/wire.js" */

import { contentOf, seal, sealContent } from "../protocol/envelope.js";
import { alertMac, alertMessage, caseId, factsMessage, headerOf, saidMac } from "../protocol/message.js";
import { keyFor, sealingWeek } from "../protocol/weekly-keys.js";
import { b64, digest, domain, LETTER_BYTES, mac, Purpose, SEED_BYTES, unb64 } from "../protocol/wire.js";
import { makeLetter } from "./letter.js";

/** Of an organisation, what sealing and sending need; not its name.
 *  @typedef {{ root: Uint8Array, mailbox: Uint8Array, seq: number, issued: number, week: number,
 *    weekly: Uint8Array[], lastResort: Uint8Array, relays: string[], keys: Uint8Array[] }} Recipient */
/** A contact as the kit keeps it; `later` is what they are told after the prepared words (`Disclosure`).
 *  @typedef {{ key: Uint8Array, mailbox: Uint8Array, relays: string[], wake: Wake | null, later: number }} Reachable */
/** Sealed in advance for a week; `week` null: any other time (sealed to the last resort, or to a contact).
 *  @typedef {{ week: number | null, contact: number | null, sealed: Sealed }} Ready */
/** Of a phone without a PIN: who its owner is, if that was left open, and the key of its vault (b64), which anybody can
 *  make. @typedef {{ facts: Record<string, any>, key: string }} Open */
/** `case`: its id, "" when the first message begins one. `caseKey`: speaks for whoever holds the phone. `seq` is the
 *  number of the next message; `ready` what was sealed in advance and no relay has yet. `named`: whether the organisation
 *  is told what the keys of this phone's sessions stand for. `secret`: b64 of what the id was made of, in memory only, of
 *  a case that this page began. `others`: relays besides the desk's that are asked for mail. `renewed`: the last day, since
 *  1970, on which a relay gave the newest card or said that it is known; 0 when none has. `dated`: the last day on which relays were asked for the date. `receiptKey`: own receipts are
 *  sealed to it.
 *  @typedef {{ case: string, caseKey: string, seq: number, practice: boolean, named: boolean, desk: Recipient,
 *    contacts: Reachable[], ready: Ready[], open: Open | null, others: string[], secret?: string, renewed?: number, dated?: number,
 *    receiptKey?: Uint8Array | null }} Kit */

/** What goes first when the line is thin. */
export const Rank = Object.freeze({ FRESH: 0, READY: 1, CONTACT: 2, PLACE: 3, AMEND: 4, PAIR: 5, FILE: 6 });
/** What a contact is told later: nothing, that I am safe, where I am too, everything. */
export const Disclosure = Object.freeze({ NOTHING: 0, SAFE: 1, PLACE: 2, ALL: 3 });

const CASE = domain("case");
const CONTACT_CASE = domain("contact-case");

/** Return the letters of a press: this week's, and the fresh one with what is known of this moment. Until
 *  `withoutArrived` has been told otherwise every press hands the prepared letters out again: the outbox and the relays
 *  know them, and a phone killed in between loses nothing. @param {Kit} before
 *  @param {{ facts: Record<string, any>, when?: Record<string, any>, reply?: ReplyBlock | null, key?: Uint8Array | null,
 *  now: number, randomBytes: RandomBytes }} moment `key`: of the session, null when none is unlocked
 *  @returns {Promise<{ kit: Kit, letters: Letter[] }>} */
export async function press(before, { facts, when = {}, reply = null, key = null, now, randomBytes }) {
  const kit = before.case ? before : beginCase(before, randomBytes);
  const ready = readyLetters(kit, now);
  try {
    const content = { facts, when, reply };
    const fresh = await sayToDesk(kit, { content, key, rank: Rank.FRESH, now, randomBytes });
    const alerts = await placeAlerts(kit, { place: facts.place ?? null, key, now, randomBytes });
    return { kit: fresh.kit, letters: [...fresh.letters, ...ready, ...alerts] };
  } catch (error) {
    if (ready.length === 0) throw error;
    return { kit, letters: ready }; // what was sealed in advance goes, even if nothing can be sealed at this moment
  }
}

/** Return the kit after a relay gave a receipt for this letter: what was sealed in advance for it need not lie here any
 *  more. @param {Kit} kit @param {string} id of the letter @returns {Kit} */
export function withoutArrived(kit, id) {
  const prepared = kit.ready.find(({ sealed }) => b64(digest(sealed.envelope)) === id);
  return prepared ? { ...kit, ready: kit.ready.filter(({ contact }) => contact !== prepared.contact) } : kit;
}

/** Seal what is said after the press. @param {Kit} kit
 *  @param {{ content: Partial<Facts>, key?: Uint8Array | null, now: number, randomBytes: RandomBytes }} more `key`: of
 *  the session, null when none is unlocked @returns {Promise<{ kit: Kit, letters: Letter[] }>} */
export async function amend(kit, { content, key = null, now, randomBytes }) {
  return sayToDesk(kit, { content, key, rank: Rank.AMEND, now, randomBytes });
}

/** Seal one message of this case to the desk. @param {Kit} kit
 *  @param {{ header: Uint8Array, body?: Uint8Array | ((salt: Uint8Array) => Uint8Array), size?: number, rank: number, now: number, randomBytes: RandomBytes
 *  }} what @returns {Promise<Letter>} */
export async function sealToDesk({ desk, case: id }, { header, body, size = LETTER_BYTES, rank, now, randomBytes }) {
  const key = keyFor(desk, toSeconds(now));
  const content = contentOf(header, body, randomBytes);
  const sealed = await sealContent(content, { key, address: addressRecipient(desk), randomBytes, size });
  const letter = makeLetter(sealed, { relays: desk.relays, keys: desk.keys, rank, added: now });
  return { ...letter, unsealed: { content, keys: [key], case: id } };
}

/** @param {Kit} before @param {{ content: Partial<Facts>, key: Uint8Array | null, rank: number, now: number,
 *  randomBytes: RandomBytes }} what @returns {Promise<{ kit: Kit, letters: Letter[] }>} */
async function sayToDesk(before, { content, key, rank, now, randomBytes }) {
  const kit = before.case ? before : beginCase(before, randomBytes);
  const isFirst = kit.seq === 0;
  const facts = isFirst ? { ...kit.open?.facts, ...content.facts } : content.facts;
  const place = { case: kit.case, seq: kit.seq, at: toSeconds(now) };
  const whole = { ...content, facts, practice: kit.practice, ...proofOf(kit, isFirst, content, randomBytes) };
  const header = headerOf(factsMessage(isFirst ? "report" : "amend", place, whole, randomBytes));
  const body = signedBy(kit, key ?? unb64(kit.caseKey), header);
  const letter = await sealToDesk(kit, { header, body, rank, now, randomBytes });
  return { kit: { ...kit, seq: kit.seq + 1 }, letters: [letter] };
}

/** Return the kit with a case of its own. @param {Kit} kit @param {RandomBytes} randomBytes @returns {Kit} */
export function beginCase(kit, randomBytes) {
  const secret = randomBytes(SEED_BYTES);
  return { ...kit, case: caseId(secret), secret: b64(secret) };
}

/** What shows that a message comes from who began the case: in the first one, and where a way for replies must count.
 *  Without a PIN nobody has the keys of one: they are drawn and forgotten.
 *  @param {Kit} kit @param {boolean} isFirst @param {Partial<Facts>} content @param {RandomBytes} randomBytes */
function proofOf(kit, isFirst, { reply, case_secret = kit.secret }, randomBytes) {
  if (!case_secret || !(isFirst || reply)) return {};
  const nobody = { pin: randomBytes(SEED_BYTES), forced: randomBytes(SEED_BYTES) };
  return isFirst ? { case_secret, keys: nameKeys(kit, nobody) } : { case_secret };
}

/** Name what the keys of the phone's sessions, and its open one, stand for in this case.
 *  @param {Pick<Kit, "case" | "caseKey" | "desk">} kit @param {{ pin: Uint8Array, forced: Uint8Array }} sessions
 *  @returns {CaseKeys} */
export function nameKeys(kit, { pin, forced }) {
  const key = (/** @type {Uint8Array} */ from) => b64(deriveOwnKey(from, kit));
  return { pin: key(pin), forced: key(forced), open: key(unb64(kit.caseKey)) };
}

/** Return what makes the body of a message to the desk. @param {Pick<Kit, "case" | "desk">} kit
 *  @param {Uint8Array} key of the session, or the open one @param {Uint8Array} header
 *  @returns {(salt: Uint8Array) => Uint8Array} */
export function signedBy(kit, key, header) {
  return (salt) => saidMac(deriveOwnKey(key, kit), addressRecipient(kit.desk), LETTER_BYTES, salt, header);
}

/** Derive what a key of this phone is to one organisation in one case: no case shows that another is of the same phone,
 *  and the organisation cannot speak as the phone to its contacts. @param {Uint8Array} key
 *  @param {Pick<Kit, "case" | "desk">} kit */
function deriveOwnKey(key, { case: id, desk }) {
  return mac(key, CASE, desk.root, unb64(id));
}

/** @param {Kit} kit @param {number} now @returns {Letter[]} */
function readyLetters(kit, now) {
  const toDesk = kit.ready.filter(({ contact }) => contact === null);
  const ofWeek =
    toDesk.find(({ week }) => week === sealingWeek(kit.desk, toSeconds(now))) ??
    toDesk.find(({ week }) => week === null);
  const { relays, keys } = kit.desk;
  const first = ofWeek ? [makeLetter(ofWeek.sealed, { relays, keys, rank: Rank.READY, added: now })] : [];
  const others = kit.ready.flatMap(({ contact, sealed }) => {
    if (contact === null) return [];
    return [makeLetter(sealed, { ...kit.contacts[contact], rank: Rank.CONTACT, added: now })];
  });
  return [...first, ...others];
}

/** That it happened now, for each contact, and where for those who may know. @param {Kit} kit
 *  @param {{ place: any, key: Uint8Array | null, now: number, randomBytes: RandomBytes }} moment
 *  @returns {Promise<Letter[]>} */
async function placeAlerts(kit, { place, ...by }) {
  const letters = [];
  for (const contact of kit.contacts) {
    const words = { type: "detained", place: contact.later >= Disclosure.PLACE ? place : null };
    letters.push(await tellContact(kit, contact, words, by));
  }
  return letters;
}

/** Seal an alert to one contact, by the key of the session, or by the open one. @param {Kit} kit
 *  @param {Reachable} contact @param {{ type: string, text?: string, place?: any }} words
 *  @param {{ key: Uint8Array | null, now: number, randomBytes: RandomBytes }} by @returns {Promise<Letter>} */
export async function tellContact({ case: id, caseKey, seq, practice }, contact, words, { key, now, randomBytes }) {
  const message = { ...alertMessage({ case: id, seq, at: toSeconds(now) }, words, randomBytes), practice };
  const own = contactKey(key ?? unb64(caseKey), contact.mailbox, id);
  const sealed = await sealAlert(contact, own, message, randomBytes);
  return makeLetter(sealed, { ...contact, rank: Rank.PLACE, added: now });
}

/** Seal an alert, authentic by `key`, to a contact. @param {Pick<Reachable, "key" | "mailbox">} contact
 *  @param {Uint8Array} key of the MAC @param {object} message
 *  @param {RandomBytes} randomBytes */
export function sealAlert(contact, key, message, randomBytes) {
  const address = { purpose: Purpose.CONTACT, recipient: digest(contact.key), mailbox: contact.mailbox };
  const header = headerOf(message);
  const body = (/** @type {Uint8Array} */ salt) => alertMac(key, address, LETTER_BYTES, salt, header);
  return seal({ header, body, key: contact.key, address, randomBytes });
}

/** Derive what a key of this phone is to one contact in one case: none of them can speak as the phone to another.
 *  @param {Uint8Array} key @param {Uint8Array} mailbox of the contact @param {string} id of the case */
export function contactKey(key, mailbox, id) {
  return mac(key, CONTACT_CASE, mailbox, unb64(id));
}

/** Return where a report to an organisation goes. @param {Recipient} desk */
export function addressRecipient({ root, mailbox }) {
  return { purpose: Purpose.REPORT, recipient: root, mailbox };
}

/** Convert milliseconds to whole Unix seconds. @param {number} milliseconds */
export function toSeconds(milliseconds) {
  return Math.floor(milliseconds / 1_000);
}
