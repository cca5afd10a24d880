/** The tests stand outside the phone's folder; this is how they reach its sources and its packages. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

export const PHONE = new URL("../../client/phone/", import.meta.url);
const require = createRequire(new URL("package.json", PHONE));

/** A package as the phone's lock file has it. @param {string} name */
export function fromPackages(name) {
  return import(pathToFileURL(require.resolve(name)).href);
}

/** @param {string} name @returns {Record<string, any>[]} the cases of `tests/vectors/NAME.json` */
export function vectors(name) {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));
}
