/** Nothing is lost, nothing is sent twice, and the store holds sealed bytes only while no relay does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeLetter, packLetter, unpackLetter } from "../../../client/phone/core/letter.js";
import {
  emptyOutbox,
  HEDGE_MS,
  KEEP_AFTER_MS,
  SEND_MS,
  stepOutbox,
  summarize,
} from "../../../client/phone/core/outbox.js";
import { b64, concat, digest, SUITE, utf8 } from "../../../client/phone/protocol/wire.js";
import { fromPackages } from "../from-phone.mjs";
import { atLength } from "../length.mjs";
import { seededBytes } from "../random.mjs";
import { answerOf, relayAt } from "../relay.mjs";

const { default: fc } = await fromPackages("fast-check");
const RELAYS = ["https://one.example", "https://two.example", "https://three.example"].map(relayAt);
const NOW = 1_795_168_800_000;

function letter(name, { relays = RELAYS, keys = RELAYS.map((relay) => relay.public), added = NOW, rank = 0 } = {}) {
  const envelope = concat(Uint8Array.of(SUITE), seededBytes(name)(8_191));
  const [commitment, mailbox, blind] = [name, "mailbox", "blind"].map((text) => digest(utf8(text)));
  const sealed = { envelope, commitment, mailbox, blind };
  return makeLetter(sealed, { relays: relays.map(({ origin }) => origin), keys, added, rank });
}

/** The outbox with its rim: keeps the store, remembers what is on its way. */
class Phone {
  constructor(label = "phone") {
    this.now = NOW;
    this.randomBytes = seededBytes(label);
    this.outbox = emptyOutbox();
    this.store = new Map();
    this.onTheWay = [];
    this.seen = [];
    this.copies = new Map();
    this.wake = null;
    this.finished = [];
  }

  step(event) {
    const { outbox, effects } = stepOutbox(this.outbox, { now: this.now, ...event }, this.randomBytes);
    this.outbox = outbox;
    this.wake = null;
    for (const effect of effects) this.carryOut(effect);
    return effects;
  }

  carryOut(effect) {
    this.seen.push(effect.type);
    if (effect.type === "send") assert.ok((this.copies.get(effect.id)?.size ?? 0) < 2, "sent after two receipts");
    if (["send", "work", "ask"].includes(effect.type)) this.onTheWay.push({ ...effect, started: this.now });
    if (effect.type === "keep") this.store.set(effect.id, effect.record);
    if (effect.type === "drop") this.store.delete(effect.id);
    if (effect.type === "finished") this.finished.push(effect);
    if (effect.type === "wake") this.wake = effect.at;
    if (effect.type === "received") {
      this.copies.set(effect.id, (this.copies.get(effect.id) ?? new Set()).add(effect.origin));
    }
  }

  sends() {
    return this.onTheWay.filter(({ type }) => type === "send");
  }

  forget(effect) {
    this.onTheWay = this.onTheWay.filter((sent) => sent !== effect);
  }

  answer(send, answer) {
    this.forget(send);
    return this.step({ type: "answer", id: send.id, url: send.url, attempt: send.attempt, answer });
  }

  fail(send, reason = "network") {
    this.forget(send);
    return this.step({ type: "failed", id: send.id, url: send.url, attempt: send.attempt, reason });
  }

  accept(send) {
    const relay = RELAYS.find(({ origin }) => origin === send.url);
    const commitment = Buffer.from(send.headers["Tocsin-Commit"], "base64url");
    return this.answer(send, answerOf(201, relay.receipt(send.body, new Uint8Array(commitment))));
  }

  /** Lets time pass until something leaves. */
  untilSend() {
    for (let turn = 0; turn < 200 && this.sends().length === 0; turn++) {
      assert.ok(this.wake !== null, "nobody would ever wake the outbox again");
      this.now = Math.max(this.now, this.wake);
      this.step({ type: "tick" });
    }
    return this.sends()[0];
  }
}

test("two receipts from two relays, and the letter is done", () => {
  const phone = new Phone();
  phone.step({ type: "add", letter: letter("a") });
  phone.accept(phone.sends()[0]);
  assert.deepEqual(summarize(phone.outbox)[0].copies, 1);
  const last = phone.accept(phone.sends()[0]);
  assert.deepEqual(last, [...last.slice(0, -1), { type: "finished", id: letter("a").id, copies: 2 }]);
  assert.deepEqual(phone.outbox.entries, []);
  assert.ok(!phone.seen.includes("keep"), "what went out at once is never written down");
});

