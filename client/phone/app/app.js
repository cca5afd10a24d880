/** What the screens share: the store, the kit, the sender, and which screen is shown. */
/** @import { Book } from "../core/contacts/book.js" */
/** @import { Letter } from "../core/letter.js" */
/** @import { Outbox } from "../core/outbox.js" */
/** @import { PreparedContact } from "../core/prepare.js" */
/** @import { Kit } from "../core/press.js" */
/** @import { Store } from "../core/store.js" */
/** @import { Fetch } from "../core/transport.js" */
/** @import { Facts } from "../protocol/message.js" */
/** @import { Card } from "../protocol/organisation.js" */
/** @import { ReplyKeep } from "../protocol/reply-block.js" */
/** @import { RandomBytes } from "../protocol/wire.js" */

import { memoryStore } from "../core/store.js";
import { TocsinError } from "../protocol/errors.js";
import { randomBytes } from "../protocol/random.js";
import { Position } from "./platform/geolocation.js";
import { fill } from "./ui/dom.js";
import { loadWords, useLanguage } from "./ui/i18n.js";
import { LANGUAGE } from "./ui/language.js";

export const KIT = "k";
export const VAULT = "v";
export const ACTIVE = "a";
const PATIENCE_MS = 1_500; // that a press waits for a way for replies: it is loaded with the page, and takes 100 ms
const FIRST = new Set(["start", "welcome"]); // their words come with the page

/** Injected by the build; see README.md.
 *  @typedef {{ title: string, languages: string[], start: Record<string, any>, cards: string[], packs: string[],
 *    release: string | null, worker: string | null, inline: Record<string, string> }} Config */
/** A screen builds its nodes; what it returns in `leave` is called when another takes its place.
 *  @typedef {(app: App, with_?: any) => (Node[] | Promise<Node[]>)} Screen */

// Services stand above this file and come in by `main.js`, so these say what is asked of them here and by each other.

/** Letters that leave; `../services/sender.js` has it. `happening`: an event of the outbox without its time.
 *  @typedef {{ storeFailed: boolean, start(locks?: LockManager): unknown, add(letters: Letter[]): void,
 *    onEvent(happening: any): void, isOpen(): boolean, outbox: Outbox,
 *    status(): SendStatus, onStoreFailure(): void, stop(): void }} LetterSender */
/** What has left and what has not, in letters. `next`: when the next try is due, in milliseconds; `trouble`: codes.
 *  @typedef {{ total: number, confirmed: number, waiting: number, unstored: boolean, next: number,
 *    trouble: string[] }} SendStatus */
/** @typedef {Extract<import("../core/outbox.js").OutboxEffect, { type: "received" }>} Received */
/** A receipt, and the case and its kit as they were. @typedef {{ caseSession: OpenCase, kit: Kit, effect: Received }}
 *  Arrival */
/** One case that is pressed and told of.
 *  @typedef {{ kit: Kit, sender: LetterSender, press(): Promise<void>, tell(said: Partial<Facts>): Promise<void>,
 *    replaceKit(change: (kit: Kit) => Promise<Kit>): Promise<void>, arrived(id: string): void,
 *    by(now: number): { now: number, randomBytes: RandomBytes, key: Uint8Array | null },
 *    sendDuePosition(): void, follow(): void,
 *    stopFollowing(): void }} OpenCase */
/** What the PIN opened. `progress` from 0 to 1.
 *  @typedef {{ content: any, duress: boolean, key: Uint8Array | null, fillKey: Uint8Array | null,
 *    save(): Promise<boolean>, close(): Promise<unknown>,
 *    begin(): void, matchContacts(): Promise<void>, isFollowing(kit: Kit): boolean,
 *    listTold(book: Book): Promise<PreparedContact[]>, listOtherRelays(kit: Kit | undefined, urls: string[]): string[],
 *    bringReply(kit: Kit, content: Partial<Facts>): Promise<Partial<Facts> | null>,
 *    storeReplies(replies: ReceivedReply[]): Promise<void>,
 *    renew(): Promise<boolean | undefined>, prepareAnew(): Promise<void>,
 *    changePin(pin: string, progress: (part: number) => void): Promise<void>, changeProfile(facts: Record<string,
 *    any>, isLeftOpen?: boolean): Promise<void>,
 *    removeDecoy(): Promise<void>,
 *    setDecoy(pin: string, names: { organisation: string, people: string[] } | undefined,
 *    progress: (part: number) => void): Promise<void> }} UnlockedVault */
/** Rounds among contacts' mailboxes; `ended` when the last one has.
 *  @typedef {{ ended: Promise<void>, hurry(): void, stop(): void }} Rounds */
