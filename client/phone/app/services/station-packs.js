/** The packs of stations: the one of the site when it is good, else the one held. */
/** @import { Stations } from "../../core/stations/stations.js" */
/** @import { App } from "../app.js" */

import { readPack } from "../../core/stations/pack.js";

const STORED = "p";

/** @type {Map<string, Stations>} */
const read = new Map();

/** Load the packs of the site; of each the newest that is good. @param {App} app
 *  @param {Uint8Array} root the key that must have signed
 *  @returns {Promise<{ packs: Stations[], problems: unknown[] }>} */
export async function loadPacks(app, root) {
  const packs = [];
  const problems = [];
  for (const [i, name] of app.config.packs.entries()) {
    try {
      packs.push(read.get(name) ?? (await packOf(app, name, STORED + i, root, problems)));
    } catch (error) {
      problems.push(error);
    }
  }
  return { packs, problems };
}

/** What is refused leaves the old one in its place. @param {App} app @param {string} name @param {string} storeName
 *  @param {Uint8Array} root @param {unknown[]} problems @returns {Promise<Stations>} */
async function packOf(app, name, storeName, root, problems) {
  const stored = await readStoredPack(app, storeName, root);
  try {
    const data = await app.file(name);
    const pack = await readPack(data, root, stored?.about);
    if (pack.about.seq !== stored?.about.seq) await app.put(storeName, data);
    read.set(name, pack);
    return pack;
  } catch (error) {
    if (!stored) throw error;
    problems.push(error);
    return stored;
  }
}

/** @param {App} app @param {string} storeName @param {Uint8Array} root */
async function readStoredPack(app, storeName, root) {
  const data = await app.store.get(storeName).catch(() => null);
  return data ? readPack(data, root).catch(() => null) : null;
}
