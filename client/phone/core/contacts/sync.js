/**
 * What is said and where it is looked, and when. Without I/O: `stepSync` takes a state and what happened, and gives the
 * next state and what is to be done. Who does it (`runner.js`) answers with further events. Specified in `contacts.md`.
 *
 * The effects of a step are carried out in their order: letters are handed over before the book says that they were
 * said, and the book is kept before the call that lets a relay forget what was read.
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

export const PAGE = 64; // letters asked for at once: more than are ever left lying
export const PAGES = 16; // of one mailbox in a row: a relay that invents letters without end must not hold up the others
// A letter may be lost with the page that made it, and a relay may lose what it gave a receipt for. A door holds 64.
const SOON_AGAIN_SECONDS = 600;
export const AGAIN_SECONDS = DAY_SECONDS;
const LAST_LETTERS = CODE_SECONDS; // a relay may still hold what was sent on a pair's last day
// Two people who look at their screens, a pairing by link, a pair, one whose time is over.
const [FRESH_MS, WAITING_MS, PAIRED_MS, OVER_MS] = [3_000, 60_000, 60_000, 3_600_000];
const FRESH_SECONDS = 600;
const FIRST_WAIT_MS = 4_000;
const LONGEST_WAIT_MS = 300_000;

/** One mailbox at one relay. `due`: when to look again; `pages`: how many came in a row.
 *  @typedef {{ contact: string, door: boolean, url: string, due: number, pages: number }} MailboxPoll */
/** @typedef {{ asking: string | null, due: number, failures: number, reason: string | null }} SyncRelay */
/** `troubles`: by contact, the code of what is wrong with it. Only the book is ever stored.
 *  @typedef {{ book: Book, polls: Record<string, MailboxPoll>, relays: Record<string, SyncRelay>,
 *    troubles: Record<string, string> }} SyncState */
/** @typedef {{ now: number } & ({ type: "tick" | "hurry" } | { type: "heard", poll: string, frames: Frame[] }
 *    | { type: "failed", poll: string, reason: string })} SyncEvent */
/** `collect` asks for a page and lets the relay forget `ack`; answered by `heard` or `failed`. `wake`: step with a
 *  `tick` then.
 *  @typedef {{ type: "letters", letters: Letter[] } | { type: "keep" } | { type: "paired", id: string }
 *    | { type: "came", alerts: Alert[] }
 *    | { type: "collect", poll: string, url: string, key: MailboxKey, ack: Uint8Array[] } | { type: "wake",
 *    at: number }} SyncEffect */

/** Return the state of a page that has asked no relay yet. @param {Book} book @returns {SyncState} */
export function newSyncState(book) {
  return { book, polls: {}, relays: {}, troubles: {} };
}

/** Return the next state after an event, and the effects to carry out in their order. @param {SyncState} before
 *  @param {SyncEvent} event @param {RandomBytes} randomBytes
 *  @returns {Promise<{ state: SyncState, effects: SyncEffect[] }>} */
export async function stepSync(before, event, randomBytes) {
  const run = new SyncStep(before, event.now, randomBytes);
  await run.onEvent(event);
  await run.sealAllDue();
  await run.plan();
  return { state: run.state, effects: run.effects(before.book) };
}

/** One step over a state of its own. */
class SyncStep {
  /** @param {SyncState} before @param {number} now @param {RandomBytes} randomBytes */
  constructor({ book, polls, relays, troubles }, now, randomBytes) {
    this.state = { book, polls: eachCopied(polls), relays: eachCopied(relays), troubles: { ...troubles } };
    this.now = now;
    this.randomBytes = randomBytes;
    /** @type {Letter[]} */ this.letters = [];
    /** @type {Alert[]} */ this.alerts = [];
    /** @type {string[]} */ this.paired = [];
    /** @type {SyncEffect[]} */ this.collects = [];
  }

  /** @param {Book} before @returns {SyncEffect[]} */
  effects(before) {
    const { book, polls, relays } = this.state;
    const due = Object.values(polls).map((poll) => Math.max(poll.due, relays[poll.url].due));
    return [
      ...(this.letters.length ? [/** @type {const} */ ({ type: "letters", letters: this.letters })] : []),
      ...(book === before ? [] : [/** @type {const} */ ({ type: "keep" })]),
      ...this.paired.map((id) => /** @type {const} */ ({ type: "paired", id })),
      ...(this.alerts.length ? [/** @type {const} */ ({ type: "came", alerts: this.alerts })] : []),
      ...this.collects,
      ...(due.length ? [/** @type {const} */ ({ type: "wake", at: Math.min(...due) })] : []),
    ];
  }

  /** @param {SyncEvent} event */
  async onEvent(event) {
    this.findPolls();
    if (event.type === "hurry") this.hurry();
    else if (event.type === "heard") await this.heard(event.poll, event.frames);
    else if (event.type === "failed") this.failed(event.poll, event.reason);
  }

