import assert from "node:assert/strict";
import { test } from "node:test";
import { countTaps, TAPS, WITHIN_MS } from "../../../client/phone/app/services/wipe-gesture.js";
import { ARMED_MS, HOLD_MS, measureRing, newHold, stepHold } from "../../../client/phone/app/ui/hold-state.js";

/** @param {[import("../../../client/phone/app/ui/hold-state.js").Sign, number][]} signs */
function after(signs) {
  return signs.reduce((hold, [sign, at]) => stepHold(hold, sign, at), newHold());
}

test("held for a second it fires", () => {
  assert.equal(after([["down", 0], ["tick", HOLD_MS - 1]]).phase, "holding"); // biome-ignore format: one line
  assert.equal(after([["down", 0], ["tick", HOLD_MS]]).phase, "fired"); // biome-ignore format: one line
});

test("let go too early it does nothing", () => {
  const hold = after([["down", 0], ["tick", 500], ["up", HOLD_MS - 1]]); // biome-ignore format: one line
  assert.equal(hold.phase, "idle");
  assert.equal(measureRing(hold, HOLD_MS + 5_000), 0);
});

test("a page too slow to draw still counts the second", () => {
  assert.equal(after([["down", 0], ["up", HOLD_MS + 300]]).phase, "fired"); // biome-ignore format: one line
});

test("what takes the finger away cancels, however late", () => {
  assert.equal(after([["down", 0], ["cancel", HOLD_MS + 300]]).phase, "idle"); // biome-ignore format: one line
});

test("it fires once", () => {
  const hold = after([["down", 0], ["tick", HOLD_MS], ["up", 1_100], ["click", 1_101], ["down", 1_200]]); // biome-ignore format: one line
  assert.equal(hold.phase, "fired");
  assert.equal(stepHold(hold, "reset", 2_000).phase, "idle");
});

test("a finger's own click after a short tap arms nothing", () => {
  assert.equal(after([["down", 0], ["up", 100], ["click", 110]]).phase, "idle"); // biome-ignore format: one line
});

test("a click without a finger arms, a second one fires", () => {
  assert.equal(after([["click", 0]]).phase, "armed");
  assert.equal(after([["click", 0], ["click", 900]]).phase, "fired"); // biome-ignore format: one line
  assert.equal(after([["click", 0], ["click", ARMED_MS + 1]]).phase, "armed"); // biome-ignore format: one line
});

test("the ring fills evenly", () => {
  const hold = after([["down", 100]]);
  assert.equal(measureRing(hold, 100), 0);
  assert.equal(measureRing(hold, 100 + HOLD_MS / 4), 0.25);
  assert.equal(measureRing(hold, 100 + HOLD_MS * 2), 1);
});

test("five taps wipe when they come close together, and only then", () => {
  let now = 0;
  let wiped = 0;
  const tap = countTaps(
    () => wiped++,
    () => now,
  );
  for (let i = 0; i < 20; i++, now += WITHIN_MS / (TAPS - 2)) tap();
  assert.equal(wiped, 0);
  now += WITHIN_MS;
  for (let i = 0; i < TAPS; i++, now += 100) tap();
  assert.equal(wiped, 1);
});
