/** Tell the desk that somebody is there, and the person that it will lock. */

import { pageEnd } from "./forget.js";
import { announce, BACKGROUND, isLocked, leave, readWords } from "./page.js";

const REPORT_MS = 15_000; // how often a moving hand is reported
const WARN_SECONDS = 60;

/** Report each move of a hand to the desk, and show how long it stays unlocked.
 *  @param {HTMLElement} main its `data-idle`: seconds until the desk locks */
export function watchHand(main) {
  const seconds = Number(main.dataset.idle);
  const countdown = /** @type {HTMLElement | null} */ (document.querySelector("[data-left]"));
  const others = new BroadcastChannel("hand");
  let movedAt = Date.now();
  let reportedAt = Date.now();
  let isWarned = false;

  function reportHand() {
    movedAt = Date.now();
    if (movedAt - reportedAt < REPORT_MS) return;
    reportedAt = movedAt;
    others.postMessage("");
    fetch("/here", { method: "POST", headers: { "Form-Key": main.dataset.form ?? "" }, cache: "no-store" })
      .then((answer) => isLocked(answer) && leave())
      .catch(() => {});
  }
  others.onmessage = () => {
    movedAt = reportedAt = Date.now();
  };
  pageEnd.signal.addEventListener("abort", () => others.close());
  for (const kind of ["keydown", "pointerdown", "pointermove", "wheel"]) {
    addEventListener(kind, reportHand, { passive: true });
  }

  async function updateCountdown() {
    // A move within REPORT_MS was not reported: the desk counts from what it knows.
    const left = Math.round(seconds - (Date.now() - reportedAt) / 1_000);
    if (countdown) {
      countdown.hidden = left > WARN_SECONDS;
      const rest = Math.max(0, left);
      countdown.textContent = ` ${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, "0")}`;
    }
    if (left <= WARN_SECONDS && !isWarned) announce(readWords().left);
    isWarned = left <= WARN_SECONDS;
    if (left < -1 && !(await isOpen())) leave();
    if (movedAt > reportedAt && Date.now() - reportedAt >= REPORT_MS) reportHand();
  }
  setInterval(updateCountdown, 1_000);
}

/** Ask whether the desk is unlocked; a desk that does not answer is not.
 *  @returns {Promise<boolean>} */
async function isOpen() {
  try {
    const answer = await fetch("/changes?after=-1", { headers: BACKGROUND, cache: "no-store" });
    return answer.ok;
  } catch {
    return false;
  }
}
