/** What somebody sees who was given one of two PINs: every screen and every control of both sessions, one walk. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { openWithPin } from "../../../client/phone/app/screens/unlocked/unlock.js";
import { loadLocale } from "../../../client/phone/app/ui/locale-parts.js";
import { unpackKit } from "../../../client/phone/core/kit.js";
import { fingerprint } from "../../../client/phone/protocol/organisation.js";
import { organisation } from "../card.mjs";
import { pairedPeople } from "../contacts-people.mjs";
import { installMiniPage } from "../mini-page.mjs";
import { WholePhone } from "../whole-phone.mjs";

const UNDER_WAY = /role="status"[^>]*>[^<]*…/;
const APP = new URL("../../../client/phone/app/", import.meta.url);
const NOW = 1_795_168_800_000;
const [PIN, DECOY] = ["271828", "314159"];
const REAL = {
  name: "Мемориал",
  host: "secret-relay.example",
  people: ["Вера Надеждина", "Пётр Кузьмин"],
  profile: { name: "Иванова Анна", contact: "+7 900 000-00-00" },
  words: "Меня задержали, звони Вере",
};
const CHOSEN = { organisation: "Beekeepers", people: ["Uncle Joe", "Aunt May"] };
const TYPED = {
  pin: "998877",
  again: "998877",
  label: "Somebody",
  number: "+79001112233",
  code: "TOCSIN",
  digits: "12345",
};
// What leaves the walk, or ends it.
const ALIKE = 2; // of controls that differ in their value alone, as many are tapped
const NOT_TAPPED = new Set(["lock", "hide", "wipe-yes"]);

installMiniPage();
const BrowserDate = Date;
/** The clock of the phone also where no moment is named. */
globalThis.Date = /** @type {any} */ (
  class extends BrowserDate {
    constructor(/** @type {any[]} */ ...parts) {
      super(.../** @type {[any]} */ (parts.length ? parts : [Date.now()]));
    }
  }
);
// What a screen loads is there at once, so that no walk is ahead of the other.
for (const name of readdirSync(new URL("../", APP), { recursive: true }))
  if (/^(app\/(services|screens|ui)|core)\/.*\.js$/.test(String(name))) await import(new URL(`../${name}`, APP).href);

