/** The quick gesture that wipes: five taps on the title, or Escape five times. */
/** @import { App } from "../app.js" */

export const TAPS = 5;
export const WITHIN_MS = 3_000;

/** Return a function that counts the signs that come close together. @param {() => void} enough
 *  @param {() => number} [clock] */
export function countTaps(enough, clock = () => performance.now()) {
  /** @type {number[]} */
  let at = [];
  return () => {
    at = [...at, clock()].slice(-TAPS);
    if (at.length === TAPS && at[TAPS - 1] - at[0] <= WITHIN_MS) enough();
  };
}

/** Wipe the phone on five quick taps on the heading, or on Escape five times, as long as this screen is shown.
 *  @param {App} app @param {HTMLElement} heading */
export function watchForWipe(app, heading) {
  const count = countTaps(() => wipePhone(app));
  const onKey = (/** @type {KeyboardEvent} */ { key, repeat }) => key === "Escape" && !repeat && count();
  heading.addEventListener("pointerdown", count);
  addEventListener("keydown", onKey);
  app.whenLeft(() => removeEventListener("keydown", onKey));
}

/** Delete everything of this phone's: kit, vault, letters, and the page itself. @param {App} app */
export async function wipePhone(app) {
  app.caseSession?.stopFollowing();
  app.caseSession = null;
  app.session = null;
  app.contactPoller?.stop();
  app.sender?.stop();
  await Promise.allSettled([app.store.clear(), dropWorker(), dropCaches()]);
  location.replace("about:blank");
}

async function dropWorker() {
  for (const registration of (await navigator.serviceWorker?.getRegistrations()) ?? []) await registration.unregister();
}

async function dropCaches() {
  if (!globalThis.caches) return;
  for (const name of await caches.keys()) await caches.delete(name);
}
