/** A phone whose clock is wrong: whatever it is, nothing is sealed only to a key that is gone. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startUpkeep } from "../../../client/phone/app/services/upkeep.js";
import { WEEK_SECONDS, weekOf } from "../../../client/phone/protocol/wire.js";
import { organisation } from "../card.mjs";
import { Line, untilQuiet } from "../line.mjs";
import { WholePhone } from "../whole-phone.mjs";

const DAY_SECONDS = 86_400;
const ISSUED = 1_795_168_800;
const GRACE = 35 * DAY_SECONDS;
const ONE = "https://one.example";
const TWO = "https://two.example";
const PROFILE = { name: "Иванова Анна" };
const WEEKS_OFF = [6, 7, 9, 12];
const realNow = Date.now;
const realFetch = globalThis.fetch;

after(() => {
  Date.now = realNow;
  globalThis.fetch = realFetch;
});

/** A phone that was set up on the day of the card. @param {{ pin?: string }} draft */
async function phoneOn(draft) {
  const world = { now: ISSUED };
  const line = new Line([ONE, TWO], () => world.now);
  const relays = [ONE, TWO];
  const verifiers = relays.map((origin) => line.at(origin).verifier);
  const org = await organisation({ now: ISSUED, weeks: 13, relays, verifiers });
  const phone = new WholePhone(ISSUED * 1_000, line);
  await phone.setUp(org.card, { facts: PROFILE, isLeftOpen: true, ...draft });
  return { world, line, org, phone };
}

/** Open what the relays have with the keys that still exist: content by its commitment. */
async function openAll({ world, line, org }) {
  const alive = org.weekly.filter((_, i) => world.now < (weekOf(ISSUED) + i + 1) * WEEK_SECONDS + GRACE);
  const commitments = new Set(line.letters.map(({ commitment }) => commitment));
  const opened = new Map();
  for (const { envelope, commitment } of line.letters) {
    if (opened.has(commitment)) continue;
    const letter = await org.open(envelope, [org.last, ...alive]).catch(() => null);
    if (letter) opened.set(commitment, letter.message);
  }
  return { commitments, opened };
}

/** @param {any} phone @param {number} seconds that its clock shows */
async function pressAt(phone, seconds) {
  phone.setClock(seconds * 1_000);
  const app = await phone.restart();
  const upkeep = startUpkeep(app);
  await app.caseSession.press();
  app.caseSession.stopFollowing();
  await app.caseSession.tell({ facts: { people: 2 } });
  do {
    await upkeep.queue;
    await untilQuiet();
  } while (upkeep.pending.length || app.sender.outbox.entries.length);
  upkeep.stop();
  app.sender.stop();
}

for (const pin of ["", "271828"]) {
  test(`${pin ? "with" : "without"} a PIN, whatever the clock and however old the card, every message opens`, async () => {
    const state = await phoneOn({ pin });
    const { store } = state.phone;
    const stored = await Promise.all((await store.names()).map(async (name) => [name, await store.get(name)]));
    const off = WEEKS_OFF.flatMap((weeks) => [weeks, -weeks]).map((weeks) => weeks * WEEK_SECONDS);
    for (const age of [6, 8, 10, 12]) {
      const now = ISSUED + age * WEEK_SECONDS;
      for (const clock of [0, ISSUED - DAY_SECONDS, ...off.map((seconds) => now + seconds)]) {
        await store.clear();
        for (const [name, bytes] of stored) await store.put(name, bytes);
        state.world.now = now;
        for (const relay of state.line.relays.values()) relay.letters.length = 0;
        await pressAt(state.phone, clock);
        const { commitments, opened } = await openAll(state);
        assert.equal(opened.size, commitments.size, `a card of ${age} weeks, a clock at ${clock}`);
        assert.equal(commitments.size, pin ? 3 : 2);
        const named = [...opened.values()].filter(({ facts }) => facts.name === PROFILE.name);
        assert.equal(named.length, 1, "who I am comes once");
      }
    }
  });
}

test("a clock that is right, or a few days off, seals nothing twice", async () => {
  const state = await phoneOn({ pin: "271828" });
  state.world.now = ISSUED + 8 * WEEK_SECONDS;
  for (const days of [0, 6, -6]) {
    for (const relay of state.line.relays.values()) relay.letters.length = 0;
    await pressAt(state.phone, state.world.now + days * DAY_SECONDS);
    for (const { letters } of state.line.relays.values()) {
      assert.equal(new Set(letters.map(({ commitment }) => commitment)).size, letters.length);
    }
  }
});

test("a relay that agrees with a wrong clock does not keep the other's hour from counting", async () => {
  for (const pin of ["", "271828"]) {
    const state = await phoneOn({ pin });
    state.world.now = ISSUED + 12 * WEEK_SECONDS;
    const clock = state.world.now - 7 * WEEK_SECONDS;
    state.line.at(ONE).ahead = clock - state.world.now;
    await pressAt(state.phone, clock);
    const { commitments, opened } = await openAll(state);
    assert.equal(opened.size, commitments.size);
  }
});
