/** Relays behind `fetch`: they take letters and sign receipts with their own hour, and give the card they have. */

import { NOTE_BYTES } from "../../client/phone/protocol/note.js";
import { unb64, utf8 } from "../../client/phone/protocol/wire.js";
import { relayAt } from "./relay.mjs";

const HOUR = 3_600;

export class Line {
  /** @param {string[]} origins @param {() => number} now of the relays, in Unix seconds */
  constructor(origins, now) {
    this.now = now;
    this.isCut = false;
    /** @type {string[]} */ this.asked = [];
    this.relays = new Map(origins.map((origin) => [origin, this.newRelay(origin)]));
  }

  /** `ahead`: seconds that its clock is. @param {string} origin */
  newRelay(origin) {
    const { receipt, verifier, public: open } = relayAt(origin);
    /** @type {Uint8Array | null} */ const card = null;
    /** @type {any[]} */ const letters = [];
    return { origin, receipt, verifier, public: open, card, isUp: true, ahead: 0, letters, seq: 0 };
  }

  /** @param {string} origin */
  at(origin) {
    return this.relays.get(origin) ?? assertNever(origin);
  }

  get letters() {
    return [...this.relays.values()].flatMap(({ letters }) => letters);
  }

  /** Lay a card on relays. @param {{ signed: Uint8Array, card: { seq: number } }} organisation
   *  @param {string[]} origins */
  publish({ signed, card }, origins = [...this.relays.keys()]) {
    for (const origin of origins) Object.assign(this.at(origin), { card: signed, seq: card.seq });
  }

  get fetch() {
    return async (/** @type {string} */ url, /** @type {any} */ init) => {
      const { origin, pathname } = new URL(url);
      this.asked.push(`${origin}${pathname}`);
      const relay = this.relays.get(origin);
      if (this.isCut || !relay?.isUp) throw new TypeError("network");
      return this.answer(relay, pathname, init);
    };
  }

  /** @param {any} relay @param {string} path @param {any} init */
  answer(relay, path, { headers = {}, body }) {
    if (path === "/v1/card") {
      if (!relay.card) return new Response("", { status: 404 });
      if (Number(headers["Tocsin-Seq"] ?? -1) >= relay.seq) return new Response(null, { status: 204 });
      if (relay.card.length > NOTE_BYTES) throw new RangeError("no relay takes such a card");
      return new Response(relay.card);
    }
    if (path === "/v1/collect") return new Response(new Uint8Array());
    const [commitment, mailbox] = [headers["Tocsin-Commit"], headers["Tocsin-Mailbox"]];
    const now = this.now() + relay.ahead;
    relay.letters.push({ envelope: body, commitment, mailbox });
    return new Response(relay.receipt(body, unb64(commitment), now - (now % HOUR)), { status: 201 });
  }
}

/** @param {string} origin @returns {never} */
function assertNever(origin) {
  throw new RangeError(`no relay ${utf8(origin)}`);
}

/** Let promises and what follows from them come to an end. */
export async function untilQuiet() {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
}
