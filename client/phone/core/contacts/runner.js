/** Carries out what `sync.js` wants: saves the book, hands letters over, asks relays. One change of the book at a
 *  time. */
/** @import { Alert, Book } from "./book.js" */
/** @import { ContactMailbox, SyncEffect } from "./sync.js" */
/** @import { Letter } from "../letter.js" */
/** @import { OwnMailbox } from "../mailbox-rounds.js" */
/** @import { Fetch } from "../transport.js" */
/** @import { Frame, MailboxKey } from "../../protocol/mailbox.js" */
/** @import { RandomBytes } from "../../protocol/wire.js" */

import { MailboxRounds } from "../mailbox-rounds.js";
import { deriveMailbox, listMailboxes, newSyncState, stepSync } from "./sync.js";

const LONGEST_MS = 60_000; // without anything to look for, somebody may still be added

/** What a round came to: pairs that are finished now, new alerts, and in how many milliseconds the next is due.
 *  @typedef {{ paired: string[], alerts: Alert[], next: number }} Tally */

export class SyncRunner {
  /** `save` ends when the book is stored; `send` takes letters as the outbox does. `others` gives mailboxes that are no
   *  contact's; `relays` and `fillKey` as in `MailboxRounds`.
   *  @param {{ book: Book, save: (book: Book) => Promise<unknown>, send: (letters: Letter[]) => void, fetch: Fetch,
   *  randomBytes: RandomBytes, now?: () => number, others?: () => OwnMailbox[], relays?: () => string[],
   *  fillKey?: Uint8Array | null }} by */
  constructor({ book, save, send, fetch, randomBytes, now = Date.now, others = () => [], ...fill }) {
    this.state = newSyncState(book);
    this.stored = book;
    this.save = save;
    this.send = send;
    this.fetch = fetch;
    this.randomBytes = randomBytes;
    this.now = now;
    this.others = others;
    /** @type {Promise<unknown>} */ this.queue = Promise.resolve();
    /** Pairings made in this page, the only ones to be hurried. @type {Set<string>} */ this.fresh = new Set();
    /** Of mailboxes; a filler's is derived once, too. @type {Map<string, Promise<MailboxKey>>} */ this.keys =
      new Map();
    this.tally = newTally();
    this.rounds = new MailboxRounds({
      list: () => this.listOwn(),
      fetch: (url, init) => this.fetch(url, init),
      randomBytes,
      now,
      ...fill,
    });
  }

  get book() {
    return this.state.book;
  }

  /** By contact, the code of what is wrong with it. */
  get troubles() {
    return new Map(Object.entries(this.state.troubles));
  }

  /** By relay, why it did not answer. */
  get failures() {
    return this.rounds.failures;
  }

  /** Change the book; what `work` gives is given back when it is saved. @template {Book | { book: Book }} T
   *  @param {(book: Book) => T | Promise<T>} work @returns {Promise<T>} */
  change(work) {
    return this.inTurn(async () => {
      const result = await work(this.book);
      const book = /** @type {Book} */ ("book" in result ? result.book : result);
      const known = new Set(this.book.contacts.map(({ id }) => id));
      for (const { id } of book.contacts) if (!known.has(id)) this.fresh.add(id);
      await this.save(book);
      this.stored = book;
      this.state = { ...this.state, book };
      return result;
    });
  }

  /** Say what is due, ask wherever it is time, say what follows. @returns {Promise<Tally>} */
  async round() {
    this.tally = newTally();
    const failed = await this.onEvent({ type: "tick" }).then(
      () => null,
      (problem) => ({ problem }),
    );
    // Relays are asked all the same: a full disk here must not show there.
    await this.rounds.round();
    if (failed) throw failed.problem;
    this.tally.next = Math.min(Math.max(this.rounds.next - this.now(), 0), LONGEST_MS);
    return this.tally;
  }

  /** Return the moment of the next round, in milliseconds. */
  get next() {
    return this.rounds.next;
  }

  /** The next round asks everywhere, whatever it was to wait for. */
  hurry() {
    this.rounds.hurry();
  }

  /** Step, carry out what follows, and return what the relay may forget. @param {any} event without its time
   *  @returns {Promise<Uint8Array[]>} */
  onEvent(event) {
    return this.inTurn(async () => {
      const { state, effects } = await stepSync(this.state, { ...event, now: this.now() }, this.randomBytes);
      this.state = state;
      for (const effect of effects) await this.run(effect);
      return effects.flatMap((effect) => (effect.type === "forget" ? effect.acks : []));
    });
  }

  /** @param {SyncEffect} effect */
  async run(effect) {
    if (effect.type === "letters") this.send(effect.letters);
    else if (effect.type === "keep") await this.saveBook();
    else if (effect.type === "paired") this.tally.paired.push(effect.id);
    else if (effect.type === "came") this.tally.alerts.push(...effect.alerts);
  }

  /** What cannot be stored must not be acknowledged, so it is as if it had not come. */
  async saveBook() {
    try {
      await this.save(this.book);
      this.stored = this.book;
    } catch (error) {
      this.state = newSyncState(this.stored);
      throw error;
    }
  }

  /** @returns {OwnMailbox[]} */
  listOwn() {
    const pairs = listMailboxes(this.book, this.now()).map((mailbox) => this.#own(mailbox));
    const [newest, ...older] = this.others();
    return [...(newest ? [newest] : []), ...pairs, ...older]; // the last ones take turns when there are many
  }

  /** @param {ContactMailbox} mailbox @returns {OwnMailbox} */
  #own({ contact: id, door, url, isUrgent }) {
    const contact = /** @type {import("./book.js").Contact} */ (this.book.contacts.find((known) => known.id === id));
    const name = `${id} ${door}`;
    const key = this.keys.get(name) ?? deriveMailbox(contact, door);
    this.keys.set(name, key);
    return {
      url,
      isUrgent: isUrgent && this.fresh.has(id),
      key: () => key,
      hear: (/** @type {Frame[]} */ frames) => this.onEvent({ type: "heard", contact: id, door, frames }),
    };
  }

  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  inTurn(work) {
    const result = this.queue.then(work);
    this.queue = result.catch(() => {});
    return result;
  }
}

/** @returns {Tally} */
function newTally() {
  return { paired: [], alerts: [], next: LONGEST_MS };
}
