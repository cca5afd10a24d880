/** The service worker, where there is one: offline start, and sending when the page is gone. */
/** What it says is left in `warning`; `askForSync` is there once the worker is.
 *  @typedef {{ config: { worker: string | null }, askForSync: () => void, warning: string }} WorkerPage */

const SYNC = "data";

/** Strict pages let only what a named policy made be loaded as a program.
 *  @param {string} address @returns {any} */
function trusted(address) {
  const { trustedTypes } = /** @type {any} */ (globalThis);
  const policy = trustedTypes?.createPolicy("app", { createScriptURL: (/** @type {string} */ url) => url });
  return policy ? policy.createScriptURL(address) : address;
}

/** Register the service worker; without one the page does all the same. @param {WorkerPage} app */
export async function startWorker(app) {
  const { worker } = app.config;
  if (!worker || !navigator.serviceWorker) return;
  try {
    const registration = await navigator.serviceWorker.register(trusted(worker), { updateViaCache: "none" });
    app.askForSync = () => askForSync(registration);
    navigator.serviceWorker.addEventListener("message", ({ data }) => {
      app.warning = String(data);
    });
    registration.active?.postMessage("look");
  } catch {
    // private windows and old browsers: the page does without
  }
}

/** When a letter was stored: the browser may wake the worker once there is a line, even when the page is closed.
 *  @param {ServiceWorkerRegistration} registration */
function askForSync(registration) {
  const { sync } = /** @type {any} */ (registration);
  sync?.register(SYNC).catch(() => {});
}
