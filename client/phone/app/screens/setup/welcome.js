/** The first screen of a first visit; it waits for nothing but its words. */
/** @import { App } from "../../app.js" */

import { button, h } from "../../ui/dom.js";
import { loadWords, t } from "../../ui/i18n.js";
import { showErrors } from "../../ui/show-error.js";
import { renderLanguages } from "../start.js";

/** Build the screen `welcome`. @param {App} app @returns {Node[]} */
export function welcome(app) {
  const problem = h("div", {});
  const cards = app.config.cards.map((name) => {
    const take = () => showErrors(problem, () => takeEmbedded(app, name));
    return button(t("start.begin"), "card", take, { class: "main wide", data: { value: name } });
  });
  const isOnly = cards.length === 0;
  return [
    h("h1", {}, t("start.welcome")),
    h("p", {}, t(isOnly ? "start.more" : "start.inside")),
    problem,
    ...cards,
    button(t("start.scan"), "scan", () => app.go("scan"), { class: isOnly ? "main wide" : "wide" }),
    button(t("start.paste"), "paste", () => app.go("paste"), { class: "wide" }),
    h(
      "div",
      { class: "row" },
      renderLanguages(app),
      app.caseSession ? button(t("back"), "back", () => app.lock()) : "",
    ),
  ];
}

/** @param {App} app @param {string} name */
async function takeEmbedded(app, name) {
  await loadWords(); // what may go wrong has its sentences there
  const { readEmbeddedCard } = await import("./organisation.js");
  await app.go("card", await readEmbeddedCard(app, name));
}
