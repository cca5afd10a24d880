/** HTTP: one bare call, and the two calls a press makes. `fetch` comes in, so that a test can be the network. */
/** @import { OutboxEffect } from "./outbox.js" */

import { parseNoteKey } from "../protocol/note.js";
import { jsonObject } from "../protocol/wire.js";
import { ANSWER_BYTES } from "./deposit-result.js";
import { SEND_MS } from "./outbox.js";

/** @typedef {(url: string, init: RequestInit) => Promise<Response>} Fetch */
/** Everything about the asker that a browser would add by itself is left out. @type {RequestInit} */
const BARE = {
  credentials: "omit",
  referrerPolicy: "no-referrer",
  cache: "no-store",
  redirect: "manual",
  mode: "cors",
};

/** A failure below HTTP, or an answer too long to be one: `network`, `timeout`, `redirect`, `too-long`. */
export class NoAnswer extends Error {
  /** @param {string} reason */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** Carry out a `send` effect; the answer is the event for the outbox, without its time.
 *  @param {Extract<OutboxEffect, { type: "send" }>} effect @param {Fetch} fetch @returns {Promise<any>} */
export async function deposit({ id, url, attempt, headers, body }, fetch) {
  const which = { id, url, attempt };
  try {
    const init = { method: "POST", headers, body: /** @type {BodyInit} */ (body) };
    const answer = await callRelay(`${url}/v1/deposit`, init, fetch, ANSWER_BYTES);
    return { type: "answer", ...which, answer };
  } catch (error) {
    return { type: "failed", ...which, reason: reasonOf(error) };
  }
}

/** Carry out an `ask` effect. @param {string} url @param {Fetch} fetch @returns {Promise<any>} the `known` event */
export async function askRelay(url, fetch) {
  try {
    const { status, body } = await callRelay(`${url}/v1/relay`, { method: "GET" }, fetch, ANSWER_BYTES);
    const keys = status === 200 ? [parseNoteKey(jsonObject(body).note_key).public] : [];
    return { type: "known", url, keys };
  } catch {
    return { type: "known", url, keys: [] };
  }
}

/** Call a relay, for at most `limit` milliseconds. @param {string} url @param {RequestInit} init @param {Fetch} fetch
 *  @param {number} most bytes of the answer @param {number} [limit]
 *  @returns {Promise<{ status: number, retryAfter: string | null, body: Uint8Array }>} @throws {NoAnswer} */
export async function callRelay(url, init, fetch, most, limit = SEND_MS) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), limit);
  try {
    const response = await fetch(url, { ...BARE, ...init, signal: stop.signal });
    if (response.type === "opaqueredirect") throw new NoAnswer("redirect");
    const body = await bodyOf(response, most);
    return { status: response.status, retryAfter: response.headers.get("Retry-After"), body };
  } catch (error) {
    throw error instanceof NoAnswer ? error : new NoAnswer(stop.signal.aborted ? "timeout" : "network");
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Response} response @param {number} most */
async function bodyOf(response, most) {
  // A stream would stop a flood sooner, but old Safari and the small test doubles have none on some answers.
  if (Number(response.headers.get("Content-Length") ?? 0) > most) throw new NoAnswer("too-long");
  const body = new Uint8Array(await response.arrayBuffer());
  if (body.length > most) throw new NoAnswer("too-long");
  return body;
}

/** @param {unknown} error */
function reasonOf(error) {
  return error instanceof NoAnswer ? error.reason : "network";
}
