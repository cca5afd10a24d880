/** Choosing a PIN and the one for the decoy; the same two screens on the first visit and afterwards. */
/** @import { App } from "../../app.js" */

import { button, fill, fillBar, h } from "../../ui/dom.js";
import { errorBox } from "../../ui/errors.js";
import { field } from "../../ui/fields.js";
import { t } from "../../ui/i18n.js";

const SHORTEST = 4;
const LONGEST = 32;

/** Build the screen `pin`. @param {App} app @returns {Node[]} */
export function pin(app) {
  return asked(app, "pin", async (chosen, progress) => {
    if (app.session) await app.session.changePin(chosen, progress);
    app.draft.pin = chosen;
    await app.go(
      app.session ? "home" : chosen ? "decoy" : Object.keys(app.draft.facts ?? {}).length ? "leave" : "allow",
    );
  });
}

/** Build the screen `leave`: whether a phone without a PIN keeps who its owner is. @param {App} app
 *  @param {Record<string, any>} [facts] changed in an unlocked app @returns {Node[]} */
export function leave(app, facts) {
  const answer = async (/** @type {boolean} */ isLeftOpen) => {
    app.draft.isLeftOpen = isLeftOpen;
    if (facts) await app.session?.changeProfile(facts, isLeftOpen);
    await app.go(facts ? "home" : "allow");
  };
  return [
    h("h1", {}, t("leave.title")),
    h("p", {}, t("leave.more")),
    h(
      "div",
      { class: "row ends" },
      button(t("leave.yes"), "leave-open", () => answer(true)),
      button(t("leave.no"), "next", () => answer(false), { class: "main" }),
    ),
  ];
}

/** Build the screen `decoy`. @param {App} app @returns {Node[]} */
export function decoy(app) {
  return asked(app, "decoy", async (chosen, progress) => {
    if (chosen && chosen === app.draft.pin) throw { reason: "pin-same" };
    if (app.session && chosen) await app.session.setDecoy(chosen, progress);
    app.draft.decoy = chosen;
    await app.go(app.session ? "home" : "allow");
  });
}

/** @param {App} app @param {"pin" | "decoy"} which
 *  @param {(chosen: string, progress: (done: number) => void) => Promise<void>} take */
function asked(app, which, take) {
  const secret = { secret: true, numeric: true, longest: LONGEST };
  const first = field("pin", t("pin.label"), { ...secret, hint: t("pin.hint") });
  const again = field("again", t("pin.again"), secret);
  const problem = h("div", {});
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("working") });
  const next = async () => {
    fill(problem);
    try {
      check(first.value(), again.value());
      bar.hidden = false;
      await take(first.value(), fillBar(bar));
    } catch (error) {
      fill(problem, errorBox(error));
    }
    bar.hidden = true;
  };
  const skip = () => (app.session ? app.go("home") : take("", () => {}));
  return [
    h("h1", {}, t(`${which}.title`)),
    h("p", {}, t(`${which}.more`)),
    first.element,
    again.element,
    problem,
    bar,
    h("p", { class: "hint" }, t(`${which}.limits`)),
    h(
      "div",
      { class: "row" },
      button(t(app.session ? "back" : "skip"), app.session ? "back" : "skip", skip),
      button(t("next"), "next", next, { class: "main" }),
    ),
  ];
}

/** @param {string} first @param {string} again */
function check(first, again) {
  if ([...first].length < SHORTEST) throw { reason: "pin-short" };
  if (first !== again) throw { reason: "pin-differs" };
}
