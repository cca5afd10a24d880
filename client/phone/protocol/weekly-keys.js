/** Which key is the week's. Apart from the card's parser, because a press needs no more than this. */
/** @import { Card } from "./organisation.js" */

import { weekOf } from "./wire.js";

/** What is asked of a card, or of the part of it a kit keeps.
 *  @typedef {Pick<Card, "week" | "weekly" | "lastResort">} Weeks */

/** Return the X-Wing key to seal to at this time: the week's, or the last resort when the card has none for it.
 *  Specified in `keys/organisation.md`, *Choosing the key*. @param {Weeks} card @param {number} now
 *  @returns {Uint8Array} */
export function keyFor(card, now) {
  return card.weekly[sealingWeek(card, now) - card.week] ?? card.lastResort;
}

/** List this week and every published week after it, with their keys. @param {Weeks} card @param {number} now
 *  @returns {{ week: number, key: Uint8Array }[]} */
export function keysAhead(card, now) {
  const all = card.weekly.map((key, i) => ({ week: card.week + i, key }));
  return all.filter(({ week }) => week >= sealingWeek(card, now));
}

/** Return the week whose key is used at this time. Never earlier than the card's first, whatever the phone's clock
 *  says: an older key may be gone. @param {Pick<Card, "week">} card @param {number} now @returns {number} */
export function sealingWeek({ week }, now) {
  return Math.max(weekOf(now), week);
}
