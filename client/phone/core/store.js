/**
 * Where bytes rest on the phone: a few named byte strings, and only such as say nothing (sealed letters, kit, vault).
 *
 * Chromium leaves deleted and overwritten IndexedDB records in its files for a long time, so whatever once stood in a
 * store must be counted as found: never plaintext, never a key. The private file system forgets better (a deleted file
 * is gone from the profile folder), so it is taken where it can be had.
 *
 * All adapters are used alike and pass one suite of tests.
 */
import { TocsinError } from "../protocol/errors.js";

/** `durable` is false when everything is gone with the page: a private window, or storage that is refused.
 *  @typedef {{ durable: boolean, get(name: string): Promise<Uint8Array | null>, put(name: string,
 *    data: Uint8Array): Promise<void>,
 *    remove(name: string): Promise<void>, names(): Promise<string[]>, clear(): Promise<void> }} Store */

// What the stores are called on disk. They say nothing, and neither do the names that go into them.
const PLACE = "data";
const TABLE = "d";
const PROBE = "probe";

export class StoreFull extends TocsinError {
  static code = "store-full";
}
export class StoreBroken extends TocsinError {
  static code = "store-broken";
}

/** Open the best store this browser has. Never fails: at worst it is memory.
 *  @param {{ storage?: StorageManager, indexedDB?: IDBFactory }} browser @returns {Promise<Store>} */
export async function openStore({ storage, indexedDB }) {
  for (const open of [() => openFiles(storage), () => openIndexed(indexedDB)]) {
    try {
      const store = await open();
      await store.put(PROBE, Uint8Array.of(1));
      await store.remove(PROBE);
      return store;
    } catch {
      // refused, missing or full: the next one may do
    }
  }
  return memoryStore();
}

/** Return a store that is gone with the page. @returns {Store} */
export function memoryStore() {
  /** @type {Map<string, Uint8Array>} */
  const records = new Map();
  return {
    durable: false,
    get: async (name) => records.get(name)?.slice() ?? null,
    put: async (name, data) => void records.set(name, data.slice()),
    remove: async (name) => void records.delete(name),
    names: async () => [...records.keys()].sort(),
    clear: async () => records.clear(),
  };
}

/** Open a store with one file for each name in the origin's private file system. @param {StorageManager} [storage]
 *  @returns {Promise<Store>} */
export async function openFiles(storage) {
  if (!storage?.getDirectory || !globalThis.FileSystemFileHandle?.prototype.createWritable) throw new StoreBroken();
  const root = await storage.getDirectory();
  const folder = await root.getDirectoryHandle(PLACE, { create: true });
  return {
    durable: true,
    get: (name) => named(async () => bytesOf(await (await folder.getFileHandle(fileOf(name))).getFile()), null),
    put: (name, data) => named(() => written(folder, name, data), undefined),
    remove: (name) => named(() => folder.removeEntry(fileOf(name)), undefined),
    names: () => named(() => listed(folder), []),
    clear: () => named(() => emptied(folder), undefined),
  };
}

/** @param {FileSystemDirectoryHandle} folder @param {string} name @param {Uint8Array} data */
async function written(folder, name, data) {
  const file = await folder.getFileHandle(fileOf(name), { create: true });
  const stream = await file.createWritable(); // takes effect at once when closed, so a kill leaves the old bytes whole
  await stream.write(/** @type {BufferSource} */ (data));
  await stream.close();
}

/** @param {FileSystemDirectoryHandle} folder @returns {Promise<string[]>} */
async function listed(folder) {
  const names = [];
  for await (const name of folder.keys()) if (!name.endsWith(".crswap")) names.push(nameOf(name));
  return names.sort();
}

/** @param {FileSystemDirectoryHandle} folder */
async function emptied(folder) {
  for (const name of await listed(folder)) await folder.removeEntry(fileOf(name));
}

/** Names may hold capitals that differ and marks a file name must not have. @param {string} name */
function fileOf(name) {
  return Array.from(new TextEncoder().encode(name), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} file */
function nameOf(file) {
  const pairs = file.match(/../g) ?? [];
  return new TextDecoder().decode(Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)));
}

/** @param {Blob} blob */
async function bytesOf(blob) {
  return new Uint8Array(await blob.arrayBuffer());
}

/** Open a store with one record for each name in IndexedDB. @param {IDBFactory} [indexedDB]
 *  @returns {Promise<Store>} */
export async function openIndexed(indexedDB) {
  if (!indexedDB) throw new StoreBroken();
  const opening = indexedDB.open(PLACE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
  const database = await answered(opening);
  const run = (/** @type {IDBTransactionMode} */ mode, /** @type {(table: IDBObjectStore) => IDBRequest} */ ask) =>
    named(() => finished(database.transaction(TABLE, mode, { durability: "strict" }), ask), undefined);
  return {
    durable: true,
    get: async (name) => (await run("readonly", (table) => table.get(name))) ?? null,
    put: async (name, data) => void (await run("readwrite", (table) => table.put(data.slice(), name))),
    remove: async (name) => void (await run("readwrite", (table) => table.delete(name))),
    names: async () => (await run("readonly", (table) => table.getAllKeys())).map(String).sort(),
    clear: async () => void (await run("readwrite", (table) => table.clear())),
  };
}

/** @param {IDBRequest} request @returns {Promise<any>} */
function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** A record counts as written when its transaction has ended, not when the request was answered.
 *  @param {IDBTransaction} transaction @param {(table: IDBObjectStore) => IDBRequest} ask @returns {Promise<any>} */
function finished(transaction, ask) {
  const request = ask(transaction.objectStore(TABLE));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}

/** Errors of the browser as ours; what is not there is `missing`. @template T @param {() => Promise<T>} work
 *  @param {T} missing @returns {Promise<T>} */
async function named(work, missing) {
  try {
    return await work();
  } catch (error) {
    const name = error instanceof Error || error instanceof DOMException ? error.name : "";
    if (name === "NotFoundError") return missing;
    throw name === "QuotaExceededError" ? new StoreFull() : new StoreBroken();
  }
}
