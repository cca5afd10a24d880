/**
 * Carries out what the outbox wants: calls, work, storing, waking up. The same in the page and in the service worker.
 *
 * Whoever starts looks after the stored letters, one at a time: one lock for every page and the service worker. What
 * was pressed in a page that did not get the lock is sent by that page all the same.
 */
/** @import { OutboxEffect, OutboxEvent } from "../../core/outbox.js" */
/** @import { Letter } from "../../core/letter.js" */
/** @import { Store } from "../../core/store.js" */
/** @import { Received } from "../app.js" */
/** @import { RandomBytes } from "../../protocol/wire.js" */
/** @import { Fetch } from "../../core/transport.js" */

import { unpackLetter } from "../../core/letter.js";
import { emptyOutbox, stepOutbox, summarize } from "../../core/outbox.js";
import { Rank } from "../../core/press.js";
import { askRelay, deposit } from "../../core/transport.js";
import { TocsinError } from "../../protocol/errors.js";
import { doWork } from "../../protocol/work.js";

export const LETTERS = "l"; // what the name of a stored letter begins with
const LOCK = "data";
const LONGEST_MS = 60_000; // a sleeping phone loses timers, so none is long

/** What a screen needs of one letter. `aside`: it belongs to no press.
 *  @typedef {{ copies: number, stored: boolean, aside: boolean }} Fate */
/** @typedef {Omit<OutboxEvent, "now">} Happening */

export class Sender {
  /** @param {{ store: Store, fetch: Fetch, randomBytes: RandomBytes, changed?: () => void,
   *    received?: (effect: Received) => void, stored?: () => void }} by */
  constructor({ store, fetch, randomBytes, changed = () => {}, received = () => {}, stored = () => {} }) {
    this.store = store;
    this.fetch = fetch;
    this.randomBytes = randomBytes;
    this.changed = changed;
    this.received = received;
    this.stored = stored;
    this.outbox = emptyOutbox();
    /** @type {Map<string, Fate>} */
    this.fates = new Map();
    this.storeFailed = false;
    this.running = 0;
    this.timer = 0;
  }

  /** Take over what lies in the store, as soon as nobody else looks after it. @param {LockManager} [locks] */
  start(locks) {
    if (!locks) return this.load();
    return new Promise((resolve) => {
      locks
        .request(LOCK, () => this.load().then(() => new Promise(() => resolve(undefined))))
        .catch(() => this.load().then(resolve));
    });
  }

  async load() {
    for (const name of await this.store.names().catch(() => [])) {
      if (name.startsWith(LETTERS)) await this.loadOne(name);
    }
    this.onEvent({ type: "tick" });
  }

  /** @param {string} name */
  async loadOne(name) {
    const record = await this.store.get(name).catch(() => null);
    if (!record) return;
    try {
      const letter = unpackLetter(record);
      this.follow(letter, true);
      this.onEvent({ type: "add", letter, isStored: true });
    } catch (error) {
      if (error instanceof TocsinError) await this.store.remove(name).catch(() => {});
      else throw error;
    }
  }

  /** @param {Letter[]} letters */
  add(letters) {
    for (const letter of letters) {
      this.follow(letter, false);
      this.onEvent({ type: "add", letter });
    }
  }

  /** @param {Letter} letter @param {boolean} stored */
  follow({ id, rank }, stored) {
    const fate = { copies: 0, stored, aside: rank === Rank.PAIR };
    if (!this.fates.has(id)) this.fates.set(id, fate);
  }

  /** @param {any} happening an event of the outbox, without its time */
  onEvent(happening) {
    const { outbox, effects } = stepOutbox(this.outbox, { ...happening, now: Date.now() }, this.randomBytes);
    this.outbox = outbox;
    for (const effect of effects) this.run(effect);
    this.changed();
  }

  /** @param {OutboxEffect} effect */
  run(effect) {
    if (effect.type === "send") this.later(deposit(effect, this.fetch));
    else if (effect.type === "ask") this.later(askRelay(effect.url, this.fetch));
    else if (effect.type === "work") this.later(worked(effect));
    else if (effect.type === "wake") this.wake(effect.at);
    else if (effect.type === "keep")
      this.store.put(LETTERS + effect.id, effect.record).then(
        () => this.onStored(effect.id),
        () => this.onStoreFailure(),
      );
    else if (effect.type === "drop") this.store.remove(LETTERS + effect.id).catch(() => {});
    else if (effect.type === "received") this.arrived(effect);
  }

  /** @param {Promise<any>} answer the event it ends with */
  later(answer) {
    this.running++;
    answer.then((happening) => {
      this.running--;
      this.onEvent(happening);
    });
  }

  /** @param {number} at */
  wake(at) {
    clearTimeout(this.timer);
    this.timer = Number(
      setTimeout(() => this.onEvent({ type: "tick" }), Math.min(Math.max(at - Date.now(), 50), LONGEST_MS)),
    );
  }

  /** @param {Received} effect */
  arrived(effect) {
    const fate = this.fates.get(effect.id);
    if (fate) fate.copies++;
    this.received(effect);
  }

  /** It may have arrived while it was being written. @param {string} id */
  onStored(id) {
    const fate = this.fates.get(id);
    if (fate?.copies) this.store.remove(LETTERS + id).catch(() => {});
    else if (fate) fate.stored = true;
    this.stored();
    this.changed();
  }

  /** For good: nothing is sent or stored any more. */
  stop() {
    clearTimeout(this.timer);
    this.onEvent = () => {};
    this.outbox = emptyOutbox();
  }

  onStoreFailure() {
    this.storeFailed = true;
    this.changed();
  }

  /** Whether it would still be there tomorrow. @param {string} id */
  isStored(id) {
    return this.store.durable && this.fates.get(id)?.stored === true;
  }

  /** Whether any letter is still to leave. */
  isOpen() {
    return [...this.fates.values()].some(({ copies }) => copies === 0);
  }

  /** What has left and what has not, of all letters this page knows of; a pairing is nobody's business after a
   *  press. */
  status() {
    const fates = [...this.fates.values()].filter(({ aside }) => !aside);
    const open = summarize(this.outbox).filter(({ id, copies }) => copies === 0 && !this.fates.get(id)?.aside);
    return {
      total: fates.length,
      confirmed: fates.filter(({ copies }) => copies > 0).length,
      waiting: open.filter(({ trouble }) => trouble.length > 0).length,
      unstored: !this.store.durable || this.storeFailed ? open.some(({ id }) => !this.isStored(id)) : false,
      next: Math.min(...open.map(({ next }) => next)),
      trouble: [...new Set(open.flatMap(({ trouble }) => trouble.map(({ reason }) => reason)))],
    };
  }
}

/** @param {Extract<OutboxEffect, { type: "work" }>} effect @returns {Promise<any>} */
async function worked({ id, url, attempt, bits, ...task }) {
  const which = { type: "worked", id, url, attempt };
  try {
    const breathe = () => new Promise((resolve) => setTimeout(resolve));
    return { ...which, nonce: await doWork(task, bits, /** @type {any} */ (breathe)) };
  } catch {
    return { ...which, nonce: null };
  }
}
