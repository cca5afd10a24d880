/** The entry of the page: what is needed to press, and nothing else. */
/** @import { Config, Screen } from "./app.js" */

import { openStore } from "../core/store.js";
import { ACTIVE, App, KIT } from "./app.js";
import { startWorker } from "./platform/register-worker.js";
import { welcome } from "./screens/setup/welcome.js";
import { start } from "./screens/start.js";
import { loadWords, useLanguage } from "./ui/i18n.js";
import { chooseLanguage, readLanguage } from "./ui/language.js";

const HIDDEN_MS = 60_000; // away for longer: back to the screen that tells nothing
const CAMERA_MS = 600_000; // unless it is the camera's app that is in front

/** One line for each screen; which of them travel together says `../build/chunks.mjs`.
 *  @type {Record<string, () => Promise<Screen>>} */
const SCREENS = {
  start: async () => start,
  welcome: async () => welcome,
  paste: async () => (await withLocale("setup", import("./screens/setup/organisation.js"))).paste,
  scan: async () => (await withLocale("setup", import("./screens/setup/scan.js"))).scan,
  card: async () => (await withLocale("setup", import("./screens/setup/organisation.js"))).card,
  profile: async () => (await withLocale("setup", import("./screens/setup/profile.js"))).profile,
  pin: async () => (await withLocale("setup", import("./screens/setup/pins.js"))).pin,
  decoy: async () => (await withLocale("setup", import("./screens/setup/pins.js"))).decoy,
  names: async () => (await withLocale("setup", import("./screens/setup/names.js"))).names,
  leave: async () => (await withLocale("setup", import("./screens/setup/pins.js"))).leave,
  allow: async () => (await withLocale("setup", import("./screens/setup/finish.js"))).allow,
  ready: async () => (await withLocale("setup", import("./screens/setup/finish.js"))).ready,
  practice: async () => (await withLocale("setup", import("./screens/setup/finish.js"))).practice,
  pressed: async () => (await import("./screens/press/status.js")).pressed,
  station: async () => (await import("./screens/press/station.js")).station,
  text: async () => (await import("./screens/press/text.js")).text,
  photo: async () => (await import("./screens/press/photo.js")).photo,
  voice: async () => (await import("./screens/press/voice.js")).voice,
  answers: async () => (await import("./screens/press/replies.js")).answers,
  unlock: async () => (await withLocale("setup", import("./screens/unlocked/unlock.js"))).unlock,
  home: async () => (await withLocale("setup", import("./screens/unlocked/home.js"))).home,
  notes: async () => (await withLocale("setup", import("./screens/unlocked/notes.js"))).notes,
  note: async () => (await withLocale("setup", import("./screens/unlocked/notes.js"))).note,
  contacts: async () => (await withLocale("contacts", import("./screens/contacts/list.js"))).contacts,
  contact: async () => (await withLocale("contacts", import("./screens/contacts/contact.js"))).contact,
  pair: async () => (await withLocale("contacts", import("./screens/contacts/pair-scan.js"))).pair,
  "pair-link": async () => (await withLocale("contacts", import("./screens/contacts/pair-link.js"))).pairLink,
  "pair-name": async () => (await withLocale("contacts", import("./screens/contacts/pair-link.js"))).pairName,
  prepared: async () => (await withLocale("contacts", import("./screens/contacts/prepared-message.js"))).prepared,
  digits: async () => (await withLocale("contacts", import("./screens/contacts/safety-number.js"))).digits,
  alerts: async () => (await withLocale("contacts", import("./screens/contacts/alerts.js"))).alerts,
  alert: async () => (await withLocale("contacts", import("./screens/contacts/alert.js"))).alert,
  sms: async () => (await withLocale("contacts", import("./screens/contacts/sms.js"))).sms,
};

/** Return a screen once its words are there. Those of what a PIN opens come with those of the set-up.
 *  @template T @param {"setup" | "contacts"} part @param {Promise<T>} screen
 *  @returns {Promise<T>} */
async function withLocale(part, screen) {
  const { loadLocale } = await import("./ui/locale-parts.js");
  await loadLocale(part);
  return screen;
}

/** Load what a press takes: sealing, the outbox, the kit. @returns {Promise<import("./app.js").Press>} */
async function loadPress() {
  const [{ CaseSession }, { Sender }, { packKit, unpackKit }] = await Promise.all([
    import("./services/case.js"),
    import("./services/sender.js"),
    import("../core/kit.js"),
  ]);
  const loadReplies = () => import("./services/session/session.js");
  return { CaseSession, Sender, packKit, unpackKit, loadReplies };
}

async function main() {
  if (navigator.serviceWorker?.controller) loadPress().catch(() => {}); // not the first visit: it will be needed
  const root = /** @type {HTMLElement} */ (document.getElementById("app"));
  const config = /** @type {Config} */ (JSON.parse(document.getElementById("config")?.textContent ?? "{}"));
  const store = await openStore({ storage: navigator.storage, indexedDB: globalThis.indexedDB });
  const app = new App({ config, root, store, screens: (name) => SCREENS[name](), loadPress });
  useLanguage(chooseLanguage(config, await readLanguage(store)), {});
  useLanguage(document.documentElement.lang, config.start[document.documentElement.lang]);
  const names = await store.names().catch(() => /** @type {string[]} */ ([]));
  await (names.includes(KIT) ? again(app) : app.go("welcome"));
  await app.load();
  attend(app);
  await resume(app);
  import("./services/upkeep.js").then(({ startUpkeep }) => startUpkeep(app)).catch(() => {});
  await startWorker(app);
  await Promise.allSettled([loadWords(), SCREENS.paste(), SCREENS.pressed(), app.engine.loadReplies()]); // so that the next screen comes without a wait
}

/** A later visit: the button is there at once, and what it needs is loaded while the finger is on its way.
 *  @param {App} app */
async function again(app) {
  app.ready = app.load().then(() => app.loadKit());
  await app.go("start");
  await app.ready;
  if (!app.caseSession) await app.go("welcome");
}

/** What the browser tells of the line and of the page going away. @param {App} app */
function attend(app) {
  let hidden = 0;
  const { sender } = app;
  addEventListener("online", () => {
    sender.onEvent({ type: "online" });
    app.contactPoller?.hurry();
  });
  addEventListener("pagehide", () => sender.onEvent({ type: "leaving" }));
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      hidden = Date.now();
      sender.onEvent({ type: "leaving" });
    } else {
      sender.onEvent({ type: "tick" });
      const patience = app.shown === "photo" ? CAMERA_MS : HIDDEN_MS;
      if (Date.now() - hidden > patience && app.caseSession) app.lock();
    }
  });
}

/** After the browser was killed: letters that had not left, and the position if it was being sent. @param {App} app */
async function resume(app) {
  app.sender.start(navigator.locks);
  await app.position.startIfAllowed();
  // Without a permission a browser would ask now, and whoever holds the phone would see the question.
  const isAllowed = app.position.state !== "off";
  if (isAllowed && app.caseSession && (await app.store.get(ACTIVE).catch(() => null))) app.caseSession.follow();
}

main();
