/** The entry of the page: what is needed to press, and nothing else. */
/** @import { Config, Screen } from "./app.js" */

import {
  ACTIVE,
  App,
  chosenLanguage,
  KIT,
  learn,
  openStore,
  speak,
  start,
  startWorker,
  storedLanguage,
  welcome,
} from "./core.js";

const HIDDEN_MS = 60_000; // away for longer: back to the screen that tells nothing
const CAMERA_MS = 600_000; // unless it is the camera's app that is in front

const first = () => import("./first.js");
const told = () => import("./told.js");
const inside = () => import("./inside.js");
const people = async () => {
  const made = await import("./people.js");
  await made.learnPeople();
  return made;
};

/** One line for each screen; those that belong together are one chunk. @type {Record<string, () => Promise<Screen>>} */
const SCREENS = {
  start: async () => start,
  welcome: async () => welcome,
  paste: async () => (await first()).paste,
  scan: async () => (await first()).scan,
  card: async () => (await first()).card,
  profile: async () => (await first()).profile,
  pin: async () => (await first()).pin,
  decoy: async () => (await first()).decoy,
  allow: async () => (await first()).allow,
  ready: async () => (await first()).ready,
  practice: async () => (await first()).practice,
  pressed: async () => (await told()).pressed,
  station: async () => (await told()).station,
  text: async () => (await told()).text,
  photo: async () => (await told()).photo,
  voice: async () => (await told()).voice,
  answers: async () => (await told()).answers,
  unlock: async () => (await inside()).unlock,
  home: async () => (await inside()).home,
  notes: async () => (await inside()).notes,
  note: async () => (await inside()).note,
  contacts: async () => (await people()).contacts,
  contact: async () => (await people()).contact,
  pair: async () => (await people()).pair,
  "pair-link": async () => (await people()).pairLink,
  "pair-name": async () => (await people()).pairName,
  prepared: async () => (await people()).prepared,
  digits: async () => (await people()).digits,
  alerts: async () => (await people()).alerts,
  alert: async () => (await people()).alert,
  sms: async () => (await people()).sms,
};

async function main() {
  if (navigator.serviceWorker?.controller) import("./pressing.js").catch(() => {}); // not the first visit: it will be needed
  const root = /** @type {HTMLElement} */ (document.getElementById("app"));
  const config = /** @type {Config} */ (JSON.parse(document.getElementById("config")?.textContent ?? "{}"));
  const store = await openStore({ storage: navigator.storage, indexedDB: globalThis.indexedDB });
  const app = new App({ config, root, store, screens: (name) => SCREENS[name]() });
  speak(chosenLanguage(config, await storedLanguage(store)), {});
  speak(document.documentElement.lang, config.start[document.documentElement.lang]);
  const names = await store.names().catch(() => /** @type {string[]} */ ([]));
  await (names.includes(KIT) ? again(app) : app.go("welcome"));
  await app.load();
  attend(app);
  await resume(app);
  await startWorker(app);
  await Promise.allSettled([learn(), first(), told()]); // so that the next screen comes without a wait
}

/** A later visit: the button is there at once, and what it needs is loaded while the finger is on its way.
 *  @param {App} app */
async function again(app) {
  app.awake = app.load().then(() => app.wake());
  await app.go("start");
  await app.awake;
  if (!app.alarm) await app.go("welcome");
}

/** What the browser tells of the line and of the page going away. @param {App} app */
function attend(app) {
  let hidden = 0;
  const { sender } = app;
  addEventListener("online", () => {
    sender.take({ type: "online" });
    app.watch?.hurry();
  });
  addEventListener("pagehide", () => sender.take({ type: "leaving" }));
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      hidden = Date.now();
      sender.take({ type: "leaving" });
    } else {
      sender.take({ type: "tick" });
      const patience = app.shown === "photo" ? CAMERA_MS : HIDDEN_MS;
      if (Date.now() - hidden > patience && app.alarm) app.lock();
    }
  });
}

/** After the browser was killed: letters that had not left, and the position if it was being sent. @param {App} app */
async function resume(app) {
  app.sender.start(navigator.locks);
  await app.position.startIfAllowed();
  // Without a permission a browser would ask now, and whoever holds the phone would see the question.
  const isAllowed = app.position.state !== "off";
  if (isAllowed && app.alarm && (await app.store.get(ACTIVE).catch(() => null))) app.alarm.follow();
}

main();
