/** Letters that wait follow their organisation: where they go is what its newest card says. Specified in `outbox.md`. */
/** @import { Entry, Outbox } from "./outbox.js" */
/** @import { Recipient } from "./press.js" */
/** @import { RandomBytes } from "../protocol/wire.js" */

import { b64, readU32, same } from "../protocol/wire.js";
import { newAttempt, newRelay } from "./outbox.js";

/** @typedef {Pick<Recipient, "mailbox" | "relays" | "keys">} Destination */

/** Let what this sender's outbox holds for a mailbox go where the newest card says, if it does not yet.
 *  @param {{ outbox: Outbox, onEvent(event: any): void }} sender @param {Destination} to @param {number} now in milliseconds
 *  @param {RandomBytes} randomBytes */
export function redirectSender(sender, to, now, randomBytes) {
  const outbox = redirectOutbox(sender.outbox, to, now, randomBytes);
  if (outbox === sender.outbox) return;
  sender.outbox = outbox;
  sender.onEvent({ type: "tick" });
}

/** Return the outbox with all letters for a mailbox on their way to these relays, with receipts by these keys; the very
 *  same outbox when they are already. @param {Outbox} outbox @param {Destination} to @param {number} now in
 *  milliseconds @param {RandomBytes} randomBytes @returns {Outbox} */
export function redirectOutbox(outbox, to, now, randomBytes) {
  const isAstray = (/** @type {Entry} */ { letter }) =>
    same(letter.mailbox, to.mailbox) &&
    !(isSameSet(letter.relays, to.relays) && isSameSet(letter.keys.map(b64), to.keys.map(b64)));
  if (!outbox.entries.some(isAstray)) return outbox;
  const relays = { ...outbox.relays };
  for (const url of to.relays) relays[url] ??= newRelay(now);
  const entries = outbox.entries.map((entry) => (isAstray(entry) ? redirected(entry, to, now, randomBytes) : entry));
  return { entries, relays };
}

/** What a relay that stays has said is not forgotten. The receipt of one that is gone counts no more: nobody collects
 *  there. @param {Entry} entry @param {Destination} to @param {number} now @param {RandomBytes} randomBytes
 *  @returns {Entry} */
function redirected(entry, { relays, keys }, now, randomBytes) {
  const order = [...new Set(relays)]
    .map((url) => ({ url, lot: readU32(randomBytes(4), 0) }))
    .sort((a, b) => a.lot - b.lot)
    .map(({ url }) => url);
  const attempts = Object.fromEntries(order.map((url) => [url, entry.attempts[url] ?? newAttempt(now)]));
  const origins = [...new Set(Object.values(attempts).flatMap(({ origin }) => origin ?? []))];
  const received = origins.length ? entry.received : null;
  return { ...entry, letter: { ...entry.letter, relays: order, keys }, attempts, origins, received };
}

/** @param {string[]} some @param {string[]} others */
function isSameSet(some, others) {
  return new Set(some).size === new Set(others).size && some.every((url) => others.includes(url));
}
