/** The one that looks after contacts in an unlocked app, made when it is first needed. */
/** @import { App } from "../app.js" */
/** @import { ContactPoller } from "./contact-poller.js" */

/** Return what looks after contacts in an unlocked app; it starts when it is first needed. @param {App} app
 *  @returns {Promise<ContactPoller>} */
export async function startContactPoller(app) {
  const { session } = app;
  const { ContactPoller } = await import("./contact-poller.js");
  await session?.matchContacts();
  if (!session || session !== app.session) throw new Error("locked");
  app.contactPoller ??= new ContactPoller(app, session).start();
  return /** @type {ContactPoller} */ (app.contactPoller);
}

/** Tell whether this phone may have contacts: their names and keys lie behind a PIN. @param {App} app */
export function mayHaveContacts({ session }) {
  return Boolean(session?.content.hasPin);
}

/** Call this whenever a round has ended, as long as this screen is shown. @param {App} app @param {() => void} show */
export async function onRound(app, show) {
  let isLeft = false;
  app.whenLeft(() => {
    isLeft = true;
  });
  const poller = mayHaveContacts(app) ? await startContactPoller(app).catch(() => null) : null;
  if (poller) poller.changed = () => isLeft || show();
}
