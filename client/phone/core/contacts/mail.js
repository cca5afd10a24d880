/** Letters between contacts: sealing one, opening what came for a pair, judging it. Bytes in, bytes out; see
 *  `contacts.md`. */
/** @import { Alert, Book, Contact } from "./book.js" */
/** @import { Letter } from "../letter.js" */
/** @import { Frame } from "../../protocol/mailbox.js" */
/** @import { Opened } from "../../protocol/opening.js" */
/** @import { PairingSession, PairCard, PairKeys } from "../../protocol/pairing.js" */
/** @import { RandomBytes } from "../../protocol/wire.js" */

import { readPairCode } from "../../protocol/code.js";
import { EnvelopeError, NotAuthentic, TocsinError } from "../../protocol/errors.js";
import { alertMessage } from "../../protocol/message.js";
import { readMessage } from "../../protocol/message-reader.js";
import { openEnvelope } from "../../protocol/opening.js";
import {
  alertOrigin,
  BadPairCard,
  CardSwapped,
  confirms,
  onShare,
  readPairCard,
  readShare,
} from "../../protocol/pairing.js";
import { readWake, readWakeLetter, wakeLetter } from "../../protocol/wake.js";
import { b64, digest, FrameKind, SEED_BYTES, unb64, unutf8, utf8 } from "../../protocol/wire.js";
import { makeLetter } from "../letter.js";
import { Rank, sealAlert, toSeconds } from "../press.js";
import {
  decodePairCard,
  deriveContactKeys,
  deriveOwnRendezvous,
  deriveSession,
  encodePairCard,
  findContact,
  NotPaired,
  PairExpired,
  pairState,
  readContactWake,
  withContactChanges,
} from "./book.js";
import { limitAlert, withoutBorrowedWords } from "./permission.js";

export const ASIDE = 16; // letters of one page that open and are not authentic yet, left at the relay
export const MARKS = 64; // letters remembered, so that one that comes again is not shown again
const MARK_BYTES = 12;
const CASES = 4; // of one contact, remembered with their keys
export const ALERT_BYTES = 16_000; // alerts that came, of all contacts
export const REFUSED = "refused"; // the type of an alert that whoever holds the phone may not send

export class NotAgreed extends TocsinError {
  static code = "answers-not-agreed";
}

/** A letter that opened. @typedef {{ opened: Opened, size: number, mark: string, hash: Uint8Array }} OpenedLetter */
/** What a letter came to; null: it is not authentic yet.
 *  @typedef {{ contact: Contact, alert: Alert | null } | null} LetterOutcome */

// What is sealed

/** Seal an alert to one contact, signed with the pair's key. @param {Book} book @param {string} id
 *  @param {{ type: string, text?: string, place?: any, passed?: boolean }} said
 *  @param {{ now: number, randomBytes: RandomBytes }} by @returns {Promise<{ book: Book, letters: Letter[] }>}
 *  @throws {UnknownContact} @throws {NotPaired} @throws {PairExpired} @throws {TooMuchContent} */
export async function sealAlertTo(book, id, { passed = false, ...words }, { now, randomBytes }) {
  const contact = findContact(book, id);
  const card = cardNow(contact, now);
  const message = alertMessage({ case: contact.case, seq: contact.seq, at: toSeconds(now) }, words, randomBytes);
  const { sending } = await deriveContactKeys(contact);
  const sealed = await sealAlert(card, sending, passed ? { ...message, passed } : message, randomBytes);
  const route = { relays: card.relays, wake: readContactWake(contact), rank: Rank.CONTACT, added: now };
  return { book: withContactChanges(book, id, { seq: contact.seq + 1 }), letters: [makeLetter(sealed, route)] };
}

/** Seal what an organisation replied to one contact, if that was agreed to. @param {Book} book @param {string} id
 *  @param {{ text: string }} answer @param {{ now: number, randomBytes: RandomBytes }} by
 *  @returns {Promise<{ book: Book, letters: Letter[] }>} @throws {NotAgreed} and as `sealTo` */
