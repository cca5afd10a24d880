/** The card of a code, the newest that any of its relays has, and a listener that goes in every case. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { fetchInPage } from "../../../client/phone/app/services/card-fetch.js";
import { findCard } from "../../../client/phone/core/newest-card.js";
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

/** @param {{ fetch: any }} app @param {number} [newerThan] */
const find = (app, newerThan) => fetchInPage(app, (fetch) => findCard(code, fetch, newerThan));

test("every relay is asked, the highest number wins, and nothing listens any more", async () => {
  const newer = await organisation({ now: 1_795_168_800, relays: RELAYS, changes: { seq: 7 } });
  for (const order of [RELAYS, RELAYS.toReversed()]) {
    const asked = [];
    const fetch = async (url) => {
      const { origin } = new URL(url);
      asked.push(origin);
      return new Response(origin === order[0] ? org.signed : newer.signed);
    };
    assert.equal((await find({ fetch })).seq, 7);
    assert.deepEqual(asked.sort(), RELAYS);
    await assert.rejects(find({ fetch }, 8), { code: "card-older" }, "none that is older than one that is known");
  }
  assert.ok(silentListeners());
});

test("a relay that has no card leaves it to the others", async () => {
  const fetch = async (url) =>
    new URL(url).origin === RELAYS[0] ? new Response("", { status: 404 }) : new Response(org.signed);
  assert.equal((await find({ fetch })).seq, 1);
  assert.ok(silentListeners());
});

test("when no relay has it, the last one's reason is told, and nothing listens any more", async () => {
  const app = { fetch: async () => new Response("", { status: 404 }) };
  await assert.rejects(find(app), { reason: "no-card" });
  assert.ok(silentListeners());
});

test("a call that the page's policy stopped is told as such", async () => {
  const fetch = async () => {
    for (const listener of globalThis.document.listeners) setTimeout(listener);
    throw new TypeError("Failed to fetch");
  };
  await assert.rejects(find({ fetch }), { reason: "relay-blocked" });
  assert.ok(silentListeners());
});
