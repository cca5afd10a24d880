/** What is built runs in the oldest browser promised, and what would not is named. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { newerCalls } from "../../../client/phone/build/browser-floor.mjs";
import { bundle } from "../../../client/phone/build/build.mjs";

/** Built script, and the call in it that Chrome 80 does not have. */
const NEWER = [
  ["export const a = (o) => Object.hasOwn(o, 'a');", "Object.hasOwn"],
  ["export const a = (list) => list.at(-1);", ".at"],
  ["export const a = (text) => text.replaceAll('a', 'b');", ".replaceAll"],
  ["export const a = (list) => list.findLast((x) => x);", ".findLast"],
  ["export const a = (list) => list.toSorted();", ".toSorted"],
  ["export const a = (text) => text.isWellFormed();", ".isWellFormed"],
  ["export const a = (o) => structuredClone(o);", "structuredClone"],
  ["export const a = () => Promise.any([]);", "Promise.any"],
  ["export const a = () => Promise.withResolvers();", "Promise.withResolvers"],
  ["export const a = () => crypto.randomUUID();", "crypto.randomUUID"],
  ["export const a = () => AbortSignal.timeout(5);", "AbortSignal.timeout"],
  ["export const a = () => AbortSignal.any([]);", "AbortSignal.any"],
  ["export const a = (key) => new WeakRef(key);", "WeakRef"],
  ["export const a = (signal) => signal.throwIfAborted();", ".throwIfAborted"],
  ["export const a = (nodes) => document.body.replaceChildren(...nodes);", ".replaceChildren"],
  ["export const a = (list) => Object.groupBy(list, String);", "Object.groupBy"],
];
const SYNTAX = [
  "export class A { static { A.b = 1; } }",
  "export class A { #b = 1; }",
  "let a = null; a ??= 1;",
  "export const a = 1_000;",
  "export const a = /a/d;",
  "export const a = await fetch('/');",
];
const OLDER = [
  "export const a = (o) => Object.prototype.hasOwnProperty.call(o, 'a');",
  "const structuredClone = (o) => o; export const a = structuredClone({});",
  "export const a = { at: 5 }; export const b = a.at;",
  "export const a = ({ findLast }) => findLast;",
  "export const a = { replaceChildren() {} }; a.replaceChildren();",
  "export const a = (b) => b?.c ?? [...b].flatMap(String); globalThis.a = Promise.allSettled([a()]);",
];

for (const [code, name] of NEWER) {
  test(`${name} is newer`, () => assert.deepEqual(newerCalls([code]), [name]));
}
for (const code of SYNTAX) {
  test(`this cannot be parsed there: ${code}`, () => assert.throws(() => newerCalls([code]), SyntaxError));
}
for (const code of OLDER) {
  test(`this is old enough: ${code}`, () => assert.deepEqual(newerCalls([code]), []));
}

test("the build exchanges what packages and our own code ask for", async () => {
  const out = await mkdtemp(join(tmpdir(), "floor-"));
  try {
    await bundle({ entries: ["../../tests/phone/ground-entry.mjs"], out });
    const names = (await readdir(out)).filter((name) => name.endsWith(".js"));
    const scripts = await Promise.all(names.map((name) => readFile(join(out, name), "utf8")));
    assert.ok(scripts.some((code) => code.includes("hasOwnProperty.call")));
    assert.deepEqual(newerCalls(scripts), []);
  } finally {
    await rm(out, { recursive: true });
  }
});
