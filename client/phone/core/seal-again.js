/**
 * Sealing again when a relay names an hour that is far from this clock: the week's key that was sealed to may be
 * destroyed. Specified in `keys/receipt.md`, *An hour that is far off*.
 */
/** @import { Letter } from "./letter.js" */
/** @import { Kit } from "./press.js" */
/** @import { RandomBytes } from "../protocol/wire.js" */

import { sealContent } from "../protocol/envelope.js";
import { readReceipt } from "../protocol/receipt.js";
import { keyFor, sealingWeek } from "../protocol/weekly-keys.js";
import { b64, digest, HOUR_SECONDS, same, WEEK_SECONDS } from "../protocol/wire.js";
import { makeLetter } from "./letter.js";
import { addressRecipient, toSeconds } from "./press.js";

/** Return the same content for the week that a receipt names, as a letter of its own; null when the first one will do,
 *  or when nobody here can read it any more. @param {Pick<Kit, "desk" | "ready">} kit as it was when the receipt came
 *  @param {{ letter: Letter, receipt: Uint8Array }} arrived @param {number} now in milliseconds
 *  @param {RandomBytes} randomBytes @returns {Promise<Letter | null>} */
export async function sealAgain(kit, { letter, receipt }, now, randomBytes) {
  const { desk } = kit;
  const { hour } = readReceipt(receipt).receipt;
  if (!same(letter.mailbox, desk.mailbox) || !isFar(hour, toSeconds(now), desk.issued)) return null;
  const sealed = letter.unsealed ? await sealFor(hour, kit, letter, randomBytes) : findPrepared(hour, kit, letter);
  return sealed && makeLetter(sealed, { relays: desk.relays, keys: desk.keys, rank: letter.rank, added: now });
}

/** Tell whether an hour is more than a week from this clock. One before the card is no hour at all.
 *  @param {number} hour @param {number} at @param {number} issued all in Unix seconds */
function isFar(hour, at, issued) {
  return Math.abs(hour - at) > WEEK_SECONDS && hour + HOUR_SECONDS > issued;
}

/** @param {number} hour @param {Pick<Kit, "desk">} kit @param {Letter} letter @param {RandomBytes} randomBytes */
async function sealFor(hour, { desk }, { unsealed, envelope }, randomBytes) {
  const key = keyFor(desk, hour);
  const used = unsealed?.keys ?? [];
  if (!unsealed || used.some((known) => same(known, key) || same(known, desk.lastResort))) return null;
  used.push(key); // a second relay may name the same week
  const to = { key, address: addressRecipient(desk), randomBytes, size: envelope.length };
  return sealContent(unsealed.content, to);
}

/** Of what was sealed in advance there is a letter for each week. @param {number} hour
 *  @param {Pick<Kit, "desk" | "ready">} kit @param {Letter} letter */
function findPrepared(hour, { desk, ready }, { id }) {
  const toDesk = ready.filter(({ contact }) => contact === null);
  const sent = toDesk.find(({ sealed }) => b64(digest(sealed.envelope)) === id);
  if (!sent || sent.week === null) return null;
  const week = sealingWeek(desk, hour);
  const copy = toDesk.find((prepared) => prepared.week === week) ?? toDesk.find((prepared) => prepared.week === null);
  return copy && copy !== sent ? copy.sealed : null;
}
