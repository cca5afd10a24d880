/** The one that looks after contacts in an unlocked app, made when it is first needed. */
/** @import { App } from "../app.js" */
/** @import { Watch } from "./contact-poller.js" */

/** @param {App} app @returns {Promise<Watch>} */
export async function watchOf(app) {
  const { session } = app;
  const { Watch } = await import("./contact-poller.js");
  if (!session || session !== app.session) throw new Error("locked");
  app.watch ??= new Watch(app, session).start();
  return app.watch;
}

/** Whether this phone may have contacts: their names and keys lie behind a PIN, and not behind the decoy's.
 *  @param {App} app */
export function mayWatch({ session }) {
  return Boolean(session && !session.duress && session.content.hasPin);
}

/** Call this whenever a round has ended, as long as this screen is shown. @param {App} app @param {() => void} show */
export async function listenTo(app, show) {
  let isLeft = false;
  app.whenLeft(() => {
    isLeft = true;
  });
  const watch = mayWatch(app) ? await watchOf(app).catch(() => null) : null;
  if (watch) watch.changed = () => isLeft || show();
}
