/**
 * Ready to press: letters sealed in advance for this and every published week. Needs the unlocked profile, runs in
 * peace.
 */
/** @import { ReplyBlock } from "../protocol/message.js" */
/** @import { Card } from "../protocol/organisation.js" */
/** @import { Recipient, Kit, Reachable, Ready } from "./press.js" */
/** @import { RandomBytes } from "../protocol/wire.js" */

import { contentOf, sealContent } from "../protocol/envelope.js";
import { alertMessage, caseId, factsMessage, headerOf } from "../protocol/message.js";
import { noteKeyText, parseNoteKey } from "../protocol/note.js";
import { keysAhead } from "../protocol/weekly-keys.js";
import { b64, SEED_BYTES, same, unb64 } from "../protocol/wire.js";
import { permissionOf } from "./contacts/permission.js";
import { addressRecipient, beginCase, contactKey, nameKeys, sealAlert, signedBy, toSeconds } from "./press.js";

/** What a kit has heard from nobody yet. */
const NOTHING_HEARD = Object.freeze({ others: [], renewed: 0, dated: 0, receiptKey: null });

/** A contact as `prepare` needs it: `mac` is the MAC key of this direction, `text` what they will read.
 *  `isLent`: the kit's letter for them stays, because this session cannot seal it.
 *  @typedef {Reachable & { mac: Uint8Array, text: string, isLent?: boolean }} PreparedContact */

/** Return of a card what sealing and sending need. @param {Card} card @returns {Recipient} */
export function toRecipient({ root, mailbox, seq, issued, week, weekly, lastResort, relays, log }) {
  return {
    root,
    mailbox,
    seq,
    issued,
    week,
    weekly,
    lastResort,
    relays,
    keys: log.map((text) => parseNoteKey(text).public),
  };
}

/** Return a card as far as sealing needs it, from what lies open. @param {Recipient} desk @returns {Card} */
export function restoreCard(desk) {
  const log = desk.keys.map((open) => noteKeyText({ name: "relay", public: open }));
  const unsaid = {
    name: "",
    expires: 0,
    graceDays: 0,
    languages: [],
    sms: null,
    signed: new Uint8Array(),
  };
  return { ...unsaid, ...desk, log };
}

/** Seal everything that can be said before anything has happened. The secret of the case goes into the letters to the
 *  organisation and is then forgotten; `sessions` are the keys of the phone's two sessions, and the PIN's signs.
 *  @param {{ card: Card, facts: Record<string, any>, reply?: ReplyBlock | null, contacts?: PreparedContact[],
 *  sessions?: { pin: Uint8Array, forced: Uint8Array }, practice?: boolean, now: number, randomBytes: RandomBytes
 *  }} profile @returns {Promise<Kit>}
 *  @throws {TooMuchContent} when the profile does not fit one letter */
export async function prepareKit({
  card,
  facts,
  reply = null,
  contacts = [],
  sessions,
  practice = false,
  now,
  randomBytes,
}) {
  const at = toSeconds(now);
  const secret = randomBytes(SEED_BYTES);
  const desk = toRecipient(card);
  const own = { case: caseId(secret), caseKey: b64(randomBytes(SEED_BYTES)), desk };
  const by = sessions ?? drawSessions(randomBytes);
  const content = { facts, reply, practice, case_secret: b64(secret), keys: nameKeys(own, by) };
  const weeks = [...keysAhead(card, at), { week: null, key: card.lastResort }];
  const header = headerOf(factsMessage("report", { case: own.case, seq: 0, at }, content, randomBytes));
  // One content for all weeks: whoever opens two of these letters, because the clock was wrong, counts them once.
  const whole = contentOf(header, signedBy(own, by.pin, header), randomBytes);
  /** @type {Ready[]} */
  const ready = [];
  for (const { week, key } of weeks) {
    const sealed = await sealContent(whole, { key, address: addressRecipient(desk), randomBytes });
    ready.push({ week, contact: null, sealed });
  }
  const kit = {
    ...own,
    seq: 1,
    practice,
    named: sessions !== undefined,
    contacts: [],
    ready,
    open: null,
    ...NOTHING_HEARD,
  };
  return withContacts(kit, contacts, { sessions: by, now, randomBytes });
}

