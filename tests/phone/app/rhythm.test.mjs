/** Both sessions of a phone, as somebody on its line sees them: from the same stored bytes, under each PIN, for five minutes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KIT, VAULT } from "../../../client/phone/app/app.js";
import { enterSession } from "../../../client/phone/app/screens/unlocked/unlock.js";
import { newReplyRoute, Session } from "../../../client/phone/app/services/session/session.js";
import { packKit, unpackKit } from "../../../client/phone/core/kit.js";
import { makeStretch } from "../../../client/phone/core/vault/pin.js";
import { openVault } from "../../../client/phone/core/vault/vault.js";
import { b64 } from "../../../client/phone/protocol/wire.js";
import { organisation } from "../card.mjs";
import { NOW, Person, pair, Relays } from "../post.mjs";
import { seededBytes } from "../random.mjs";
import { WholePhone } from "../whole-phone.mjs";

const RELAYS = ["https://one.example", "https://two.example", "https://three.example"];
const PIN = "271828";
const DECOY = "314159";
const RTT_MS = 150;
const MINUTES = 5;
const real = { setTimeout, clearTimeout, now: Date.now };

/** Time that passes only when nothing is left to do at this moment. */
class Clock {
  constructor() {
    this.now = NOW;
    this.number = 0;
    /** @type {Map<number, { at: number, work: () => void }>} */ this.timers = new Map();
    /** @type {any} */ (globalThis).setTimeout = (/** @type {() => void} */ work, ms = 0) => {
      this.timers.set(++this.number, { at: this.now + ms, work });
      return this.number;
    };
    /** @type {any} */ (globalThis).clearTimeout = (/** @type {number} */ id) => this.timers.delete(id);
    Date.now = () => this.now;
  }

  /** @param {number} ms @param {() => boolean} isIdle whether whatever goes on waits for time to pass */
  async run(ms, isIdle) {
    const end = this.now + ms;
    for (;;) {
      do for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
      while (!isIdle());
      const [id, timer] = [...this.timers].sort(([a, x], [b, y]) => x.at - y.at || a - b)[0] ?? [];
      if (!timer || timer.at > end) break;
      this.timers.delete(/** @type {number} */ (id));
      this.now = Math.max(this.now, timer.at);
      timer.work();
    }
    this.now = end;
  }

  stop() {
    Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
    Date.now = real.now;
  }
}

/** Of the PINs, which cost a second each and are not what is tried here. @type {Map<string, Promise<Uint8Array>>} */
const stretched = new Map();

/** @param {any} app @param {string} pin */
async function unlocked(app, pin) {
  const stretch = (/** @type {Uint8Array} */ text, /** @type {Uint8Array} */ salt) => {
    const key = stretched.get(`${text}`) ?? makeStretch()(text, salt);
    stretched.set(`${text}`, key);
    return key;
  };
  return new Session(app, await openVault(await app.store.get(VAULT), pin, stretch));
}

/** A phone with an owner's PIN and a second one. */
async function newPhone() {
  const phone = new WholePhone(NOW);
  const org = await organisation({ now: NOW / 1_000, relays: RELAYS });
  await phone.setUp(org.card, { facts: { name: "Anna" }, pin: PIN, decoy: DECOY });
  return phone;
}

/** Put so many contacts and ways for replies into what the owner's PIN opens, and return what is stored then.
 *  @param {WholePhone} phone @param {number} contacts @param {number} routes */
async function storedWith(phone, contacts, routes) {
  const app = await phone.restart();
  const session = await unlocked(app, PIN);
  session.content.contacts = await bookOf(contacts);
  const drawn = Array.from({ length: routes }, () => newReplyRoute(app, RELAYS));
  const ways = (await Promise.all(drawn)).map(({ keep }) => ({ case: app.caseSession.kit.case, keep }));
  session.content.ways = [...session.content.ways, ...ways];
  await session.save();
  await session.close();
  return { kit: await phone.store.get(KIT), vault: await phone.store.get(VAULT) };
}

/** Whom the owner was paired with, this many. */
async function bookOf(/** @type {number} */ count) {
  const relays = new Relays();
  const [anna, boris] = [new Person("Anna", relays, RELAYS), new Person("Boris", relays, RELAYS)];
  if (count) await pair(anna, boris);
  const randomBytes = seededBytes("contacts");
  const { contacts, ...book } = anna.book;
  const others = Array.from({ length: Math.max(count - 1, 0) }, (_, i) => ({
    ...structuredClone(contacts[0]),
    id: `${contacts[0].id}${i}`,
    label: `contact ${i}`,
    half: { ...contacts[0].half, mailbox: b64(randomBytes(32)) },
  }));
  return { ...book, contacts: [...contacts, ...others] };
}