test("one receipt is enough when the card names one relay", () => {
  const phone = new Phone();
  phone.step({ type: "add", letter: letter("a", { relays: RELAYS.slice(0, 1) }) });
  phone.accept(phone.sends()[0]);
  assert.deepEqual(phone.outbox.entries, []);
});

test("a deposit says mailbox and commitment in headers and nothing in the URL", () => {
  const phone = new Phone();
  const sealed = letter("a");
  phone.step({ type: "add", letter: sealed });
  const [send] = phone.sends();
  assert.equal(send.headers["Tocsin-Mailbox"], b64(sealed.mailbox));
  assert.equal(send.headers["Tocsin-Commit"], b64(sealed.commitment));
  assert.ok(sealed.relays.includes(send.url));
});

const REFUSALS = {
  500: answerOf(500, { code: "internal" }),
  "a proxy's page": answerOf(502, utf8("<html>502 Bad Gateway</html>")),
  "200 and garbage": answerOf(200, utf8("OK")),
  "200 and nothing": answerOf(200, new Uint8Array()),
  "a redirect": answerOf(302, new Uint8Array()),
  "a captive portal": answerOf(200, utf8("<html>Sign in to the free wifi</html>")),
  "507 full": answerOf(507, { code: "relay-full" }),
  "429 full mailbox": answerOf(429, { code: "mailbox-full" }),
  "503 busy": answerOf(503, { code: "busy" }, "7"),
  "403 wrong clock": answerOf(403, { code: "wrong-clock", time: 1 }),
  "400 with a code nobody knows": answerOf(400, { code: "<script>" }),
  "work that is too heavy": answerOf(429, { code: "work-needed", seed: "AAAA", bits: 60 }),
  "work without a seed": answerOf(429, { code: "work-needed", bits: 4 }),
  "a bad size": answerOf(400, { code: "bad-size" }),
};
for (const [refusal, answer] of Object.entries(REFUSALS)) {
  test(`${refusal}: the letter stays, is written down, and goes out later`, () => {
    const phone = new Phone();
    const sealed = letter("a", { relays: RELAYS.slice(0, 1) });
    phone.step({ type: "add", letter: sealed });
    phone.answer(phone.sends()[0], answer);
    assert.equal(phone.outbox.entries.length, 1);
    assert.ok(phone.store.has(sealed.id));
    const [{ trouble, next }] = summarize(phone.outbox);
    assert.equal(trouble.length, 1);
    assert.match(trouble[0].reason, /^[a-z0-9-]+$/);
    assert.ok(next > phone.now);
    phone.accept(phone.untilSend());
    assert.deepEqual(phone.outbox.entries, []);
    assert.equal(phone.store.size, 0);
  });
}

test("half a receipt is none", () => {
  const phone = new Phone();
  const sealed = letter("a");
  phone.step({ type: "add", letter: sealed });
  const [send] = phone.sends();
  const relay = RELAYS.find(({ origin }) => origin === send.url);
  phone.answer(send, answerOf(201, relay.receipt(sealed.envelope, sealed.commitment).subarray(0, 150)));
  assert.equal(phone.copies.size, 0);
});

test("a receipt for another letter, another commitment, or by an unknown key is none", () => {
  for (const [envelope, commitment, keys] of [
    [letter("b").envelope, letter("a").commitment, undefined],
    [letter("a").envelope, letter("b").commitment, undefined],
    [letter("a").envelope, letter("a").commitment, [relayAt("https://stranger.example").public]],
  ]) {
    const phone = new Phone();
    const sealed = letter("a", { relays: RELAYS.slice(0, 1), keys });
    phone.step({ type: "add", letter: sealed });
    phone.answer(phone.sends()[0], answerOf(201, RELAYS[0].receipt(envelope, commitment)));
    assert.equal(summarize(phone.outbox)[0].trouble[0].reason, "receipt");
  }
});

test("two addresses of one relay are one copy", () => {
  const phone = new Phone();
  const sealed = letter("a", { relays: RELAYS.slice(0, 2) });
  phone.step({ type: "add", letter: sealed });
  for (const round of [0, 1]) {
    const [send] = phone.sends();
    phone.answer(send, answerOf(201, RELAYS[0].receipt(sealed.envelope, sealed.commitment)));
    assert.equal(phone.copies.get(sealed.id).size, 1, `round ${round}`);
  }
  assert.deepEqual(phone.outbox.entries, [], "both addresses have it and there is nowhere else to go");
  assert.deepEqual(phone.finished, [{ type: "finished", id: sealed.id, copies: 1 }]);
});

