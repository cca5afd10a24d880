/**
 * What is said and where mail may lie. Without I/O: `stepSync` takes a state and what happened, and gives the next state
 * and what is to be done. Who does it (`runner.js`) answers with further events. Specified in `contacts.md`; when a relay
 * is asked, in `../rounds.md`.
 *
 * The effects of a step are carried out in their order: letters are handed over before the book says that they were
 * said, and the book is stored before the call that lets a relay forget what was read.
 */
/** @import { Alert, Book, Contact } from "./book.js" */
/** @import { Letter } from "../letter.js" */
/** @import { Frame, MailboxKey } from "../../protocol/mailbox.js" */
/** @import { RandomBytes } from "../../protocol/wire.js" */

import { readPairCode } from "../../protocol/code.js";
import { mailboxKey } from "../../protocol/mailbox.js";
import { CODE_SECONDS, CodeExpired, cardLetter, DAY_SECONDS, markSent, shareLetter } from "../../protocol/pairing.js";
import { unb64 } from "../../protocol/wire.js";
import { makeLetter } from "../letter.js";
import { Rank, toSeconds } from "../press.js";
import {
  BOOK_BYTES,
  BookFull,
  decodePairCard,
  deriveOwnRendezvous,
  deriveSession,
  measureBook,
  PairExpired,
  pairState,
  withContactChanges,
} from "./book.js";
import { openCards, openLetters, withAlerts } from "./mail.js";

// A letter may be lost with the page that made it, and a relay may lose what it gave a receipt for. A door holds 64.
const SOON_AGAIN_SECONDS = 600;
export const AGAIN_SECONDS = DAY_SECONDS;
const LAST_LETTERS = CODE_SECONDS; // a relay may still hold what was sent on a pair's last day
const FRESH_SECONDS = 600; // two people who look at their screens

/** Where mail of a contact may lie: at the door of the pairing, or in the pair's own mailbox. `isUrgent`: somebody may be
 *  waiting at a screen for the end of the pairing.
 *  @typedef {{ contact: string, door: boolean, url: string, isUrgent: boolean }} ContactMailbox */
/** `troubles`: by contact, the code of what is wrong with it. Only the book is ever stored.
 *  @typedef {{ book: Book, troubles: Record<string, string> }} SyncState */
/** @typedef {{ now: number } & ({ type: "tick" } | { type: "heard", contact: string, door: boolean, frames: Frame[] })
 *  } SyncEvent */
/** `forget`: the relay of what was heard may forget these, when all before it was carried out.
 *  @typedef {{ type: "letters", letters: Letter[] } | { type: "keep" } | { type: "paired", id: string }
 *    | { type: "came", alerts: Alert[] } | { type: "forget", acks: Uint8Array[] }} SyncEffect */

/** Return the state of a page that has heard nothing yet. @param {Book} book @returns {SyncState} */
export function newSyncState(book) {
  return { book, troubles: {} };
}

/** Return the next state after an event, and the effects to carry out in their order. @param {SyncState} before
 *  @param {SyncEvent} event @param {RandomBytes} randomBytes
 *  @returns {Promise<{ state: SyncState, effects: SyncEffect[] }>} */
export async function stepSync(before, event, randomBytes) {
  const run = new SyncStep(before, event.now, randomBytes);
  if (event.type === "heard") await run.heard(event);
  await run.sealAllDue();
  return { state: run.state, effects: run.effects(before.book) };
}

/** List where mail of these contacts may lie. @param {Book} book @param {number} now @returns {ContactMailbox[]} */
export function listMailboxes({ contacts }, now) {
  return contacts.flatMap((contact) => mailboxesOf(contact, now));
}

/** Derive the key of a contact's mailbox. @param {Contact} contact @param {boolean} door
 *  @returns {Promise<MailboxKey>} */
export async function deriveMailbox(contact, door) {
  return door ? (await deriveOwnRendezvous(contact)).mailbox : mailboxKey(unb64(contact.half.mailbox));
}

/** One step over a state of its own. */
class SyncStep {
  /** @param {SyncState} before @param {number} now @param {RandomBytes} randomBytes */
  constructor({ book, troubles }, now, randomBytes) {
    this.state = { book, troubles: { ...troubles } };
    this.now = now;
    this.randomBytes = randomBytes;
    /** @type {Letter[]} */ this.letters = [];
    /** @type {Alert[]} */ this.alerts = [];
    /** @type {string[]} */ this.paired = [];
    /** @type {Uint8Array[]} */ this.acks = [];
  }

  /** @param {Book} before @returns {SyncEffect[]} */
  effects(before) {
    return [
      ...(this.letters.length ? [/** @type {const} */ ({ type: "letters", letters: this.letters })] : []),
      ...(this.state.book === before ? [] : [/** @type {const} */ ({ type: "keep" })]),
      ...this.paired.map((id) => /** @type {const} */ ({ type: "paired", id })),
      ...(this.alerts.length ? [/** @type {const} */ ({ type: "came", alerts: this.alerts })] : []),
      ...(this.acks.length ? [/** @type {const} */ ({ type: "forget", acks: this.acks })] : []),
    ];
  }