  hurry() {
    for (const planned of [...Object.values(this.state.polls), ...Object.values(this.state.relays)])
      planned.due = this.now;
  }

  /** @param {string} name @param {Frame[]} frames */
  async heard(name, frames) {
    const poll = this.answered(name, null);
    const contact = this.state.book.contacts.find(({ id }) => id === poll?.contact);
    if (!poll || !contact) return;
    const acks = poll.door ? await this.heardCard(contact, frames) : await this.heardLetters(contact, frames);
    if (acks.length === 0 || poll.pages >= PAGES) return this.rest(poll);
    poll.pages += 1;
    await this.collect(name, acks);
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

  /** @param {string} name @param {string} reason */
  failed(name, reason) {
    const poll = this.answered(name, reason);
    if (poll) this.rest(poll);
  }

  /** @param {string} name @param {string | null} reason @returns {MailboxPoll | undefined} */
  answered(name, reason) {
    const poll = this.state.polls[name];
    const relay = Object.values(this.state.relays).find(({ asking }) => asking === name);
    if (!relay) return undefined;
    const failures = reason === null ? 0 : relay.failures + 1;
    const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20), LONGEST_WAIT_MS);
    Object.assign(relay, { asking: null, reason, failures, due: failures ? this.now + wait : this.now });
    return poll;
  }

  /** @param {MailboxPoll} poll */
  rest(poll) {
    const contact = this.state.book.contacts.find(({ id }) => id === poll.contact);
    Object.assign(poll, { pages: 0, due: this.now + (contact ? pauseOf(contact, this.now) : 0) });
  }

  // Where it is looked

  /** The mailboxes that follow from the book; what was known of them stays. */
  findPolls() {
    const { polls, relays, book } = this.state;
    /** @type {Record<string, MailboxPoll>} */
    const next = {};
    for (const { contact, door, url } of book.contacts.flatMap((contact) => listPolls(contact, this.now))) {
      const name = `${contact} ${door ? "door" : "own"} ${url}`;
      next[name] = polls[name] ?? { contact, door, url, due: this.now, pages: 0 };
      next[name].due = Math.min(next[name].due, this.now + OVER_MS); // a clock set back must not end the looking
      relays[url] ??= { asking: null, due: this.now, failures: 0, reason: null };
      relays[url].due = Math.min(relays[url].due, this.now + LONGEST_WAIT_MS);
    }
    this.state.polls = next;
  }

  /** One call at a time to each relay, the longest waiting first. */
  async plan() {
    this.findPolls();
    for (const [url, relay] of Object.entries(this.state.relays)) {
      const waiting = Object.entries(this.state.polls).filter(([, poll]) => poll.url === url && poll.due <= this.now);
      const [name] = waiting.sort(([, a], [, b]) => a.due - b.due)[0] ?? [];
      if (name && relay.asking === null && relay.due <= this.now) await this.collect(name, []);
    }
  }

  /** @param {string} name @param {Uint8Array[]} ack */
  async collect(name, ack) {
    const { contact: id, door, url } = this.state.polls[name];
    const contact = /** @type {Contact} */ (this.state.book.contacts.find((contact) => contact.id === id));
    const key = door ? (await deriveOwnRendezvous(contact)).mailbox : mailboxKey(unb64(contact.half.mailbox));
    this.state.relays[url].asking = name;
    this.collects.push({ type: "collect", poll: name, url, key, ack });
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

/** @param {Contact} contact @param {number} now */
function listPolls(contact, now) {
  const { id, half, progress } = contact;
  const isWaiting = pairState(contact, now) === "waiting";
  const doors = isWaiting && !contact.card ? doorRelays(contact) : [];
  const isOver = toSeconds(now) >= half.until + LAST_LETTERS || (progress.share === null && !isWaiting);
  const own = isOver ? [] : half.relays;
  return [
    ...doors.map((url) => ({ contact: id, door: true, url })),
    ...own.map((url) => ({ contact: id, door: false, url })),
  ];
}

/** Theirs and mine: whichever of them lives, the other side looks there too. @param {Contact} contact */
function doorRelays({ code, half }) {
  return [...new Set([...readPairCode(code).relays, ...half.relays])];
}

/** @param {Contact} contact @param {number} now */
function pauseOf(contact, now) {
  const state = pairState(contact, now);
  if (state === "waiting") return Math.abs(toSeconds(now) - contact.made) < FRESH_SECONDS ? FRESH_MS : WAITING_MS;
  return state === "paired" ? PAIRED_MS : OVER_MS;
}

/** @template T @param {Record<string, T>} all @returns {Record<string, T>} */
function eachCopied(all) {
  return Object.fromEntries(Object.entries(all).map(([name, state]) => [name, { ...state }]));
}
