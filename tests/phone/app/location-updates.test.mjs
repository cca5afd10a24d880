import assert from "node:assert/strict";
import { test } from "node:test";
import { EVERY_MS, encodePlace, isWorthALetter } from "../../../client/phone/app/platform/location-updates.js";

const fix = { lat: 55.765, lon: 37.605, accuracy: 100, at: 1_000_000 };
const sent = { fix, at: fix.at };

test("a place is whole numbers, and carries its age", () => {
  assert.deepEqual(encodePlace({ ...fix, accuracy: 24.3 }, fix.at + 62_400), {
    lat: 5_576_500,
    lon: 3_760_500,
    accuracy: 25,
    age: 62,
  });
});

test("a clock that runs backwards gives no negative age", () => {
  assert.equal(encodePlace(fix, fix.at - 5_000).age, 0);
});

test("nothing known, nothing sent", () => {
  assert.equal(isWorthALetter({ fix: null, at: 0 }, null, fix.at), false);
});

test("the first fix goes at once", () => {
  assert.equal(isWorthALetter({ fix: null, at: 0 }, fix, fix.at), true);
});

test("a fix twice as good goes soon, and not sooner than in ten seconds", () => {
  const better = { ...fix, accuracy: 50, at: fix.at + 12_000 };
  assert.equal(isWorthALetter(sent, better, fix.at + 5_000), false);
  assert.equal(isWorthALetter(sent, better, fix.at + 12_000), true);
  assert.equal(isWorthALetter(sent, { ...better, accuracy: 60 }, fix.at + 12_000), false);
});

test("one goes every two minutes, even when nothing moved", () => {
  assert.equal(isWorthALetter(sent, fix, fix.at + EVERY_MS - 1), false);
  assert.equal(isWorthALetter(sent, fix, fix.at + EVERY_MS), true);
});

test("a fix that says nothing is not sent", () => {
  assert.equal(isWorthALetter({ fix: null, at: 0 }, { ...fix, accuracy: 6_000_000 }, fix.at), false);
});