/** Unlock with this PIN and write down what leaves. @param {{ kit: any, vault: any }} stored @param {string} pin
 *  @param {{ down?: string[], fill?: boolean, after?: (kit: any) => void }} [how] */
async function record(stored, pin, { down = [], fill = true, after = () => {} } = {}) {
  const phone = new WholePhone(NOW);
  for (const name of ["kit", "vault"]) await phone.store.put(name === "kit" ? KIT : VAULT, stored[name]);
  const app = await phone.restart();
  app.randomBytes = seededBytes("unlocked");
  Object.assign(app.config, { worker: "sw.js" });
  const session = await unlocked(app, pin);
  if (!fill) Object.defineProperty(session, "fillKey", { value: null });
  const clock = new Clock();
  const calls = [];
  let under = 0;
  app.fetch = async (url, { method, headers = {}, body = [] }) => {
    const { origin, pathname } = new URL(url);
    calls.push({
      at: clock.now - NOW,
      relay: origin,
      method,
      path: pathname,
      bytes: JSON.stringify(headers).length + body.length,
    });
    under += 1;
    await new Promise((resolve) => setTimeout(resolve, RTT_MS));
    under -= 1;
    if (down.includes(origin)) throw new TypeError("network");
    return new Response(pathname === "/v1/relay" ? JSON.stringify({}) : new Uint8Array());
  };
  try {
    await inRounds(app, session, clock, () => under > 0);
  } finally {
    clock.stop();
  }
  await app.lock();
  after(unpackKit(await phone.store.get(KIT)));
  return calls;
}

/** @param {any} app @param {any} session @param {Clock} clock @param {() => boolean} isCalling */
async function inRounds(app, session, clock, isCalling) {
  const entered = enterSession(app, session);
  await new Promise((resolve) => setImmediate(resolve));
  while (!app.contactPoller) await new Promise((resolve) => setImmediate(resolve));
  let isPaused = false;
  const pause = app.contactPoller.pause.bind(app.contactPoller);
  app.contactPoller.pause = (/** @type {number} */ wait) => {
    isPaused = true;
    return pause(wait).finally(() => {
      isPaused = false;
    });
  };
  const isIdle = () => isPaused || isCalling();
  await clock.run(MINUTES * 60_000 - 1_000, isIdle);
  await entered;
}

/** @type {any} */ (globalThis).navigator ??= {};
Object.assign(globalThis, { PushManager: class {}, Notification: { permission: "default" } });

const phone = await newPhone();

/** @param {number} contacts @param {number} routes */
async function assertAlike(contacts, routes) {
  const stored = await storedWith(phone, contacts, routes);
  const [owner, decoy] = [await record(stored, PIN), await record(stored, DECOY)];
  assert.deepEqual(owner, decoy);
  assert.equal(owner.filter(({ path }) => path === "/v1/collect").length, 12 * RELAYS.length * MINUTES);
  assert.equal(owner.filter(({ path }) => path === "/v1/relay").length, RELAYS.length);
}

test("eight contacts and no case: under both PINs the same leaves at the same moments", () => assertAlike(8, 0));

test("a case and no contact: under both PINs the same leaves at the same moments", async () => {
  await phone.press();
  await assertAlike(0, 0);
});

test("one contact, five ways for replies: under both PINs the same leaves at the same moments", () =>
  assertAlike(1, 5));

test("eight contacts, five ways for replies: under both PINs the same leaves at the same moments", () =>
  assertAlike(8, 5));

test("the same with a relay that does not answer, and with a mailbox at a relay that the organisation has left", async () => {
  const stored = await storedWith(phone, 8, 5);
  const down = [RELAYS[0]];
  assert.deepEqual(await record(stored, PIN, { down }), await record(stored, DECOY, { down }));
  const kit = unpackKit(stored.kit);
  const desk = { ...kit.desk, relays: RELAYS.slice(1) };
  const kitWith = (/** @type {string[]} */ others) => ({ ...stored, kit: packKit({ ...kit, desk, others }) });
  /** @type {string[]} */ let found = [];
  const after = (/** @type {any} */ { others }) => {
    found = others;
  };
  await record(kitWith([]), PIN, { after });
  assert.deepEqual(found, [RELAYS[0]], "the owner's session writes it where the other finds it");
  const owner = await record(kitWith(found), PIN);
  assert.deepEqual(owner, await record(kitWith(found), DECOY));
  assert.equal(new Set(owner.map(({ relay }) => relay)).size, RELAYS.length);
});

test("without the fill it shows which PIN it was", async () => {
  const stored = await storedWith(phone, 8, 5);
  const how = { fill: false };
  const [owner, decoy] = [await record(stored, PIN, how), await record(stored, DECOY, how)];
  const collects = (/** @type {any[]} */ calls) => calls.filter(({ path }) => path === "/v1/collect").length;
  assert.ok(collects(owner) > collects(decoy));
});
