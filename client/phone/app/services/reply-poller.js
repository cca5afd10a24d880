/** Looking for replies: which lie where, which were read. Read ones are acknowledged, and the relay forgets them. In an
 *  unlocked app the rounds among all mailboxes ask for them (`contact-poller.js`), on a phone without a PIN this does. */
/** @import { App, ReceivedReply, ReplyRoute } from "../app.js" */
/** @import { OwnMailbox } from "../../core/mailbox-rounds.js" */
/** @import { Frame, MailboxKey } from "../../protocol/mailbox.js" */

import { askMailbox } from "../../core/mailbox-rounds.js";
import { NoAnswer } from "../../core/transport.js";
import { TocsinError } from "../../protocol/errors.js";
import { openReplies, replyMailbox } from "../../protocol/reply-block.js";
import { digest } from "../../protocol/wire.js";
import { isBegun } from "./case.js";

/** A reply that came, and what acknowledges it. `isUnseen`: the page was hidden then.
 *  @typedef {ReceivedReply & { route: ReplyRoute, hash: Uint8Array, isUnseen: boolean }} PendingReply */

export class ReplyPoller {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    /** @type {Map<string, PendingReply>} */
    this.come = new Map();
    /** Ids of what was read, for a relay that gives it once more. @type {Set<string>} */ this.read = new Set();
    /** What relays have still to forget, with the mailbox. @type {Map<string, { url: string, route: ReplyRoute,
     *  acks: Uint8Array[] }>} */
    this.pending = new Map();
    /** @type {Map<string, MailboxKey>} */ this.keys = new Map();
    /** @type {() => void} */ this.changed = () => {};
    this.isBusy = false;
  }

  /** List where replies may lie, the newest of the case on this phone first. @returns {ReplyRoute[]} */
  routes() {
    const { session, caseSession, replyRoutes } = this.app;
    const current = caseSession?.kit.case;
    // Behind a PIN those of the page are in the vault, and what one PIN opens is not for another.
    const known = [...(session?.content.ways ?? []), ...(session?.key ? [] : replyRoutes)];
    const routes = [...new Map(known.map((route) => [route.keep.mailbox, route])).values()].reverse();
    // None ends by this clock: one that is over is destroyed by a date that most relays sign. What never left names no
    // mailbox to anybody.
    const hasLeft = Boolean(caseSession && isBegun(caseSession.kit));
    const open = routes.filter((route) => !route.isPrepared || (route.case === current && hasLeft));
    return [...open.filter((route) => route.case === current), ...open.filter((route) => route.case !== current)];
  }

  /** List the mailboxes of all routes, for a round. @returns {OwnMailbox[]} */
  mailboxes() {
    return this.routes().flatMap((route) => route.keep.relays.map((url) => this.mailboxOf(route, url)));
  }

  /** @param {ReplyRoute} route @param {string} url @returns {OwnMailbox} */
  mailboxOf(route, url) {
    const name = nameOf(route, url);
    const key = this.keys.get(route.keep.mailbox) ?? replyMailbox(route.keep);
    this.keys.set(route.keep.mailbox, key);
    return {
      url,
      key: () => key,
      hear: (/** @type {Frame[]} */ frames) => this.hear(route, frames),
      acks: this.pending.get(name)?.acks,
      acked: () => this.pending.delete(name),
    };
  }

  /** Show what opens, and return the hashes of what a relay may forget: what does not open, and what was read.
   *  @param {ReplyRoute} route @param {Frame[]} frames @returns {Promise<Uint8Array[]>} */
  async hear(route, frames) {
    const { replies, bad } = await openReplies(frames, route.keep);
    const acks = bad.map(({ frame }) => digest(frame.envelope));
    const isUnseen = globalThis.document?.visibilityState === "hidden";
    for (const { frame, message } of replies) {
      const { id, at, text, status } = message;
      const hash = digest(frame.envelope);
      if (this.read.has(id)) acks.push(hash);
      else if (message.case === route.case && !this.come.has(id))
        this.come.set(id, { id, at, text, status, route, hash, isUnseen });
    }
    this.changed();
    return acks;
  }

  /** Ask every relay of every route once, where no rounds do it. */
  async poll() {
    if (this.isBusy || this.app.session?.key) return;
    this.isBusy = true;
    try {
      for (const mailbox of this.mailboxes()) await this.ask(mailbox);
    } finally {
      this.isBusy = false;
    }
  }

  /** @param {OwnMailbox} mailbox */
  async ask(mailbox) {
    const { randomBytes, fetch } = this.app;
    const by = { now: () => Math.floor(Date.now() / 1_000), randomBytes, fetch };
    try {
      await askMailbox(mailbox.url, await mailbox.key(), mailbox, by);
    } catch (error) {
      if (!(error instanceof NoAnswer) && !(error instanceof TocsinError)) throw error;
    }
  }

  /** What was read goes, here and at the relays: with the next round, or at once where there is none. */
  async forget() {
    for (const { id, route, hash, isUnseen } of this.come.values()) {
      if (isUnseen) continue; // nobody was there: it is fetched again
      this.read.add(id);
      for (const url of route.keep.relays) {
        const name = nameOf(route, url);
        this.pending.set(name, { url, route, acks: [...(this.pending.get(name)?.acks ?? []), hash] });
      }
    }
    this.come.clear();
    if (this.pending.size === 0) return;
    if (this.app.mail === this && this.app.contactPoller) this.app.contactPoller.hurry();
    else for (const { route, url } of [...this.pending.values()]) await this.ask(this.mailboxOf(route, url));
  }
}

/** @param {ReplyRoute} route @param {string} url */
function nameOf({ keep }, url) {
  return `${keep.mailbox} ${url}`;
}