test("without a pinned key the relay is asked for its own, and the letter goes once more", () => {
  const phone = new Phone();
  phone.step({ type: "add", letter: letter("a", { relays: RELAYS.slice(0, 1), keys: [] }) });
  phone.accept(phone.sends()[0]);
  const ask = phone.onTheWay.find(({ type }) => type === "ask");
  assert.equal(ask.url, RELAYS[0].origin);
  phone.step({ type: "known", url: ask.url, keys: [RELAYS[0].public] });
  phone.accept(phone.untilSend());
  assert.deepEqual(phone.outbox.entries, []);
});

test("work is done when asked for, and its nonce goes along", () => {
  const phone = new Phone();
  phone.step({ type: "add", letter: letter("a", { relays: RELAYS.slice(0, 1) }) });
  phone.answer(phone.sends()[0], answerOf(429, { code: "work-needed", seed: b64(new Uint8Array(16)), bits: 8 }));
  const work = phone.onTheWay.find(({ type }) => type === "work");
  assert.equal(work.bits, 8);
  phone.step({ type: "worked", id: work.id, url: work.url, attempt: work.attempt, nonce: new Uint8Array(8).fill(7) });
  assert.equal(phone.sends()[0].headers["Tocsin-Work"], b64(new Uint8Array(8).fill(7)));
});

test("a relay that asks for patience gets it", () => {
  const phone = new Phone();
  phone.step({ type: "add", letter: letter("a", { relays: RELAYS.slice(0, 1) }) });
  phone.answer(phone.sends()[0], answerOf(503, { code: "busy" }, "120"));
  phone.step({ type: "online" });
  assert.equal(phone.sends().length, 0);
  phone.untilSend();
  assert.ok(phone.now >= NOW + 120_000);
});

test("when the line comes back, nothing waits", () => {
  const phone = new Phone();
  phone.step({ type: "add", letter: letter("a", { relays: RELAYS.slice(0, 1) }) });
  for (let round = 0; round < 6; round++) phone.fail(phone.untilSend());
  const before = phone.now;
  phone.step({ type: "online" });
  assert.equal(phone.sends().length, 1);
  assert.equal(phone.now, before);
});

test("a relay that says nothing does not hold up the letter: another is tried beside it", () => {
  const phone = new Phone();
  phone.step({ type: "add", letter: letter("a") });
  assert.equal(phone.sends().length, 1);
  phone.now += HEDGE_MS;
  phone.step({ type: "tick" });
  assert.equal(new Set(phone.sends().map(({ url }) => url)).size, 2);
});

test("a page killed while sending loses nothing", () => {
  const phone = new Phone();
  const sealed = letter("a");
  phone.step({ type: "add", letter: sealed });
  phone.now += KEEP_AFTER_MS;
  phone.step({ type: "tick" });
  const next = new Phone("restarted");
  next.now = phone.now + 60_000;
  for (const record of phone.store.values()) {
    next.store = new Map(phone.store);
    next.step({ type: "add", letter: unpackLetter(record), isStored: true });
  }
  next.accept(next.sends()[0]);
  assert.equal(next.store.size, 0);
  assert.equal(next.copies.get(sealed.id).size, 1);
});

test("a page that goes away writes down what has not left", () => {
  const phone = new Phone();
  phone.step({ type: "add", letter: letter("a") });
  phone.step({ type: "leaving" });
  assert.equal(phone.store.size, 1);
});

test("an attempt nobody answers for is tried again", () => {
  const phone = new Phone();
  phone.step({ type: "add", letter: letter("a", { relays: RELAYS.slice(0, 1) }) });
  phone.onTheWay = [];
  phone.untilSend();
  assert.ok(phone.now >= NOW + 2 * SEND_MS);
});

test("a clock set back by a year does not leave the letter waiting for that year", () => {
  const phone = new Phone();
  phone.step({ type: "add", letter: letter("a", { relays: RELAYS.slice(0, 1) }) });
  phone.fail(phone.sends()[0]);
  phone.now -= 365 * 86_400_000;
  phone.step({ type: "tick" });
  assert.equal(phone.sends().length, 1);
});

test("a letter from the future, because the clock was set back, is written down at once", () => {
  const phone = new Phone();
  phone.step({ type: "add", letter: letter("a", { added: NOW + 86_400_000 }) });
  assert.equal(phone.store.size, 1);
});

