/** Wait until something has changed at the desk. A browser opens six lines to one address, and who waits for news holds
 *  one of them: so one tab of all waits, and tells the others. */

import { pageEnd } from "./forget.js";
import { announce, BACKGROUND, isLocked, leave, pause, readWords } from "./page.js";

const AGAIN_MS = 3_000; // after the desk did not answer
const REST_MS = 1_000; // between two news, however many letters come
const NAME = "news"; // of the lock that the waiting tab holds, and of the channel on which it tells

/** @typedef {{ version: number } | { asked: number } | { locked: true }} Message */

/** Call back when the desk's version is another one, until the page is left. Leave the page when the desk is locked.
 *  @param {number} version the one that the page shows @param {() => void} changed */
export function listenForNews(version, changed) {
  const channel = new BroadcastChannel(NAME);
  const news = new News(channel, version, changed);
  channel.onmessage = (/** @type {MessageEvent<Message>} */ { data }) => news.receive(data);
  let isLocking = false;
  document.querySelector('form[action="/lock"]')?.addEventListener("submit", () => {
    isLocking = true;
  });
  pageEnd.signal.addEventListener("abort", () => {
    // The answer to the click is here, so the desk is locked; to be asked once more it may be too busy wiping itself.
    if (isLocking) channel.postMessage({ locked: true });
    channel.close();
  });
  // Something may have changed between the making of this page and now.
  channel.postMessage({ asked: version });
  if (navigator.locks) {
    const wait = () => news.repeat(() => news.ask(news.newest));
    navigator.locks.request(NAME, { signal: pageEnd.signal }, wait).catch(() => {});
  } else {
    // Beyond loopback there are no locks: each page asks for itself, from time to time, and holds no line.
    news.repeat(async () => {
      const isOpen = await news.ask(-1);
      await pause(AGAIN_MS);
      return isOpen;
    });
  }
}

/** What this tab knows of the desk's version, and tells the other tabs. */
class News {
  /** @param {BroadcastChannel} channel @param {number} newest @param {() => void} changed */
  constructor(channel, newest, changed) {
    this.channel = channel;
    this.newest = newest;
    this.changed = changed;
    this.isWaiting = false;
  }

  /** Do what a message of another tab asks for.
   *  @param {Message} message */
  receive(message) {
    if ("locked" in message) return leave();
    if ("version" in message) {
      this.newest = message.version;
      return this.changed();
    }
    if (this.isWaiting && this.newest !== message.asked) this.channel.postMessage({ version: this.newest });
  }

  /** Ask the desk for its version, once. Rejects when the desk does not answer.
   *  @param {number} after wait for another version than this; -1 does not wait
   *  @returns {Promise<boolean>} whether to go on */
  async ask(after) {
    const answer = await fetch(`/changes?after=${after}`, {
      headers: BACKGROUND,
      cache: "no-store",
      signal: pageEnd.signal,
    });
    if (isLocked(answer)) {
      this.channel.postMessage({ locked: true });
      leave();
      return false;
    }
    const now = (await answer.json()).version;
    if (now === this.newest) return true;
    this.newest = now;
    this.channel.postMessage({ version: now });
    this.changed();
    // Timers of a tab that nobody sees may run once a minute; answers come at any time.
    if (document.visibilityState === "visible") await pause(REST_MS);
    return true;
  }

  /** Repeat a step until it resolves to false or the page is left; what it rejects with is tried again.
   *  @param {() => Promise<boolean>} step */
  async repeat(step) {
    this.isWaiting = true;
    while (!pageEnd.signal.aborted) {
      try {
        if (!(await step())) return;
      } catch {
        if (pageEnd.signal.aborted) return;
        announce(readWords().lost);
        await pause(AGAIN_MS);
      }
    }
  }
}