/** The screens as `main.js` lists them. */
async function listScreens() {
  const source = readFileSync(new URL("main.js", APP), "utf8");
  const line = /^ {2}"?([\w-]+)"?: async \(\) => \(await (?:withLocale\("(\w+)", )?import\("([^"]+)"\)\)?\)\.(\w+)/gm;
  /** @type {Record<string, () => Promise<any>>} */ const screens = {};
  for (const [, name, part, path, inside] of source.matchAll(line)) {
    screens[name] = async () => {
      if (part) await loadLocale(/** @type {any} */ (part));
      return (await import(new URL(path, APP).href))[inside];
    };
  }
  const { start } = await import("../../../client/phone/app/screens/start.js");
  const { welcome } = await import("../../../client/phone/app/screens/setup/welcome.js");
  return { ...screens, start: async () => start, welcome: async () => welcome };
}

/** A phone whose owner has a profile, two contacts and a second PIN; what is in the store. */
async function ownedPhone() {
  const org = await organisation({ now: NOW / 1_000, relays: [`https://${REAL.host}`] });
  const phone = new WholePhone(NOW);
  await phone.setUp(org.card, { facts: REAL.profile, pin: PIN });
  const session = await phone.unlock(PIN);
  const books = await Promise.all(REAL.people.map(async (label) => (await pairedPeople(label))[0].book));
  const contacts = books.map(({ contacts: [contact] }, i) => ({ ...contact, label: REAL.people[i], text: REAL.words }));
  session.content.contacts = { ...books[0], contacts };
  await session.prepareAnew();
  await session.setDecoy(DECOY, CHOSEN, () => {});
  assert.equal(unpackKit(await phone.kit()).contacts.length, REAL.people.length);
  const stored = [];
  for (const name of await phone.store.names()) stored.push([name, await phone.store.get(name)]);
  return { org, stored };
}

/** @param {any} owned @param {string} pin @param {boolean} isPressed */
async function opened({ org, stored }, pin, isPressed) {
  const phone = new WholePhone(NOW);
  for (const [name, bytes] of stored) await phone.store.put(name, bytes);
  const { MiniElement } = await import("../mini-page.mjs");
  const app = await phone.restart({ screens: await listScreens(), root: new MiniElement("main") });
  app.config = {
    title: "Notes",
    languages: ["en"],
    start: { en: { name: "English" } },
    cards: [],
    packs: [],
    inline: {},
  };
  app.fetch = async (/** @type {string} */ url) =>
    new Response(url.endsWith("/v1/card") ? org.signed : new Uint8Array());
  if (isPressed) await phone.press();
  app.shown = "unlock";
  await openWithPin(app, pin, () => {});
  await quiet(app);
  return { phone, app };
}

/** Until nothing is under way any more and the page has stayed as it is for some turns; a word that something is being
 *  done may stand for longer. @param {any} app */
async function quiet(app) {
  let before = "";
  for (let same = 0, turns = 0; same < 12 || (UNDER_WAY.test(before) && turns < 300); turns++) {
    await Promise.all([app.session?.saving, app.caseSession?.queue, app.contactPoller?.post.queue]);
    await new Promise((resolve) => setImmediate(resolve));
    const page = app.root.outerHTML;
    same = page === before ? same + 1 : 0;
    before = page;
  }
}

/** All that lies on the phone, as one text. @param {any} phone */
async function storedText(phone) {
  const all = await Promise.all((await phone.store.names()).map((/** @type {string} */ name) => phone.store.get(name)));
  return Buffer.concat(all.map((bytes) => Buffer.from(bytes ?? []))).toString("utf8");
}

/** Tap every control of every screen that can be reached, each once, always in the same order. @param {any} app
 *  @returns {Promise<{ path: string[], page: string }[]>} what was on the screen after each tap */
async function walk(app) {
  const tapped = new Set();
  const ways = new Map([["notes", undefined]]);
  const pages = [{ path: ["notes"], page: app.root.outerHTML }];
  const { go } = app;
  app.go = (/** @type {string} */ name, /** @type {any} */ arg) => {
    if (!ways.has(name)) ways.set(name, arg);
    return go.call(app, name, arg);
  };
  const next = () => {
    const all = app.root.all.filter(({ attributes }) => attributes.has("data-do") && !attributes.has("disabled"));
    const times = new Map();
    const names = all.flatMap((element) => {
      const name = nameOf(app, element);
      times.set(name, (times.get(name) ?? 0) + 1);
      return times.get(name) <= ALIKE ? [[element, `${name} ${times.get(name)}`]] : [];
    });
    return names.find(([{ dataset }, name]) => !tapped.has(name) && !NOT_TAPPED.has(dataset.do));
  };
  for (;;) {
    const [element, name] = next() ?? [];
    if (element) {
      tapped.add(name);
      for (const input of app.root.all.filter(({ dataset }) => dataset.field && !dataset.do))
        input.value = TYPED[input.dataset.field] ?? (app.shown === "decoy" ? "" : `typed ${input.dataset.field}`);
      if (app.shown === "decoy") for (const input of app.root.all) if (input.dataset.field) input.value = "665544";
      const failed = await element.act("click").then(
        () => "",
        (/** @type {any} */ error) => `failed: ${error.code ?? error.reason ?? error}`,
      );
      await quiet(app);
      pages.push({ path: [name], page: app.root.outerHTML + failed });
      continue;
    }
    const before = tapped.size;
    for (const [screen, arg] of ways) {
      await app.go(screen, arg);
      await quiet(app);
      if (next()) break;
    }
    if (!next()) return pages;
    assert.equal(tapped.size, before);
  }
}

/** Set a second PIN with names, set it again, remove it, change one's own. @param {any} app */
async function setPins(app) {
  const pages = [];
  const does = async (/** @type {string} */ name, fields = {}) => {
    for (const [field, text] of Object.entries(fields))
      app.root.all.find(({ dataset }) => dataset.field === field).value = text;
    await app.root.all.find(({ dataset }) => dataset.do === name).act("click");
    await quiet(app);
    pages.push({ path: [`then ${app.shown}: ${name}`], page: app.root.outerHTML });
  };
  await app.go("home");
  for (const again of [{}, { organisation: "", "person-1": "Other" }]) {
    await does("decoy");
    await does("digits");
    await does("next", { pin: "808080", again: "808080" });
    assert.equal(app.shown, "names");
    await does("next", again);
    assert.equal(app.shown, "home");
  }
  await does("decoy");
  await does("remove");
  await does("pin");
  await does("digits");
  await does("next", { pin: "919191", again: "919191" });
  assert.equal(app.shown, "home");
  return pages;
}

/** @param {any} app @param {any} element */
function nameOf(app, { attributes }) {
  const named = ["data-do", "data-field", "data-fact"].map((name) => attributes.get(name)).filter(Boolean);
  return `${app.shown}: ${named.join(" ")}`;
}

/** Where two pages part, with what stands there. @param {string[]} path @param {string} first @param {string} second */
function differenceOf(path, first, second) {
  if (first === second) return [];
  const at = [...first].findIndex((mark, i) => mark !== second[i]);
  return [[...path, first.slice(at - 40, at + 120), second.slice(at - 40, at + 120)]];
}

/** What differs by lot, and what its owner chose or wrote, made the same. @param {string} page */
function leveled(page) {
  const plain = page
    .replace(/ d="[^"]*"/g, ' d=""')
    .replace(/viewBox="[^"]*"/g, "")
    .replace(/(data-show="words"[^>]*>)[^<]*/g, "$1")
    .replace(/<ol [^>]*data-show="digits".*?<\/><\/>/g, "<ol>")
    .replace(/TOCSIN:1:C:\w+/g, "code")
    .replace(/data-value="[\w+/=-]{12}"/g, 'data-value="id"');
  return NAMES.reduce((text, [from, to]) => text.replaceAll(from, to), plain);
}

const NAMES = [
  [REAL.name, CHOSEN.organisation],
  ...REAL.people.map((name, i) => [name, CHOSEN.people[i]]),
  [REAL.words, "I was detained. Call me. If I do not answer, find me a lawyer."], // what is ready there
  ...Object.values(REAL.profile).map((text) => [text, ""]),
];

/** What nobody under the second PIN may find. @param {any} card */
const secrets = (card) => [
  REAL.name,
  REAL.host,
  ...REAL.people,
  ...REAL.profile.name.split(" "),
  REAL.profile.contact,
  REAL.words,
  ...fingerprint(card.root).split(" "),
];

const ownersPhone = ownedPhone();

/** @param {boolean} isPressed */
async function compareSessions(isPressed) {
  const owned = await ownersPhone;
  const walks = [];
  for (const pin of [PIN, DECOY]) {
    const { phone, app } = await opened(owned, pin, isPressed);
    const { content } = app.session;
    walks.push({ content, pages: [...(await walk(app)), ...(isPressed ? [] : await setPins(app))], phone });
    await app.lock();
  }
  const [real, forced] = walks;
  assert.deepEqual(
    forced.pages.map(({ path }) => path),
    real.pages.map(({ path }) => path),
  );
  const different = real.pages.flatMap(({ path, page }, i) =>
    differenceOf(path, leveled(page), leveled(forced.pages[i].page)),
  );
  assert.deepEqual(different, []);
  const shown = real.pages.map(({ page }) => page).join("");
  for (const text of [REAL.name, ...REAL.people, REAL.profile.name])
    assert.ok(shown.includes(text), "it is searched for");
  const lying = await storedText(forced.phone);
  for (const name of [REAL.name, ...REAL.people, ...Object.values(REAL.profile), REAL.words])
    assert.ok(!lying.includes(name) && !JSON.stringify(forced.content).includes(name), name);
  for (const { path, page } of forced.pages)
    for (const secret of secrets(owned.org.card)) assert.ok(!page.includes(secret), `${path}: ${secret}`);
}

test("both PINs show the same on every screen, and the second nothing real", () => compareSessions(false));

test("after a press both PINs show the same on every screen, and the second nothing real", () => compareSessions(true));

test("no screen asks which session it shows", () => {
  const folder = new URL("screens/", APP);
  const files = readdirSync(folder, { recursive: true }).filter((/** @type {any} */ name) => name.endsWith(".js"));
  assert.ok(files.length > 25);
  for (const name of files) {
    const source = readFileSync(new URL(String(name), folder), "utf8");
    assert.doesNotMatch(source, /(app|session)\??\.duress|\.standIns|keys\.(pin|forced)|isForcedPair/, String(name));
  }
});
