/** Fetching a card from the relays that a code names. */
/** @import { Fetch } from "../../core/transport.js" */
/** @import { App } from "../app.js" */
/** @import { Card } from "../../protocol/organisation.js" */

import { fetchCard } from "../../core/relay-reads.js";
import { NoAnswer } from "../../core/transport.js";

const VIOLATION_MS = 100; // a browser reports a blocked call a little after the call has failed

/** Fetch the card from the first relay of the code that has it. @param {App} app
 *  @param {{ root: Uint8Array, relays: string[] }} code @param {number} [newerThan] seq of the card that is known
 *  @returns {Promise<Card>}
 *  @throws {NoAnswer} `relay-blocked` when the page's policy keeps us from a relay; otherwise what the last relay's
 *  answer was */
export async function fetchFirstCard(app, { root, relays }, newerThan = -1) {
  let blocked = false;
  const noticed = () => {
    blocked = true;
  };
  document.addEventListener("securitypolicyviolation", noticed);
  try {
    return await fetchFromAny(relays, root, newerThan, app.fetch);
  } catch (error) {
    await new Promise((resolve) => setTimeout(resolve, VIOLATION_MS));
    throw blocked ? new NoAnswer("relay-blocked") : error;
  } finally {
    document.removeEventListener("securitypolicyviolation", noticed);
  }
}

/** @param {string[]} relays @param {Uint8Array} root @param {number} newerThan @param {Fetch} fetch
 *  @returns {Promise<Card>} */
async function fetchFromAny(relays, root, newerThan, fetch) {
  /** @type {unknown} */ let problem = new NoAnswer("network");
  for (const url of relays) {
    try {
      return await fetchCard(url, root, newerThan, fetch);
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}
