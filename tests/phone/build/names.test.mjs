import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const PHONE = new URL("../../../client/phone/", import.meta.url);
const SCREENS = /^app\/screens\//; // a screen's function is called as its `data-screen`

/** Return the paths of our own modules. */
function listModules() {
  const folders = ["app", "core", "protocol"];
  return folders.flatMap((folder) =>
    readdirSync(new URL(folder, PHONE), { recursive: true })
      .filter((name) => name.endsWith(".js"))
      .map((name) => `${folder}/${name}`),
  );
}

/** Return the name that each `@typedef` of a module defines: the word behind its type. @param {string} source */
function listTypedefs(source) {
  return [...source.matchAll(/@typedef /g)].map(({ index }) => {
    let depth = 0;
    let end = source.indexOf("{", index);
    do depth += { "{": 1, "}": -1 }[source[end++]] ?? 0;
    while (depth > 0);
    return source.slice(end).match(/\w+/)[0];
  });
}

const listClasses = (source) => [...source.matchAll(/\bclass (\w+)/g)].map(([, name]) => name);
const listExports = (source) => [...source.matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name]) => name);

/** Return each name that stands in several modules, with those. @param {(source: string) => string[]} list
 *  @param {string[]} paths */
function findRepeated(list, paths) {
  const places = new Map();
  for (const path of paths) {
    for (const name of list(readFileSync(new URL(path, PHONE), "utf8"))) {
      places.set(name, [...(places.get(name) ?? []), path]);
    }
  }
  return Object.fromEntries([...places].filter(([, found]) => found.length > 1));
}

test("a class's or type's name stands once", () => {
  assert.deepEqual(
    findRepeated((source) => [...listTypedefs(source), ...listClasses(source)], listModules()),
    {},
  );
});

test("an exported function's name stands once", () => {
  const paths = listModules().filter((path) => !SCREENS.test(path));
  assert.deepEqual(findRepeated(listExports, paths), {});
});
