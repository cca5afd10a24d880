/** Keep the screen lit while this screen is shown: a code that goes dark is not scanned.
 *  @param {{ whenLeft: (leave: () => void) => void }} app */
export async function stayAwake(app) {
  let isLeft = false;
  /** @type {WakeLockSentinel | undefined} */ let lock;
  app.whenLeft(() => {
    isLeft = true;
    lock?.release();
  });
  lock = await navigator.wakeLock?.request("screen").catch(() => undefined);
  if (isLeft) lock?.release();
}
