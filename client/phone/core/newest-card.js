/** The newest card of an organisation: every relay is asked, and none is believed. */
/** @import { Fetch } from "./transport.js" */
/** @import { Card } from "../protocol/organisation.js" */

import { fetchCard, fetchNewerCard } from "./relay-reads.js";
import { NoAnswer } from "./transport.js";

export const MOST_RELAYS = 48; // asked about one card: those that are known, of a newer card, and of one newer still

/** Return the card with the highest `seq` of all relays, those of newer cards too. @param {{ root: Uint8Array,
 *  relays: string[] }} code @param {Fetch} fetch @param {number} [newerThan] seq of a card that is known; that one is taken
 *  @returns {Promise<Card>} @throws {NoAnswer} and what `readCard` throws: of the last relay, when none has a good one */
export async function findCard({ root, relays }, fetch, newerThan = -1) {
  const { card, problem } = await askAll(relays, (url) => fetchCard(url, root, newerThan, fetch));
  if (!card) throw problem;
  return card;
}

/** Return the newest card when it is newer than the one that is known, null when that one is the newest; `problem` of a
 *  relay when all of them failed. @param {{ root: Uint8Array, relays: string[], seq: number }} known
 *  @param {Fetch} fetch @returns {Promise<{ card: Card | null, problem: unknown }>} */
export async function findNewerCard({ root, relays, seq }, fetch) {
  const { card, problem, isHeard } = await askAll(relays, (url) => fetchNewerCard(url, root, seq, fetch));
  return { card, problem: isHeard ? null : problem };
}

/** @param {string[]} relays @param {(url: string) => Promise<Card | null>} ask */
async function askAll(relays, ask) {
  /** @type {unknown} */ let problem = new NoAnswer("network");
  /** @type {Card | null} */ let card = null;
  let isHeard = false;
  /** @type {Set<string>} */ const asked = new Set();
  for (let waiting = relays; waiting.length && asked.size < MOST_RELAYS; ) {
    for (const url of waiting) asked.add(url);
    for (const found of await Promise.allSettled([...new Set(waiting)].map(ask))) {
      if (found.status === "rejected") problem = found.reason;
      else isHeard = true;
      if (found.status === "fulfilled" && found.value && found.value.seq > (card?.seq ?? -1)) card = found.value;
    }
    waiting = (card?.relays ?? []).filter((url) => !asked.has(url)); // a newer card may name relays that were not asked yet
  }
  return { card, problem, isHeard };
}
