/** The screen that lies open: a plain title, a round button, nothing that tells what it is for. */
/** @import { App } from "../app.js" */

import { ACTIVE } from "../app.js";
import { watchForWipe } from "../services/wipe-gesture.js";
import { button, h, updateText } from "../ui/dom.js";
import { renderHoldButton } from "../ui/hold-button.js";
import { t } from "../ui/i18n.js";

const SHORT_MS = 40; // felt in the hand and not heard

/** Build the screen `start`. @param {App} app @returns {Node[]} */
export function start(app) {
  const note = h("p", { class: "hint", role: "status", data: { show: "notice" } }, t("start.hold"));
  const round = renderHoldButton({
    label: t("start.label"),
    mark: "+",
    fired: () => fired(app, note, round),
    armed: () => updateText(note, t("start.again")),
    missed: () => updateText(note, t("start.longer")),
  });
  const heading = h("h1", {}, app.config.title);
  watchForWipe(app, heading);
  const below = h(
    "div",
    { class: "row" },
    button(t("start.open"), "open", () => app.go("unlock")),
    renderLanguages(app),
  );
  return [heading, h("div", { class: "stage" }, round.element), note, below];
}

/** @param {App} app @param {HTMLElement} note @param {{ reset: () => void }} round */
async function fired(app, note, round) {
  navigator.vibrate?.(SHORT_MS);
  updateText(note, t("start.sealing"));
  const caseSession = await app.ready.then(
    () => app.caseSession,
    () => null,
  );
  if (!caseSession) return app.go("welcome");
  try {
    await caseSession.press();
  } catch {
    round.reset();
    return updateText(note, t("start.failed"));
  }
  app.put(ACTIVE, Uint8Array.of(1));
  updateText(note, t("start.sealed"));
  // Without these words and that screen, which may not be there without a network, the letters are on their way all the same.
  await app.go("pressed", caseSession).catch(() => {
    app.changed = () => updateText(note, app.sender.status().confirmed ? t("start.left") : t("start.sealed"));
    app.changed();
  });
}

/** Build the choice of language. @param {App} app */
export function renderLanguages(app) {
  const options = app.config.languages.map((code) => {
    const isThis = code === document.documentElement.lang;
    return h("option", { value: code, selected: isThis, lang: code }, app.config.start[code].name);
  });
  const chosen = async (/** @type {Event} */ event) => {
    const { navigation } = app;
    await app.setLanguage(/** @type {HTMLSelectElement} */ (event.target).value);
    if (app.navigation === navigation) await app.go(app.shown); // whoever went on meanwhile is not called back
  };
  return h(
    "select",
    { "aria-label": t("start.language"), autocomplete: "off", data: { do: "language" }, onchange: chosen },
    ...options,
  );
}
