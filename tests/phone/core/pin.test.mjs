/** The words that are offered as a PIN: lists of 256, none like another, each drawn as often, typed back on any keyboard. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { encodePin } from "../../../client/phone/core/vault/pin-text.js";
import { drawWords, LIST_WORDS, WORDS } from "../../../client/phone/core/vault/pin-words.js";
import { unutf8 } from "../../../client/phone/protocol/wire.js";
import { seededBytes } from "../random.mjs";

const LANGUAGES = ["ru", "en", "uk", "be", "kk", "fa"];
const SETUP = new URL("../../../client/phone/locales/setup/", import.meta.url);
const listOf = (code) => JSON.parse(readFileSync(new URL(`${code}.json`, SETUP), "utf8")).wordlist;

// From vault.md: 1,000 cores for ten years, at 25 core-hours for a million guesses; twice that, to last as long in the mean.
const BUDGET = (1_000 * 10 * 8_766 * 1e6) / 25;

test("all combinations of words cost more than 1,000 cores can pay in ten years, in the mean", () => {
  assert.ok(LIST_WORDS ** WORDS > 2 * BUDGET);
  assert.ok(LIST_WORDS ** (WORDS - 1) < BUDGET, "one word fewer would not");
});

for (const code of LANGUAGES) {
  const words = listOf(code).split(" ");

  test(`${code}: 256 short words of letters, each with one way to write it`, () => {
    assert.equal(words.length, LIST_WORDS);
    for (const word of words) assert.match(word, /^\p{Ll}{2,9}$|^\p{Lo}{2,9}$/u, word);
    assert.equal(new Set(words.map((word) => unutf8(encodePin(word)))).size, LIST_WORDS);
  });

  test(`${code}: no slip of one letter makes another word of it`, () => {
    const spelled = words.map((word) => unutf8(encodePin(word)));
    for (const [at, first] of spelled.entries()) {
      for (const second of spelled.slice(at + 1)) assert.ok(!isNear(first, second), `${first} ${second}`);
    }
  });

  test(`${code}: what was drawn is the same PIN in capitals, with blanks around it, and on a line of its own`, () => {
    const drawn = drawWords(listOf(code), seededBytes(code));
    assert.equal(drawn.split(" ").length, WORDS);
    for (const typed of [drawn.toUpperCase(), `  ${drawn.replaceAll(" ", "   ")} `, drawn.replaceAll(" ", "\n")]) {
      assert.deepEqual(encodePin(typed), encodePin(drawn));
    }
  });
}

test("each byte names a word of its own, and each draw takes six fresh bytes", () => {
  const asked = [];
  const drawn = drawWords(listOf("en"), (count) => {
    asked.push(count);
    return Uint8Array.of(0, 1, 254, 255, 0, 7);
  });
  const words = listOf("en").split(" ");
  assert.deepEqual(asked, [WORDS]);
  assert.equal(drawn, [0, 1, 254, 255, 0, 7].map((number) => words[number]).join(" "));
});

/** One letter other, more, or less; or two neighbours exchanged. @param {string} first @param {string} second */
function isNear(first, second) {
  const [a, b] = first.length <= second.length ? [first, second] : [second, first];
  let [start, end] = [0, 0];
  while (start < a.length && a[start] === b[start]) start++;
  while (end < a.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if (right.length <= 1) return true;
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
}
