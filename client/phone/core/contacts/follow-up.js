/**
 * What contacts are told after the press, out of the kit alone: no PIN is needed for it, and what is told after one
 * differs in nothing but a MAC. Loaded with the screens after a press.
 */
/** @import { Letter } from "../letter.js" */
/** @import { Kit } from "../press.js" */
/** @import { RandomBytes } from "../../protocol/wire.js" */

import { Disclosure, tellContact } from "../press.js";
import { limitPlace } from "./permission.js";

export const PLACE_MS = 600_000; // between two positions that a contact is told: each is a letter to each of their relays

/** What may be told, and the least that a contact must have chosen to be told it at all.
 *  @typedef {{ type: string, text: string, place: Record<string, any> | null, least: number }} FollowUp */

/** Tell each contact what was chosen for them; `type` says it outright, otherwise it follows from the facts.
 *  `kit.placed` is when a position was last told; it is kept in memory only. The number of the message is that of the
 *  next one to the desk, which must not see a gap. @param {Kit & { placed?: number }} kit
 *  @param {{ facts?: Record<string, any>, type?: "safe" | "unsafe" | "moved" | null, key?: Uint8Array | null,
 *  now: number, randomBytes: RandomBytes }} said `key`: of the session, null when none is unlocked @returns {Promise<{ kit: Kit & { placed?: number }, letters: Letter[] }>} */
export async function tellContacts(kit, { facts = {}, type = null, key = null, now, randomBytes }) {
  const news = newsOf(facts, type);
  if (!news || isTooSoon(kit, facts, type, now)) return { kit, letters: [] };
  const letters = [];
  for (const contact of kit.contacts.filter(({ later }) => later >= news.least)) {
    letters.push(await tellContact(kit, contact, allowed(news, contact.later), { key, now, randomBytes }));
  }
  return { kit: facts.place ? { ...kit, placed: now } : kit, letters };
}

/** @param {Record<string, any>} facts @param {string | null} type @returns {FollowUp | null} */
function newsOf(facts, type) {
  const [place, text] = [collectPlace(facts), facts.account ?? ""];
  const outright = type ?? (facts.stage === "released" ? "safe" : null);
  if (outright)
    return { type: outright, text, place, least: outright === "moved" ? Disclosure.PLACE : Disclosure.SAFE };
  if (place) return { type: "moved", text, place, least: Disclosure.PLACE };
  return text ? { type: "text", text, place, least: Disclosure.ALL } : null;
}

/** @param {FollowUp} news @param {number} later */
function allowed({ type, text, place }, later) {
  if (later >= Disclosure.ALL) return { type, text, place };
  // Words about the place are own words; whoever reads this leaves them out.
  return { type, text: "", place: later >= Disclosure.PLACE ? limitPlace(place) : null };
}

/** Collect where I am, of all that is said; null when nothing says it. @param {Record<string, any>} facts
 *  @returns {Record<string, any> | null} */
export function collectPlace({ place = {}, stage, station }) {
  const where = { ...place, ...(stage === undefined ? {} : { stage }), ...(station === undefined ? {} : { station }) };
  return Object.keys(where).length ? where : null;
}

/** A position alone is told now and then; a stage, a station or a word always. @param {{ placed?: number }} kit
 *  @param {Record<string, any>} facts @param {string | null} type @param {number} now */
function isTooSoon({ placed = 0 }, { stage, station, account }, type, now) {
  const isOnlyPlace = !type && stage === undefined && station === undefined && !account;
  return isOnlyPlace && now >= placed && now - placed < PLACE_MS;
}
