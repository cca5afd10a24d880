/**
 * The outbox: what is on its way, and when to try again. A pure state machine: `stepOutbox` takes an event with its
 * time and gives back the next state and what is to be done. Who does it (fetch, store, work) answers with further
 * events.
 *
 * A letter is done when two relays gave a receipt that proves it, or one when there is only one; until the first
 * receipt it is never given up. It is written to the store only when sending it failed, took long, or the page goes
 * away.
 *
 * Times are milliseconds, because a press is a matter of seconds.
 */
/** @import { Letter } from "./letter.js" */
/** @import { DepositResponse, Verdict } from "./deposit-result.js" */
/** @import { RandomBytes } from "../protocol/wire.js" */

import {
  b64,
  COMMIT_HEADER,
  digest,
  ENVELOPE_TYPE,
  MAILBOX_HEADER,
  readU32,
  WAKE_HEADER,
  WORK_HEADER,
} from "../protocol/wire.js";
import { judgeAnswer } from "./deposit-result.js";
import { packLetter } from "./letter.js";

export const COPIES = 2; // relays that should hold a letter: one may be seized or lie
export const SEND_MS = 30_000; // a parcel on a line of 20 kbit/s
export const HEDGE_MS = 4_000; // without an answer for so long, another relay is tried beside the first
export const KEEP_AFTER_MS = 2_000; // without a receipt for so long, the sealed bytes are stored: the phone may be taken
const LOST_MS = 2 * SEND_MS; // after this an attempt nobody answered for is counted as failed: the page that made it is gone
const FIRST_WAIT_MS = 2_000; // after the first failure
const LONGEST_WAIT_MS = 300_000; // between two tries at a relay that does not answer
const FARTHEST_MS = 3_600_000; // a try planned later than this means that the clock was set back
const SPARE_MS = 6 * 3_600_000; // how long a second receipt is tried for once there is a first
const AT_ONCE = 2; // letters on their way to one relay: more only share a thin line

/** @typedef {{ state: "idle" | "sending" | "working" | "done", number: number, since: number, due: number,
 *    failures: number,
 *    reason: string | null, work: string | null, origin?: string }} Attempt */
/** @typedef {{ letter: Letter, attempts: Record<string, Attempt>, origins: string[], received: number | null,
 *    isStored: boolean }} Entry */
/** @typedef {{ due: number, failures: number, reason: string | null, keys: Uint8Array[],
 *    asking: boolean }} OutboxRelay */
/** @typedef {{ entries: Entry[], relays: Record<string, OutboxRelay> }} Outbox */

/** @typedef {{ id: string, url: string, attempt: number }} Which */
/** `url` is a relay's address. `known` answers `ask`, with no keys when the relay did not say.
 *  @typedef {{ now: number } & ({ type: "add", letter: Letter, isStored?: boolean } | { type: "tick" | "online"
 *    | "leaving" }
 *    | ({ type: "answer", answer: DepositResponse } & Which) | ({ type: "failed", reason: string } & Which)
 *    | ({ type: "worked", nonce: Uint8Array | null } & Which)
 *    | { type: "known", url: string, keys: Uint8Array[] } | { type: "forget", id: string })} OutboxEvent */
/** `wake`: step with a `tick` at that time at the latest.
 *  @typedef {({ type: "send", headers: Record<string, string>, body: Uint8Array } & Which)
 *    | ({ type: "work", seed: Uint8Array, mailbox: Uint8Array, envelopeHash: Uint8Array, bits: number } & Which)
 *    | { type: "ask", url: string } | { type: "keep", id: string, record: Uint8Array } | { type: "drop", id: string }
 *    | { type: "received", id: string, url: string, origin: string, receipt: Uint8Array, letter: Letter }
 *    | { type: "finished", id: string, copies: number } | { type: "wake", at: number }} OutboxEffect */

/** Return an outbox without letters. @returns {Outbox} */
export function emptyOutbox() {
  return { entries: [], relays: {} };
}

