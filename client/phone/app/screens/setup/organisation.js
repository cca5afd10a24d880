/** The first visit: a code, the card it leads to, and the number to compare. */
/** @import { App } from "../../app.js" */
/** @import { Card } from "../../../protocol/organisation.js" */

import { findCard } from "../../../core/newest-card.js";
import { newBareKit } from "../../../core/prepare.js";
import { readCardCode } from "../../../protocol/code.js";
import { fingerprint, readCard } from "../../../protocol/organisation.js";
import { same } from "../../../protocol/wire.js";
import { fetchInPage } from "../../services/card-fetch.js";
import { button, h, updateText } from "../../ui/dom.js";
import { field } from "../../ui/fields.js";
import { t } from "../../ui/i18n.js";
import { showErrors } from "../../ui/show-error.js";

/** Read a card that the site brings along. @param {App} app @param {string} name */
export async function readEmbeddedCard(app, name) {
  return readCard(await app.file(name));
}

/** Build the screen `paste`. @param {App} app @returns {Node[]} */
export function paste(app) {
  const code = field("code", t("paste.label"), { lines: 5, longest: 400, autocapitalize: "characters" });
  code.input.dir = "ltr";
  const problem = h("div", {});
  const note = h("p", { class: "hint", role: "status" });
  const next = async () => {
    updateText(note, t("card.fetching"));
    await showErrors(problem, () => openCode(app, code.value()));
    updateText(note, "");
  };
  return [
    h("h1", {}, t("paste.title")),
    code.element,
    problem,
    note,
    h(
      "div",
      { class: "row" },
      button(t("back"), "back", () => app.go("welcome")),
      button(t("next"), "next", next, { class: "main" }),
    ),
  ];
}

/** Fetch the newest card a code leads to and show it; none that is older than one of the same organisation here.
 *  @param {App} app @param {string} text */
export async function openCode(app, text) {
  const code = readCardCode(text);
  const known = app.caseSession?.kit.desk;
  const least = known && same(known.root, code.root) ? known.seq : -1;
  await app.go("card", await fetchInPage(app, (fetch) => findCard(code, fetch, least)));
}

/** Build the screen `card`. @param {App} app @param {Card} given @returns {Node[]} */
export function card(app, given) {
  const groups = fingerprint(given.root).split(" ");
  const next = async () => {
    await accept(app, given);
    await app.go("profile");
  };
  return [
    h("h1", {}, t("card.title")),
    h("p", { class: "name", data: { show: "name" } }, given.name || t("card.nameless")),
    h("p", {}, t("card.compare")),
    h(
      "ol",
      { class: "groups", dir: "ltr", "aria-label": t("card.number"), data: { show: "fingerprint" } },
      ...groups.map((group) => h("li", {}, group)),
    ),
    h("p", { class: "hint" }, t("card.differs")),
    h(
      "div",
      { class: "row" },
      button(t("card.no"), "back", () => app.go("welcome")),
      button(t("card.yes"), "next", next, { class: "main" }),
    ),
  ];
}

/** From here on a press goes out, even when nothing else was filled in. @param {App} app @param {Card} given */
async function accept(app, given) {
  await app.load();
  const kit = newBareKit(given, app.randomBytes);
  app.draft = { card: given };
  app.useKit(kit);
  await app.keepKit(kit);
}
