import assert from "node:assert/strict";
import { test } from "node:test";
import { breaches, importsBelow, importsOf } from "../../../client/phone/build/layers.mjs";

const PHONE = new URL("../../../client/phone", import.meta.url).pathname;
const brokenBy = async (file, code) => breaches([...(await importsBelow(PHONE)), ...importsOf(file, code)]);

test("the phone's own files keep the layers and have no circle", async () => {
  assert.deepEqual(breaches(await importsBelow(PHONE)), []);
});

for (const [kind, code] of [
  ["static", 'import { press } from "../core/press.js";'],
  ["side effect", 'import "../core/press.js";'],
  ["re-export", 'export { press } from "../core/press.js";'],
  ["export of all", 'export * from "../core/press.js";'],
  ["dynamic", 'export const load = () => import("../core/press.js");'],
  ["type", '/** @import { Kit } from "../core/press.js" */'],
  ["inline type", '/** @param {import("../core/press.js").Kit} kit */\nexport const f = (kit) => kit;'],
]) {
  test(`an import that climbs is found: ${kind}`, async () => {
    const [sentence, ...more] = await brokenBy("protocol/wire.js", code);
    assert.match(sentence, /^protocol\/wire\.js imports (a type of )?core\/press\.js, which is above it$/);
    assert.deepEqual(
      more.filter((sentence) => !sentence.startsWith("a circle")),
      [],
    );
  });
}

test("a circle within one folder is found, also by way of a dynamic import", async () => {
  const there = 'import { press } from "./press.js";';
  const back = 'export const load = () => import("./kit.js");';
  assert.deepEqual(breaches([...importsOf("core/kit.js", there), ...importsOf("core/press.js", back)]), [
    "a circle: core/kit.js > core/press.js > core/kit.js",
  ]);
});

test("a file outside of the layers is no place to import from", () => {
  assert.equal(breaches(importsOf("core/kit.js", 'import "../build/chunks.mjs";')).length, 1);
});