export async function forwardReply(book, id, { text }, by) {
  if (!findContact(book, id).answers) throw new NotAgreed();
  return sealAlertTo(book, id, { type: "text", text, passed: true }, by);
}

/** List the contacts to whom replies may be passed on. @param {Book} book @param {number} now @returns {Contact[]} */
export function listAgreed({ contacts }, now) {
  return contacts.filter((contact) => contact.answers && pairState(contact, now) === "paired");
}

/** Seal to a contact how this phone is rung from now on; null: not at all. @param {Book} book @param {string} id
 *  @param {string | null} wake @param {{ now: number, randomBytes: RandomBytes }} by
 *  @returns {Promise<{ book: Book, letters: Letter[] }>} @throws {UnknownContact} @throws {NotPaired}
 *  @throws {PairExpired} */
export async function sealWakeChange(book, id, wake, { now, randomBytes }) {
  const contact = findContact(book, id);
  const card = cardNow(contact, now);
  const n = Math.max(contact.wakeSaid + 1, toSeconds(now));
  const change = { share: unb64(contact.progress.share, SEED_BYTES), wake, n };
  const sealed = await wakeLetter(await deriveSession(contact), card, change, randomBytes);
  const letter = makeLetter(sealed, { relays: card.relays, rank: Rank.PAIR, added: now });
  return { book: withContactChanges(book, id, { wakeSaid: n }), letters: [letter] };
}

/** @param {Contact} contact @param {number} now */
function cardNow(contact, now) {
  if (contact.progress.share === null || !contact.card) throw new NotPaired();
  if (pairState(contact, now) === "expired") throw new PairExpired();
  return decodePairCard(contact.card);
}

// What came

/** Look among these for the card that the code names. @param {Contact} contact @param {Frame[]} frames
 *  @param {number} now
 *  @returns {Promise<{ contact: Contact, acks: Uint8Array[], troubles: string[] }>} `done`: what the relay may
 *  forget */
export async function openCards(contact, frames, now) {
  const session = await deriveSession(contact);
  const { key, address } = await deriveOwnRendezvous(contact);
  /** @type {Uint8Array[]} */ const acks = [];
  /** @type {string[]} */ const troubles = [];
  let next = contact;
  for (const { envelope } of real(frames)) {
    acks.push(digest(envelope));
    try {
      const { header } = await openEnvelope(envelope, [key], address);
      next = { ...next, card: useful(contact, await readPairCard(header, session.code.card, toSeconds(now))) };
    } catch (error) {
      if (!(error instanceof TocsinError)) throw error;
      if (error instanceof CardSwapped) next = { ...next, swapped: true };
      // What does not open a relay made up: who cannot open the door cannot leave anything behind it.
      if (!(error instanceof EnvelopeError)) troubles.push(error.code);
    }
  }
  return { contact: next, acks, troubles };
}

/** Without the relays that neither code names, to which nobody agreed. A wake that rings nowhere need not fill the
 *  vault. @param {Contact} contact @param {PairCard} card @throws {BadPairCard} when no relay is left */
function useful({ code, half }, card) {
  const agreed = new Set([...readPairCode(code).relays, ...half.relays]);
  const relays = card.relays.filter((url) => agreed.has(url));
  if (relays.length === 0) throw new BadPairCard();
  return encodePairCard({ ...card, relays, wake: readWake(card.wake, relays) && card.wake });
}

/** Open a page of the pair's own mailbox. What is not authentic yet is left where it is, because the letter that brings
 *  its key may come later, and the vault has no room for it. @param {Contact} contact @param {Frame[]} frames
 *  @returns {Promise<{ contact: Contact, alerts: Alert[], acks: Uint8Array[] }>} alerts that are new and authentic,
 *  oldest first */
