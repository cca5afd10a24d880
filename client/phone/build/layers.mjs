/**
 * Which folder may import which: static, dynamic and type imports. Nothing climbs, nothing goes in a circle.
 * `node build/layers.mjs [FOLDER]` prints what breaks it and ends with 1.
 */
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { readModule } from "./module-reader.mjs";

/** From above to below; a file belongs to the first that its path begins with. */
export const LAYERS = [
  "app/main.js",
  "app/service-worker.js",
  "app/screens/",
  "app/services/",
  "app/app.js",
  "app/ui/",
  "app/platform/",
  "core/",
  "protocol/",
  "vendor-src/",
];

/** Words for people, of no layer: whoever speaks loads them. */
const DATA = /^locales\//;

/** @typedef {{ from: string, to: string, isType: boolean }} Import paths from the folder of the phone */

/** Return all imports of a file. @param {string} file @param {string} code @returns {Import[]} */
export function importsOf(file, code) {
  const { imports, types } = readModule(code);
  const named = (/** @type {string[]} */ names, /** @type {boolean} */ isType) =>
    names
      .filter((name) => name.startsWith("."))
      .map((name) => ({ from: file, to: posix.join(posix.dirname(file), name), isType }));
  return [...named(imports, false), ...named(types, true)];
}

/** @param {string} path */
const layerOf = (path) => LAYERS.findIndex((layer) => path.startsWith(layer));

/** Return a sentence for each import that climbs, and one for a circle. @param {Import[]} imports
 *  @returns {string[]} */
export function breaches(imports) {
  const climbing = imports.filter(
    ({ from, to }) => !DATA.test(to) && (layerOf(to) < 0 || layerOf(from) < 0 || layerOf(to) < layerOf(from)),
  );
  const circle = circleOf(imports.filter(({ isType }) => !isType));
  return [
    ...climbing.map(({ from, to, isType }) => `${from} imports ${isType ? "a type of " : ""}${to}, which is above it`),
    ...(circle ? [`a circle: ${circle.join(" > ")}`] : []),
  ];
}

/** @param {Import[]} imports @returns {string[] | null} the files of one circle, the first again at the end */
function circleOf(imports) {
  /** @type {Map<string, Set<string>>} */ const next = new Map();
  for (const { from, to } of imports) next.set(from, (next.get(from) ?? new Set()).add(to));
  const visited = new Set();
  const walk = (/** @type {string} */ file, /** @type {string[]} */ path) => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (visited.has(file)) return null;
    for (const to of next.get(file) ?? []) {
      /** @type {string[] | null} */ const circle = walk(to, [...path, file]);
      if (circle) return circle;
    }
    visited.add(file);
    return null;
  };
  for (const file of next.keys()) {
    const circle = walk(file, []);
    if (circle) return circle;
  }
  return null;
}

/** @param {string} folder @returns {Promise<Import[]>} */
export async function importsBelow(folder) {
  const all = [];
  for (const top of ["app", "core", "protocol", "vendor-src"]) {
    for (const entry of await readdir(join(folder, top), { recursive: true })) {
      if (!entry.endsWith(".js")) continue;
      const path = join(folder, top, entry);
      const file = relative(folder, path).replaceAll("\\", "/");
      all.push(...importsOf(file, await readFile(path, "utf8")));
    }
  }
  return all;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url)));
  const broken = breaches(await importsBelow(folder));
  for (const sentence of broken) console.error(sentence);
  process.exitCode = broken.length ? 1 : 0;
}
