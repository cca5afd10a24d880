/** What goes on beside the press once the page stands: what receipts say, a card that renews itself, ways that are over. */
/** @import { Kit } from "../../core/press.js" */
/** @import { App, Arrival, UnlockedVault } from "../app.js" */

import { sealAgain } from "../../core/seal-again.js";
import { CardRenewal } from "./card-renewal.js";
import { layOutReceipts, storeReceipt } from "./session/own-receipts.js";
import { forgetOverRoutes, isDateDue } from "./session/route-expiry.js";

const LOOK_MS = 5_000; // a sleeping phone loses timers, so none is long

/** Begin, with what has come before this was loaded. @param {App} app @returns {Upkeep} */
export function startUpkeep(app) {
  const upkeep = new Upkeep(app);
  app.onArrival = () => upkeep.onArrivals();
  app.onArrival();
  const renewal = new CardRenewal(app);
  app.onLetters = () => renewal.follow();
  upkeep.timer = Number(setInterval(() => upkeep.look(renewal).catch(() => {}), LOOK_MS));
  return upkeep;
}

export class Upkeep {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.timer = 0;
    /** Whose relays were asked for the date. @type {UnlockedVault | null} */ this.dated = null;
    /** Letters whose receipts are being looked at. @type {string[]} */ this.pending = [];
    /** The kit at the first receipt of each letter on its way: then the letters of other weeks are still in it.
     *  @type {Map<string, Kit>} */
    this.kits = new Map();
    /** @type {Promise<unknown>} */ this.queue = Promise.resolve();
    this.isLaidOut = false;
  }

  stop() {
    clearInterval(this.timer);
  }

  /** @param {CardRenewal} renewal */
  async look(renewal) {
    const kit = this.app.caseSession?.kit;
    if (kit?.receiptKey && !this.isLaidOut) {
      this.isLaidOut = true; // once a page: a full disk must not hold up the rest
      this.queue = this.queue.then(() => layOutReceipts(this.app, kit)).catch(() => {});
    }
    await renewal.tick();
    const { session } = this.app;
    const now = Math.floor(Date.now() / 1_000);
    if (!session || session === this.dated || renewal.isBusy() || !isDateDue(this.app, now)) return;
    this.dated = session;
    await forgetOverRoutes(this.app, session, now);
  }

  onArrivals() {
    for (const arrival of this.app.arrivals.splice(0)) {
      this.pending.push(arrival.effect.id);
      this.queue = this.queue.then(() => this.#onArrival(arrival)).catch(() => {});
    }
    return this.queue;
  }

  /** @param {Arrival} arrival */
  async #onArrival({ caseSession, kit, effect }) {
    const { sender } = caseSession;
    const first = this.kits.get(effect.id) ?? kit;
    this.kits.set(effect.id, first);
    const copy = await sealAgain(first, effect, Date.now(), this.app.randomBytes);
    if (copy) sender.add([copy]);
    await storeReceipt(this.app, first, effect).catch(() => {}); // the organisation has those of handing over
    this.pending.splice(this.pending.indexOf(effect.id), 1);
    const isOpen = sender.outbox.entries.some(({ letter }) => letter.id === effect.id);
    if (isOpen || this.pending.includes(effect.id)) return;
    delete effect.letter.unsealed; // no relay can ask for it any more
    this.kits.delete(effect.id);
  }
}
