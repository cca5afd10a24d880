/** What the phone does with packs and questions that nobody foresaw. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { arcSine, metres, sine, vector } from "../../client/phone/core/stations/distance.js";
import { tokens } from "../../client/phone/core/stations/fold.js";
import { readPack, unpackBody } from "../../client/phone/core/stations/pack.js";
import fc from "../../client/phone/node_modules/fast-check/lib/fast-check.js";
import { TocsinError } from "../../client/phone/protocol/errors.js";
import { unb64 } from "../../client/phone/protocol/wire.js";

const vectors = JSON.parse(readFileSync(new URL("../vectors/stations.json", import.meta.url), "utf8"));
const root = unb64(vectors.root);
const good = unb64(vectors.pack);
const small = await readPack(good, root);

/** @param {() => unknown} action */
function isOursOrNothing(action) {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof TocsinError, String(error));
  }
}

test("arbitrary bytes are no pack", async () => {
  const anything = fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (data) => {
    await assert.rejects(readPack(data, root), TocsinError);
  });
  await fc.assert(anything);
});

test("arbitrary bytes behind a good note are refused", async () => {
  const signed = good.subarray(0, good.indexOf(0) + 1);
  const anything = fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (data) => {
    await assert.rejects(readPack(Uint8Array.of(...signed, ...data), root), TocsinError);
  });
  await fc.assert(anything);
});

test("arbitrary bodies are refused by our own error", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (data) => isOursOrNothing(() => unpackBody(data))));
});

test("a body with a changed byte is read or refused", () => {
  const body = bodyOf(["B", "C"], 2);
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.nat(255), (at, byte) => {
      const patched = Uint8Array.from(body);
      patched[at] = byte;
      isOursOrNothing(() => unpackBody(patched));
    }),
  );
});

test("telephones are read as they were written, or refused", () => {
  const body = bodyOf(["B", "C"], 2);
  const around60 = { unit: fc.constantFrom("1", " ", "я", "\u{1d7ec}"), minLength: 57, maxLength: 63 };
  const phone = fc.oneof(fc.string({ unit: "binary", maxLength: 9 }), fc.string(around60));
  fc.assert(
    fc.property(phone, phone, (first, second) => {
      const texts = new TextEncoder().encode(`${first}\n${second}`);
      const isGood = [first, second].every((text) => [...text].length <= 60 && !/\p{Cc}/u.test(text));
      const whole = Uint8Array.of(...body, ...texts);
      if (isGood) assert.deepEqual(unpackBody(whole).phones, [first, second]);
      else assert.throws(() => unpackBody(whole), { code: "pack-malformed" });
    }),
  );
});

test("arbitrary bytes as telephones are read or refused", () => {
  const body = bodyOf(["B", "C"], 2);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 150 }), (texts) =>
      isOursOrNothing(() => assert.ok([0, 2].includes(unpackBody(Uint8Array.of(...body, ...texts)).phones.length))),
    ),
  );
});

/** Two stations a and b of these words. @param {string[]} words @param {number} count */
function bodyOf(words, count) {
  const parts = [
    new TextEncoder().encode(words.join("\n")),
    [97, 10, 98],
    [2, 4, 6, 8],
    [0, 255, 1, 253, 0, 255],
    [1, 255, 255],
  ];
  const head = [count, words.length, ...parts.map((part) => part.length)].flatMap((n) => [0, 0, n >> 8, n & 255]);
  return Uint8Array.from([...head, ...parts.flatMap((part) => [...part])]);
}

test("any question is answered, with at most eight", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => small.find(text).length <= 8));
});

test("any position on the globe is answered, and any other refused", () => {
  const degrees = fc.double({ noNaN: false });
  fc.assert(
    fc.property(degrees, degrees, degrees, (lat, lon, accuracy) => {
      const isPlace = Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && accuracy >= 0;
      if (isPlace) assert.ok(small.near(lat, lon, accuracy).length > 0);
      else assert.throws(() => small.near(lat, lon, accuracy), { code: "position-wrong" });
    }),
  );
});

test("a pack that is refused leaves the one held as it was", async () => {
  const before = small.find("Тверской");
  await assert.rejects(readPack(good.subarray(0, -1), root, small.about), { code: "pack-changed" });
  assert.deepEqual(small.find("Тверской"), before);
});

test("sine and arc sine are what their names say", () => {
  for (let angle = -40_000_000; angle < 40_000_000; angle += 12_345) {
    assert.ok(Math.abs(sine(angle) - Math.sin((angle / 18_000_000) * Math.PI)) < 4e-15);
  }
  for (let value = 0; value <= 1; value += 0.001) assert.ok(Math.abs(arcSine(value) - Math.asin(value)) < 1e-14);
});

test("a degree of a meridian has 111,195 metres", () => {
  const [one, other] = [vector(0, 0), vector(100_000, 0)];
  assert.equal(metres(one.reduce((sum, part, i) => sum + (part - other[i]) ** 2, 0)), 111_195);
});

test("tokens", () => {
  assert.deepEqual(tokens("ОВД №05, Усачёва"), ["ovd", "5", "usacheva"]);
  assert.deepEqual(tokens("كلانتري ١٤٨"), tokens("کلانتری ۱۴۸"));
});
