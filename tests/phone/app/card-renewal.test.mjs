/** The card renews itself: from all relays, once a day, never during a press; and what waits follows it. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CardRenewal, judgeCard } from "../../../client/phone/app/services/card-renewal.js";
import { unpackKit } from "../../../client/phone/core/kit.js";
import { organisation } from "../card.mjs";
import { Line, untilQuiet } from "../line.mjs";
import { WholePhone } from "../whole-phone.mjs";

const ISSUED = 1_795_168_800;
const MINUTE = 60_000;
const DAY = 86_400_000;
const WEEK = 7 * DAY;
const [ONE, TWO, NEW] = ["https://one.example", "https://two.example", "https://new.example"];
const PIN = "271828";
const real = { now: Date.now, fetch: globalThis.fetch };

after(() => {
  Date.now = real.now;
  globalThis.fetch = real.fetch;
});

/** A phone with a card of two relays, and newer cards of the same organisation. @param {{ pin?: string }} [draft] */
async function phoneWith(draft = {}) {
  const line = new Line([ONE, TWO, NEW], () => ISSUED);
  const cardOf = (seq, relays = [ONE, TWO], changes = {}) =>
    organisation({
      now: ISSUED,
      weeks: 6,
      relays,
      verifiers: relays.map((origin) => line.at(origin).verifier),
      changes: { seq, ...changes },
    });
  const org = await cardOf(10);
  const phone = new WholePhone(ISSUED * 1_000, line);
  await phone.setUp(org.card, { isLeftOpen: true, ...draft });
  line.publish(org);
  return { line, phone, org, cardOf };
}

/** @param {any} phone @param {{ isOnline?: boolean }} [by] */
function renewalOf(phone, { isOnline = true } = {}) {
  const renewal = new CardRenewal(phone.app, { clock: () => phone.now, isOnline: () => isOnline });
  phone.app.onLetters = () => renewal.follow();
  return renewal;
}

/** Let time pass and look, as the page does. */
async function look(phone, renewal, milliseconds) {
  phone.setClock(phone.now + milliseconds);
  await renewal.tick();
  await untilQuiet();
}

const cardCalls = (line) => line.asked.filter((url) => url.endsWith("/v1/card")).map((url) => new URL(url).origin);
const deskOf = async (phone) => unpackKit(await phone.kit()).desk;

test("soon after the start every relay is asked, then once a day by chance, and a known card is not sent again", async () => {
  const { line, phone } = await phoneWith();
  const renewal = renewalOf(phone);
  await look(phone, renewal, 0);
  assert.deepEqual(cardCalls(line), [], "whoever opens the app to press presses first");
  await look(phone, renewal, 15_000);
  assert.deepEqual(cardCalls(line).sort(), [ONE, TWO]);
  const days = [];
  for (let hours = 1; hours <= 24 * 10; hours++) {
    const before = line.asked.length;
    await look(phone, renewal, 60 * MINUTE);
    if (line.asked.length > before) days.push(hours);
  }
  assert.ok(days.length >= 8 && days.length <= 12, `${days}`);
  assert.ok(new Set(days.map((hour) => hour % 24)).size > 2, "not always at one hour");
  assert.equal(unpackKit(await phone.kit()).renewed, Math.floor((ISSUED * 1_000 + days.at(-1) * 3_600_000) / DAY));
});

test("the highest number wins, whatever the first relay serves, and it is in the kit at once", async () => {
  for (const first of ["old", "none", "down", "nonsense", "of another root"]) {
    const { line, phone, cardOf } = await phoneWith();
    line.publish(await cardOf(12, [ONE, TWO], { name: "newer" }), [TWO]);
    const old = await cardOf(3);
    const relay = line.at(ONE);
    if (first === "old") Object.assign(relay, { card: old.signed, seq: 99 });
    if (first === "none") relay.card = null;
    if (first === "down") relay.isUp = false;
    if (first === "nonsense") Object.assign(relay, { card: new Uint8Array(9), seq: 99 });
    if (first === "of another root") Object.assign(relay, { card: old.signed.slice().fill(65, 40, 60), seq: 99 });
    await look(phone, renewalOf(phone), 15_000);
    assert.equal((await deskOf(phone)).seq, 12, first);
  }
});

test("a newer card's own relays are asked too, and what waited for a relay that is gone leaves over the new one", async () => {
  const { line, phone, cardOf } = await phoneWith();
  for (const origin of [ONE, TWO]) line.at(origin).isUp = false;
  const renewal = renewalOf(phone);
  await phone.app.caseSession.press();
  phone.app.caseSession.stopFollowing();
  phone.setClock(phone.now + 3_000);
  phone.app.sender.onEvent({ type: "tick" });
  await untilQuiet();
  await phone.restart(); // closed: nothing is left but the store
  const later = renewalOf(phone);
  await phone.app.sender.load();
  assert.equal(phone.app.sender.outbox.entries.length, 1);
  renewal.stop.abort();
  line.publish(await cardOf(13, [NEW]), [NEW]);
  line.publish(await cardOf(12, [TWO, NEW]), [TWO]);
  line.at(TWO).isUp = true;
  line.at(TWO).letters.length = 0;
  await look(phone, later, 20_000);
  assert.deepEqual(cardCalls(line), [], "letters of a press are on their way");
  await look(phone, later, 15 * MINUTE);
  await untilQuiet();
  assert.equal((await deskOf(phone)).seq, 13);
  assert.equal(line.at(NEW).letters.length, 1);
  assert.deepEqual(phone.app.sender.outbox.entries, [], "by its receipt, and with the key on the new card");
});