test("a late refusal of an attempt already given up changes nothing, a late receipt counts", () => {
  const phone = new Phone();
  const sealed = letter("a", { relays: RELAYS.slice(0, 1) });
  phone.step({ type: "add", letter: sealed });
  const [first] = phone.sends();
  phone.onTheWay = [];
  const second = phone.untilSend();
  phone.answer(first, REFUSALS["500"]);
  assert.equal(summarize(phone.outbox)[0].sending, true, "the second attempt is still out");
  phone.forget(second);
  phone.accept(first);
  assert.deepEqual(phone.finished, [{ type: "finished", id: sealed.id, copies: 1 }]);
});

test("a thin line is not shared by everything at once, and a relay that failed is tried with one letter", () => {
  const phone = new Phone();
  for (const name of "abcdef") phone.step({ type: "add", letter: letter(name, { relays: RELAYS.slice(0, 1) }) });
  assert.equal(phone.sends().length, 2);
  for (const send of phone.sends()) phone.fail(send);
  phone.untilSend();
  assert.equal(phone.sends().length, 1);
  phone.accept(phone.sends()[0]);
  assert.equal(phone.sends().length, 2);
});

test("the same letter added twice is one letter", () => {
  const phone = new Phone();
  phone.step({ type: "add", letter: letter("a") });
  phone.step({ type: "add", letter: letter("a") });
  assert.equal(phone.outbox.entries.length, 1);
  assert.equal(phone.sends().length, 1);
});

test("a forgotten letter is gone from memory and store", () => {
  const phone = new Phone();
  phone.step({ type: "add", letter: letter("a") });
  const [send] = phone.sends();
  phone.fail(send);
  phone.step({ type: "forget", id: send.id });
  assert.equal(phone.store.size, 0);
  assert.deepEqual(phone.outbox.entries, []);
});

test("the more urgent letter goes first", () => {
  const phone = new Phone();
  const only = { relays: RELAYS.slice(0, 1) };
  phone.step({ type: "add", letter: letter("a", { ...only, rank: 5 }) });
  phone.step({ type: "add", letter: letter("b", { ...only, rank: 6 }) });
  phone.step({ type: "add", letter: letter("urgent", { ...only, rank: 0 }) });
  phone.fail(phone.sends()[0]);
  phone.fail(phone.sends().find(({ id }) => id !== letter("urgent").id) ?? phone.sends()[0]);
  assert.equal(phone.untilSend().id, letter("urgent").id);
});

test("a letter comes back from its record as it was", () => {
  const sealed = letter("a", { rank: 3 });
  assert.deepEqual(unpackLetter(packLetter(sealed)), sealed);
});

// How the network may treat one send. `silence` is answered by the phone's own timeout.
const FATES = ["receipt", "network", "silence", "500", "garbage", "redirect", "busy", "work", "wrong receipt"];

/** @param {Phone} phone */
function meet(phone, send, fate) {
  const relay = RELAYS.find(({ origin }) => origin === send.url);
  if (fate === "receipt") return phone.accept(send);
  if (fate === "network") return phone.fail(send);
  if (fate === "silence") return undefined;
  if (fate === "500") return phone.answer(send, REFUSALS["500"]);
  if (fate === "garbage") return phone.answer(send, REFUSALS["200 and garbage"]);
  if (fate === "redirect") return phone.fail(send, "redirect");
  if (fate === "busy") return phone.answer(send, REFUSALS["503 busy"]);
  if (fate === "wrong receipt")
    return phone.answer(send, answerOf(201, relay.receipt(new Uint8Array(8_192), new Uint8Array(32))));
  return phone.answer(send, answerOf(429, { code: "work-needed", seed: "AAAA", bits: 1 }));
}

/** @param {Phone} phone @param {Map<string, number>} pressed id -> when */
function check(phone, pressed) {
  const pairs = phone.sends().map(({ id, url }) => `${id} ${url}`);
  assert.equal(new Set(pairs).size, pairs.length, "one letter twice to one relay at the same time");
  for (const [id, when] of pressed) {
    const copies = phone.copies.get(id)?.size ?? 0;
    const isWaiting = phone.outbox.entries.some((entry) => entry.letter.id === id);
    assert.ok(copies > 0 || isWaiting, "a letter is lost");
    if (copies === 0 && phone.now - when >= KEEP_AFTER_MS) assert.ok(phone.store.has(id), "not written down in time");
    if (copies > 0) assert.ok(!phone.store.has(id), "written down though a relay has it");
    assert.ok(phone.sends().filter((send) => send.id === id).length <= 2, "more than two at once");
  }
}

