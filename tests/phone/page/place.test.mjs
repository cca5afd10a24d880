import assert from "node:assert/strict";
import { test } from "node:test";
import { fixIn } from "../../../client/phone/page/place.js";
import { fromPackages } from "../from-phone.mjs";

const { default: fc } = await fromPackages("fast-check");

test("a place is degrees, metres and seconds", () => {
  const told = { lat: 5_576_720, lon: 3_761_480, accuracy: 25, age: 62 };
  assert.deepEqual(fixIn(told), { lat: 55.7672, lon: 37.6148, accuracy: 25, age: 62 });
});

test("what came from another phone is a place or nothing, whatever it holds", () => {
  fc.assert(
    fc.property(
      fc.record({ lat: fc.anything(), lon: fc.anything(), accuracy: fc.anything(), age: fc.anything() }),
      (told) => {
        const fix = fixIn(told);
        if (fix)
          assert.ok(Math.abs(fix.lat) <= 90 && Math.abs(fix.lon) <= 180 && `${fix.lat}${fix.lon}`.match(/^[\d.e-]+$/));
      },
    ),
  );
  assert.equal(fixIn({ lat: 9_000_001, lon: 0 }), null);
  for (const lat of ["<b>", "1", [1], null, { toString: 0 }]) assert.equal(fixIn({ lat, lon: 0 }), null);
  assert.equal(fixIn({ lat: 0, lon: 0, accuracy: "x", age: -1 })?.accuracy, null);
});
