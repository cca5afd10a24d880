/**
 * One case on this phone: the press, what is said after it, where the phone is. Everything is sealed on the spot and
 * handed to the sender; what was said is remembered in memory only, so that a second press does not take it back.
 */
/** @import { Letter } from "../../core/letter.js" */
/** @import { Facts, ReplyBlock } from "../../protocol/message.js" */
/** @import { ReplyKeep } from "../../protocol/reply-block.js" */
/** @import { Pieces } from "../../core/media.js" */
/** @import { Kit } from "../../core/press.js" */
/** @import { RandomBytes } from "../../protocol/wire.js" */
/** @import { Position } from "../platform/geolocation.js" */
/** @import { LetterSender } from "../app.js" */

import { amend, press, withoutArrived } from "../../core/press.js";
import { encodePlace, isWorthALetter } from "../platform/location-updates.js";

const LOOK_MS = 15_000; // how often it is asked whether two minutes have passed
// What one tap says. Typed text is not among it: it stays only until relays have it.
const TAPPED = new Set(["stage", "people", "minors", "injured", "force", "phone_taken", "needs", "station"]);

/** Ways for replies. `draw`: one for a case that begins now, null when none can be had at once; `keep`: its private half,
 *  on the disk; `renew`: one with the first words of an unlocked session, null when none is due.
 *  @typedef {{ draw(kit: Kit): Promise<{ block: ReplyBlock, keep: ReplyKeep } | null>,
 *    keep(kit: Kit, keep: ReplyKeep): unknown, renew(kit: Kit, content: Partial<Facts>): Promise<Partial<Facts> | null> }} Replies */
/** @type {Replies} */
const NO_REPLIES = { draw: async () => null, keep: () => {}, renew: async () => null };

/** What contacts are told in so many words. @typedef {"safe" | "moved" | null} NewsType */

export class CaseSession {
  /** `storeKit` stores the kit; `duress` tells whether the decoy's PIN opened this session; `key` is the one that the
   *  session speaks with, null when none is unlocked; `replies` brings ways for replies.
   *  @param {{ kit: Kit, sender: LetterSender, position: Position, randomBytes: RandomBytes, storeKit: (kit: Kit) =>
   *  unknown, duress?: () => boolean, key?: () => Uint8Array | null, replies?: Replies }} by */
  constructor({ kit, sender, position, randomBytes, storeKit, duress = () => false, key = () => null, ...by }) {
    this.kit = kit;
    this.sender = sender;
    this.position = position;
    this.randomBytes = randomBytes;
    this.storeKit = storeKit;
    this.duress = duress;
    this.key = key;
    this.replies = by.replies ?? NO_REPLIES;
    /** What was said on the phone since it was started. @type {Record<string, any>} */
    this.tapped = {};
    /** What the last word on where I am was called for contacts. @type {NewsType} */
    this.news = null;
    /** @type {import("../platform/location-updates.js").SentPosition} */
    this.sentPosition = { fix: null, at: 0 };
    this.following = false;
    this.timer = 0;
    /** @type {Promise<unknown>} */ this.queue = Promise.resolve();
    /** @type {() => void} */ this.changed = () => {};
  }

  /** One message after the other: each takes the number after the last.
   *  @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  inTurn(work) {
    const result = this.queue.then(work);
    this.queue = result.catch(() => {});
    return result;
  }

  press() {
    return this.inTurn(async () => {
      const now = Date.now();
      const facts = { ...this.first(), ...this.tapped, ...this.placeNow(now), ...this.pressure() };
      const route = this.kit.case ? null : await this.replies.draw(this.kit);
      this.handOver(await press(this.kit, { facts, reply: route?.block, ...this.by(now) }));
      if (route) this.replies.keep(this.kit, route.keep);
      this.follow();
    });
  }

  /** What a first letter must carry; a later one would take back what was said before. */
  first() {
    return isBegun(this.kit) ? {} : { stage: "unknown", people: 1 };
  }

