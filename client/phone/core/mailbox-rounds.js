/**
 * Asking mailboxes in a rhythm that does not depend on how many there are, or on which PIN opened the vault. Each relay is
 * asked for a fixed number of mailboxes in each round: the session's own, filled up with mailboxes of its own that nobody
 * writes to. Specified in `rounds.md`.
 */
/** @import { Frame, MailboxKey } from "../protocol/mailbox.js" */
/** @import { Fetch } from "./transport.js" */
/** @import { RandomBytes } from "../protocol/wire.js" */

import { TocsinError } from "../protocol/errors.js";
import { mailboxKey } from "../protocol/mailbox.js";
import { digest, domain, FrameKind, mac, u32 } from "../protocol/wire.js";
import { SEND_MS } from "./outbox.js";
import { pullMailbox } from "./relay-reads.js";
import { NoAnswer } from "./transport.js";

export const SLOTS = 12; // mailboxes that each relay is asked for in a round
const TURNING = 4; // of these, those that take turns when a session has more mailboxes than slots
export const ROUND_MS = 60_000;
export const PAGE = 64; // letters asked for at once: more than are ever left lying
export const PAGES = 16; // of one mailbox in a row: a relay that invents letters without end must not hold up the others
const AT_ONCE = 6; // calls to one relay: a browser opens no more lines to one address
const LATE_MS = 2_000;
const URGENT_MS = 3_000; // while two people look at their screens
const FIRST_WAIT_MS = 4_000;
const LONGEST_WAIT_MS = 300_000;
const HURRIED = Number.NEGATIVE_INFINITY; // due before anything else
const FILL = domain("fill");

/** One mailbox at one relay. `hear` stores what came and returns the hashes of what the relay may forget; `acks` are to be
 *  forgotten before, `acked` is called when they were. An urgent one is asked for between rounds as well.
 *  @typedef {{ url: string, key: () => MailboxKey | Promise<MailboxKey>,
 *    hear: (frames: Frame[]) => Uint8Array[] | Promise<Uint8Array[]>, acks?: Uint8Array[], acked?: () => void,
 *    isUrgent?: boolean }} OwnMailbox */
/** `due`: when the next round begins there; `asked`: when it was asked last; `turn`: rounds so far.
 *  @typedef {{ due: number, asked: number, failures: number, reason: string | null, turn: number,
 *    isUrgent: boolean }} RoundRelay */
/** `now` in Unix seconds. @typedef {{ now: () => number, randomBytes: RandomBytes, fetch: Fetch }} CallBy */

export class MailboxRounds {
  /** `list` gives the session's mailboxes, those first that matter most; `relays` those to be asked in any case. Without
   *  `fillKey` (32 bytes, of the session alone) only the session's own are asked for. `now` in milliseconds.
   *  @param {{ list: () => OwnMailbox[], relays?: () => string[], fillKey?: Uint8Array | null, fetch: Fetch,
   *    randomBytes: RandomBytes, now: () => number }} by */
  constructor({ list, relays = () => [], fillKey = null, fetch, randomBytes, now }) {
    this.list = list;
    this.urls = relays;
    this.fillers = fillKey && drawFillers(fillKey);
    this.randomBytes = randomBytes;
    this.now = now;
    this.by = { now: () => Math.floor(now() / 1_000), randomBytes, fetch };
    /** @type {Map<string, RoundRelay>} */ this.relays = new Map();
    /** Why what came could not be stored. @type {unknown} */ this.problem = null;
  }

  /** By relay, why it did not answer. @returns {Map<string, string>} */
  get failures() {
    const failed = [...this.relays].filter(([, { reason }]) => reason !== null);
    return new Map(failed.map(([url, { reason }]) => [url, /** @type {string} */ (reason)]));
  }

  /** Return when the next relay is to be asked, in milliseconds; infinity when there is none. */
  get next() {
    const times = [...this.relays.values()].map(({ due, asked, isUrgent }) =>
      isUrgent ? Math.min(due, asked + URGENT_MS) : due,
    );
    return Math.min(...times);
  }

  /** The next round asks every relay, whatever it was to wait for. */
  hurry() {
    for (const relay of this.relays.values()) relay.due = HURRIED;
  }

