/** Where text messages written in advance rest: in the vault, and in the open only when that was chosen. */
/** @import { App } from "../app.js" */

import { mayHaveContacts } from "./contacts-access.js";

/** @typedef {{ number: string, text: string }} Short */

export const OPEN = "s"; // the messages themselves, readable

/** Read the messages that lie open; null when that was not chosen. @param {App} app
 *  @returns {Promise<Short[] | null>} */
export async function readOpenShorts({ store }) {
  const data = await store.get(OPEN).catch(() => null);
  if (!data) return null;
  const read = JSON.parse(new TextDecoder().decode(data));
  return Array.isArray(read) ? read : [];
}

/** List all of them when the PIN was given, else those that lie open. @param {App} app @returns {Promise<Short[]>} */
export async function listShorts(app) {
  return mayHaveContacts(app) ? (app.session?.content.sms ?? []) : ((await readOpenShorts(app)) ?? []);
}
