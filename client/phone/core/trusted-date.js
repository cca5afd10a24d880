/**
 * The date that keys may be destroyed by: this clock, if most relays of the card sign the same hour. `judgeDate` is the
 * rule, `checkDate` asks the relays. Specified in `client/folders.md`, *The date*; vectors: `date.json`.
 */
/** @import { Fetch } from "./transport.js" */
/** @import { RandomBytes } from "../protocol/wire.js" */

import { seal } from "../protocol/envelope.js";
import { mailboxKey } from "../protocol/mailbox.js";
import { isSignedBy } from "../protocol/note.js";
import { privateKey } from "../protocol/opening.js";
import { readReceipt } from "../protocol/receipt.js";
import {
  b64,
  COMMIT_HEADER,
  digest,
  ENVELOPE_TYPE,
  HOUR_SECONDS,
  MAILBOX_HEADER,
  Purpose,
  SEED_BYTES,
  utf8,
  WEEK_SECONDS,
  WORK_HEADER,
} from "../protocol/wire.js";
import { doWork } from "../protocol/work.js";
import { ANSWER_BYTES, judgeAnswer } from "./deposit-result.js";
import { makeLetter } from "./letter.js";
import { pullMailbox } from "./relay-reads.js";
import { callRelay } from "./transport.js";

const AGREE_SECONDS = 86_400; // so near a signed hour has to be to this clock to agree with it
const FAR_SECONDS = WEEK_SECONDS; // one relay that is further off than this, and nobody knows who is right

/** The hour on a receipt (Unix seconds, a multiple of 3,600), and b64 of the key that signed it.
 *  @typedef {{ hour: number, key: string }} SignedHour */
/** What relays signed of a clock. `needed`: how many have to agree; `far`: relays more than a week off; `silent`: without an hour. `isContradicted`:
 *  most agree on another date. `isConfirmed`: something may be destroyed by this clock.
 *  @typedef {{ agreeing: number, needed: number, far: string[], silent: string[], isContradicted: boolean, isConfirmed: boolean
 *  }} DateCheck */

/** `now` in Unix seconds; `breathe` lets the screen live during work.
 *  @typedef {{ now: number, randomBytes: RandomBytes, fetch: Fetch, breathe: () => Promise<void> }} Means */

/** Judge a clock by the hours that relays signed. Two addresses with one key are one relay.
 *  @param {number} now in Unix seconds @param {Record<string, SignedHour | null>} hours by relay, null of one that signed
 *  none @param {number} [knownKeys] how many keys the card names: a relay cannot speak for others by passing their letters
 *  on to itself @returns {DateCheck} */
export function judgeDate(now, hours, knownKeys = 0) {
  /** @type {Map<string, number[]>} */ const byKey = new Map();
  const signed = Object.entries(hours).flatMap(([relay, found]) => (found ? [{ relay, ...found }] : []));
  for (const { hour, key } of signed) byKey.set(key, [...(byKey.get(key) ?? []), hour]);
  const asked = Object.keys(hours).length;
  const relays = Math.max(byKey.size + asked - signed.length, Math.min(knownKeys, asked));
  const needed = Math.floor(relays / 2) + 1;
  const others = [...byKey.values()].filter((found) => !isAgreed(found, now));
  const agreeing = byKey.size - others.length;
  const far = signed.filter(({ hour }) => distance(hour, now) > FAR_SECONDS).map(({ relay }) => relay);
  const isContradicted = others.flat().some((at) => others.filter((found) => isAgreed(found, at)).length >= needed);
  const silent = Object.keys(hours).filter((relay) => !hours[relay]);
  return { agreeing, needed, far, silent, isContradicted, isConfirmed: agreeing >= needed && far.length === 0 };
}

/** @param {number[]} hours @param {number} now */
function isAgreed(hours, now) {
  return hours.every((hour) => distance(hour, now) <= AGREE_SECONDS);
}

/** Return how far a time lies from an hour, in seconds; 0 within it. @param {number} hour @param {number} now */
function distance(hour, now) {
  return Math.max(hour - now, now - (hour + HOUR_SECONDS - 1), 0);
}

/** Ask every relay for a signed hour, all at once, and judge this clock by them. @param {{ relays: string[],
 *  keys: Uint8Array[] }} desk @param {Means} by @returns {Promise<DateCheck>} */
export async function checkDate({ relays, keys }, by) {
  const found = relays.map(async (url) => [url, await fetchSignedHour(url, keys, by).catch(() => null)]);
  return judgeDate(by.now, Object.fromEntries(await Promise.all(found)), new Set(keys.map(b64)).size);
}

/** Return the hour of a receipt that a relay gives now, signed by one of `keys`; null when it gives none. A letter about
 *  nothing goes to a mailbox of a moment, and is collected again.
 *  @param {string} url @param {Uint8Array[]} keys @param {Means} by
 *  @returns {Promise<SignedHour | null>} @throws {NoAnswer} */
async function fetchSignedHour(url, keys, { now, randomBytes, fetch, breathe }) {
  const mailbox = mailboxKey(randomBytes(SEED_BYTES));
  const { public: key } = await privateKey(randomBytes(SEED_BYTES));
  const address = { purpose: Purpose.REPORT, recipient: digest(key), mailbox: mailbox.id };
  const sealed = await seal({ header: utf8("{}"), key, address, randomBytes });
  const receipt = await depositOnce(url, makeLetter(sealed, { relays: [url], keys, added: now }), { fetch, breathe });
  const by = { now: () => now, randomBytes, fetch };
  const collected = (/** @type {Uint8Array[]} */ ack) => pullMailbox(url, mailbox, { ack }, by).catch(() => []);
  if ((await collected([])).length) await collected([digest(sealed.envelope)]); // or it would lie there for 35 days
  if (!receipt) return null;
  const { receipt: read, note } = readReceipt(receipt);
  const signer = keys.find((known) => isSignedBy(note, known));
  return signer ? { hour: read.hour, key: b64(signer) } : null;
}

/** Deposit a letter, with work when that is asked for. @param {string} url @param {import("./letter.js").Letter} letter
 *  @param {Pick<Means, "fetch" | "breathe">} by @returns {Promise<Uint8Array | null>} the receipt, null when there is none */
async function depositOnce(url, letter, { fetch, breathe }) {
  const headers = {
    "Content-Type": ENVELOPE_TYPE,
    [MAILBOX_HEADER]: b64(letter.mailbox),
    [COMMIT_HEADER]: b64(letter.commitment),
  };
  const send = (/** @type {Record<string, string>} */ more) => {
    const init = { method: "POST", headers: { ...headers, ...more }, body: /** @type {BodyInit} */ (letter.envelope) };
    return callRelay(`${url}/v1/deposit`, init, fetch, ANSWER_BYTES);
  };
  let answer = await send({});
  const verdict = judgeAnswer(letter, letter.keys, answer);
  if (verdict.kind === "work") {
    const task = { seed: verdict.seed, mailbox: letter.mailbox, envelopeHash: digest(letter.envelope) };
    const nonce = await doWork(task, verdict.bits, breathe);
    answer = await send({ [WORK_HEADER]: b64(nonce) });
  }
  return judgeAnswer(letter, letter.keys, answer).kind === "received" ? answer.body : null;
}