/** Return the next outbox after an event, and the effects to carry out. @param {Outbox} before
 *  @param {OutboxEvent} event @param {RandomBytes} randomBytes
 *  @returns {{ outbox: Outbox, effects: OutboxEffect[] }} */
export function stepOutbox(before, event, randomBytes) {
  const run = new OutboxStep(copied(before), event.now, randomBytes);
  run.onEvent(event);
  run.plan();
  return { outbox: run.outbox, effects: run.effects };
}

/** Return for the screen what has left and what has not, letter by letter. @param {Outbox} outbox
 *  @returns {{ id: string, rank: number, copies: number, wanted: number, sending: boolean, next: number, trouble: {
 *  url: string, reason: string }[] }[]} */
export function summarize(outbox) {
  return outbox.entries.map(({ letter, attempts, origins }) => {
    const open = Object.entries(attempts).filter(([, { state }]) => state !== "done");
    const trouble = open.flatMap(([url, { reason }]) => {
      const why = reason ?? outbox.relays[url]?.reason;
      return why ? [{ url, reason: why }] : [];
    });
    const next = Math.min(...open.map(([url, { due }]) => Math.max(due, outbox.relays[url]?.due ?? 0)));
    const sending = open.some(([, { state }]) => state !== "idle");
    return {
      id: letter.id,
      rank: letter.rank,
      copies: origins.length,
      wanted: wantedOf(letter),
      sending,
      next,
      trouble,
    };
  });
}

/** @param {Letter} letter */
function wantedOf(letter) {
  return Math.min(COPIES, letter.relays.length);
}

/** Bytes are shared, they never change; all that changes is copied. @param {Outbox} outbox @returns {Outbox} */
function copied({ entries, relays }) {
  const eachCopied = (/** @type {Record<string, any>} */ all) =>
    Object.fromEntries(Object.entries(all).map(([name, state]) => [name, { ...state }]));
  return {
    entries: entries.map((entry) => ({ ...entry, attempts: eachCopied(entry.attempts) })),
    relays: eachCopied(relays),
  };
}

/** One step over a state of its own. */
class OutboxStep {
  /** @param {Outbox} outbox @param {number} now @param {RandomBytes} randomBytes */
  constructor(outbox, now, randomBytes) {
    this.outbox = outbox;
    this.now = now;
    this.randomBytes = randomBytes;
    /** @type {OutboxEffect[]} */
    this.effects = [];
  }

  /** @param {OutboxEvent} event */
  onEvent(event) {
    if (event.type === "add") this.add(event.letter, event.isStored ?? false);
    else if (event.type === "answer") this.answered(event, event.answer);
    else if (event.type === "failed") this.failed(event, event.reason);
    else if (event.type === "worked") this.worked(event, event.nonce);
    else if (event.type === "known") this.known(event.url, event.keys);
    else if (event.type === "forget") this.remove(event.id);
    else if (event.type === "online") this.online();
    else if (event.type === "leaving") this.leaving();
  }

  /** @param {Letter} letter @param {boolean} isStored */
  add(letter, isStored) {
    if (this.entryOf(letter.id)) return;
    const order = this.shuffled([...new Set(letter.relays)], letter.wake?.relay);
    const attempts = Object.fromEntries(order.map((url) => [url, newAttempt(this.now)]));
    for (const url of order) this.outbox.relays[url] ??= newRelay(this.now);
    this.outbox.entries.push({ letter: { ...letter, relays: order }, attempts, origins: [], received: null, isStored });
    this.outbox.entries.sort((a, b) => a.letter.rank - b.letter.rank || a.letter.added - b.letter.added);
  }

  /** Which relay comes first is left to chance, so that a card's first relay does not carry everything; onions
   *  come last, because few browsers reach them. The one that can ring comes first of all. @param {string[]} urls
   *  @param {string} [ringing] */
  shuffled(urls, ringing) {
    const last = (/** @type {string} */ url) => (/\.onion(:\d+)?(\/|$)/.test(url) ? 1 : 0);
    const weighed = urls.map((url) => ({ url, weight: url === ringing ? -1 : this.fraction() + last(url) }));
    return weighed.sort((a, b) => a.weight - b.weight).map(({ url }) => url);
  }

