/**
 * One unlocked page at a time. Two would each save their own copy of the vault, and what the first one fetched from a
 * relay, which then forgot it, would be gone. The page that is unlocked last is the one in somebody's hand; the other
 * locks.
 */
/** @typedef {{ release: () => void, session: object | null, lock: () => unknown }} UnlockedPage */

const LOCK = "page";

/** Take the lock of the unlocked page; the page that had it locks itself. @param {UnlockedPage} app */
export function lockOtherTabs(app) {
  app.release();
  navigator.locks
    ?.request(
      LOCK,
      { steal: true },
      () =>
        new Promise((resolve) => {
          app.release = () => resolve(undefined);
        }),
    )
    .catch(() => app.session && app.lock());
}
