/** What a relay's answer to a deposit means for the letter. Codes of problems are those of `relay/http.md`. */
/** @import { Letter } from "./letter.js" */

import { BadReceipt, TocsinError } from "../protocol/errors.js";
import { checkReceipt } from "../protocol/receipt.js";
import { digest, jsonObject, unb64 } from "../protocol/wire.js";
import { MAX_BITS } from "../protocol/work.js";

/** Status, Retry-After and the whole body; a body that is no longer than `ANSWER_BYTES`.
 *  @typedef {{ status: number, retryAfter?: string | null, body: Uint8Array }} DepositResponse */

/** `received`: a receipt that proves it. `work`: the relay wants work first. `unproven`: a receipt nobody here can
 *  check yet. `busy`: the relay as a whole cannot, maybe until `wait` milliseconds have passed. `refused`: this
 *  letter, there.
 *  @typedef {{ kind: "received", origin: string } | { kind: "work", seed: Uint8Array, bits: number }
 *    | { kind: "unproven" } | { kind: "busy" | "refused", reason: string, wait: number }} Verdict */

export const ANSWER_BYTES = 65_536; // a receipt has about 300; more is no answer of a relay
const LONGEST_WAIT_SECONDS = 3_600; // a relay may ask for patience, not for silence
const SEED_BYTES_MOST = 64; // of the seed of a work task

// About this one letter; everything else says something about the relay.
const LETTER_CODES = new Set([
  "bad-mailbox",
  "bad-commit",
  "bad-size",
  "bad-suite",
  "too-large",
  "bad-request",
  "mailbox-full",
]);

/** Judge what a relay's answer means for a letter. @param {Letter} letter @param {Uint8Array[]} keys
 *  @param {DepositResponse} answer @returns {Verdict} */
export function judgeAnswer(letter, keys, answer) {
  if (answer.status === 200 || answer.status === 201) return judgeReceipt(letter, keys, answer.body);
  if (answer.status >= 300 && answer.status < 400) return { kind: "busy", reason: "redirect", wait: 0 };
  return judgeProblem(answer);
}

/** @param {Letter} letter @param {Uint8Array[]} keys @param {Uint8Array} body @returns {Verdict} */
function judgeReceipt(letter, keys, body) {
  if (keys.length === 0) return { kind: "unproven" };
  try {
    const { origin } = checkReceipt(body, keys, letter.commitment, digest(letter.envelope));
    return { kind: "received", origin };
  } catch (error) {
    if (error instanceof TocsinError) return { kind: "refused", reason: BadReceipt.code, wait: 0 };
    throw error;
  }
}

/** @param {DepositResponse} answer @returns {Verdict} */
function judgeProblem({ status, retryAfter, body }) {
  const problem = problemOf(body);
  const wait = waitOf(retryAfter);
  const code = typeof problem.code === "string" && /^[a-z-]{1,40}$/.test(problem.code) ? problem.code : null;
  if (code === "work-needed") return workOf(problem) ?? { kind: "busy", reason: code, wait };
  if (code && LETTER_CODES.has(code)) return { kind: "refused", reason: code, wait };
  return { kind: "busy", reason: code ?? `http-${status}`, wait };
}

/** @param {Uint8Array} body @returns {Record<string, any>} */
function problemOf(body) {
  try {
    return jsonObject(body);
  } catch {
    return {}; // a proxy's page of HTML says nothing that its status does not
  }
}

/** @param {Record<string, any>} problem @returns {Verdict | null} null when the task is none or too heavy */
function workOf({ seed: text, bits }) {
  if (!Number.isSafeInteger(bits) || bits < 0 || bits > MAX_BITS) return null;
  try {
    const seed = unb64(text);
    return seed.length <= SEED_BYTES_MOST ? { kind: "work", seed, bits } : null;
  } catch {
    return null;
  }
}

/** Seconds only: the other form, a date, would need a clock that is right. @param {string | null | undefined} text */
function waitOf(text) {
  return /^\d{1,9}$/.test(text ?? "") ? Math.min(Number(text), LONGEST_WAIT_SECONDS) * 1_000 : 0;
}
