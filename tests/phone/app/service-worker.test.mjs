/** The service worker's copy of a release: whole, with what the host said of each file, also when two fetch it at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { keyId, noteKeyText } from "../../../client/phone/protocol/note.js";
import { b64, concat, digest, utf8 } from "../../../client/phone/protocol/wire.js";
import { getPublicKey, sign } from "../../../client/phone/vendor-src/crypto.js";

const seed = new Uint8Array(32).fill(7);
const key = { name: "release", public: getPublicKey(seed) };
const POLICY = "default-src 'none'";

/** @param {number} seq @param {Record<string, Uint8Array>} files @returns {Uint8Array} */
function signRelease(seq, files) {
  const entries = Object.entries(files).map(([name, data]) => [
    name,
    { sha256: b64(digest(data)), bytes: data.length },
  ]);
  const text = `tocsin/1/release\n${JSON.stringify({ seq, issued: 1, files: Object.fromEntries(entries) })}\n`;
  const signature = concat(keyId(key.name, key.public), sign(utf8(text), seed));
  return utf8(`${text}\n— release ${Buffer.from(signature).toString("base64")}\n`);
}

/** Locks as a browser grants them: one holder of a name after the other. */
function lockManager() {
  const queues = new Map();
  return {
    request(/** @type {string} */ name, /** @type {() => Promise<unknown>} */ work) {
      const ended = (queues.get(name) ?? Promise.resolve()).then(() => work());
      queues.set(
        name,
        ended.catch(() => {}),
      );
      return ended;
    },
  };
}

const files = { "index.html": utf8("<html>"), "main.js": utf8("export {}"), "late.js": utf8("// late") };
const turns = async (/** @type {number} */ n) => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** The stored caches by name, and what sends a message to the worker. */
const { stored, host, message } = await (async () => {
  /** @type {Map<string, Map<string, Response>>} */ const stored = new Map();
  /** @type {Record<string, (event: any) => void>} */ const listeners = {};
  /** @type {Record<string, Uint8Array>} */ const host = {};
  let bodies = 0;
  const served = async (/** @type {string} */ name) => {
    await turns(2);
    const data = host[name === "./" ? "index.html" : name];
    // Every second body comes later than the first, so that two fetches of one file end in the other order.
    const body = new ReadableStream({
      async start(controller) {
        await turns(bodies++ % 2 ? 1 : 6);
        controller.enqueue(data);
        controller.close();
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/x", "Content-Security-Policy": POLICY } });
  };
  const open = async (/** @type {string} */ name) => {
    if (!stored.has(name)) stored.set(name, new Map());
    const entries = /** @type {Map<string, Response>} */ (stored.get(name));
    return {
      match: async (/** @type {string} */ path) => entries.get(path)?.clone(),
      put: async (/** @type {string} */ path, /** @type {Response} */ response) => void entries.set(path, response),
    };
  };
  const scope = {
    SITE: { release: noteKeyText(key), cards: [] },
    caches: {
      open,
      keys: async () => [...stored.keys()],
      delete: async (/** @type {string} */ name) => stored.delete(name),
    },
    addEventListener: (/** @type {string} */ name, /** @type {any} */ listener) => {
      listeners[name] = listener;
    },
    clients: { matchAll: async () => [] },
    fetch: served,
  };
  Object.assign(globalThis, scope);
  Object.defineProperty(globalThis, "navigator", { value: { locks: lockManager() }, configurable: true });
  await import("../../../client/phone/app/service-worker.js");
  const message = () =>
    new Promise((resolve) =>
      listeners.message({ waitUntil: (/** @type {any} */ work) => work.then(resolve, resolve) }),
    );
  return { stored, host, message };
})();

test("two that fetch one release at once store every file with its media type and policy", async () => {
  Object.assign(host, files, { "release.json": signRelease(1, files) });
  await Promise.all([message(), message(), message()]);
  const entries = stored.get("data-1") ?? new Map();
  assert.deepEqual([...entries.keys()].sort(), [...Object.keys(files), "release.json"].sort());
  for (const [name, { headers }] of entries) {
    assert.deepEqual([headers.get("content-type"), headers.get("content-security-policy")], ["text/x", POLICY], name);
  }
});

test("of a release that is refused nothing stays, and the one before is whole", async () => {
  Object.assign(host, files, { "release.json": signRelease(2, files), "late.js": utf8("// changed") });
  await Promise.all([message(), message()]);
  assert.deepEqual([...stored.keys()].sort(), ["data-1", "first"]);
  assert.equal(stored.get("data-1")?.size, 4);
});
