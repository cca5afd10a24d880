/** Choosing a PIN and the second one; the same two screens on the first visit and afterwards. Words drawn by lot come
 *  first, digits second, none third. */
/** @import { App } from "../../app.js" */

import { encodePin } from "../../../core/vault/pin-text.js";
import { drawWords } from "../../../core/vault/pin-words.js";
import { button, fill, fillBar, h } from "../../ui/dom.js";
import { errorBox } from "../../ui/errors.js";
import { field } from "../../ui/fields.js";
import { findWords, t } from "../../ui/i18n.js";

const SHORTEST = 6;
const LONGEST = 200;

/** @typedef {(chosen: string, progress: (done: number) => void) => Promise<void>} Choose */
/** One of the steps of a screen: what it shows, and what the main button does. `other` leads to the other kind of PIN.
 *  @typedef {{ nodes: Node[], next: () => unknown, other: Node }} Step */

/** Build the screen `pin`. @param {App} app @returns {Node[]} */
export function pin(app) {
  return askPin(app, "pin", async (chosen, progress) => {
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
  return askPin(app, "decoy", async (chosen) => {
    if (chosen && isSame(chosen, app.draft.pin ?? "")) throw { reason: "pin-same" };
    app.draft.decoy = chosen;
    await app.go(chosen ? "names" : app.session ? "home" : "allow");
  });
}

/** @param {App} app @param {"pin" | "decoy"} which @param {Choose} choose */
function askPin(app, which, choose) {
  const shown = h("div", { class: "stack" });
  const problem = h("div", {});
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("working") });
  const tryTo = async (/** @type {() => unknown} */ act) => {
    fill(problem);
    try {
      await act();
    } catch (error) {
      fill(problem, errorBox(error));
    }
    bar.hidden = true;
  };
  const chosen = (/** @type {string} */ text) => {
    bar.hidden = false;
    return choose(text, fillBar(bar));
  };
  const skip = () => (app.session ? app.go("home") : choose("", () => {}));
  /** @param {Step} step */
  const show = ({ nodes, next, other }) =>
    fill(
      shown,
      ...nodes,
      problem,
      bar,
      h("p", { class: "hint" }, t(`${which}.limits`)),
      other,
      h(
        "div",
        { class: "row" },
        button(t(app.session ? "back" : "skip"), app.session ? "back" : "skip", skip),
        button(t("next"), "next", () => tryTo(next), { class: "main" }),
      ),
    );
  const goTo = (/** @type {() => Step} */ step) => {
    fill(problem);
    show(step());
    shown.querySelector("input")?.focus(); // the button that led here is gone
  };
  const digits = () => digitsStep(chosen, () => goTo(words));
  const words = () => {
    // Drawn here and nowhere stored; whoever comes back to this step gets others.
    const drawn = drawWords(findWords("wordlist"), app.randomBytes);
    const other = button(t("pin.to_digits"), "digits", () => goTo(digits));
    return wordsStep(drawn, other, () => goTo(() => typedStep(drawn, chosen, () => goTo(words))));
  };
  show(words());
  return [h("h1", {}, t(`${which}.title`)), h("p", {}, t(`${which}.more`)), shown, ...removal(app, which, tryTo)];
}

/** @param {string} drawn @param {Node} other @param {() => void} next @returns {Step} */
function wordsStep(drawn, other, next) {
  const nodes = [h("p", {}, t("pin.words")), h("p", { class: "name", dir: "auto", data: { show: "words" } }, drawn)];
  return { nodes, other, next };
}

/** @param {string} drawn @param {(text: string) => Promise<void>} chosen @param {() => void} back @returns {Step} */
function typedStep(drawn, chosen, back) {
  const has = { longest: LONGEST, hint: t("pin.words_hint"), autocapitalize: "none" };
  const again = field("again", t("pin.words_label"), has);
  const next = () => {
    if (!isSame(again.value(), drawn)) throw { reason: "pin-differs" };
    return chosen(drawn);
  };
  return { nodes: [again.element], other: button(t("pin.to_words"), "words", back), next };
}

/** @param {(text: string) => Promise<void>} chosen @param {() => void} back @returns {Step} */
function digitsStep(chosen, back) {
  const secret = { secret: true, numeric: true, longest: LONGEST };
  const first = field("pin", t("pin.label"), { ...secret, hint: t("pin.hint") });
  const again = field("again", t("pin.again"), secret);
  const next = () => {
    if (encodePin(first.value()).length < SHORTEST) throw { reason: "pin-short" };
    if (first.value() !== again.value()) throw { reason: "pin-differs" };
    return chosen(first.value());
  };
  const warning = h("p", { class: "error", data: { show: "weak" } }, t("pin.digits"));
  return {
    nodes: [warning, first.element, again.element],
    other: button(t("pin.to_words"), "words", back),
    next,
  };
}

/** The same button whether or not there is a second PIN: the app cannot know. @param {App} app @param {string} which
 *  @param {(act: () => unknown) => Promise<void>} tryTo @returns {Node[]} */
function removal(app, which, tryTo) {
  const { session } = app;
  if (which !== "decoy" || !session) return [];
  const remove = async () => {
    await session.removeDecoy();
    await app.go("home");
  };
  return [button(t("decoy.remove"), "remove", () => tryTo(remove))];
}

/** @param {string} first @param {string} second */
function isSame(first, second) {
  return String(encodePin(first)) === String(encodePin(second));
}
