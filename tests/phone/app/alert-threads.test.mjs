import assert from "node:assert/strict";
import { test } from "node:test";
import { findNumbers, groupThreads, isAdvance } from "../../../client/phone/app/services/alert-threads.js";
import { fromPackages } from "../from-phone.mjs";

const { default: fc } = await fromPackages("fast-check");

const first = {
  id: "1",
  contact: "anna",
  case: "c",
  type: "detained",
  text: "Call",
  at: 100,
  place: null,
  isCut: false,
};
const alertWith = (/** @type {object} */ more) => ({
  ...first,
  practice: false,
  passed: false,
  origin: "open",
  read: false,
  ...more,
});
const prepared = alertWith({ origin: "pair" });
const pressed = alertWith({ id: "2", at: 5_000, text: "" });

test("a press of two letters is one thing that happened, and happened when it was pressed", () => {
  const [thread, ...others] = groupThreads([prepared, pressed]);
  assert.deepEqual(others, []);
  assert.equal(thread.at, 5_000);
  assert.equal(thread.unread, 2);
});

test("its head is the letter that only the person's own phone can have written", () => {
  assert.equal(groupThreads([pressed, prepared])[0].head.id, "1");
});

test("until the second letter comes, the time is that of the writing, and known as such", () => {
  const [thread] = groupThreads([prepared]);
  assert.equal(thread.at, 100);
  assert.ok(thread.alerts.every(isAdvance));
});

test("a move or a word changes nothing of how things stand; safe does", () => {
  const moved = alertWith({ id: "3", type: "moved", at: 6_000 });
  const word = alertWith({ id: "4", type: "text", at: 7_000, origin: "pair" });
  assert.equal(groupThreads([prepared, pressed, moved, word])[0].head.type, "detained");
  const safe = alertWith({ id: "5", type: "safe", at: 8_000 });
  assert.equal(groupThreads([prepared, pressed, moved, word, safe])[0].head.id, "5");
});

test("who was safe and is detained again is detained", () => {
  const safe = alertWith({ id: "5", type: "safe", at: 8_000 });
  const again = alertWith({ id: "6", at: 9_000 });
  assert.equal(groupThreads([prepared, pressed, safe, again])[0].head.type, "detained");
});

test("people and cases stay apart, and the newest comes first", () => {
  const threads = groupThreads([
    alertWith({ id: "7", contact: "boris", at: 10 }),
    pressed,
    alertWith({ id: "8", case: "d", at: 20_000 }),
  ]);
  assert.deepEqual(
    threads.map(({ contact, case: of }) => [contact, of]),
    [
      ["anna", "d"],
      ["anna", "c"],
      ["boris", "c"],
    ],
  );
});

test("nothing is lost and the order of arrival does not matter", () => {
  const alert = fc.record({
    id: fc.uuid(),
    contact: fc.constantFrom("anna", "boris"),
    case: fc.constantFrom("c", "d"),
    type: fc.constantFrom("detained", "moved", "unsafe", "safe", "missed", "text", "unknown"),
    at: fc.nat(),
    origin: fc.constantFrom("pair", "case"),
    read: fc.boolean(),
  });
  const all = fc.uniqueArray(alert, { selector: ({ at }) => at, maxLength: 12 });
  fc.assert(
    fc.property(all, (alerts) => {
      const threads = groupThreads(/** @type {any} */ (alerts));
      assert.equal(threads.flatMap((thread) => thread.alerts).length, alerts.length);
      assert.equal(
        threads.reduce((sum, { unread }) => sum + unread, 0),
        alerts.filter(({ read }) => !read).length,
      );
      for (const { head, alerts: inside } of threads) assert.ok(inside.includes(head));
      const heads = (/** @type {any[]} */ some) =>
        groupThreads(some)
          .map(({ head, at }) => [head.id, at])
          .sort();
      assert.deepEqual(heads([...alerts].reverse()), heads(alerts));
    }),
  );
});

test("numbers to call are found in a text, and nothing that is none", () => {
  const text = "Позвони +7 (000) 111-22-33 или 8 800 555-35-35. Паспорт 1234, 20.11.2026, 12:30.";
  assert.deepEqual(findNumbers(text), ["+70001112233", "88005553535"]);
  assert.deepEqual(findNumbers("in 3 days, flat 12"), []);
  assert.deepEqual(findNumbers("+70001112233 +7 000 1112233"), ["+70001112233"]);
});

test("whatever somebody writes, a link to call holds digits and nothing else", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."+0123456789 -().;,/:?&#") }), (text) => {
      for (const number of findNumbers(text)) assert.match(number, /^\+?\d{7,15}$/);
    }),
  );
});
