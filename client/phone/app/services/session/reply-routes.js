/** Ways for replies: how long one is good for. */
/** @import { ReplyRoute } from "../../app.js" */

export const ANSWER_SECONDS = 90 * 86_400; // how long an answer may take

/** Extend a route of a case that has begun: it is looked after for as long as a new one would be. @param {ReplyRoute} route
 *  @returns {ReplyRoute} */
export function extendRoute({ keep, ...route }) {
  const until = Math.max(keep.until, Math.floor(Date.now() / 1_000) + ANSWER_SECONDS);
  return { ...route, isPrepared: false, keep: { ...keep, until } };
}
