/** Tells the desk that somebody is there, and the person that it will lock. */

import { gone } from "./forget.js";
import { announce, BACKGROUND, isLocked, leave, words } from "./page.js";

const TELL_MS = 15_000; // how often a moving hand is told of
const WARN_SECONDS = 60;

/** @param {HTMLElement} main */
export function watch(main) {
  const seconds = Number(main.dataset.idle);
  const shown = /** @type {HTMLElement | null} */ (document.querySelector("[data-left]"));
  const others = new BroadcastChannel("hand");
  let moved = Date.now();
  let told = Date.now();
  let isWarned = false;

  function hand() {
    moved = Date.now();
    if (moved - told < TELL_MS) return;
    told = moved;
    others.postMessage("");
    fetch("/here", { method: "POST", headers: { "Form-Key": main.dataset.form ?? "" }, cache: "no-store" })
      .then((answer) => isLocked(answer) && leave())
      .catch(() => {});
  }
  others.onmessage = () => {
    moved = told = Date.now();
  };
  gone.signal.addEventListener("abort", () => others.close());
  for (const kind of ["keydown", "pointerdown", "pointermove", "wheel"]) {
    addEventListener(kind, hand, { passive: true });
  }

  async function tick() {
    // What moved within TELL_MS was not told of: the desk counts from what it knows.
    const left = Math.round(seconds - (Date.now() - told) / 1_000);
    if (shown) {
      shown.hidden = left > WARN_SECONDS;
      shown.textContent = ` ${Math.floor(Math.max(0, left) / 60)}:${String(Math.max(0, left) % 60).padStart(2, "0")}`;
    }
    if (left <= WARN_SECONDS && !isWarned) announce(words().left);
    isWarned = left <= WARN_SECONDS;
    if (left < -1 && !(await isOpen())) leave();
    if (moved > told && Date.now() - told >= TELL_MS) hand();
  }
  setInterval(tick, 1_000);
}

/** @returns {Promise<boolean>} */
async function isOpen() {
  try {
    const answer = await fetch("/changes?after=-1", { headers: BACKGROUND, cache: "no-store" });
    return answer.ok;
  } catch {
    return false;
  }
}
