/** Looking for answers: which lie where, which were read. Read ones are acknowledged, and the relay forgets them. */
/** @import { App, ReceivedReply, ReplyRoute } from "../app.js" */

import { pull } from "../../core/relay-reads.js";
import { NoAnswer } from "../../core/transport.js";
import { TocsinError } from "../../protocol/errors.js";
import { openReplies, replyMailbox } from "../../protocol/reply-block.js";
import { digest } from "../../protocol/wire.js";

/** An answer that came, and what acknowledges it. @typedef {ReceivedReply & { way: ReplyRoute, hash: Uint8Array }} Come */

export class Mail {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    /** @type {Map<string, Come>} */
    this.come = new Map();
    this.isBusy = false;
  }

  /** @returns {ReplyRoute[]} */
  ways() {
    const kept = this.app.session?.duress ? [] : (this.app.session?.content.ways ?? []);
    const now = Date.now() / 1_000;
    return [...kept, ...this.app.replyRoutes].filter(({ keep }) => keep.until > now);
  }

  /** One look at every relay of every way. */
  async look() {
    if (this.isBusy) return;
    this.isBusy = true;
    for (const way of this.ways()) for (const url of way.keep.relays) await this.lookAt(way, url);
    this.isBusy = false;
  }

  /** @param {ReplyRoute} way @param {string} url @param {Uint8Array[]} [ack] */
  async lookAt(way, url, ack = []) {
    try {
      const frames = await pull(url, replyMailbox(way.keep), { ack }, this.by());
      const { replies } = await openReplies(frames, way.keep);
      for (const { frame, message } of replies) {
        const { id, at, text, status } = message;
        if (message.case !== way.case || this.come.has(id) || ack.length) continue;
        this.come.set(id, { id, at, text, status, way, hash: digest(frame.envelope) });
      }
    } catch (error) {
      if (!(error instanceof NoAnswer) && !(error instanceof TocsinError)) throw error;
    }
  }

  /** What was read goes, here and at the relays. */
  async forget() {
    const read = [...this.come.values()];
    this.come.clear();
    for (const { way, hash } of read) for (const url of way.keep.relays) await this.lookAt(way, url, [hash]);
  }

  by() {
    const { randomBytes, fetch } = this.app;
    return { now: () => Math.floor(Date.now() / 1_000), randomBytes, fetch };
  }
}