  /** To the organisation; and to contacts what was chosen for them. @param {Partial<Facts>} content
   *  @param {NewsType} [news] what it is for contacts, when the facts do not say it themselves */
  tell(content, news = null) {
    for (const [fact, value] of Object.entries(content.facts ?? {})) if (TAPPED.has(fact)) this.tapped[fact] = value;
    if (content.facts?.stage !== undefined) this.news = news;
    return this.inTurn(() => this.send(content, news, Date.now()));
  }

  /** @param {Partial<Facts>} content @param {NewsType} news @param {number} now */
  async send(content, news, now) {
    // Words never wait for a way for replies: the vault may be full, or the disk.
    const more = content.reply ? null : await this.replies.renew(this.kit, content).catch(() => null);
    const facts = { ...content.facts, ...this.pressure() };
    this.handOver(await amend(this.kit, { content: { ...content, facts, ...more }, ...this.by(now) }));
    if (this.kit.contacts.length === 0) return;
    const { tellContacts } = await import("../../core/contacts/follow-up.js");
    this.handOver(await tellContacts(this.kit, { facts: content.facts, type: news, ...this.by(now) }));
  }

  /** Another kit in the place of this one. @param {(kit: Kit) => Promise<Kit>} change */
  replaceKit(change) {
    return this.inTurn(async () => {
      this.kit = await change(this.kit);
      this.storeKit(this.kit);
    });
  }

  /** `sealFile` is loaded with the screens that need it.
   *  @param {typeof import("../../core/media.js").sealFile} sealFile @param {Pieces} pieces
   *  @param {Record<string, any>} [facts] */
  file(sealFile, pieces, facts = {}) {
    return this.inTurn(async () => {
      const breathe = () => new Promise((resolve) => setTimeout(resolve));
      this.handOver(
        await sealFile(this.kit, pieces, {
          facts: { ...facts, ...this.pressure() },
          breathe: /** @type {any} */ (breathe),
          ...this.by(Date.now()),
        }),
      );
    });
  }

  /** @param {number} now */
  by(now) {
    return { now, randomBytes: this.randomBytes, key: this.key() };
  }

  /** That this is said under force, where no key can say it: letters of before name none. */
  pressure() {
    return this.duress() && !this.kit.named ? { coerced: true } : {};
  }

  /** Sent first, stored afterwards. @param {{ kit: Kit, letters: Letter[] }} sealed */
  handOver({ kit, letters }) {
    this.kit = kit;
    this.sender.add(letters);
    this.storeKit(kit);
    this.changed();
  }

  /** A relay gave a receipt for this letter. @param {string} id */
  arrived(id) {
    const kit = withoutArrived(this.kit, id);
    if (kit !== this.kit) this.storeKit(kit);
    this.kit = kit;
  }

  /** @param {number} now @returns {Record<string, any>} */
  placeNow(now) {
    const fix = this.position.last;
    if (!fix) return {};
    this.sentPosition = { fix, at: now };
    return { place: encodePlace(fix, now) };
  }

  follow() {
    if (this.following) return;
    this.following = true;
    this.position.start();
    this.timer = Number(setInterval(() => this.sendDuePosition(), LOOK_MS));
  }

  stopFollowing() {
    if (!this.following) return;
    this.following = false;
    clearInterval(this.timer);
    this.position.stop();
    this.changed();
  }

  /** Send the position if that is due. */
  sendDuePosition() {
    const now = Date.now();
    if (!this.following || !isWorthALetter(this.sentPosition, this.position.last, now)) return;
    const facts = this.placeNow(now);
    this.inTurn(() => this.send({ facts }, null, now));
  }
}

/** Count the contacts whom the words written for them have reached, as far as a relay. @param {Kit} kit */
export function countReached({ contacts, ready }) {
  const total = contacts.length;
  return { total, confirmed: total - ready.filter(({ contact }) => contact !== null).length };
}

/** Tell whether anything of this case has been sent. @param {Kit} kit */
export function isBegun({ seq, ready }) {
  return seq > 1 || (seq === 1 && !ready.some(({ contact }) => contact === null));
}
