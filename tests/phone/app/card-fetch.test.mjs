/** The card of a code, from whichever of its relays has it, and a listener that goes in every case. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { fetchFirstCard } from "../../../client/phone/app/services/card-fetch.js";
import { organisation } from "../card.mjs";

const VIOLATION = "securitypolicyviolation";
const RELAYS = ["https://one.example", "https://two.example"];
const org = await organisation({ now: 1_795_168_800, relays: RELAYS });
const code = { root: org.card.root, relays: RELAYS };

/** The page, as far as this listens to it. */
class Listeners {
  constructor() {
    this.listeners = new Set();
  }

  addEventListener(name, listener) {
    assert.equal(name, VIOLATION);
    this.listeners.add(listener);
  }

  removeEventListener(_name, listener) {
    this.listeners.delete(listener);
  }
}

beforeEach(() => {
  globalThis.document = new Listeners();
});

function silentListeners() {
  return globalThis.document.listeners.size === 0;
}

test("the first relay that answers gives the card, and nothing listens any more", async () => {
  const app = { fetch: async () => new Response(org.signed) };
  assert.equal((await fetchFirstCard(app, code)).seq, 1);
  assert.ok(silentListeners());
});

test("a relay that has no card leaves it to the next", async () => {
  const asked = [];
  const fetch = async (url) => {
    asked.push(new URL(url).origin);
    return asked.length === 1 ? new Response("", { status: 404 }) : new Response(org.signed);
  };
  assert.equal((await fetchFirstCard({ fetch }, code)).seq, 1);
  assert.deepEqual(asked, RELAYS);
  assert.ok(silentListeners());
});

test("when no relay has it, the last one's reason is told, and nothing listens any more", async () => {
  const app = { fetch: async () => new Response("", { status: 404 }) };
  await assert.rejects(fetchFirstCard(app, code), { reason: "no-card" });
  assert.ok(silentListeners());
});

test("a call that the page's policy stopped is told as such", async () => {
  const fetch = async () => {
    for (const listener of globalThis.document.listeners) setTimeout(listener);
    throw new TypeError("Failed to fetch");
  };
  await assert.rejects(fetchFirstCard({ fetch }, code), { reason: "relay-blocked" });
  assert.ok(silentListeners());
});