test("a renewed card is there before stored letters come back, and they follow it", async () => {
  const { line, phone, cardOf } = await phoneWith();
  line.isCut = true;
  await phone.app.caseSession.press();
  phone.app.caseSession.stopFollowing();
  phone.setClock(phone.now + 3_000);
  phone.app.sender.onEvent({ type: "tick" });
  await untilQuiet();
  const { card } = await cardOf(13, [NEW]);
  await renewalOf(phone).adoptCard(card, card);
  await phone.restart();
  line.isCut = false;
  const renewal = renewalOf(phone);
  await phone.app.sender.load();
  await look(phone, renewal, MINUTE);
  await untilQuiet();
  assert.equal(line.at(NEW).letters.length, 1);
});

test("a letter that is stuck since yesterday lets nothing leave during a press either", async () => {
  const { phone } = await phoneWith();
  const renewal = renewalOf(phone);
  const waiting = (/** @type {number} */ age) => ({ origins: [], letter: { added: phone.now - age } });
  const { outbox } = phone.app.sender;
  const isPressing = (/** @type {any[]} */ ...entries) => {
    phone.app.sender.outbox = { ...outbox, entries };
    return renewal.isPressing();
  };
  assert.ok(!isPressing(waiting(86_400_000)), "it waits for a relay that only a newer card may tell of");
  assert.ok(isPressing(waiting(86_400_000), waiting(5_000)));
  phone.app.sender.outbox = outbox;
});

test("nothing but its letters leaves in the hour after a press, and a press stops a renewal", async () => {
  const { line, phone } = await phoneWith();
  const renewal = renewalOf(phone);
  await phone.app.caseSession.press();
  phone.app.caseSession.stopFollowing();
  await untilQuiet();
  assert.ok(line.letters.length > 0);
  for (let minutes = 0; minutes < 55; minutes += 5) await look(phone, renewal, 5 * MINUTE);
  assert.deepEqual(cardCalls(line), []);
  await look(phone, renewal, 10 * MINUTE);
  assert.equal(cardCalls(line).length, 2);

  const other = await phoneWith();
  const slow = renewalOf(other.phone);
  let isStopped = false;
  const { fetch } = other.line;
  other.phone.app.fetch = (url, init) =>
    url.endsWith("/v1/card")
      ? new Promise((_, reject) => {
          init.signal.addEventListener("abort", () => {
            isStopped = true;
            reject(new TypeError("aborted"));
          });
        })
      : fetch(url, init);
  other.phone.setClock(other.phone.now + 15_000);
  const ticking = slow.tick();
  await other.phone.app.caseSession.press();
  other.phone.app.caseSession.stopFollowing();
  await ticking;
  assert.ok(isStopped);
});

test("without a network nobody is asked, and a clock that was set back keeps nothing waiting", async () => {
  const { line, phone } = await phoneWith();
  await look(phone, renewalOf(phone, { isOnline: false }), DAY);
  assert.deepEqual(cardCalls(line), []);
  const renewal = renewalOf(phone);
  await look(phone, renewal, 15_000);
  await look(phone, renewal, -300 * DAY);
  assert.equal(cardCalls(line).length, 4);
});

test("with a PIN a press before the next unlocking sends the old letters, and after it letters to the new keys", async () => {
  const { line, phone, cardOf } = await phoneWith({ pin: PIN, facts: { name: "Anna" } });
  const before = unpackKit(await phone.kit());
  line.publish(await cardOf(12, [ONE, TWO], { week: before.desk.week + 1, issued: ISSUED - 60 }));
  await look(phone, renewalOf(phone), 15_000);
  const between = unpackKit(await phone.kit());
  assert.deepEqual([between.desk.seq, between.case], [12, before.case]);
  assert.deepEqual(between.ready, before.ready, "what is sealed in advance can still be pressed");
  await phone.unlock(PIN);
  const after = unpackKit(await phone.kit());
  assert.deepEqual([after.desk.seq, after.renewed], [12, between.renewed]);
  assert.notEqual(after.case, before.case);
  assert.deepEqual(
    after.ready.map(({ week }) => week),
    [...Array.from({ length: 6 }, (_, i) => before.desk.week + 1 + i), null],
  );
});

test("a screen says that the card expired, runs out, was not renewed for two weeks, or that the clock is wrong", async () => {
  const { org } = await phoneWith();
  const desk = { week: org.card.week, weekly: org.card.weekly, issued: ISSUED };
  const at = ISSUED * 1_000;
  const judge = (now, renewed = 0) => judgeCard({ desk, renewed }, now);
  assert.equal(judge(at), null);
  assert.equal(judge(at - DAY), "clock");
  assert.equal(judge(0), "clock");
  assert.equal(judge(at + 3 * WEEK), "old");
  assert.equal(judge(at + 6 * WEEK), "expired");
  assert.equal(judge(at + 52 * WEEK), "expired");
  assert.equal(judge(at + 2 * WEEK, Math.floor(at / DAY) - 1), "unrenewed");
  assert.equal(judge(at + 2 * WEEK, Math.floor(at / DAY) + 7), null);
});