  /** @param {{ contact: string, door: boolean, frames: Frame[] }} event */
  async heard({ contact: id, door, frames }) {
    const contact = this.state.book.contacts.find((contact) => contact.id === id);
    if (contact) this.acks = await (door ? this.heardCard(contact, frames) : this.heardLetters(contact, frames));
  }

  /** @param {Contact} contact @param {Frame[]} frames @returns {Promise<Uint8Array[]>} what the relay may forget */
  async heardCard(contact, frames) {
    const { contact: next, acks, troubles } = await openCards(contact, frames, this.now);
    const book = next === contact ? this.state.book : withContactChanges(this.state.book, contact.id, next);
    if (next.card !== contact.card && measureBook(book) > BOOK_BYTES) {
      this.state.troubles[contact.id] = BookFull.code;
      return []; // it stays where it lies until there is room
    }
    this.state.book = book;
    if (next.card) delete this.state.troubles[contact.id];
    else for (const code of troubles) this.state.troubles[contact.id] = code;
    return acks;
  }

  /** @param {Contact} contact @param {Frame[]} frames @returns {Promise<Uint8Array[]>} */
  async heardLetters(contact, frames) {
    const { contact: next, alerts, acks } = await openLetters(contact, frames);
    if (next !== contact) this.state.book = withAlerts(withContactChanges(this.state.book, contact.id, next), alerts);
    this.alerts.push(...alerts.filter((alert) => this.state.book.alerts.includes(alert)));
    if (contact.progress.share === null && next.progress.share !== null) {
      this.paired.push(contact.id);
      delete this.state.troubles[contact.id];
    }
    return acks;
  }

  // What is said

  async sealAllDue() {
    for (const contact of this.state.book.contacts) {
      if (pairState(contact, this.now) === "expired") {
        this.state.troubles[contact.id] = contact.progress.share === null ? CodeExpired.code : PairExpired.code;
        continue;
      }
      const next = await this.sealDue(contact);
      if (next !== contact) this.state.book = withContactChanges(this.state.book, contact.id, next);
    }
  }

  /** @param {Contact} contact @returns {Promise<Contact>} */
  async sealDue(contact) {
    const at = toSeconds(this.now);
    const { card, progress, cardSaid, shareSaid } = contact;
    const isWaiting = progress.share === null;
    let next = contact;
    if (isWaiting && isDue(cardSaid, at)) {
      this.post(await cardLetter(await deriveSession(contact), this.randomBytes), doorRelays(contact));
      next = { ...next, cardSaid: { at, times: cardSaid.times + 1 } };
    }
    const { owed: pendingShares } = progress;
    const shares = pendingShares.length || !isWaiting || !isDue(shareSaid, at) ? pendingShares : [null];
    if (!card || shares.length === 0) return next;
    for (const share of shares) {
      const sealed = shareLetter(
        await deriveSession(contact),
        decodePairCard(card),
        share === null ? null : unb64(share),
        this.randomBytes,
      );
      this.post(await sealed, card.relays);
    }
    return { ...next, progress: markSent(progress), shareSaid: { at, times: shareSaid.times + 1 } };
  }

  /** @param {import("../../protocol/envelope.js").Sealed} sealed @param {string[]} relays */
  post(sealed, relays) {
    this.letters.push(makeLetter(sealed, { relays, rank: Rank.PAIR, added: this.now }));
  }
}

/** Whether it is time to say it (again). @param {import("./book.js").SendCount} said @param {number} at */
function isDue({ at: last, times }, at) {
  const wait = times === 1 ? SOON_AGAIN_SECONDS : AGAIN_SECONDS;
  return times === 0 || at < last || at >= last + wait;
}

/** @param {Contact} contact @param {number} now @returns {ContactMailbox[]} */
function mailboxesOf(contact, now) {
  const { id, half, progress, made } = contact;
  const isWaiting = pairState(contact, now) === "waiting";
  const isUrgent = isWaiting && Math.abs(toSeconds(now) - made) < FRESH_SECONDS;
  const doors = isWaiting && !contact.card ? doorRelays(contact) : [];
  const isOver = toSeconds(now) >= half.until + LAST_LETTERS || (progress.share === null && !isWaiting);
  const own = isOver ? [] : half.relays;
  return [
    ...doors.map((url) => ({ contact: id, door: true, url, isUrgent })),
    ...own.map((url) => ({ contact: id, door: false, url, isUrgent })),
  ];
}

/** Theirs and mine: whichever of them lives, the other side looks there too. @param {Contact} contact */
function doorRelays({ code, half }) {
  return [...new Set([...readPairCode(code).relays, ...half.relays])];
}
