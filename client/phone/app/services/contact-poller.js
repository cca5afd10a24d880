/** While the app is unlocked: pairings are finished, what contacts and the organisation send is fetched, and a new alert
 *  rings. Under each PIN the same calls leave at the same moments (`../../core/rounds.md`). */
/** @import { App, UnlockedVault } from "../app.js" */
/** @import { WakeOffer } from "../../protocol/wake.js" */

import { readBook, setForwarding, withContactChanges } from "../../core/contacts/book.js";
import { forwardReply, sealAlertTo } from "../../core/contacts/mail.js";
import { SyncRunner } from "../../core/contacts/runner.js";
import { findLender } from "../../core/contacts/stand-ins.js";
import { limitToTold, withContacts } from "../../core/prepare.js";
import { tellContact } from "../../core/press.js";
import { askWakeOffer } from "../../core/relay-reads.js";
import { b64, unb64 } from "../../protocol/wire.js";
import { playAlertSound } from "../platform/alert-sound.js";
import { canRing, renewRinging } from "./push-subscription.js";
import { ReplyPoller } from "./reply-poller.js";

const LONGEST_MS = 60_000;

export class ContactPoller {
  /** @param {App} app @param {UnlockedVault} session */
  constructor(app, session) {
    this.app = app;
    this.session = session;
    this.isOver = false;
    /** Why the last round came to nothing. @type {unknown} */ this.trouble = null;
    /** Relays that the page's policy keeps us from. @type {Set<string>} */ this.blocked = new Set();
    /** Ends what is being waited for. @type {() => void} */ this.skip = () => {};
    /** @type {() => void} */ this.changed = () => {};
    /** @type {Promise<void>} */ this.ended = Promise.resolve();
    /** How relays ring, of those that said so since the unlocking. @type {Map<string, WakeOffer | null>} */
    this.offers = new Map();
    const replies = new ReplyPoller(app); // an earlier one may hold what another PIN opened
    app.mail = replies;
    this.post = new SyncRunner({
      book: readBook(session.content.contacts),
      save: (book) => this.save(book),
      send: (letters) => app.sender.add(letters),
      fetch: (url, init) => this.fetch(url, init),
      randomBytes: app.randomBytes,
      now: () => Date.now(),
      others: () => replies.mailboxes(),
      relays: () => this.relays(),
      fillKey: session.fillKey,
    });
    /** Ends with the first round. @type {Promise<void>} */
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
    this.over = new Promise((_, reject) => {
      this.stopCalls = () => reject(new TypeError("locked"));
    });
    this.over.catch(() => {});
  }

  /** Those that lie open on the phone: they are asked whatever this session holds. */
  relays() {
    const kit = this.app.caseSession?.kit;
    return kit ? [...kit.desk.relays, ...kit.others] : [];
  }

  start() {
    document.addEventListener("securitypolicyviolation", this.noticed);
    this.ended = this.run();
    return this;
  }

  noticed = (/** @type {SecurityPolicyViolationEvent} */ { blockedURI }) => {
    if (blockedURI.startsWith("http")) this.blocked.add(new URL(blockedURI).origin);
  };

  /** Why relays did not answer in the last round, as codes. */
  failures() {
    const reasons = [...this.post.failures].map(([url, reason]) =>
      this.blocked.has(new URL(url).origin) ? "relay-blocked" : reason,
    );
    return [...new Set(reasons)];
  }

  /** What is not stored must not be acknowledged to a relay.
   *  @param {import("../../core/contacts/book.js").Book} book */
  async save(book) {
    this.session.content.contacts = book;
    if (!(await this.session.save())) throw { reason: "store-broken" };
  }

  /** Nothing is awaited any more once the app was locked. @type {import("../../core/transport.js").Fetch} */
  fetch(url, init) {
    return Promise.race([this.app.fetch(url, init), this.over]);
  }

  async run() {
    while (!this.isOver) {
      const alerts = await this.round();
      await this.askOffers();
      this.open?.();
      await this.refresh();
      if (alerts.length) playAlertSound();
      await Promise.race([renewRinging(this.app, this), this.over]).catch(() => {}); // the next round comes here again
      this.changed();
      // Until the moment that is due, however long what came in between took this session.
      if (!this.isOver) await this.pause(Math.min(Math.max(this.post.next - Date.now(), 0), LONGEST_MS));
    }
  }

  async round() {
    try {
      const { alerts } = await this.post.round();
      this.trouble = null;
      return alerts;
    } catch (error) {
      this.trouble = this.isOver ? null : error; // no space, most likely: to be seen, and tried again
      return [];
    }
  }

