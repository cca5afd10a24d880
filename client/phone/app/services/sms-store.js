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

/** List those that lie open, and with a PIN those behind it. @param {App} app @returns {Promise<Short[]>} */
export async function listShorts(app) {
  const open = (await readOpenShorts(app)) ?? [];
  if (!mayHaveContacts(app)) return open;
  /** @type {Short[]} */ const own = app.session?.content.sms ?? [];
  return [...own, ...open.filter(({ number }) => !own.some((known) => known.number === number))];
}