  /** Ask all relays for which it is time. Raises what kept a mailbox from storing what came, when all have ended. */
  async round() {
    const own = this.list();
    const urls = [...new Set([...this.urls(), ...own.map(({ url }) => url)])];
    for (const url of this.relays.keys()) if (!urls.includes(url)) this.relays.delete(url);
    const visits = urls.map((url) =>
      this.#choose(
        url,
        own.filter((mailbox) => mailbox.url === url),
      ),
    );
    // Keys first, so that a key that takes long does not show in when a call leaves.
    const keyed = await Promise.all(visits.map((visit) => Promise.all(visit.map(withKey))));
    await Promise.all(urls.map((url, i) => this.#visit(url, keyed[i])));
    const { problem } = this;
    this.problem = null;
    if (problem) throw problem;
  }

  /** Return the mailboxes of this relay whose turn it is, in an order drawn by lot. @param {string} url
   *  @param {OwnMailbox[]} own @returns {OwnMailbox[]} */
  #choose(url, own) {
    const now = this.now();
    const relay = this.relays.get(url) ?? { ...UNASKED, due: now };
    this.relays.set(url, relay);
    relay.due = Math.min(relay.due, now + LONGEST_WAIT_MS); // a clock set back must not end the asking
    relay.asked = Math.min(relay.asked, now);
    const urgent = relay.failures ? [] : own.filter(({ isUrgent }) => isUrgent);
    relay.isUrgent = urgent.length > 0;
    if (relay.due > now) return relay.asked + URGENT_MS <= now ? urgent : [];
    // Counted from when it was due: what else a session does must not put it off little by little.
    relay.due = (now - relay.due < LATE_MS ? relay.due : now) + ROUND_MS;
    return shuffled(this.#filled(url, own, relay.turn++), this.randomBytes);
  }

  /** @param {string} url @param {OwnMailbox[]} own @param {number} turn @returns {OwnMailbox[]} */
  #filled(url, own, turn) {
    if (!this.fillers) return own;
    if (own.length > SLOTS) {
      const [always, others] = [own.slice(0, SLOTS - TURNING), own.slice(SLOTS - TURNING)];
      const at = (/** @type {number} */ i) => others[(turn * TURNING + i) % others.length];
      return [...always, ...Array.from({ length: TURNING }, (_, i) => at(i))];
    }
    return [...own, ...this.fillers.slice(own.length).map((filler) => ({ url, ...filler }))];
  }

  /** @param {string} url @param {KeyedMailbox[]} chosen */
  async #visit(url, chosen) {
    const relay = this.relays.get(url);
    if (!relay || chosen.length === 0) return;
    const began = this.now();
    relay.asked = began;
    const waiting = [...chosen];
    /** @type {string | null} */ let reason = null;
    const line = async () => {
      while (reason === null && this.now() - began < SEND_MS) {
        const mailbox = waiting.shift();
        if (!mailbox) return;
        reason = (await this.#ask(url, mailbox)) ?? reason;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, line));
    relay.failures = reason === null ? 0 : relay.failures + 1;
    relay.reason = reason;
    if (relay.due !== HURRIED) relay.due = this.#nextDue(relay, began);
  }

  /** @param {RoundRelay} relay @param {number} began */
  #nextDue({ due, failures }, began) {
    const now = this.now();
    if (failures) return now + Math.min(FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20), LONGEST_WAIT_MS);
    return now - began > ROUND_MS / 2 ? Math.max(due, now + ROUND_MS / 2) : due; // a thin line has other things to carry
  }

  /** @param {string} url @param {KeyedMailbox} mailbox @returns {Promise<string | null>} why it did not answer */
  async #ask(url, { key, mailbox }) {
    try {
      await askMailbox(url, key, mailbox, this.by);
      return null;
    } catch (error) {
      if (error instanceof NoAnswer) return error.reason;
      if (error instanceof TocsinError) return error.code;
      this.problem ??= error; // it could not be stored, so the relay keeps it; the rhythm goes on
      return null;
    }
  }
}

/** @typedef {{ key: MailboxKey, mailbox: OwnMailbox }} KeyedMailbox */
/** @type {RoundRelay} */
const UNASKED = Object.freeze({ due: 0, asked: 0, failures: 0, reason: null, turn: 0, isUrgent: false });

/** Fetch what lies in a mailbox, page by page, and let the relay forget what it may. Whatever mailbox it is and whatever
 *  came, the calls follow from the answers in the same manner. @param {string} url @param {MailboxKey} key
 *  @param {Pick<OwnMailbox, "hear" | "acks" | "acked">} mailbox @param {CallBy} by @throws {NoAnswer}
 *  @throws {Malformed} and what `hear` throws */
export async function askMailbox(url, key, { hear, acks = [], acked = () => {} }, by) {
  let ack = acks;
  for (let page = 0; page <= PAGES; page++) {
    const frames = await pullMailbox(url, key, { ack, want: PAGE }, by);
    if (page === 0 && acks.length) acked();
    const came = frames.filter(({ kind }) => kind !== FrameKind.FILLER);
    ack = came.length ? await hear(came) : [];
    if (ack.length === 0) return;
  }
}

/** Derive the mailboxes that fill a round up: the same ones at each unlocking, and for nobody else to find.
 *  @param {Uint8Array} fillKey */
function drawFillers(fillKey) {
  return Array.from({ length: SLOTS }, (_, i) => {
    /** @type {MailboxKey | null} */ let known = null;
    const key = () => {
      known ??= mailboxKey(mac(fillKey, FILL, u32(i)));
      return known;
    };
    return { key, hear: hearNothing };
  });
}

/** @param {Frame[]} frames @returns {Uint8Array[]} all: nothing that comes to a filler is for anybody */
function hearNothing(frames) {
  return frames.map(({ envelope }) => digest(envelope));
}

/** @param {OwnMailbox} mailbox @returns {Promise<KeyedMailbox>} */
async function withKey(mailbox) {
  return { key: await mailbox.key(), mailbox };
}

/** @template Item @param {Item[]} items @param {RandomBytes} randomBytes @returns {Item[]} in an order drawn by lot */
function shuffled(items, randomBytes) {
  const lots = items.map((item) => {
    const [a, b, c, d] = randomBytes(4);
    return { item, lot: ((a * 256 + b) * 256 + c) * 256 + d };
  });
  return lots.sort((a, b) => a.lot - b.lot).map(({ item }) => item);
}