/** Where replies of a case may lie. `isPrepared`: of letters sealed in advance that have not left; `secret`: without a
 *  PIN, b64 of what shows that the case is ours.
 *  @typedef {{ case: string, keep: ReplyKeep, isPrepared?: boolean, secret?: string }} ReplyRoute */
/** A reply as it was opened; `at` in Unix seconds.
 *  @typedef {{ id: string, at: number, text: string, status: string }} ReceivedReply */
/** Replies that came, by their id.
 *  @typedef {{ come: Map<string, ReceivedReply>, changed: () => void, poll(): Promise<void>,
 *    forget(): Promise<void> }} ReplyBox */

/** What a press takes; it comes a moment after the first screen.
 *  @typedef {{ CaseSession: new (by: { kit: Kit, sender: LetterSender, position: Position, randomBytes: RandomBytes,
 *      storeKit: (kit: Kit) => unknown, duress: () => boolean, key: () => Uint8Array | null,
 *      replies: any }) => OpenCase,
 *    Sender: new (by: { store: Store, fetch: Fetch, randomBytes: RandomBytes, changed?: () => void,
 *    received?: (effect: Received) => void,
 *      stored?: () => void }) => LetterSender,
 *    packKit: typeof import("../core/kit.js").packKit, unpackKit: typeof import("../core/kit.js").unpackKit,
 *    loadReplies: () => Promise<any> }} Press */

/** @type {typeof globalThis.fetch} */
const bareFetch = (url, init) => globalThis.fetch(url, init);

export class App {
  /** @param {{ config: Config, root: HTMLElement, store: Store, screens: (name: string) => Promise<Screen>,
   *    loadPress: () => Promise<Press> }} by */
  constructor({ config, root, store, screens, loadPress }) {
    this.loadPress = loadPress;
    this.config = config;
    this.root = root;
    this.store = store;
    this.screens = screens;
    this.randomBytes = randomBytes;
    this.fetch = bareFetch;
    this.position = new Position();
    this.position.changed = () => {
      this.caseSession?.sendDuePosition();
      this.changed();
    };
    this.duress = false;
    /** What the last session speaks with. @type {Uint8Array | null} */ this.key = null;
    /** @type {UnlockedVault | null} */ this.session = null;
    /** @type {OpenCase | null} */ this.caseSession = null;
    /** While unlocked. @type {Rounds | null} */ this.contactPoller = null;
    /** Ends when nothing of an earlier session is still being done. @type {Promise<unknown>} */ this.closed =
      Promise.resolve();
    /** Lets another page be unlocked. */ this.release = () => {};
    /** What the first visit gathers, in memory. @type {Record<string, any>} */
    this.draft = {};
    /** What the service worker has to say about the site; shown when unlocked. */
    this.warning = "";
    /** For a practice press. @type {Card | null} */
    this.practiceCard = null;
    /** Whether a PIN was chosen; undefined until somebody found out. @type {boolean | undefined} */
    this.hasPin = undefined;
    /** @type {ReplyBox | null} */
    this.mail = null;
    /** Of this page's life, for those without a vault. @type {ReplyRoute[]} */
    this.replyRoutes = [];
    /** @type {Arrival[]} */ this.arrivals = [];
    this.onArrival = () => {};
    /** Called when a letter moves. */ this.onLetters = () => {};
    /** @type {(() => void)[]} */ this.leaving = [];
    this.shown = "";
    this.navigation = 0;
    /** There once `load` has ended. @type {LetterSender} */
    this.sender = /** @type {any} */ (null);
    /** @type {Press} */
    this.engine = /** @type {any} */ (null);
    /** @type {Promise<void> | null} */
    this.loading = null;
    /** Ends when the kit was read. */
    this.ready = Promise.resolve();
    /** @type {() => void} */ this.changed = () => {};
    /** Ask the browser to wake the service worker. @type {() => void} */ this.askForSync = () => {};
  }

  /** Crypto, outbox, kit: most of the app, and not needed to show the first screen of a first visit. */
  load() {
    this.loading ??= this.loadPress().then((press) => {
      this.engine = press;
      this.sender = new press.Sender({
        store: this.store,
        fetch: bareFetch,
        randomBytes,
        changed: () => {
          this.changed();
          this.onLetters();
        },
        received: (effect) => this.arrived(this.caseSession, effect),
        stored: () => this.askForSync(),
      });
    });
    return this.loading;
  }

  /** Back to the screen that tells nothing; what was unlocked is forgotten. */
  lock() {
    this.contactPoller?.stop();
    this.closed = Promise.all([this.closed, this.contactPoller?.ended, this.session?.close()]);
    this.contactPoller = this.mail = this.session = null; // replies under one PIN are not for another
    if (!this.duress) this.key = null; // whoever was forced goes on being heard so
    this.release();
    this.draft = {};
    return this.go("start");
  }