  /** @param {Which} which @param {DepositResponse} answer */
  answered(which, answer) {
    const entry = this.entryOf(which.id);
    const attempt = entry?.attempts[which.url];
    if (!entry || !attempt || attempt.state === "done") return;
    const relay = this.outbox.relays[which.url];
    const verdict = judgeAnswer(entry.letter, entry.letter.keys.length ? entry.letter.keys : relay.keys, answer);
    // A receipt counts however late it comes; anything else from an attempt already given up does not.
    if (verdict.kind === "received") this.received(entry, which.url, verdict.origin, answer.body);
    else if (isCurrent(attempt, which, "sending")) this.judged(entry, which.url, verdict);
  }

  /** @param {Entry} entry @param {string} url @param {string} origin @param {Uint8Array} receipt */
  received(entry, url, origin, receipt) {
    const relay = this.outbox.relays[url];
    Object.assign(relay, { failures: 0, reason: null, due: this.now });
    Object.assign(entry.attempts[url], { state: "done", reason: null, origin });
    // An onion and a clear address may be the same relay; one relay is one copy.
    if (!entry.origins.includes(origin)) entry.origins = [...entry.origins, origin];
    entry.received ??= this.now;
    this.effects.push({ type: "received", id: entry.letter.id, url, origin, receipt, letter: entry.letter });
    this.unpersist(entry);
  }

  /** @param {Entry} entry @param {string} url @param {Exclude<Verdict, { kind: "received" }>} verdict */
  judged(entry, url, verdict) {
    const attempt = entry.attempts[url];
    if (verdict.kind === "work") this.startWork(entry, url, verdict.seed, verdict.bits);
    else if (verdict.kind === "unproven") this.startAsking(attempt, url);
    else if (verdict.kind === "busy") this.relayFailed(attempt, url, verdict.reason, verdict.wait);
    else this.attemptFailed(attempt, verdict.reason, verdict.wait);
    this.persist(entry);
  }

  /** @param {Entry} entry @param {string} url @param {Uint8Array} seed @param {number} bits */
  startWork({ letter, attempts }, url, seed, bits) {
    Object.assign(attempts[url], { state: "working", since: this.now, reason: "work-needed", work: null });
    const which = { id: letter.id, url, attempt: attempts[url].number };
    this.effects.push({
      type: "work",
      ...which,
      seed,
      mailbox: letter.mailbox,
      envelopeHash: digest(letter.envelope),
      bits,
    });
  }

  /** The relay took it and signed, but with a key nobody told us: its own word is asked for, then it is sent once more.
   *  @param {Attempt} attempt @param {string} url */
  startAsking(attempt, url) {
    this.attemptFailed(attempt, "receipt-key-unknown", 0);
    const relay = this.outbox.relays[url];
    if (!relay.asking) this.effects.push({ type: "ask", url });
    relay.asking = true;
  }

  /** @param {Which} which @param {string} reason */
  failed(which, reason) {
    const entry = this.entryOf(which.id);
    const attempt = entry?.attempts[which.url];
    if (!entry || !attempt || !isCurrent(attempt, which, "sending")) return;
    this.relayFailed(attempt, which.url, reason, 0);
    this.persist(entry);
  }

  /** @param {Which} which @param {Uint8Array | null} nonce null when the work was given up */
  worked(which, nonce) {
    const attempt = this.entryOf(which.id)?.attempts[which.url];
    if (!attempt || !isCurrent(attempt, which, "working")) return;
    if (nonce) Object.assign(attempt, { state: "idle", due: this.now, work: b64(nonce) });
    else this.attemptFailed(attempt, "work-needed", 0);
  }

  /** @param {string} url @param {Uint8Array[]} keys */
  known(url, keys) {
    const relay = this.outbox.relays[url];
    if (!relay) return;
    Object.assign(relay, { asking: false, keys });
    if (keys.length === 0) return;
    for (const { attempts } of this.outbox.entries) {
      if (attempts[url]?.reason === "receipt-key-unknown") attempts[url].due = this.now;
    }
  }