export async function openLetters(contact, frames) {
  const session = await deriveSession(contact);
  const { letters, acks } = await openedOf(contact, session, frames);
  const alerts = [];
  let [now, waiting] = [contact, letters];
  for (let before = Number.NaN; before !== waiting.length; ) {
    before = waiting.length;
    const still = [];
    for (const letter of waiting) {
      const outcome = await takeLetter(now, session, letter);
      if (!outcome) still.push(letter);
      else {
        now = { ...outcome.contact, marks: [...outcome.contact.marks, letter.mark].slice(-MARKS) };
        if (outcome.alert) alerts.push(outcome.alert);
        acks.push(letter.hash);
      }
    }
    waiting = still;
  }
  acks.push(...waiting.slice(ASIDE).map(({ hash }) => hash));
  return { contact: now, alerts: alerts.sort((a, b) => a.at - b.at), acks };
}

/** Return the book with these alerts; of what whoever holds a phone may not say, one for each case. The oldest that was read makes room, then the oldest of whoever fills the most.
 *  @param {Book} book @param {Alert[]} alerts @returns {Book} */
export function withAlerts(book, alerts) {
  const all = [...book.alerts];
  for (const alert of alerts) {
    const isKnown = (/** @type {Alert} */ { type, contact, case: id }) =>
      type === REFUSED && contact === alert.contact && id === alert.case;
    if (alert.type !== REFUSED || !all.some(isKnown)) all.push(alert);
  }
  while (bytesOf(all) > ALERT_BYTES) all.splice(findSpare(all), 1);
  return { ...book, alerts: all };
}

/** Find what goes first. What whoever holds a phone says pushes out nothing else. @param {Alert[]} alerts oldest first */
function findSpare(alerts) {
  const { contact: loud } = loudest(alerts);
  const isOpen = (/** @type {Alert} */ { origin }) => origin === "open";
  const orders = [
    (/** @type {Alert} */ alert) => alert.read && isOpen(alert),
    (/** @type {Alert} */ alert) => alert.contact === loud && isOpen(alert),
    (/** @type {Alert} */ { read }) => read,
    (/** @type {Alert} */ { contact }) => contact === loud,
  ];
  return orders.map((is) => alerts.findIndex(is)).find((at) => at >= 0) ?? 0;
}

/** @param {Alert[]} alerts @returns {Alert} the first of the contact that fills the most */
function loudest(alerts) {
  const filled = (/** @type {Alert} */ { contact }) => bytesOf(alerts.filter((alert) => alert.contact === contact));
  return alerts.reduce((most, alert) => (filled(alert) > filled(most) ? alert : most));
}

/** @param {Alert[]} alerts */
function bytesOf(alerts) {
  return utf8(JSON.stringify(alerts)).length;
}

/** @param {Frame[]} frames */
function real(frames) {
  return frames.filter(({ kind }) => kind !== FrameKind.FILLER);
}

/** @param {Contact} contact @param {PairingSession} session @param {Frame[]} frames */
async function openedOf({ marks }, { own }, frames) {
  const letters = [];
  const acks = [];
  const seen = new Set(marks);
  for (const { envelope } of real(frames)) {
    const hash = digest(envelope);
    const opened = await openEnvelope(envelope, [own.key], own.address).catch(refused);
    const mark = opened ? b64(opened.commitment.subarray(0, MARK_BYTES)) : "";
    if (!opened || seen.has(mark)) acks.push(hash);
    else letters.push({ opened, size: envelope.length, mark, hash });
    seen.add(mark);
  }
  return { letters, acks };
}

/** @param {unknown} error @returns {null} */
function refused(error) {
  if (error instanceof EnvelopeError) return null;
  throw error;
}

/** @param {Contact} contact @param {PairingSession} session @param {OpenedLetter} letter
 *  @returns {Promise<LetterOutcome>} */
async function takeLetter(contact, session, letter) {
  const { opened, size } = letter;
  try {
    const share = readShare(opened.fields);
    if (share) {
      const sure = confirms(session, share, opened, size);
      return { contact: { ...contact, progress: onShare(contact.progress, share, sure) }, alert: null };
    }
    if (contact.progress.share === null) return null;
    const keys = await deriveContactKeys(contact);
    const wake = readWakeLetter(keys, session.own.address, opened, size);
    return wake ? { contact: heardWake(contact, wake), alert: null } : takeAlert(contact, session, keys, letter);
  } catch (error) {
    if (error instanceof NotAuthentic) return null;
    if (error instanceof EnvelopeError) return { contact, alert: null };
    throw error;
  }
}

