/** What the modules share. */

import { gone } from "./forget.js";

/** Marks what the page asks for by itself: nobody's hand, so it does not put the lock off. */
export const BACKGROUND = { Live: "1" };

const LOCKED = [403, 423];

/** Whether the desk is locked, or lets this browser in no more.
 *  @param {Response} answer @returns {boolean} */
export function isLocked(answer) {
  return LOCKED.includes(answer.status);
}

/** The page's own words, from the server.
 *  @returns {Record<string, string>} */
export function words() {
  return JSON.parse(document.getElementById("main")?.dataset.words ?? "{}");
}

/** Say something to a screen reader, when it is quiet.
 *  @param {string} text */
export function announce(text) {
  const said = document.getElementById("said");
  if (said) said.textContent = text;
}

/** The desk is locked, or this browser is not let in any more: nothing stays on the screen. */
export function leave() {
  document.body.replaceChildren();
  location.replace("/locked");
}

/** Ends early when the page is left.
 *  @param {number} milliseconds @returns {Promise<void>} */
export function pause(milliseconds) {
  return new Promise((done) => {
    const timer = setTimeout(end, milliseconds);
    function end() {
      clearTimeout(timer);
      gone.signal.removeEventListener("abort", end);
      done();
    }
    gone.signal.addEventListener("abort", end);
  });
}
