/**
 * Ready to press: letters sealed in advance for this and every published week. Needs the unlocked profile, runs in peace.
 */
/** @import { ReplyBlock } from "./message.js" */
/** @import { Card } from "./organisation.js" */
/** @import { Desk, Kit, Ready } from "./press.js" */
/** @import { Chance } from "./wire.js" */

import { seal } from "./envelope.js";
import { alertMessage, factsMessage, headerOf } from "./message.js";
import { parseNoteKey } from "./note.js";
import { addressOf, contactKey, sealAlert, seconds } from "./press.js";
import { keysAhead } from "./weekly.js";
import { b64, ID_BYTES, SEED_BYTES } from "./wire.js";

/** A contact as `prepare` needs it: `mac` is the MAC key of this direction, `text` what they will read.
 *  @typedef {{ key: Uint8Array, mailbox: Uint8Array, relays: string[], mac: Uint8Array, text: string }} Contact */

/** @param {Card} card @returns {Desk} */
export function deskOf({ root, mailbox, week, weekly, lastResort, relays, log }) {
  return {
    root,
    mailbox,
    week,
    weekly,
    lastResort,
    relays,
    keys: log.map((text) => parseNoteKey(text).public),
  };
}

/** Seal everything that can be said before anything has happened.
 *  @param {{ card: Card, facts: Record<string, any>, reply?: ReplyBlock | null, contacts?: Contact[], practice?: boolean,
 *    now: number, chance: Chance }} profile
 *  @returns {Promise<Kit>} @throws {TooMuchContent} when the profile does not fit one letter */
export async function prepare({ card, facts, reply = null, contacts = [], practice = false, now, chance }) {
  const at = seconds(now);
  const place = { case: b64(chance(ID_BYTES)), seq: 0, at };
  const caseKey = chance(SEED_BYTES);
  const desk = deskOf(card);
  const weeks = [...keysAhead(card, at), { week: null, key: card.lastResort }];
  /** @type {Ready[]} */
  const ready = [];
  for (const { week, key } of weeks) {
    const header = headerOf(factsMessage("report", place, { facts, reply, practice }, chance));
    ready.push({ week, contact: null, sealed: await seal({ header, key, address: addressOf(desk), chance }) });
  }
  for (const [i, contact] of contacts.entries()) {
    const said = { ...alertMessage(place, { type: "detained", text: contact.text }, chance), practice };
    const withKey = { ...said, case_key: b64(contactKey(caseKey, contact.key)) };
    ready.push({ week: null, contact: i, sealed: await sealAlert(contact, contact.mac, withKey, false, chance) });
  }
  const reachable = contacts.map(({ key, mailbox, relays }) => ({ key, mailbox, relays }));
  const { case: id } = place;
  return { case: id, caseKey: b64(caseKey), seq: 1, practice, desk, contacts: reachable, ready };
}

/** A kit with nothing sealed in advance: the app was installed a minute ago and has no profile.
 *  @param {Card} card @param {Chance} chance @param {boolean} [practice] @returns {Kit} */
export function bareKit(card, chance, practice = false) {
  const [id, caseKey] = [b64(chance(ID_BYTES)), b64(chance(SEED_BYTES))];
  return { case: id, caseKey, seq: 0, practice, desk: deskOf(card), contacts: [], ready: [] };
}
