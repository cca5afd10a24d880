/** An organisation's code, read with the camera. */
/** @import { App } from "../../app.js" */

import { button, h } from "../../ui/dom.js";
import { t } from "../../ui/i18n.js";
import { qrScanner } from "../../ui/qr-scanner.js";
import { openCode } from "./organisation.js";

/** Build the screen `scan`. @param {App} app @returns {Node[]} */
export function scan(app) {
  const { picture, note, problem, turn } = qrScanner(app, { found: (text) => openCode(app, text) });
  const others = h(
    "div",
    { class: "row" },
    button(t("back"), "back", () => app.go("welcome")),
    button(t("start.paste"), "paste", () => app.go("paste")),
  );
  return [h("h1", {}, t("scan.title")), picture, note, problem, turn, others];
}
