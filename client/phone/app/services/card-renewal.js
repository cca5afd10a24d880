/**
 * The organisation's card is fetched by itself, from all its relays: at start when there is a network, and once a day.
 * Never during a press, and not while its letters are on their way. Specified in `../../core/outbox.md`, *The card*.
 */
/** @import { Recipient } from "../../core/press.js" */
/** @import { App } from "../app.js" */
/** @import { Card } from "../../protocol/organisation.js" */

import { findNewerCard } from "../../core/newest-card.js";
import { toRecipient } from "../../core/prepare.js";
import { Rank } from "../../core/press.js";
import { redirectSender } from "../../core/redirect.js";
import { readU32, same, weekOf } from "../../protocol/wire.js";

const DAY_MS = 86_400_000;
const START_MS = [3_000, 15_000]; // after the start: whoever opens the app to press presses first
const NEXT_MS = [20 * 3_600_000, 28 * 3_600_000];
const AGAIN_MS = [1_800_000, 5_400_000]; // when no relay spoke
const PRESS_MS = 3_600_000; // so long after a press nothing but its letters leaves
const STUCK_MS = 600_000; // letters that wait longer than this may wait for a relay that is gone
const UNRENEWED_DAYS = 14; // before a phone says so: a relay may be down for a week
const OLD_WEEKS = 4; // of keys left, below which a phone says so

export class CardRenewal {
  /** `clock` in milliseconds. @param {App} app @param {{ clock?: () => number, isOnline?: () => boolean }} [by] */
  constructor(app, { clock = () => Date.now(), isOnline = () => globalThis.navigator?.onLine !== false } = {}) {
    this.app = app;
    this.clock = clock;
    this.isOnline = isOnline;
    this.pressedAt = 0;
    this.isRunning = false;
    this.stop = new AbortController();
    this.due = this.clock() + this.between(START_MS);
    this.dueAgain = this.due;
  }

  /** Renew the card if that is due and nothing more urgent is under way. */
  async tick() {
    const now = this.clock();
    this.follow();
    if (this.due - now > NEXT_MS[1]) this.due = now; // the clock was set back
    if (this.isBusy()) return;
    if (now >= Math.min(this.due, this.dueForStuck)) await this.renew();
  }

  /** Letters that have waited long are looked after sooner than once a day. */
  get dueForStuck() {
    return this.listOpen().length ? this.dueAgain : Number.POSITIVE_INFINITY;
  }

  /** What waits for the organisation, and what was loaded meanwhile, goes where the kit's card says; a renewal gives way
   *  to a press. */
  follow() {
    const { caseSession, sender, randomBytes } = this.app;
    if (caseSession) redirectSender(sender, caseSession.kit.desk, this.clock(), randomBytes);
    for (const { letter } of sender.outbox.entries)
      if (letter.rank <= Rank.READY && !letter.wake) this.pressedAt = Math.max(this.pressedAt, letter.added);
    if (this.isRunning && this.isPressing()) this.stop.abort();
  }

  /** Tell whether nothing may leave by itself now. */
  isBusy() {
    return this.isRunning || this.isPressing() || !this.isOnline();
  }

  /** Tell whether letters of a press are on their way, or a press was a short while ago. */
  isPressing() {
    const open = this.listOpen();
    const isWithin = (/** @type {number} */ since, /** @type {number} */ wait) =>
      since <= this.clock() && this.clock() < since + wait;
    // what waits for longer waits for a relay that only a newer card may tell of
    if (open.length) return open.some(({ letter }) => isWithin(letter.added, STUCK_MS));
    return isWithin(this.pressedAt, PRESS_MS);
  }

  /** List the letters that no relay has taken yet. */
  listOpen() {
    return this.app.sender.outbox.entries.filter(({ origins }) => origins.length === 0);
  }

  async renew() {
    const desk = this.app.caseSession?.kit.desk;
    if (!desk) return;
    this.isRunning = true;
    this.stop = new AbortController();
    const { card, problem } = await findNewerCard(desk, this.fetch());
    this.isRunning = false;
    this.dueAgain = this.clock() + this.between(AGAIN_MS);
    if (this.stop.signal.aborted) return; // it stays due
    this.due = problem ? this.dueAgain : this.clock() + this.between(NEXT_MS);
    if (!problem) await this.adoptCard(desk, card);
  }

  /** @returns {import("../../core/transport.js").Fetch} one that a press stops */
  fetch() {
    const { stop } = this;
    return (url, init) => {
      const call = new AbortController(); // of this relay: one that is silent must not stop the others
      for (const { signal } of [init, stop]) signal?.addEventListener("abort", () => call.abort());
      return this.app.fetch(url, { ...init, signal: call.signal });
    };
  }

  /** Put the card into the open kit, at once; what was sealed in advance is sealed anew at the next unlocking, because who
   *  the owner is lies behind the PIN. @param {Recipient} known @param {Card | null} card */
  async adoptCard({ root }, card) {
    const { caseSession } = this.app;
    const renewed = Math.floor(this.clock() / DAY_MS);
    if (!caseSession || !same(caseSession.kit.desk.root, root)) return; // another organisation meanwhile
    if (!card && caseSession.kit.renewed === renewed) return;
    await caseSession.replaceKit(async (kit) => {
      const isNewer = card && card.seq > kit.desk.seq && same(kit.desk.root, root);
      return { ...kit, renewed, desk: isNewer ? toRecipient(card) : kit.desk };
    });
    this.follow();
    const { session } = this.app;
    if (!card || !session) return;
    if (!session.duress)
      Object.assign(session.content, { seq: card.seq, name: session.content.hasPin ? card.name : "" });
    await session.prepareAnew(); // saves, in both sessions
  }

  /** @param {number[]} range @returns {number} by chance */
  between([least, most]) {
    return least + (readU32(this.app.randomBytes(4), 0) / 0x1_0000_0000) * (most - least);
  }
}

/** Tell what a screen has to say about the card in a kit, by this clock; null when all is well.
 *  @param {Pick<import("../../core/press.js").Kit, "desk" | "renewed">} kit @param {number} now in milliseconds
 *  @returns {"clock" | "expired" | "old" | "unrenewed" | null} */
export function judgeCard({ desk, renewed = 0 }, now) {
  const at = now / 1_000;
  const left = desk.week + desk.weekly.length - weekOf(at);
  if (at < desk.issued) return "clock";
  if (left <= 0) return "expired";
  if (left < OLD_WEEKS) return "old";
  return renewed && now / DAY_MS - renewed > UNRENEWED_DAYS ? "unrenewed" : null;
}
