import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore, openFiles, openIndexed, openStore } from "../../../client/phone/core/store.js";
import { SUITE } from "../store-suite.mjs";

for (const [name, check] of Object.entries(SUITE)) {
  test(`memory: ${name}`, () => check(memoryStore()));
}

test("a browser that refuses storage leaves memory, and says that it will not last", async () => {
  const refusing = {
    open: () => {
      throw new DOMException("no", "SecurityError");
    },
  };
  const storage = { getDirectory: () => Promise.reject(new DOMException("no", "SecurityError")) };
  for (const browser of [{}, { indexedDB: refusing, storage }]) {
    const store = await openStore(browser);
    assert.equal(store.durable, false);
    await store.put("a", Uint8Array.of(1));
    assert.deepEqual(await store.get("a"), Uint8Array.of(1));
  }
});

test("what is missing is named", async () => {
  await assert.rejects(openFiles(), { code: "store-broken" });
  await assert.rejects(openIndexed(), { code: "store-broken" });
});

/** An IndexedDB whose every writing fails with this error. */
function failing(name) {
  const transaction = { error: new DOMException("", name), objectStore: () => ({ put: () => ({}) }) };
  const begin = () => {
    queueMicrotask(() => transaction.onabort());
    return transaction;
  };
  const open = () => {
    const request = { result: { transaction: begin } };
    queueMicrotask(() => request.onsuccess());
    return request;
  };
  return { open };
}

test("full and broken are two different things", async () => {
  const full = await openIndexed(failing("QuotaExceededError"));
  await assert.rejects(full.put("a", Uint8Array.of(1)), { code: "store-full" });
  const broken = await openIndexed(failing("UnknownError"));
  await assert.rejects(broken.put("a", Uint8Array.of(1)), { code: "store-broken" });
});
