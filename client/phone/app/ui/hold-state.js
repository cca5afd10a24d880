/**
 * Holding the button, as a state machine: what is pressed for a second fires, what is let go does not.
 *
 * A screen reader cannot hold. Its click comes without a finger; the first one arms, a second one within a few seconds
 * fires, so that one stray click does nothing.
 */
export const HOLD_MS = 1_000;
export const ARMED_MS = 6_000;
const FINGER_MS = 700; // a click so long after the finger was lifted is the finger's own

/** @typedef {{ phase: "idle" | "holding" | "armed" | "fired", since: number, lifted: number }} Hold */
/** @typedef {"down" | "up" | "cancel" | "tick" | "click" | "reset"} Sign */

/** Return the state of a button that nobody holds. @returns {Hold} */
export function newHold() {
  return { phase: "idle", since: 0, lifted: Number.NEGATIVE_INFINITY };
}

/** Return the state of the button after a sign. @param {Hold} hold @param {Sign} sign @param {number} now milliseconds
 *  @returns {Hold} */
export function stepHold(hold, sign, now) {
  if (sign === "reset") return newHold();
  if (hold.phase === "fired") return hold;
  if (sign === "down") return hold.phase === "holding" ? hold : { ...hold, phase: "holding", since: now };
  if (sign === "click") return clicked(hold, now);
  if (hold.phase === "holding") return advanceHold(hold, sign, now);
  return hold.phase === "armed" && now - hold.since > ARMED_MS ? { ...hold, phase: "idle", since: now } : hold;
}

/** @param {Hold} hold @param {Sign} sign @param {number} now @returns {Hold} */
function advanceHold(hold, sign, now) {
  if (sign !== "cancel" && now - hold.since >= HOLD_MS) return { ...hold, phase: "fired", since: now };
  return sign === "tick" ? hold : { phase: "idle", since: now, lifted: now };
}

/** @param {Hold} hold @param {number} now @returns {Hold} */
function clicked(hold, now) {
  if (hold.phase === "holding" || now - hold.lifted < FINGER_MS) return hold;
  const isSecond = hold.phase === "armed" && now - hold.since <= ARMED_MS;
  return { ...hold, phase: isSecond ? "fired" : "armed", since: now };
}

/** Return how much of the ring is full, from 0 to 1. @param {Hold} hold @param {number} now */
export function measureRing({ phase, since }, now) {
  if (phase === "fired") return 1;
  return phase === "holding" ? Math.min(1, Math.max(0, (now - since) / HOLD_MS)) : 0;
}
