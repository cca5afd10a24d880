/**
 * Ways for replies that are over: their keys are destroyed by a date that most relays of the card sign, never by this clock
 * alone. Specified in `../../core/outbox.md`, *Ways for replies that are over*.
 */
/** @import { App, ReplyRoute, UnlockedVault } from "../../app.js" */

import { pullMailbox } from "../../../core/relay-reads.js";
import { checkDate } from "../../../core/trusted-date.js";
import { replyMailbox } from "../../../protocol/reply-block.js";

const DAY_SECONDS = 86_400;
const AGAIN_DAYS = 7; // between two questions for the date

/** Tell whether the date is to be asked for: once a week, whether or not a way is over and whichever PIN is given; the day
 *  of the last question lies open. @param {App} app @param {number} now in Unix seconds */
export function isDateDue({ caseSession }, now) {
  return Math.abs(toDay(now) - (caseSession?.kit.dated ?? 0)) >= AGAIN_DAYS;
}

/** Ask most relays for the date, and forget the ways that are over by it and empty at every relay that spoke. Returns
 *  how many went. @param {App} app @param {UnlockedVault} session @param {number} now in Unix seconds
 *  @returns {Promise<number>} */
export async function forgetOverRoutes(app, session, now) {
  const kit = app.caseSession?.kit;
  if (!kit) return 0;
  const by = { now: () => now, randomBytes: app.randomBytes, fetch: app.fetch };
  const breathe = () => new Promise((/** @type {(value: void) => void} */ resolve) => setTimeout(resolve));
  const check = await checkDate(kit.desk, { ...by, now, breathe });
  /** @type {ReplyRoute[]} */ const over = [];
  for (const route of check.isConfirmed ? listOver(session.content.ways, kit.case, now) : []) {
    if (await isEmpty(route, check.silent, by)) over.push(route);
  }
  const gone = new Set(over.map(({ keep }) => keep.mailbox));
  const ways = session.content.ways?.filter((/** @type {ReplyRoute} */ { keep }) => !gone.has(keep.mailbox));
  Object.assign(session.content, ways && { ways });
  await session.save(); // in both sessions
  await app.caseSession?.replaceKit(async (before) => ({ ...before, dated: toDay(now) }));
  return over.length;
}

/** @param {number} now in Unix seconds @returns {number} days since 1970 */
function toDay(now) {
  return Math.floor(now / DAY_SECONDS);
}

/** Those of the case on this phone are never over: it may have been sealed half a year before it was pressed.
 *  @param {ReplyRoute[] | undefined} routes @param {string} current @param {number} now @returns {ReplyRoute[]} */
function listOver(routes = [], current, now) {
  return routes.filter((route) => route.case !== current && route.keep.until < now - DAY_SECONDS);
}

/** Fetched first, destroyed after: what came is read before, and a relay that signs the hour can be asked.
 *  @param {ReplyRoute} route @param {string[]} silent @param {Parameters<typeof pullMailbox>[3]} by */
async function isEmpty({ keep }, silent, by) {
  for (const url of keep.relays) {
    const frames = await pullMailbox(url, replyMailbox(keep), {}, by).catch(() => (silent.includes(url) ? [] : null));
    if (frames?.length !== 0) return false;
  }
  return true;
}