/** @param {Contact} contact @param {{ wake: string | null, n: number }} said @returns {Contact} */
function heardWake(contact, { wake, n }) {
  const isOfUse = readWake(wake, contact.card?.relays ?? []) !== null;
  return n > contact.wakeHeard ? { ...contact, wake: isOfUse ? wake : null, wakeHeard: n } : contact;
}

/** @param {Contact} contact @param {PairingSession} session @param {PairKeys} keys @param {OpenedLetter} letter
 *  @returns {LetterOutcome} @throws {NotAuthentic} */
function takeAlert(contact, { own }, { receiving }, { opened, size, mark }) {
  const [, known = null] = contact.cases.find(([of]) => of === opened.fields.case) ?? [];
  const origin = alertOrigin(receiving, known?.keys ?? null, own.address, opened, size);
  const read = readAlert(opened);
  const next = origin === "pair" && read ? withCase(contact, read) : contact;
  const words = origin === "open" ? limited(opened, read, known) : written(opened, read, origin);
  const alert = { ...words, origin, id: mark, contact: contact.id, read: false };
  return { contact: next, alert: withoutBorrowedWords(alert) };
}

/** An alert with what its kind does not name. @typedef {{ message: Record<string, any>, other: Record<string, any> }} ReadAlert */

/** @param {Opened} opened @returns {ReadAlert | null} null: it is none, or of a newer program */
function readAlert({ fields }) {
  try {
    const read = readMessage(fields);
    return read.message.kind === "alert" ? read : null;
  } catch (error) {
    if (error instanceof EnvelopeError) return null;
    throw error;
  }
}

/** Return the contact with what an alert of the pair says of its case. The first keys stay; of what is allowed, the
 *  newest counts. @param {Contact} contact @param {ReadAlert} read @returns {Contact} */
function withCase(contact, { message: { case: id, keys, open, at }, other }) {
  if (!keys) return contact;
  const before = contact.cases.find(([of]) => of === id)?.[1];
  const isNewer = !before || (at > before.at && JSON.stringify(keys) === JSON.stringify(before.keys));
  if (!isNewer) return contact;
  /** @type {import("./permission.js").ContactCase} */
  const known = { keys: before?.keys ?? keys, open, at, practice: other.practice === true };
  const cases = before
    ? contact.cases.map(([of, earlier]) => [of, of === id ? known : earlier])
    : [...contact.cases, [id, known]];
  return { ...contact, cases: /** @type {Contact["cases"]} */ (cases).slice(-CASES) };
}

/** @param {Opened} opened @param {ReadAlert | null} read @param {string} origin */
function written({ header, fields }, read, origin) {
  if (read) {
    const { case: id, type, text, at, place } = read.message;
    const [practice, passed] = [read.other.practice === true, read.other.passed === true];
    return { case: id, type, text, at, place, practice, passed, isCut: false };
  }
  // An authentic word is never dropped because this program does not understand it.
  const id = origin === "pair" ? "" : fields.case; // a key of a case was found by it
  return { ...UNREAD, case: id, type: "unknown", text: unutf8(header), isCut: false };
}

const UNREAD = { text: "", at: 0, place: null, practice: false, passed: false };

/** What whoever holds the phone may say. @param {Opened} opened @param {ReadAlert | null} read
 *  @param {import("./permission.js").ContactCase | null} known */
function limited({ fields }, read, known) {
  if (!read) return { ...UNREAD, case: fields.case, type: REFUSED, isCut: true };
  const { case: id, type, text, at, place } = read.message;
  const { isType, ...left } = limitAlert({ type, text, place }, known?.open ?? null);
  const practice = read.other.practice === true && known?.practice === true;
  return { ...left, case: id, type: isType ? type : REFUSED, at, practice, passed: false };
}
