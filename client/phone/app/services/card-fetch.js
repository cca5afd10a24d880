/** Fetching a card from the relays that a code names. */
/** @import { App } from "../app.js" */
/** @import { Card } from "../../protocol/organisation.js" */

import { fetchCard } from "../../core/relay-reads.js";
import { NoAnswer } from "../../core/transport.js";

const VIOLATION_MS = 100; // a browser reports a blocked call a little after the call has failed

/** Fetch the card from the first relay of the code that has it. @param {App} app @param {{ root: Uint8Array, relays: string[] }} code
 *  @param {number} [newerThan] @returns {Promise<Card>} */
export async function fetchFirstCard(app, { root, relays }, newerThan = -1) {
  let blocked = false;
  const noticed = () => {
    blocked = true;
  };
  document.addEventListener("securitypolicyviolation", noticed);
  /** @type {unknown} */ let problem = new NoAnswer("network");
  for (const url of relays) {
    try {
      return await fetchCard(url, root, newerThan, app.fetch);
    } catch (error) {
      problem = error;
    }
  }
  await new Promise((resolve) => setTimeout(resolve, VIOLATION_MS));
  document.removeEventListener("securitypolicyviolation", noticed);
  throw blocked ? new NoAnswer("relay-blocked") : problem;
}
