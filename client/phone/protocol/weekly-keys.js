/** Which key is the week's. Apart from the card's parser, because a press needs no more than this. */
/** @import { Card } from "./organisation.js" */

import { weekOf } from "./wire.js";

/** What is asked of a card, or of the part of it a kit keeps.
 *  @typedef {Pick<Card, "week" | "weekly" | "lastResort" | "issued">} Weeks */

/** Return the X-Wing key to seal to at this time: the week's, or the last resort when the card has none for it.
 *  Specified in `keys/organisation.md`, *Choosing the key*. @param {Weeks} card @param {number} now
 *  @returns {Uint8Array} */
export function keyFor(card, now) {
  const week = sealingWeek(card, now);
  return (week === null ? undefined : card.weekly[week - card.week]) ?? card.lastResort;
}

/** List this week and every published week after it, with their keys. @param {Weeks} card @param {number} now
 *  @returns {{ week: number, key: Uint8Array }[]} */
export function keysAhead(card, now) {
  const all = card.weekly.map((key, i) => ({ week: card.week + i, key }));
  return all.filter(({ week }) => week >= weekOf(now));
}

/** Return the week whose key is used at this time; null for the last resort. A clock before `issued` is provably wrong,
 *  and no week can be concluded from it. @param {Pick<Card, "week" | "issued">} card @param {number} now
 *  @returns {number | null} */
export function sealingWeek({ week, issued }, now) {
  return now < issued || weekOf(now) < week ? null : weekOf(now);
}
