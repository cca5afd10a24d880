/** Whether something has changed at the desk. A browser opens six lines to one address, and who waits for news holds
 *  one of them: so one tab of all waits, and tells the others. */

import { gone } from "./forget.js";
import { announce, BACKGROUND, isLocked, leave, pause, words } from "./page.js";

const AGAIN_MS = 3_000; // after the desk did not answer
const REST_MS = 1_000; // between two news, however many letters come
const NAME = "news"; // of the lock that the waiting tab holds, and of the channel on which it tells

/** @typedef {{ version: number } | { asked: number } | { locked: true }} Message */

/** Calls back when the desk's version is another one, until the page is left. Leaves the page when the desk is locked.
 *  @param {number} version the one that the page shows @param {() => void} changed */
export function listenForNews(version, changed) {
  const channel = new BroadcastChannel(NAME);
  let newest = version;
  let isWaiting = false;

  channel.onmessage = (/** @type {MessageEvent<Message>} */ { data }) => {
    if ("locked" in data) return leave();
    if ("version" in data) {
      newest = data.version;
      return changed();
    }
    if (isWaiting && newest !== data.asked) tell({ version: newest });
  };
  let isLocking = false;
  document.querySelector('form[action="/lock"]')?.addEventListener("submit", () => {
    isLocking = true;
  });
  gone.signal.addEventListener("abort", () => {
    // The answer to the click is here, so the desk is locked; to be asked once more it may be too busy wiping itself.
    if (isLocking) tell({ locked: true });
    channel.close();
  });
  // Something may have changed between the making of this page and now.
  tell({ asked: version });

  /** @param {Message} message */
  function tell(message) {
    channel.postMessage(message);
  }

  /** @param {number} after @returns {Promise<boolean>} whether to go on */
  async function ask(after) {
    const answer = await fetch(`/changes?after=${after}`, {
      headers: BACKGROUND,
      cache: "no-store",
      signal: gone.signal,
    });
    if (isLocked(answer)) {
      tell({ locked: true });
      leave();
      return false;
    }
    const now = (await answer.json()).version;
    if (now === newest) return true;
    newest = now;
    tell({ version: now });
    changed();
    // Timers of a tab that nobody sees may run once a minute; answers come at any time.
    if (document.visibilityState === "visible") await pause(REST_MS);
    return true;
  }

  /** @param {() => Promise<boolean>} once */
  async function repeat(once) {
    isWaiting = true;
    while (!gone.signal.aborted) {
      try {
        if (!(await once())) return;
      } catch {
        if (gone.signal.aborted) return;
        announce(words().lost);
        await pause(AGAIN_MS);
      }
    }
  }

  if (navigator.locks) {
    navigator.locks.request(NAME, { signal: gone.signal }, () => repeat(() => ask(newest))).catch(() => {});
  } else {
    // Beyond loopback there are no locks: each page asks for itself, from time to time, and holds no line.
    repeat(async () => {
      const isOpen = await ask(-1);
      await pause(AGAIN_MS);
      return isOpen;
    });
  }
}
