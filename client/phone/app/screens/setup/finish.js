/** The last steps of the first visit: the position, sealing in advance, a press for practice. */
/** @import { App } from "../../app.js" */

import { newBareKit, restoreCard } from "../../../core/prepare.js";
import { button, fill, fillBar, h, updateText } from "../../ui/dom.js";
import { errorBox } from "../../ui/errors.js";
import { renderHoldButton } from "../../ui/hold-button.js";
import { t } from "../../ui/i18n.js";

/** Build the screen `allow`. @param {App} app @returns {Node[]} */
export function allow(app) {
  const note = h("p", { role: "status", data: { show: "notice" } });
  const show = () => updateText(note, app.position.state === "off" ? "" : t(`allow.${app.position.state}`));
  app.changed = show;
  show(); // it may have been allowed before
  return [
    h("h1", {}, t("allow.title")),
    h("p", {}, t("allow.more")),
    button(t("allow.do"), "position", () => app.position.start(), { class: "wide" }),
    note,
    h(
      "div",
      { class: "row ends" },
      button(t("next"), "next", () => app.go("ready"), { class: "main" }),
    ),
  ];
}

/** Build the screen `ready`. @param {App} app @returns {Node[]} */
export function ready(app) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": t("working") });
  const problem = h("div", {});
  const note = h("p", { role: "status", data: { show: "notice" } }, t("ready.sealing"));
  const finish = button(t("ready.finish"), "finish", () => app.lock(), { class: "main" });
  const practise = button(t("ready.practice"), "practice", () => app.go("practice"), { class: "wide" });
  finish.disabled = true;
  sealed(app, fillBar(bar)).then(
    (isStored) => {
      bar.remove();
      finish.disabled = false;
      updateText(note, t(isStored ? "ready.done" : "ready.unstored"));
    },
    (error) => {
      bar.remove();
      updateText(note, "");
      fill(
        problem,
        errorBox(error),
        button(t("ready.shorten"), "profile", () => app.go("profile"), { class: "wide" }),
      );
    },
  );
  const steps = ["hold", "pin", "wipe", "limits"].map((name) => h("li", {}, t(`ready.${name}`)));
  return [
    h("h1", {}, t("ready.title")),
    note,
    bar,
    problem,
    h("ul", {}, ...steps),
    practise,
    h("div", { class: "row ends" }, finish),
  ];
}

/** Once; coming back from the practice press seals nothing anew. @param {App} app
 *  @param {(done: number) => void} progress */
async function sealed(app, progress) {
  if (!app.draft.card) return app.store.durable;
  const { setUpPhone } = await import("../../services/session/set-up.js");
  navigator.storage?.persist?.().catch(() => {}); // or a browser short of space throws the letters away first
  await setUpPhone(app, app.draft, progress);
  const { card } = app.draft;
  app.draft = {};
  app.practiceCard = card;
  return app.store.durable && !app.sender.storeFailed;
}

/** Build the screen `practice`. @param {App} app @returns {Promise<Node[]>} */
export async function practice(app) {
  const note = h("p", { class: "hint", role: "status" }, t("start.hold"));
  const kit = { ...newBareKit(cardHere(app), app.randomBytes, { practice: true }) };
  const press = async () => {
    const caseSession = app.practiceSession(kit);
    await caseSession.press();
    await app.go("pressed", caseSession);
  };
  const round = renderHoldButton({
    label: t("start.label"),
    mark: "+",
    fired: press,
    armed: () => updateText(note, t("start.again")),
    missed: () => updateText(note, t("start.longer")),
  });
  const skip = button(t("skip"), "skip", () => (app.session ? app.go("home") : app.lock()));
  const band = h("p", { class: "band" }, t("pressed.practice"));
  return [
    h("h1", {}, t("practice.title")),
    band,
    h("p", {}, t("practice.more")),
    h("div", { class: "stage" }, round.element),
    note,
    h("div", { class: "row" }, skip),
  ];
}

/** @param {App} app */
function cardHere(app) {
  return app.practiceCard ?? restoreCard(/** @type {any} */ (app.caseSession).kit.desk);
}
