import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { choosePlural } from "../../../client/phone/app/ui/i18n.js";

const WORDS = new URL("../../../client/phone/locales/", import.meta.url);
const PAGE = new URL("../../../client/phone/app/", import.meta.url);
const LANGUAGES = ["ru", "en", "uk", "be", "kk", "fa"];
const FORMS = new Set(["one", "few", "many", "other"]);
const UNTRANSLATED = new Set(["dir"]);

const CONTACTS = new URL("contacts/", WORDS);
const SETUP = new URL("setup/", WORDS);

/** @param {URL} folder @param {string} code */
const read = (folder, code) => JSON.parse(readFileSync(new URL(`${code}.json`, folder), "utf8"));

/** All files of a language, as the page puts them together. @param {string} code */
const wordsOf = (code) => ({ ...read(WORDS, code), ...read(SETUP, code), contacts: read(CONTACTS, code) });

/** Every word by its path; plural forms as one. @param {any} at @param {string} [path] @returns {[string, any][]} */
function leaves(at, path = "") {
  if (typeof at === "string" || isPlural(at)) return [[path, at]];
  return Object.entries(at).flatMap(([key, value]) => leaves(value, path ? `${path}.${key}` : key));
}

/** @param {any} at */
function isPlural(at) {
  return typeof at === "object" && !Array.isArray(at) && Object.keys(at).every((key) => FORMS.has(key));
}

/** @param {any} word @returns {string[]} */
function textsOf(word) {
  return typeof word === "string" ? [word] : Object.values(word);
}

/** @param {string} text */
function gapsOf(text) {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
}

test("there is a file for each language and no other, one for the set-up, one about contacts", () => {
  for (const folder of [WORDS, SETUP, CONTACTS]) {
    const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
    assert.deepEqual(files.map(({ name }) => name).sort(), LANGUAGES.map((code) => `${code}.json`).sort());
  }
});

for (const code of LANGUAGES) {
  const english = new Map(leaves(wordsOf("en")));
  const words = new Map(leaves(wordsOf(code)));

  test(`${code} has every word and no other`, () => {
    assert.deepEqual([...words.keys()].sort(), [...english.keys()].sort());
  });

  test(`${code} has every plural form its numbers need`, () => {
    const needed = new Set(Array.from({ length: 200 }, (_, n) => choosePlural(code, n)));
    for (const [path, word] of words) {
      if (typeof english.get(path) === "string") assert.equal(typeof word, "string", path);
      else for (const form of needed) if (form !== "one" || code !== "fa") assert.ok(word[form], `${path}: ${form}`);
    }
  });

  test(`${code} fills the same gaps`, () => {
    for (const [path, word] of words) {
      const wanted = new Set(textsOf(english.get(path)).flatMap(gapsOf));
      for (const text of textsOf(word)) assert.deepEqual(new Set(gapsOf(text)), wanted, path);
    }
  });

  test(`${code} leaves nothing empty that English says, and nothing in English`, () => {
    for (const [path, word] of words) {
      const original = textsOf(english.get(path))[0];
      for (const text of textsOf(word)) {
        assert.equal(text === "", original === "", path);
        const isSame = code !== "en" && text === original && /[A-Za-z]{3}/.test(text.replace(/\{\w+\}/g, ""));
        assert.ok(!isSame || UNTRANSLATED.has(path), `${path} is still English`);
      }
    }
  });
}

test("plural forms are those of CLDR", () => {
  for (const code of LANGUAGES) {
    const rules = new Intl.PluralRules(code);
    if (rules.resolvedOptions().locale !== code) continue; // a Node without this language
    for (let n = 0; n < 250; n++) assert.equal(choosePlural(code, n), rules.select(n), `${code} ${n}`);
  }
});

test("what lies open says nothing of what it is for", () => {
  const telling =
    /арест|задерж|затрим|затрыма|полиц|поліц|detain|arrest|police|lawyer|адвокат|адвакат|ұста[лд]|بازداشت|پلیس|وکیل/i;
  for (const code of LANGUAGES) {
    const { start, unlock, notes } = wordsOf(code);
    for (const [path, word] of leaves({ start, unlock, notes })) {
      for (const text of textsOf(word)) assert.doesNotMatch(text, telling, `${code} ${path}`);
    }
  }
  assert.doesNotMatch(readFileSync(new URL("index.html", PAGE), "utf8"), telling);
});

test("every word that a screen asks for is there", () => {
  const all = new Map(leaves(wordsOf("en")));
  for (const name of readdirSync(PAGE, { recursive: true }).filter((file) => file.endsWith(".js"))) {
    const source = readFileSync(new URL(name, PAGE), "utf8");
    for (const [, path] of source.matchAll(/\bt\("([\w.]+)"/g)) assert.ok(all.has(path), `${name}: ${path}`);
  }
});

test("every word that is put together from parts is there", () => {
  const { contacts, pressed } = wordsOf("en");
  for (const type of [
    "detained",
    "moved",
    "unsafe",
    "safe",
    "missed",
    "text",
    "unknown",
    "refused",
    "safe_pin",
    "safe_open",
  ])
    assert.ok(contacts.alert[type]);
  for (const type of ["detained", "moved", "unsafe", "safe", "missed", "text", "duress"])
    assert.equal(contacts.alert[`steps_${type}`].length, 3, type);
  for (const how of ["pair", "pin", "forced", "open", "advance", "unverified", "seized"])
    assert.ok(contacts.alert[`origin_${how}`]);
  for (const state of ["waiting", "paired", "expired", "unverified", "seized"])
    assert.ok(contacts.state[state] && contacts.state[`${state}_more`]);
  for (const later of ["nothing", "safe", "place", "all"]) assert.ok(contacts.prepared[`later_${later}`]);
  for (const news of ["safe", "moved"]) assert.ok(pressed[news]);
});

test("what goes wrong with contacts has a sentence of its own for each thing", () => {
  for (const code of LANGUAGES) {
    const { errors, contacts } = wordsOf(code);
    const ground = [
      "core/contacts/book.js",
      "core/contacts/mail.js",
      "protocol/pairing.js",
      "protocol/wake.js",
      "protocol/code.js",
    ];
    const codes = ground.flatMap((name) => {
      const source = readFileSync(new URL(`../${name}`, PAGE), "utf8");
      return [...source.matchAll(/static code = "([\w-]+)"/g)].map(([, code]) => code);
    });
    for (const error of codes) assert.ok(contacts.errors[error], `${code}: ${error}`);
    const sentences = codes.filter((error) => !error.startsWith("wake-")).map((error) => contacts.errors[error][0]);
    assert.equal(new Set(sentences).size, sentences.length, code);
    for (const error of ["code-other-kind", "code-malformed"])
      assert.notEqual(contacts.errors[error][0], errors[error][0]);
  }
});

test("every error of the ground and of the screens has its sentence", () => {
  const { errors: ours, contacts } = wordsOf("en");
  const errors = { ...contacts.errors, ...ours };
  const sources = readdirSync(PAGE, { recursive: true }).filter((file) => file.endsWith(".js"));
  for (const name of sources) {
    const source = readFileSync(new URL(name, PAGE), "utf8");
    for (const [, code] of source.matchAll(/reason: "([\w-]+)"/g)) assert.ok(errors[code], `${name}: ${code}`);
    for (const [, code] of source.matchAll(/NoAnswer\("([\w-]+)"/g)) assert.ok(errors[code], `${name}: ${code}`);
  }
});