/** Return the same case with these contacts in the place of the kit's, and their letters sealed anew. Whose letter has
 *  left the phone is not told the same thing twice. Whoever comes late is told the case's keys with it. @param {Kit} before
 *  @param {PreparedContact[]} contacts @param {{ sessions?: { pin: Uint8Array, forced: Uint8Array }, now: number,
 *  randomBytes: RandomBytes }} by `sessions`: keys of the phone's two sessions @returns {Promise<Kit>}
 *  @throws {TooMuchContent} when a text does not fit one letter */
export async function withContacts(before, contacts, { sessions, now, randomBytes }) {
  const kit = before.case || contacts.length === 0 ? before : beginCase(before, randomBytes);
  const by = { sessions: sessions ?? drawSessions(randomBytes), now, randomBytes };
  const ready = kit.ready.filter(({ contact }) => contact === null);
  const lettersTo = (/** @type {PreparedContact} */ { key }) =>
    kit.ready.filter(({ contact }) => contact !== null && same(kit.contacts[contact].key, key));
  for (const [i, contact] of contacts.entries()) {
    if (contact.isLent) ready.push(...lettersTo(contact).map((letter) => ({ ...letter, contact: i })));
    else if (!findTold(kit, contact))
      ready.push({ week: null, contact: i, sealed: await firstAlert(kit, contact, by) });
  }
  const reachable = limitToTold(kit, contacts).map(({ key, mailbox, relays, wake, later }) => ({
    key,
    mailbox,
    relays,
    wake,
    later,
  }));
  return { ...kit, contacts: reachable, ready };
}

/** Return the contacts, none of whom is told more than their letter allows that has left the phone: they would refuse it.
 *  @param {Kit} kit @param {PreparedContact[]} contacts @returns {PreparedContact[]} */
export function limitToTold(kit, contacts) {
  return contacts.map((contact) => {
    const told = findTold(kit, contact);
    return told ? { ...contact, later: Math.min(told.later, contact.later) } : contact;
  });
}

/** @param {Kit} kit @param {PreparedContact} contact @returns {Reachable | undefined} undefined while their letter waits */
function findTold({ contacts, ready }, { mailbox }) {
  return contacts.find((known, i) => same(known.mailbox, mailbox) && !ready.some(({ contact }) => contact === i));
}

/** @param {RandomBytes} randomBytes */
function drawSessions(randomBytes) {
  return { pin: randomBytes(SEED_BYTES), forced: randomBytes(SEED_BYTES) };
}

/** What was written for a contact in advance, signed with the pair's key; it brings the case's, and says what may follow
 *  under the open one. @param {Kit} kit @param {PreparedContact} contact
 *  @param {{ sessions: { pin: Uint8Array, forced: Uint8Array }, now: number, randomBytes: RandomBytes }} by */
function firstAlert({ case: id, caseKey, practice }, contact, { sessions, now, randomBytes }) {
  const message = alertMessage(
    { case: id, seq: 0, at: toSeconds(now) },
    { type: "detained", text: contact.text },
    randomBytes,
  );
  const key = (/** @type {Uint8Array} */ from) => b64(contactKey(from, contact.mailbox, id));
  const keys = { pin: key(sessions.pin), forced: key(sessions.forced), open: key(unb64(caseKey)) };
  const open = permissionOf(contact.later);
  return sealAlert(contact, contact.mac, { ...message, practice, keys, open }, randomBytes);
}

/** Return a kit with nothing sealed in advance and no case yet: the app was installed a minute ago, or has no PIN.
 *  @param {Card} card @param {RandomBytes} randomBytes
 *  @param {{ practice?: boolean, open?: import("./press.js").Open | null }} [more] @returns {Kit} */
export function newBareKit(card, randomBytes, { practice = false, open = null } = {}) {
  const caseKey = b64(randomBytes(SEED_BYTES));
  return {
    case: "",
    caseKey,
    seq: 0,
    practice,
    named: false,
    desk: toRecipient(card),
    contacts: [],
    ready: [],
    open,
    ...NOTHING_HEARD,
  };
}
