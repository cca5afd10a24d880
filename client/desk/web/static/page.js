/** Helpers of the other modules. */

import { pageEnd } from "./forget.js";

/** Header of what the page asks for by itself: nobody's hand, so it does not put the lock off. */
export const BACKGROUND = { Live: "1" };

const LOCKED = [403, 423];

/** Tell whether the desk is locked, or lets this browser in no more.
 *  @param {Response} answer @returns {boolean} */
export function isLocked(answer) {
  return LOCKED.includes(answer.status);
}

/** Return the page's own words, from the server.
 *  @returns {Record<string, string>} */
export function readWords() {
  return JSON.parse(document.getElementById("main")?.dataset.words ?? "{}");
}

/** Say something to a screen reader, when it is quiet.
 *  @param {string} text */
export function announce(text) {
  const status = document.getElementById("said");
  if (status) status.textContent = text;
}

/** Clear the screen and go to the page that says so: the desk is locked, or this browser is not let in any more. */
export function leave() {
  document.body.replaceChildren();
  location.replace("/locked");
}

/** Wait; the promise resolves early when the page is left.
 *  @param {number} milliseconds @returns {Promise<void>} */
export function pause(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(end, milliseconds);
    function end() {
      clearTimeout(timer);
      pageEnd.signal.removeEventListener("abort", end);
      resolve();
    }
    pageEnd.signal.addEventListener("abort", end);
  });
}
