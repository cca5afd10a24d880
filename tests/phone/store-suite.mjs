/**
 * What every store must do. Plain assertions without Node, because it runs in a browser too: in Node for the memory store
 * (`ground/store.test.mjs`), in Chromium for the others (`store_in_chromium.py`).
 */

/** @param {boolean} truth @param {string} sentence */
function assert(truth, sentence) {
  if (!truth) throw new Error(sentence);
}

/** @param {Uint8Array | null} a @param {Uint8Array} b */
function isSame(a, b) {
  return a !== null && a.length === b.length && a.every((byte, i) => byte === b[i]);
}

const BYTES = Uint8Array.from({ length: 262_144 }, (_, i) => (i * 7) % 251);
// As long as the names of letters are, with capitals that differ and marks that files must not have.
const NAMES = ["a", "A", "-_Ab9", "vault/1", `c/${"x".repeat(43)}`];

/** @type {Record<string, (store: import("../../client/phone/core/store.js").Store) => Promise<void>>} */
export const SUITE = {
  async "what was put comes back"(store) {
    await store.put("a", BYTES);
    assert(isSame(await store.get("a"), BYTES), "other bytes came back");
  },
  async "what was never put is null"(store) {
    assert((await store.get("nothing")) === null, "something came from nothing");
  },
  async "the last put wins, and may be shorter"(store) {
    await store.put("a", BYTES);
    await store.put("a", Uint8Array.of(1, 2));
    assert(isSame(await store.get("a"), Uint8Array.of(1, 2)), "the old bytes are still there");
  },
  async "removed is gone, and removing twice is fine"(store) {
    await store.put("a", BYTES);
    await store.remove("a");
    await store.remove("a");
    assert((await store.get("a")) === null, "still there");
  },
  async "every name is its own"(store) {
    for (const [i, name] of NAMES.entries()) await store.put(name, Uint8Array.of(i));
    for (const [i, name] of NAMES.entries()) assert(isSame(await store.get(name), Uint8Array.of(i)), name);
    assert(JSON.stringify(await store.names()) === JSON.stringify([...NAMES].sort()), "names");
  },
  async "cleared is empty"(store) {
    await store.put("a", BYTES);
    await store.clear();
    assert((await store.names()).length === 0, "not empty");
  },
  async "what is changed after putting or getting does not change what is stored"(store) {
    const mine = Uint8Array.of(1, 2, 3);
    await store.put("a", mine);
    mine[0] = 9;
    const got = await store.get("a");
    if (got) got[1] = 9;
    assert(isSame(await store.get("a"), Uint8Array.of(1, 2, 3)), "shared bytes");
  },
  async "an empty value is a value"(store) {
    await store.put("a", new Uint8Array());
    assert((await store.get("a"))?.length === 0, "lost");
  },
  async "many at once all arrive"(store) {
    const names = Array.from({ length: 30 }, (_, i) => `n${i}`);
    await Promise.all(names.map((name, i) => store.put(name, Uint8Array.of(i))));
    assert((await store.names()).length === 30, "some are lost");
  },
};

/** @param {() => Promise<import("../../client/phone/core/store.js").Store>} open
 *  @returns {Promise<string[]>} what failed */
export async function failures(open) {
  const failed = [];
  for (const [name, check] of Object.entries(SUITE)) {
    const store = await open();
    await store.clear();
    await check(store).catch((error) => failed.push(`${name}: ${error.name} ${error.message}`));
    await store.clear();
  }
  return failed;
}
