/** Carries out what `sync.js` wants: saves the book, hands letters over, asks relays. One change of the book at a
 *  time. */
/** @import { Alert, Book } from "./book.js" */
/** @import { SyncEffect, SyncState } from "./sync.js" */
/** @import { Letter } from "../letter.js" */
/** @import { Fetch } from "../transport.js" */
/** @import { RandomBytes } from "../../protocol/wire.js" */

import { TocsinError } from "../../protocol/errors.js";
import { toSeconds } from "../press.js";
import { pullMailbox } from "../relay-reads.js";
import { NoAnswer } from "../transport.js";
import { newSyncState, PAGE, stepSync } from "./sync.js";

const LONGEST_MS = 60_000; // without anything to look for, somebody may still be added

/** What a round came to: pairs that are finished now, new alerts, and in how many milliseconds the next is due.
 *  @typedef {{ paired: string[], alerts: Alert[], next: number }} Tally */
/** @typedef {Extract<SyncEffect, { type: "collect" }>} Collect */

export class SyncRunner {
  /** `save` ends when the book is stored; `send` takes letters as the outbox does.
   *  @param {{ book: Book, save: (book: Book) => Promise<unknown>, send: (letters: Letter[]) => void, fetch: Fetch,
   *  randomBytes: RandomBytes, now?: () => number }} by */
  constructor({ book, save, send, fetch, randomBytes, now = Date.now }) {
    this.state = newSyncState(book);
    this.stored = book;
    this.save = save;
    this.send = send;
    this.fetch = fetch;
    this.randomBytes = randomBytes;
    this.now = now;
    /** @type {Promise<unknown>} */ this.queue = Promise.resolve();
    this.isHurried = false;
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
    const failed = Object.entries(this.state.relays).filter(([, { reason }]) => reason !== null);
    return new Map(failed.map(([url, { reason }]) => [url, /** @type {string} */ (reason)]));
  }

  /** Change the book; what `work` gives is given back when it is saved. @template {Book | { book: Book }} T
   *  @param {(book: Book) => T | Promise<T>} work @returns {Promise<T>} */
  change(work) {
    return this.inTurn(async () => {
      const result = await work(this.book);
      const book = /** @type {Book} */ ("book" in result ? result.book : result);
      await this.save(book);
      this.stored = book;
      this.state = { ...this.state, book };
      return result;
    });
  }

  /** Say what is due, look everywhere it is time to look, say what follows. @returns {Promise<Tally>} */
  async round() {
    const tally = { paired: [], alerts: [], next: LONGEST_MS };
    const type = this.isHurried ? "hurry" : "tick";
    this.isHurried = false;
    await this.onEvent({ type }, tally);
    return tally;
  }

  /** The next round looks everywhere, whatever it was to wait for. */
  hurry() {
    this.isHurried = true;
  }

  /** @param {any} event without its time @param {Tally} tally */
  async onEvent(event, tally) {
    const effects = await this.inTurn(async () => {
      const { state, effects } = await stepSync(this.state, { ...event, now: this.now() }, this.randomBytes);
      this.state = state;
      for (const effect of effects) await this.run(effect, tally);
      return effects;
    });
    const collects = effects.filter((effect) => effect.type === "collect");
    // A round that fails ends when nothing of it is under way any more.
    const ended = await Promise.allSettled(collects.map((effect) => this.collect(effect, tally)));
    for (const outcome of ended) if (outcome.status === "rejected") throw outcome.reason;
  }

  /** @param {SyncEffect} effect @param {Tally} tally */
  async run(effect, tally) {
    if (effect.type === "letters") this.send(effect.letters);
    else if (effect.type === "keep") await this.saveBook();
    else if (effect.type === "paired") tally.paired.push(effect.id);
    else if (effect.type === "came") tally.alerts.push(...effect.alerts);
    else if (effect.type === "wake") tally.next = Math.max(effect.at - this.now(), 0);
  }

  /** What cannot be stored must not be acknowledged, so it is as if it had not come; and no relay is asked for a
   *  while. */
  async saveBook() {
    try {
      await this.save(this.book);
      this.stored = this.book;
    } catch (error) {
      this.state = quietWith(this.stored, this.state, this.now() + LONGEST_MS);
      throw error;
    }
  }

  /** @param {Collect} effect @param {Tally} tally */
  async collect({ poll, url, key, ack }, tally) {
    const by = { now: () => toSeconds(this.now()), randomBytes: this.randomBytes, fetch: this.fetch };
    const event = await pullMailbox(url, key, { ack, want: PAGE }, by).then(
      (frames) => ({ type: "heard", poll, frames }),
      (error) => ({ type: "failed", poll, reason: reasonOf(error) }),
    );
    await this.onEvent(event, tally);
  }

  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  inTurn(work) {
    const result = this.queue.then(work);
    this.queue = result.catch(() => {});
    return result;
  }
}

/** Nothing is under way and no relay is asked before that moment. @param {Book} book @param {SyncState} state
 *  @param {number} due @returns {SyncState} */
function quietWith(book, { relays }, due) {
  const resting = Object.entries(relays).map(([url, relay]) => [url, { ...relay, asking: null, due }]);
  return { ...newSyncState(book), relays: Object.fromEntries(resting) };
}

/** @param {unknown} error */
function reasonOf(error) {
  if (error instanceof NoAnswer) return error.reason;
  if (error instanceof TocsinError) return error.code;
  throw error;
}
