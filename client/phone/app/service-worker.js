/**
 * The service worker: the app without a network, and sending what was stored when no page is there to do it.
 *
 * It takes a release over only when `release.json` is signed by the key this phone met on its first visit, every file
 * has the hash that stands there, and the release is not older than the one held. A browser fetches this very file by
 * itself and asks nobody; that one swap shows to `tocsin phone verify` and not here.
 */
/** @typedef {{ seq: number, issued: number, files: Record<string, { sha256: string, bytes: number }> }} Release */

import { unpackKit } from "../core/kit.js";
import { redirectSender } from "../core/redirect.js";
import { openStore } from "../core/store.js";
import { parseNoteKey, verifyNote } from "../protocol/note.js";
import { randomBytes } from "../protocol/random.js";
import { b64, digest } from "../protocol/wire.js";
import { KIT } from "./app.js";
import { Sender } from "./services/sender.js";
import { chooseLanguage, readLanguage } from "./ui/language.js";

const worker = /** @type {any} */ (globalThis);
// @ts-expect-error: the build puts it in the place of this name
const { release: KEY, cards: CARDS } = /** @type {{ release: string, cards: string[] }} */ (SITE);

const KIND = "tocsin/1/release";
const CACHE = "data-"; // + the release's number
const NOTE = "release.json";
const FIRST = "first"; // the cache in which the key of the first visit lies, under the same address
const HELD = 2; // releases: a page that is still open may ask for a file of the one before
const LOCK = "data";
const RELEASE_LOCK = "release"; // two that fetch one release at once would write into each other's cache
const TRY_MS = 25_000; // what a browser grants a worker that was woken

worker.addEventListener("install", (/** @type {any} */ event) => {
  worker.skipWaiting();
  event.waitUntil(takeOver());
});
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method === "GET" && url.origin === worker.location.origin)
    event.respondWith(answer(request, nameOf(url)));
});
worker.addEventListener("message", (/** @type {any} */ event) =>
  event.waitUntil(takeOver().catch(() => tell("release-changed"))),
);
worker.addEventListener("sync", (/** @type {any} */ event) => event.waitUntil(sendStored()));
worker.addEventListener("push", (/** @type {any} */ event) => event.waitUntil(ring()));
worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(comeForward());
});

/** @param {string} code */
async function tell(code) {
  for (const page of await worker.clients.matchAll()) page.postMessage(code);
}

/** @param {URL} url */
function nameOf(url) {
  const base = new URL("./", worker.location.href).pathname;
  const name = url.pathname.startsWith(base) ? url.pathname.slice(base.length) : url.pathname;
  return name === "" ? "index.html" : name;
}

/** From the cache; what is in no release comes from the network only where it never is code.
 *  @param {Request} request @param {string} name */
async function answer(request, name) {
  const releaseCaches = await Promise.all((await numbers()).reverse().map((seq) => caches.open(CACHE + seq)));
  const wanted = request.mode === "navigate" ? [name, "index.html"] : [name];
  for (const path of wanted) {
    for (const cache of releaseCaches) {
      const found = await cache.match(path);
      if (found) return found;
    }
  }
  return releaseCaches.length && !CARDS.includes(name) && name !== NOTE ? Response.error() : fetch(request);
}

/** @returns {Promise<number[]>} of the releases held, rising; a release is held when its note is in its cache */
async function numbers() {
  const all = (await caches.keys())
    .filter((name) => name.startsWith(CACHE))
    .map((name) => Number(name.slice(CACHE.length)));
  const whole = await Promise.all(all.map(async (seq) => Boolean(await (await caches.open(CACHE + seq)).match(NOTE))));
  return all.filter((_, i) => whole[i]).sort((a, b) => a - b);
}

/** Fetch, check, and only then change over; one after the other, in workers of several versions too. */
function takeOver() {
  return worker.navigator.locks.request(RELEASE_LOCK, fetchRelease);
}

async function fetchRelease() {
  const note = await fetchFile(NOTE).catch(() => null);
  if (!note) return; // no network
  const release = readRelease(note.data, await firstKey());
  const [last = -1] = (await numbers()).slice(-1);
  if (release.seq < last) throw new Error("release-older");
  if (release.seq === last) return;
  try {
    const cache = await caches.open(CACHE + release.seq);
    for (const [name, entry] of Object.entries(release.files)) {
      if (!isLeftOut(name)) await cache.put(name, await checked(name, entry));
    }
    await cache.put(NOTE, responseOf(note)); // last: with it the release is whole
  } catch (error) {
    await caches.delete(CACHE + release.seq); // of what is refused nothing stays
    throw error;
  }
  await forget((await numbers()).slice(-HELD));
}