/** The timeout of the rim: whatever was out for too long fails. */
function timeOut(phone) {
  for (const send of phone.sends()) {
    if (phone.now - send.started >= SEND_MS) phone.fail(send, "timeout");
  }
}

/** @param {Phone} phone when its clock will ring next, and when the rim's timeout will */
function nextMoment(phone) {
  const moments = phone.sends().map(({ started }) => started + SEND_MS);
  return Math.min(...moments, phone.wake ?? Number.POSITIVE_INFINITY);
}

const ACTION = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("press"), rank: fc.nat(3) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("meet"), which: fc.nat(9), fate: fc.constantFrom(...FATES) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("pass"), ms: fc.nat(90_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("kill", "online", "leaving") }) },
);

test("whatever the network does: no letter lost, none sent twice at once, none after two receipts", () => {
  fc.assert(
    fc.property(fc.array(ACTION, { maxLength: 60 }), (actions) => {
      let phone = new Phone();
      const pressed = new Map();
      for (const [i, action] of actions.entries()) {
        phone = act(phone, action, pressed, i);
        check(phone, pressed);
      }
      finish(phone, pressed);
    }),
    { numRuns: atLength(50, 2_000) },
  );
});

function act(phone, action, pressed, i) {
  if (action.do === "press") {
    const sealed = letter(`press ${i}`, { added: phone.now, rank: action.rank });
    pressed.set(sealed.id, phone.now);
    phone.step({ type: "add", letter: sealed });
  }
  const out = phone.onTheWay;
  if (action.do === "meet" && out.length) meetOne(phone, out[action.which % out.length], action.fate);
  if (action.do === "pass") pass(phone, action.ms);
  if (action.do === "online" || action.do === "leaving") phone.step({ type: action.do });
  return action.do === "kill" ? restarted(phone, pressed) : phone;
}

function meetOne(phone, effect, fate) {
  if (effect.type === "send") {
    const before = phone.copies.get(effect.id)?.size ?? 0;
    assert.ok(before < 2 || phone.outbox.entries.every(({ letter: { id } }) => id !== effect.id));
    meet(phone, effect, fate);
    if ((phone.copies.get(effect.id)?.size ?? 0) >= 2) {
      const inVain = phone.sends().filter(({ id }) => id === effect.id);
      for (const send of inVain) phone.forget(send);
    }
    return;
  }
  phone.forget(effect);
  const which = { id: effect.id, url: effect.url, attempt: effect.attempt };
  if (effect.type === "work")
    phone.step({ type: "worked", ...which, nonce: fate === "network" ? null : new Uint8Array(8) });
}

/** Time passes in the steps the outbox itself asked for. */
function pass(phone, ms) {
  const end = phone.now + ms;
  while (nextMoment(phone) <= end) {
    phone.now = Math.max(phone.now, nextMoment(phone));
    timeOut(phone);
    phone.step({ type: "tick" });
  }
  phone.now = end;
  phone.step({ type: "tick" });
}

/** Killed without warning: memory is gone, the store stays. What was pressed less than two seconds ago may be gone with
 *  it. */
function restarted(phone, pressed) {
  const next = new Phone("next");
  Object.assign(next, { now: phone.now, store: new Map(phone.store), copies: phone.copies });
  for (const id of pressed.keys()) {
    const young = phone.now - pressed.get(id) < KEEP_AFTER_MS;
    if (young && !phone.store.has(id) && !phone.copies.get(id)) pressed.delete(id);
  }
  for (const record of phone.store.values()) next.step({ type: "add", letter: unpackLetter(record), isStored: true });
  return next;
}

/** The network is well again: everything arrives, at two relays unless a kill came in between, and then silence. */
function finish(phone, pressed) {
  for (let turn = 0; turn < 2_000 && phone.outbox.entries.length; turn++) {
    for (const effect of [...phone.onTheWay]) meetOne(phone, effect, "receipt");
    if (phone.wake !== null && phone.sends().length === 0) {
      phone.now = Math.max(phone.now, phone.wake);
      phone.step({ type: "tick" });
    }
  }
  assert.deepEqual(phone.outbox.entries, []);
  assert.equal(phone.store.size, 0);
  assert.equal(phone.wake, null);
  for (const id of pressed.keys()) assert.ok((phone.copies.get(id)?.size ?? 0) >= 1);
}