  /** Ask each relay once after an unlocking how it rings, whether or not this session wants to know. */
  async askOffers() {
    if (!canRing(this.app)) return;
    const asked = this.relays().filter((relay) => !this.offers.has(relay) && !this.post.failures.has(relay));
    const ask = async (/** @type {string} */ relay) => {
      const offer = await askWakeOffer(relay, (url, init) => this.fetch(url, init));
      this.offers.set(relay, offer);
    };
    await Promise.allSettled(asked.map(ask));
  }

  /** @param {number} wait milliseconds @returns {Promise<void>} */
  pause(wait) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.skip = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Look again at once. */
  hurry() {
    this.post.hurry();
    this.skip();
  }

  /** Seal anew when somebody was paired, when a pair has ended, when somebody wants to be woken otherwise. */
  async refresh() {
    const kit = this.app.caseSession?.kit;
    if (!kit) return;
    const contacts = await this.session.listTold(this.post.book);
    const isSame = describeContacts(kit.contacts) === describeContacts(limitToTold(kit, contacts));
    if (!isSame || this.otherRelays().join() !== kit.others.join()) await this.reseal();
  }

  /** List the relays that the kit is to name beside the organisation's: where mailboxes of its owner lie. */
  otherRelays() {
    const kit = this.app.caseSession?.kit;
    const urls = this.post.listOwn().map(({ url }) => url);
    return this.session.listOtherRelays(kit, urls);
  }

  /** The letters of the next press, for the contacts as they are now. */
  async reseal() {
    const now = Date.now();
    const contacts = await this.session.listTold(this.post.book);
    const others = this.otherRelays();
    const { pin, forced } = this.session.content.keys;
    const sessions = { pin: unb64(pin), forced: unb64(forced) };
    await this.app.caseSession?.replaceKit(async (kit) => ({
      ...(await withContacts(kit, contacts, { sessions, now, randomBytes: this.app.randomBytes })),
      others,
    }));
  }

  /** Say something to one contact. For a stand-in it goes the way of what is said after a press.
   *  @param {string} id @param {{ type: string, text?: string, place?: any }} said @throws {NotPaired}
   *  @throws {PairExpired} @throws {TooMuchContent} */
  async tell(id, said) {
    const by = { now: Date.now(), randomBytes: this.app.randomBytes };
    const { letters } = await this.post.change(
      async (book) => (await this.sealFromKit(book, id, said)) ?? sealAlertTo(book, id, said, by),
    );
    this.app.sender.add(letters);
  }

  /** Pass an organisation's reply on to one contact: the call is the consent, for this one. @param {string} id
   *  @param {string} text @throws as `tell` */
  async pass(id, text) {
    const by = { now: Date.now(), randomBytes: this.app.randomBytes };
    const { letters } = await this.post.change(async (book) => {
      const lent = await this.sealFromKit(book, id, { type: "text", text });
      const passed = lent ?? (await forwardReply(setForwarding(book, id, true), id, { text }, by));
      return { ...passed, book: setForwarding(passed.book, id, false) };
    });
    this.app.sender.add(letters);
  }

  /** @param {import("../../core/contacts/book.js").Book} book @param {string} id
   *  @param {{ type: string, text?: string, place?: any }} said
   *  @returns {Promise<{ book: import("../../core/contacts/book.js").Book, letters: import("../../core/letter.js").Letter[] } | null>}
   *  null when it is no stand-in */
  async sealFromKit(book, id, said) {
    const { standIns } = this.session.content;
    const { caseSession } = this.app;
    const lender = caseSession && findLender({ book, standIns }, id, caseSession.kit.contacts);
    if (!lender) return null;
    const letter = await tellContact(caseSession.kit, lender, said, caseSession.by(Date.now()));
    const { seq } = book.contacts.find((contact) => contact.id === id) ?? { seq: 0 };
    return { book: withContactChanges(book, id, { seq: seq + 1 }), letters: [letter] };
  }

  stop() {
    document.removeEventListener("securitypolicyviolation", this.noticed);
    this.isOver = true;
    this.stopCalls?.();
    this.open?.();
    this.skip();
  }
}

/** What the kit holds of contacts. @param {import("../../core/press.js").Reachable[]} contacts */
function describeContacts(contacts) {
  const all = contacts.map(({ key, mailbox, relays, wake, later }) => [b64(key), b64(mailbox), relays, wake, later]);
  return JSON.stringify(all);
}
