/** The first screen of a first visit; it waits for nothing but its words. */
/** @import { App } from "./app.js" */

import { button, h } from "./dom.js";
import { languages } from "./start.js";
import { tried } from "./trying.js";
import { t } from "./words.js";

/** @param {App} app @returns {Node[]} */
export function welcome(app) {
  const problem = h("div", {});
  const cards = app.config.cards.map((name) => {
    const take = () => tried(problem, () => takeEmbedded(app, name));
    return button(t("welcome.begin"), "card", take, { class: "main wide", data: { value: name } });
  });
  const isOnly = cards.length === 0;
  return [
    h("h1", {}, t("welcome.title")),
    h("p", {}, t(isOnly ? "welcome.more" : "welcome.inside")),
    problem,
    ...cards,
    button(t("welcome.scan"), "scan", () => app.go("scan"), { class: isOnly ? "main wide" : "wide" }),
    button(t("welcome.paste"), "paste", () => app.go("paste"), { class: "wide" }),
    h("div", { class: "row" }, languages(app), app.alarm ? button(t("back"), "back", () => app.lock()) : ""),
  ];
}

/** @param {App} app @param {string} name */
async function takeEmbedded(app, name) {
  const { embedded } = await import("./first.js");
  await app.go("card", await embedded(app, name));
}