/** @param {number[]} releases the releases that stay */
async function forget(releases) {
  const names = releases.map((seq) => CACHE + seq);
  for (const name of await caches.keys()) {
    if (name.startsWith(CACHE) && !names.includes(name)) await caches.delete(name);
  }
}

/** @param {string} name */
function isLeftOut(name) {
  return CARDS.includes(name) || name === "app.html" || name.startsWith("_") || name === "sw.js";
}

/** @param {Uint8Array} data @param {string} key @returns {Release} */
function readRelease(data, key) {
  const note = verifyNote(data, parseNoteKey(key).public, KIND);
  return JSON.parse(note.lines[1]);
}

/** The key of the first visit; a later worker that brings another one does not get to use it.
 *  @returns {Promise<string>} */
async function firstKey() {
  const cache = await caches.open(FIRST);
  const known = await cache.match(FIRST);
  if (known) return known.text();
  await cache.put(FIRST, new Response(KEY));
  return KEY;
}

/** @param {string} name @param {{ sha256: string, bytes: number }} entry */
async function checked(name, entry) {
  const file = await fetchFile(name);
  if (b64(digest(file.data)) !== entry.sha256) throw new Error("release-changed");
  return responseOf(file);
}

/** @param {string} name @returns {Promise<{ data: Uint8Array, headers: Headers }>} */
async function fetchFile(name) {
  const response = await fetch(name === "index.html" ? "./" : name, { cache: "no-store", credentials: "omit" });
  if (!response.ok) throw new Error("network");
  return { data: new Uint8Array(await response.arrayBuffer()), headers: response.headers };
}

const STORED_HEADERS = [
  "Content-Type",
  "Content-Security-Policy",
  "Cross-Origin-Opener-Policy",
  "Cross-Origin-Embedder-Policy",
  "Permissions-Policy",
];

/** What the host said of a file goes with it: the policy counts without a network as well.
 *  @param {{ data: Uint8Array, headers: Headers }} file */
function responseOf({ data, headers }) {
  const passedOn = STORED_HEADERS.flatMap((header) =>
    headers.get(header) ? [[header, String(headers.get(header))]] : [],
  );
  return new Response(/** @type {BodyInit} */ (data), { headers: /** @type {[string, string][]} */ (passedOn) });
}

/** A push is empty, and what came for whom lies behind the PIN: the notice says only that there is something. Ten of
 *  them are one notice. */
async function ring() {
  const { title, body } = await neutralWords().catch(() => ({ title: "+1", body: "" }));
  const options = { body, tag: "data", renotify: true, requireInteraction: true };
  await worker.registration.showNotification(title, options);
}

/** Out of the page as it is held, in the language of this phone. */
async function neutralWords() {
  const page = await (await answer(new Request("./"), "index.html")).text();
  const config = JSON.parse(/id="config">(.*?)<\/script>/s.exec(page)?.[1] ?? "");
  const language = chooseLanguage(config, await readLanguage(await ourStore()));
  return { title: config.title, body: config.start[language].news };
}

async function comeForward() {
  const [page] = await worker.clients.matchAll({ type: "window" });
  return page ? page.focus() : worker.clients.openWindow("./");
}

function ourStore() {
  return openStore({ storage: worker.navigator.storage, indexedDB: worker.indexedDB });
}

/** @param {Uint8Array} stored @returns {ReturnType<typeof unpackKit> | null} null when it cannot be read: what waits leaves
 *  all the same */
function readKit(stored) {
  try {
    return unpackKit(stored);
  } catch {
    return null;
  }
}

/** Only when no page looks after the stored letters. Failing tells the browser to wake us again. */
async function sendStored() {
  await worker.navigator.locks.request(LOCK, { ifAvailable: true }, async (/** @type {unknown} */ lock) => {
    if (!lock) return;
    const store = await ourStore();
    const sender = new Sender({ store, fetch: (url, init) => fetch(url, init), randomBytes });
    const kit = await store.get(KIT).catch(() => null);
    await sender.load();
    const { desk } = (kit && readKit(kit)) ?? {};
    if (desk) redirectSender(sender, desk, Date.now(), randomBytes); // a page may have met a newer card meanwhile
    const until = Date.now() + TRY_MS;
    while (sender.isOpen() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 200));
    if (sender.isOpen()) throw new Error("network");
  });
}
