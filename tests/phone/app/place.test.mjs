import assert from "node:assert/strict";
import { test } from "node:test";
import { readDialable, readFix } from "../../../client/phone/app/screens/contacts/place.js";
import { fromPackages } from "../from-phone.mjs";

const { default: fc } = await fromPackages("fast-check");

test("a place is degrees, metres and seconds", () => {
  const place = { lat: 5_576_720, lon: 3_761_480, accuracy: 25, age: 62 };
  assert.deepEqual(readFix(place), { lat: 55.7672, lon: 37.6148, accuracy: 25, age: 62 });
});

test("what came from another phone is a place or nothing, whatever it holds", () => {
  fc.assert(
    fc.property(
      fc.record({ lat: fc.anything(), lon: fc.anything(), accuracy: fc.anything(), age: fc.anything() }),
      (place) => {
        const fix = readFix(place);
        if (fix)
          assert.ok(Math.abs(fix.lat) <= 90 && Math.abs(fix.lon) <= 180 && `${fix.lat}${fix.lon}`.match(/^[\d.e-]+$/));
      },
    ),
  );
  assert.equal(readFix({ lat: 9_000_001, lon: 0 }), null);
  for (const lat of ["<b>", "1", [1], null, { toString: 0 }]) assert.equal(readFix({ lat, lon: 0 }), null);
  assert.equal(readFix({ lat: 0, lon: 0, accuracy: "x", age: -1 })?.accuracy, null);
});

test("a telephone of a station dials its number, and words dial nothing", () => {
  for (const [phone, number] of [
    ["102", "102"],
    ["+7 (495) 123-45-67", "+74951234567"],
    ["(+91) 44 2725 6044", "+914427256044"],
    ["+91(044)– 27432101", "+9104427432101"],
    ["030/1234567", "0301234567"],
    ["0883-2442953, 2468050", "08832442953"],
    ["8 495 1234567, доб. 12", "84951234567"],
    ["8 495 1234567 доб. 12", "84951234567"],
    ["8 495 1234567 (дежурная часть)", "84951234567"],
    ["12-й отдел 123-45-67", ""],
    ["дежурный 102", ""],
    ["5", ""],
    ["*100#", ""],
    ["102;ext=1", ""],
    ["+7+495", ""],
    ["", ""],
  ])
    assert.equal(readDialable(phone), number, phone);
});

test("whatever a pack says, a link dials digits", () => {
  const phone = fc.string({ unit: fc.constantFrom(..."+()- ,;/.#*дa19"), maxLength: 60 });
  fc.assert(
    fc.property(fc.oneof(phone, fc.string({ unit: "binary" })), (text) => /^(\+?\d{2,})?$/.test(readDialable(text))),
  );
});
