/** Where the phone is: which fixes are worth a letter. Pure; `position.js` asks the browser. */

export const EVERY_MS = 120_000;
const SOON_MS = 10_000; // a fix that gets better each second is not worth a letter each second
const ROUGH_M = 5_000_000; // more says nothing
const DEGREE = 100_000;

/** Degrees, metres, and when it was measured (milliseconds).
 *  @typedef {{ lat: number, lon: number, accuracy: number, at: number }} Fix */
/** What was said of the place so far. @typedef {{ fix: Fix | null, at: number }} SentPosition */

/** Encode a fix as the field `place` has it. @param {Fix} fix @param {number} now */
export function encodePlace({ lat, lon, accuracy, at }, now) {
  return {
    lat: Math.round(lat * DEGREE),
    lon: Math.round(lon * DEGREE),
    accuracy: Math.min(100_000, Math.max(0, Math.ceil(accuracy))),
    age: Math.max(0, Math.round((now - at) / 1_000)),
  };
}

/** Tell whether a fix is worth a letter: the first one, a much better one soon, and then one every two minutes.
 *  @param {SentPosition} sent @param {Fix | null} fix @param {number} now */
export function isWorthALetter(sent, fix, now) {
  if (!fix || fix.accuracy > ROUGH_M) return false;
  if (!sent.fix) return true;
  const since = now - sent.at;
  if (since >= EVERY_MS || since < 0) return fix.at > sent.fix.at || since >= EVERY_MS;
  return since >= SOON_MS && isBetter(fix, sent.fix);
}

/** @param {Fix} fix @param {Fix} sent */
function isBetter(fix, sent) {
  const wasOld = fix.at - sent.at > EVERY_MS;
  return fix.at > sent.at && (wasOld || fix.accuracy <= sent.accuracy / 2);
}
