/** Fetching a card in the page, whose policy may keep it from a relay. */
/** @import { App } from "../app.js" */

import { NoAnswer } from "../../core/transport.js";

const VIOLATION_MS = 100; // a browser reports a blocked call a little after the call has failed

/** Carry out a fetching of cards. @template Found @param {App} app
 *  @param {(fetch: import("../../core/transport.js").Fetch) => Promise<Found>} find @returns {Promise<Found>}
 *  @throws {NoAnswer} `relay-blocked` when the page's policy keeps us from a relay; otherwise what `find` throws */
export async function fetchInPage(app, find) {
  let blocked = false;
  const noticed = () => {
    blocked = true;
  };
  document.addEventListener("securitypolicyviolation", noticed);
  try {
    return await find(app.fetch);
  } catch (error) {
    await new Promise((resolve) => setTimeout(resolve, VIOLATION_MS));
    throw blocked ? new NoAnswer("relay-blocked") : error;
  } finally {
    document.removeEventListener("securitypolicyviolation", noticed);
  }
}
