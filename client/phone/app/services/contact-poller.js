/** While the app is unlocked: pairings are finished, what contacts send is fetched, and a new alert rings. */
/** @import { App, UnlockedVault } from "../app.js" */

import { listPreparedContacts, readBook } from "../../core/contacts/book.js";
import { SyncRunner } from "../../core/contacts/runner.js";
import { limitToTold, withContacts } from "../../core/prepare.js";
import { b64, unb64 } from "../../protocol/wire.js";
import { playAlertSound } from "../platform/alert-sound.js";
import { renewRinging } from "./push-subscription.js";

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
    this.post = new SyncRunner({
      book: readBook(session.content.contacts),
      save: (book) => this.save(book),
      send: (letters) => app.sender.add(letters),
      fetch: (url, init) => this.fetch(url, init),
      randomBytes: app.randomBytes,
      now: Date.now,
    });
    this.over = new Promise((_, reject) => {
      this.stopCalls = () => reject(new TypeError("locked"));
    });
    this.over.catch(() => {});
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
      const { alerts, next } = await this.round();
      await this.refresh();
      if (alerts.length) playAlertSound();
      await Promise.race([renewRinging(this.app, this), this.over]).catch(() => {}); // the next round comes here again
      this.changed();
      if (!this.isOver) await this.pause(Math.min(next, LONGEST_MS));
    }
  }

  async round() {
    try {
      const tally = await this.post.round();
      this.trouble = null;
      return tally;
    } catch (error) {
      this.trouble = this.isOver ? null : error; // no space, most likely: to be seen, and tried again
      return { alerts: [], next: LONGEST_MS };
    }
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
    const contacts = await listPreparedContacts(this.post.book, Date.now());
    const kit = this.app.caseSession?.kit;
    if (kit && describeContacts(kit.contacts) !== describeContacts(limitToTold(kit, contacts))) await this.reseal();
  }

  /** The letters of the next press, for the contacts as they are now. */
  async reseal() {
    const now = Date.now();
    const contacts = await listPreparedContacts(this.post.book, now);
    const { pin, forced } = this.session.content.keys;
    const sessions = { pin: unb64(pin), forced: unb64(forced) };
    await this.app.caseSession?.replaceKit((kit) =>
      withContacts(kit, contacts, { sessions, now, randomBytes: this.app.randomBytes }),
    );
  }

  stop() {
    document.removeEventListener("securitypolicyviolation", this.noticed);
    this.isOver = true;
    this.stopCalls?.();
    this.skip();
  }
}

/** What the kit holds of contacts. @param {import("../../core/press.js").Reachable[]} contacts */
function describeContacts(contacts) {
  const all = contacts.map(({ key, mailbox, relays, wake, later }) => [b64(key), b64(mailbox), relays, wake, later]);
  return JSON.stringify(all);
}
