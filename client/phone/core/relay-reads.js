/** What the phone fetches: an organisation's card, and what lies in a mailbox. */
/** @import { Fetch } from "./transport.js" */
/** @import { WakeOffer } from "../protocol/wake.js" */
/** @import { RandomBytes } from "../protocol/wire.js" */

import { collect, readFrames } from "../protocol/mailbox.js";
import { NOTE_BYTES } from "../protocol/note.js";
import { readCard } from "../protocol/organisation.js";
import { offerIn } from "../protocol/wake.js";
import { b64, ID_BYTES, jsonObject, ROOT_HEADER, SEQ_HEADER, SIGNATURE_HEADER } from "../protocol/wire.js";
import { ANSWER_BYTES } from "./deposit-result.js";
import { SEND_MS } from "./outbox.js";
import { callRelay, NoAnswer } from "./transport.js";

const PAGE_BYTES = 17_000_000; // 256 parcels with their frames
const CARD_MS = 15_000; // of all relays one may be silent, and whoever asks them waits for it

/** Fetch the card of the organisation with this root, checked. @param {string} url @param {Uint8Array} root
 *  @param {number} newerThan @param {Fetch} fetch @returns {Promise<import("../protocol/organisation.js").Card>}
 *  @throws {NoAnswer} and what `readCard` throws */
export async function fetchCard(url, root, newerThan, fetch) {
  return readCard(await callCard(url, { [ROOT_HEADER]: b64(root) }, 200, fetch), { root, newerThan });
}

/** Fetch a card that is newer than the one known, checked; null when the relay has none. @param {string} url
 *  @param {Uint8Array} root @param {number} seq of the card that is known @param {Fetch} fetch
 *  @returns {Promise<import("../protocol/organisation.js").Card | null>} @throws {NoAnswer} and what `readCard` throws */
export async function fetchNewerCard(url, root, seq, fetch) {
  const headers = { [ROOT_HEADER]: b64(root), [SEQ_HEADER]: String(seq) };
  const body = await callCard(url, headers, 204, fetch);
  return body.length ? readCard(body, { root, newerThan: seq + 1 }) : null;
}

/** @param {string} url @param {Record<string, string>} headers @param {number} other status besides 200 that is good
 *  @param {Fetch} fetch @returns {Promise<Uint8Array>} @throws {NoAnswer} */
async function callCard(url, headers, other, fetch) {
  const { status, body } = await callRelay(`${url}/v1/card`, { method: "GET", headers }, fetch, NOTE_BYTES, CARD_MS);
  if (status !== 200 && status !== other) throw new NoAnswer(status === 404 ? "no-card" : `http-${status}`);
  return body;
}

/** Fetch what lies in a mailbox. A clock that is wrong is set right by the relay's own word, once. @param {string} url
 *  @param {import("../protocol/mailbox.js").MailboxKey} key
 *  @param {{ ack?: Uint8Array[], wait?: number, want?: number }} asked
 *  @param {{ now: () => number, randomBytes: RandomBytes, fetch: Fetch }} by `now` in Unix seconds
 *  @returns {Promise<import("../protocol/mailbox.js").Frame[]>} @throws {NoAnswer} @throws {Malformed} */
export async function pullMailbox(url, key, asked, { now, randomBytes, fetch }) {
  const once = (/** @type {number} */ at) =>
    collectOnce(url, key, { ...asked, at, nonce: randomBytes(ID_BYTES) }, fetch);
  const first = await once(now());
  const answer = first.status === 403 ? await once(relayTime(first.body)) : first;
  if (answer.status !== 200) throw new NoAnswer(`http-${answer.status}`);
  return readFrames(answer.body, { commits: true });
}

/** @param {string} url @param {import("../protocol/mailbox.js").MailboxKey} key
 *  @param {{ at: number, nonce: Uint8Array, ack?: Uint8Array[], wait?: number, want?: number }} asked
 *  @param {Fetch} fetch */
function collectOnce(url, key, asked, fetch) {
  const { body, signature } = collect(key, url, { ...asked, commits: true });
  const headers = { "Content-Type": "application/json", [SIGNATURE_HEADER]: b64(signature) };
  const init = { method: "POST", headers, body: /** @type {BodyInit} */ (body) };
  return callRelay(`${url}/v1/collect`, init, fetch, PAGE_BYTES, SEND_MS + (asked.wait ?? 0) * 1_000);
}

/** @param {Uint8Array} body of a refusal @returns {number} @throws {NoAnswer} when the clock was not the reason */
function relayTime(body) {
  let problem;
  try {
    problem = jsonObject(body);
  } catch {
    throw new NoAnswer("http-403");
  }
  if (problem.code !== "wrong-clock" || !Number.isSafeInteger(problem.time)) throw new NoAnswer("http-403");
  return problem.time;
}

/** Ask a relay how it rings closed phones. Returns null when it does not. @param {string} relay @param {Fetch} fetch
 *  @returns {Promise<WakeOffer | null>} @throws {NoAnswer} */
export async function askWakeOffer(relay, fetch) {
  const { status, body } = await callRelay(`${relay}/v1/relay`, { method: "GET" }, fetch, ANSWER_BYTES);
  return status === 200 ? offerIn(relay, body) : null;
}
