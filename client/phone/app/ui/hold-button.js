/** The round button: `hold.js` with a finger, a key or a screen reader on it. */
/** @import { Hold, Sign } from "./hold-state.js" */

import { h, svg } from "./dom.js";
import { measureRing, newHold, stepHold } from "./hold-state.js";

const ROUND = 289; // the ring's length, as the style sheet has it

/** Build the round button.
 *  @param {{ label: string, mark: string, fired: () => void, armed: () => void, missed: () => void }} by `missed`: let
 *  go too early */
export function renderHoldButton({ label, mark, fired, armed, missed }) {
  const arc = svg("circle", { class: "arc", cx: 50, cy: 50, r: 46 });
  const drawing = svg(
    "svg",
    { viewBox: "0 0 100 100", "aria-hidden": "true" },
    svg("circle", { class: "track", cx: 50, cy: 50, r: 46 }),
    arc,
  );
  const element = h(
    "button",
    { id: "hold", type: "button", "aria-label": label },
    drawing,
    h("span", { "aria-hidden": "true" }, mark),
  );
  let hold = newHold();
  const turn = (/** @type {Sign} */ sign) => {
    const before = hold;
    hold = stepHold(hold, sign, performance.now());
    arc.style.strokeDashoffset = String(ROUND * (1 - measureRing(hold, performance.now())));
    report(before, hold, { fired, armed, missed });
    if (hold.phase === "holding" && sign !== "tick") frames(turn, () => hold.phase === "holding");
  };
  listen(element, turn);
  return { element, reset: () => turn("reset") };
}

/** @param {Hold} before @param {Hold} after @param {{ fired: () => void, armed: () => void, missed: () => void }} by */
function report(before, after, { fired, armed, missed }) {
  if (before.phase === after.phase) return;
  if (after.phase === "fired") fired();
  else if (after.phase === "armed") armed();
  else if (before.phase === "holding") missed();
}

/** A hidden page draws no frames, so a timer counts as well.
 *  @param {(sign: Sign) => void} turn @param {() => boolean} goesOn */
function frames(turn, goesOn) {
  const timer = setInterval(() => (goesOn() ? turn("tick") : clearInterval(timer)), 30);
}

/** @param {HTMLElement} element @param {(sign: Sign) => void} turn */
function listen(element, turn) {
  const isKey = (/** @type {KeyboardEvent} */ { key }) => key === " " || key === "Enter";
  const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ listener) =>
    element.addEventListener(name, listener);
  on("pointerdown", (event) => {
    if (event.button > 0 || !event.isPrimary) return;
    element.setPointerCapture?.(event.pointerId); // a shaking finger that slides off still holds
    turn("down");
  });
  on("pointerup", () => turn("up"));
  on("pointercancel", () => turn("cancel"));
  on("contextmenu", (event) => event.preventDefault()); // what a long press brings up on a phone
  on("keydown", (event) => {
    if (!isKey(event)) return;
    event.preventDefault(); // or letting the key go would click
    if (!event.repeat) turn("down");
  });
  on("keyup", (event) => isKey(event) && turn("up"));
  on("blur", () => turn("cancel"));
  on("click", () => turn("click"));
}
