/**
 * A whole phone without a page: the app's own services on one store, a clock that is set by hand, and letters that are caught.
 * `restart` is what a killed page leaves: the store and nothing else.
 */
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { App, KIT } from "../../client/phone/app/app.js";
import { CaseSession } from "../../client/phone/app/services/case.js";
import { ReplyPoller } from "../../client/phone/app/services/reply-poller.js";
import { Sender as RealSender } from "../../client/phone/app/services/sender.js";
import { addWords, useLanguage } from "../../client/phone/app/ui/i18n.js";
import { packKit, unpackKit } from "../../client/phone/core/kit.js";
import { memoryStore } from "../../client/phone/core/store.js";
import { openReplies } from "../../client/phone/protocol/reply-block.js";

register("./quick-pin.mjs", import.meta.url);
const session = await import("../../client/phone/app/services/session/session.js");
const { setUpPhone } = await import("../../client/phone/app/services/session/set-up.js");

const DAY_MS = 86_400_000;
const LOCALES = new URL("../../client/phone/locales/", import.meta.url);
const read = (/** @type {string} */ name) => JSON.parse(readFileSync(new URL(name, LOCALES), "utf8"));
const words = { ...read("en.json"), ...read("setup/en.json") };

export class WholePhone {
  /** `line`: relays to send to, else letters are caught. @param {number} now in milliseconds
   *  @param {{ fetch: any }} [line] */
  constructor(now, line) {
    this.line = line;
    this.store = { ...memoryStore(), durable: true };
    this.setClock(now);
    /** @type {any[]} */ this.sent = [];
    /** @type {any} */ (globalThis).document ??= {
      documentElement: {},
      addEventListener() {},
      removeEventListener() {},
    };
    useLanguage("en", {});
    addWords("en", words);
  }

  /** @param {number} now in milliseconds */
  setClock(now) {
    this.now = now;
    Date.now = () => this.now;
  }

  /** @param {number} days */
  wait(days) {
    this.setClock(this.now + days * DAY_MS);
  }

  /** A page that was opened: the kit is read, nothing is unlocked. Without screens nothing is shown.
   *  @param {{ screens?: Record<string, () => Promise<any>>, root?: any }} [page] */
  async restart({ screens, root = { dataset: {} } } = {}) {
    const phone = this;
    class Caught {
      outbox = { entries: [], relays: {} };
      add(/** @type {any[]} */ letters) {
        phone.sent.push(...letters);
      }
      status() {
        return { total: 0, confirmed: 0, waiting: 0, unstored: false, next: 0, trouble: [] };
      }
      isOpen() {
        return false;
      }
      onEvent() {}
      onStoreFailure() {}
      stop() {}
    }
    const Sender = this.line ? RealSender : Caught;
    this.app?.sender.stop();
    if (this.line) globalThis.fetch = this.line.fetch;
    const loadPress = async () => ({ CaseSession, Sender, packKit, unpackKit, loadReplies: async () => session });
    const by = {
      config: {},
      root,
      store: this.store,
      screens: (/** @type {string} */ name) => screens?.[name](),
      loadPress,
    };
    const app = new App(/** @type {any} */ (by));
    if (!screens) app.go = async () => {};
    const noNetwork = async () => Promise.reject(new TypeError("there is no network here"));
    if (!this.line) app.fetch = noNetwork;
    app.position = /** @type {any} */ ({ last: null, state: "off", start() {}, stop() {} });
    await app.load();
    await app.loadKit();
    this.app = app;
    return app;
  }

  /** The first visit, to its end. @param {any} card @param {Record<string, any>} draft */
  async setUp(card, draft) {
    await this.restart();
    await setUpPhone(this.app, { card, ...draft }, () => {});
    await this.restart();
  }

  /** @param {string} pin */
  async unlock(pin) {
    const opened = await session.unlockVault(this.app, pin, () => {});
    opened.begin();
    await opened.prepareAnew();
    return opened;
  }

  lock() {
    return this.app.lock();
  }

  /** Everything that a press hands out. */
  async press() {
    await this.app.caseSession.press();
    this.app.caseSession.stopFollowing();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve)); // what is stored behind it
    return this.letters();
  }

  /** @param {Record<string, any>} facts */
  async tell(facts) {
    await this.app.caseSession.tell({ facts });
    return this.letters();
  }

  letters() {
    return this.sent.splice(0);
  }

  kit() {
    return this.store.get(KIT);
  }

  /** What the replies screen would read of these frames. @param {any[]} frames */
  async read(frames) {
    if (!this.app.session) await session.loadOpenRoutes(this.app, this.app.caseSession.kit);
    const texts = [];
    for (const { case: of, keep } of new ReplyPoller(this.app).routes()) {
      const { replies } = await openReplies(frames, keep);
      texts.push(...replies.filter(({ message }) => message.case === of).map(({ message }) => message.text));
    }
    return texts;
  }
}
