/** Start what the pages do beside being pages: stay up to date, take keys, count down to the lock, print. All of it can
 *  be missing: every page and form works without. */

import { watchHand } from "./idle.js";
import { listenForKeys } from "./keys.js";
import { keepUpToDate } from "./live.js";

const main = /** @type {HTMLElement} */ (document.getElementById("main"));

keepUpToDate(main);
watchHand(main);
listenForKeys();

for (const button of document.querySelectorAll("[data-print]")) {
  /** @type {HTMLElement} */ (button).hidden = false;
  button.addEventListener("click", () => print());
}
for (const button of document.querySelectorAll("[data-open]")) {
  const name = /** @type {HTMLElement} */ (button).dataset.open ?? "";
  const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById(name));
  button.addEventListener("click", () => dialog?.showModal());
}
