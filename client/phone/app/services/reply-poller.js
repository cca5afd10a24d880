/** Looking for answers: which lie where, which were read. Read ones are acknowledged, and the relay forgets them. */
/** @import { App, ReceivedReply, ReplyRoute } from "../app.js" */

import { pullMailbox } from "../../core/relay-reads.js";
import { NoAnswer } from "../../core/transport.js";
import { TocsinError } from "../../protocol/errors.js";
import { openReplies, replyMailbox } from "../../protocol/reply-block.js";
import { digest } from "../../protocol/wire.js";

/** An answer that came, and what acknowledges it.
 *  @typedef {ReceivedReply & { route: ReplyRoute, hash: Uint8Array }} PendingReply */

export class ReplyPoller {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    /** @type {Map<string, PendingReply>} */
    this.come = new Map();
    this.isBusy = false;
  }

  /** @returns {ReplyRoute[]} */
  routes() {
    const stored = this.app.session?.duress ? [] : (this.app.session?.content.ways ?? []);
    // none ends by this clock: one that is over is destroyed by a date that most relays sign
    return [...new Map([...stored, ...this.app.replyRoutes].map((route) => [route.keep.mailbox, route])).values()];
  }

  /** Look at every relay of every route once. */
  async poll() {
    if (this.isBusy) return;
    this.isBusy = true;
    for (const route of this.routes()) for (const url of route.keep.relays) await this.pollRelay(route, url);
    this.isBusy = false;
  }

  /** @param {ReplyRoute} route @param {string} url @param {Uint8Array[]} [ack] */
  async pollRelay(route, url, ack = []) {
    try {
      const frames = await pullMailbox(url, replyMailbox(route.keep), { ack }, this.by());
      const { replies } = await openReplies(frames, route.keep);
      for (const { frame, message } of replies) {
        const { id, at, text, status } = message;
        if (message.case !== route.case || this.come.has(id) || ack.length) continue;
        this.come.set(id, { id, at, text, status, route, hash: digest(frame.envelope) });
      }
    } catch (error) {
      if (!(error instanceof NoAnswer) && !(error instanceof TocsinError)) throw error;
    }
  }

  /** What was read goes, here and at the relays. */
  async forget() {
    const read = [...this.come.values()];
    this.come.clear();
    for (const { route, hash } of read) for (const url of route.keep.relays) await this.pollRelay(route, url, [hash]);
  }

  by() {
    const { randomBytes, fetch } = this.app;
    return { now: () => Math.floor(Date.now() / 1_000), randomBytes, fetch };
  }
}