  /** The line is back: what failed for want of it is tried at once. What a relay asked for stays as it is. */
  online() {
    for (const relay of Object.values(this.outbox.relays)) {
      if (relay.reason === "network" || relay.reason === "timeout") relay.due = this.now;
    }
  }

  /** The page may not come back. */
  leaving() {
    for (const entry of this.outbox.entries) this.persist(entry);
  }

  /** @param {Attempt} attempt @param {string} reason @param {number} wait */
  attemptFailed(attempt, reason, wait) {
    const failures = attempt.failures + 1;
    Object.assign(attempt, { state: "idle", failures, reason, due: this.now + this.pause(failures, wait) });
  }

  /** @param {Attempt} attempt @param {string} url @param {string} reason @param {number} wait */
  relayFailed(attempt, url, reason, wait) {
    Object.assign(attempt, { state: "idle", failures: attempt.failures + 1, reason, due: this.now });
    const relay = this.outbox.relays[url];
    const failures = relay.failures + 1;
    Object.assign(relay, { failures, reason, due: this.now + this.pause(failures, wait) });
  }

  /** Doubling, with jitter so that a crowd that lost the same mast does not come back in one moment.
   *  @param {number} failures @param {number} wait */
  pause(failures, wait) {
    const doubled = Math.min(FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20), LONGEST_WAIT_MS);
    return wait > 0 ? wait + doubled * this.fraction() : doubled * (0.5 + this.fraction());
  }

  plan() {
    this.rightClock();
    this.countLost();
    for (const entry of this.outbox.entries) this.planEntry(entry);
    for (const { letter, origins } of this.outbox.entries.filter((entry) => this.isDone(entry))) {
      this.effects.push({ type: "finished", id: letter.id, copies: origins.length });
    }
    this.outbox.entries = this.outbox.entries.filter((entry) => !this.isDone(entry));
    const at = this.nextMoment();
    if (at !== null) this.effects.push({ type: "wake", at });
  }

  /** @param {Entry} entry */
  isDone({ letter, attempts, origins, received }) {
    if (origins.length >= wantedOf(letter)) return true;
    const isSpent = received !== null && (this.now - received > SPARE_MS || received - this.now > FARTHEST_MS);
    return origins.length > 0 && (isSpent || Object.values(attempts).every(({ state }) => state === "done"));
  }

  /** A clock set back would leave every letter waiting for a year that has already been. */
  rightClock() {
    const late = this.now + FARTHEST_MS + LONGEST_WAIT_MS * 2;
    for (const planned of [...Object.values(this.outbox.relays), ...this.attempts()]) {
      if (planned.due > late) planned.due = this.now;
    }
    for (const attempt of this.attempts()) attempt.since = Math.min(attempt.since, this.now);
  }

  /** The page that made an attempt may have been killed, and nobody will ever answer for it. */
  countLost() {
    for (const entry of this.outbox.entries) {
      for (const [url, attempt] of Object.entries(entry.attempts)) {
        if (attempt.state === "sending" && this.now - attempt.since >= LOST_MS) {
          this.relayFailed(attempt, url, "timeout", 0);
          this.persist(entry);
        }
      }
    }
  }

  /** @param {Entry} entry */
  planEntry(entry) {
    if (this.isDone(entry)) return;
    if (this.now - entry.letter.added >= KEEP_AFTER_MS || entry.letter.added > this.now) this.persist(entry);
    const busy = Object.values(entry.attempts).filter(({ state }) => state === "sending" || state === "working");
    const isSlow = busy.every(({ since }) => this.now - since >= HEDGE_MS);
    const free = isSlow ? COPIES - entry.origins.length - busy.length : 0;
    for (const url of this.ready(entry).slice(0, busy.length ? Math.min(free, 1) : 1)) this.send(entry, url);
  }

  /** Relays this letter may go to now, those that work first. @param {Entry} entry */
  ready({ letter, attempts }) {
    const failures = (/** @type {string} */ url) => this.outbox.relays[url].failures;
    return letter.relays.filter((url) => this.isReady(attempts[url], url)).sort((a, b) => failures(a) - failures(b));
  }

  /** @param {Attempt} attempt @param {string} url */
  isReady(attempt, url) {
    const { due, failures } = this.outbox.relays[url];
    if (attempt.state !== "idle" || Math.max(attempt.due, due) > this.now) return false;
    const onTheWay = this.outbox.entries.filter(({ attempts }) => attempts[url]?.state === "sending").length;
    // A relay that failed is tried with one letter; when that one comes through, the others follow.
    return onTheWay < (failures ? 1 : AT_ONCE);
  }

  /** @param {Entry} entry @param {string} url */
  send({ letter, attempts }, url) {
    const attempt = attempts[url];
    Object.assign(attempt, { state: "sending", since: this.now, number: attempt.number + 1 });
    /** @type {Record<string, string>} */
    const headers = {
      "Content-Type": ENVELOPE_TYPE,
      [MAILBOX_HEADER]: b64(letter.mailbox),
      [COMMIT_HEADER]: b64(letter.commitment),
    };
    if (attempt.work) headers[WORK_HEADER] = attempt.work;
    if (letter.wake?.relay === url) headers[WAKE_HEADER] = letter.wake.sealed;
    this.effects.push({ type: "send", id: letter.id, url, attempt: attempt.number, headers, body: letter.envelope });
  }

  /** Sealed bytes only, and only while no relay holds them. @param {Entry} entry */
  persist(entry) {
    if (entry.isStored || entry.received !== null) return;
    entry.isStored = true;
    this.effects.push({ type: "keep", id: entry.letter.id, record: packLetter(entry.letter) });
  }

  /** @param {Entry} entry */
  unpersist(entry) {
    if (entry.isStored) this.effects.push({ type: "drop", id: entry.letter.id });
    entry.isStored = false;
  }

  /** @param {string} id */
  remove(id) {
    const entry = this.entryOf(id);
    if (entry) this.unpersist(entry);
    this.outbox.entries = this.outbox.entries.filter(({ letter }) => letter.id !== id);
  }

  /** @returns {number | null} */
  nextMoment() {
    const moments = this.outbox.entries.flatMap((entry) => this.momentsOf(entry)).filter((at) => at > this.now);
    return moments.length ? Math.min(...moments) : null;
  }

  /** @param {Entry} entry @returns {number[]} */
  momentsOf({ letter, attempts, isStored, received }) {
    const moments = Object.entries(attempts).flatMap(([url, { state, since, due }]) => {
      if (state === "idle") return [Math.max(due, this.outbox.relays[url].due)];
      return state === "sending" ? [since + HEDGE_MS, since + LOST_MS] : [];
    });
    if (!isStored && received === null) moments.push(letter.added + KEEP_AFTER_MS);
    if (received !== null) moments.push(received + SPARE_MS + 1);
    return moments;
  }

  /** @returns {Attempt[]} */
  attempts() {
    return this.outbox.entries.flatMap(({ attempts }) => Object.values(attempts));
  }

  /** @param {string} id */
  entryOf(id) {
    return this.outbox.entries.find(({ letter }) => letter.id === id);
  }

  /** @returns {number} from 0 to below 1 */
  fraction() {
    return readU32(this.randomBytes(4), 0) / 0x1_0000_0000;
  }
}

/** @param {number} now @returns {OutboxRelay} */
export function newRelay(now) {
  return { due: now, failures: 0, reason: null, keys: [], asking: false };
}

/** @param {number} now @returns {Attempt} */
export function newAttempt(now) {
  return { state: "idle", number: 0, since: now, due: now, failures: 0, reason: null, work: null };
}

/** @param {Attempt} attempt @param {Which} which @param {Attempt["state"]} state */
function isCurrent(attempt, which, state) {
  return attempt.state === state && attempt.number === which.attempt;
}