  /** The kit from the store, if there is one that can be read. */
  async loadKit() {
    const data = await this.store.get(KIT).catch(() => null);
    if (data) this.useKit(read(data, this.engine.unpackKit));
  }

  /** What an earlier case still seals must not be kept in the place of this kit. @param {Kit | null} kit */
  useKit(kit) {
    this.caseSession?.stopFollowing();
    /** @type {OpenCase | null} */
    const caseSession =
      kit && this.newCaseSession(kit, this.sender, (next) => this.caseSession === caseSession && this.keepKit(next));
    this.caseSession = caseSession;
  }

  /** A receipt came; what it says is looked at once `upkeep.js` is there. @param {OpenCase | null} caseSession
   *  @param {Received} effect */
  arrived(caseSession, effect) {
    if (!caseSession) return;
    this.arrivals.push({ caseSession, kit: caseSession.kit, effect });
    caseSession.arrived(effect.id);
    this.onArrival();
  }

  /** A press for practice: its own case, its own sender, nothing stored. @param {Kit} kit */
  practiceSession(kit) {
    /** @type {OpenCase} */
    let caseSession;
    const received = (/** @type {Received} */ effect) => this.arrived(caseSession, effect);
    const changed = () => this.changed();
    const sender = new this.engine.Sender({ store: memoryStore(), fetch: this.fetch, randomBytes, changed, received });
    caseSession = this.newCaseSession(kit, sender, () => {});
    return caseSession;
  }

  /** @param {Kit} kit @param {LetterSender} sender @param {(kit: Kit) => unknown} storeKit */
  newCaseSession(kit, sender, storeKit) {
    return new this.engine.CaseSession({
      kit,
      sender,
      position: this.position,
      randomBytes,
      storeKit,
      duress: () => this.duress,
      key: () => this.key,
      replies: {
        draw: (/** @type {Kit} */ to) =>
          soon(this.engine.loadReplies().then(({ newReplyRoute }) => newReplyRoute(this, to.desk.relays))),
        keep: (/** @type {Kit} */ of, /** @type {ReplyKeep} */ keep) =>
          this.engine
            .loadReplies()
            .then(({ keepOpenRoute }) => keepOpenRoute(this, of, keep))
            .catch(() => {}),
        renew: async (/** @type {Kit} */ of, /** @type {Partial<Facts>} */ content) =>
          this.session?.bringReply(of, content) ?? null,
      },
    });
  }

  /** @param {Kit} kit */
  keepKit(kit) {
    return this.put(KIT, this.engine.packKit(kit));
  }

  /** A phone that stores nothing still presses, so this never fails; the screen says it.
   *  @param {string} name @param {Uint8Array} data */
  put(name, data) {
    return this.store.put(name, data).then(
      () => true,
      () => {
        this.sender?.onStoreFailure();
        return false;
      },
    );
  }

  /** @param {string} name @param {any} [arg] */
  async go(name, arg) {
    const turn = ++this.navigation;
    const [screen] = await Promise.all([this.screens(name), FIRST.has(name) ? null : loadWords()]);
    if (turn !== this.navigation) return;
    for (const leave of this.leaving.splice(0)) leave();
    this.changed = () => {};
    const nodes = await screen(this, arg);
    if (turn !== this.navigation) return;
    this.shown = name;
    this.root.dataset.screen = name;
    fill(this.root, ...nodes);
    this.root.scrollTop = 0;
    globalThis.scrollTo?.(0, 0);
    focusOn(this.root);
  }

  /** @param {() => void} leave */
  whenLeft(leave) {
    this.leaving.push(leave);
  }

  /** @param {string} code */
  async setLanguage(code) {
    useLanguage(code, this.config.start[code]);
    await this.put(LANGUAGE, new TextEncoder().encode(code));
  }

  /** A file of the site; in the one-file copy it is inside. @param {string} name @returns {Promise<Uint8Array>} */
  async file(name) {
    const inside = this.config.inline[name];
    if (inside) return Uint8Array.from(atob(inside), (mark) => mark.charCodeAt(0));
    const answer = await fetch(name, { cache: "no-store" });
    if (!answer.ok) throw new Error("file");
    return new Uint8Array(await answer.arrayBuffer());
  }
}

/** A press waits for nothing that may not be there. @template T @param {Promise<T>} wanted
 *  @returns {Promise<T | null>} */
function soon(wanted) {
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, null));
  return Promise.race([wanted, /** @type {Promise<null>} */ (late)]).catch(() => null);
}

/** @param {Uint8Array} data @param {(data: Uint8Array) => Kit} unpackKit @returns {Kit | null} */
function read(data, unpackKit) {
  try {
    return unpackKit(data);
  } catch (error) {
    if (error instanceof TocsinError) return null;
    throw error;
  }
}

/** @param {HTMLElement} root */
function focusOn(root) {
  const heading = root.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
}
