/** What the second PIN calls the organisation and the contacts. */
/** @import { App } from "../../app.js" */

import { button, fill, fillBar, h } from "../../ui/dom.js";
import { errorBox } from "../../ui/errors.js";
import { field } from "../../ui/fields.js";
import { findWords, t } from "../../ui/i18n.js";

const LONGEST = 80;

/** Build the screen `names`. @param {App} app @returns {Node[]} */
export function names(app) {
  const has = (/** @type {string} */ value) => ({ longest: LONGEST, value });
  const organisation = field("organisation", t("names.label"), has(t("names.organisation")));
  const ready = findWords("names.people");
  const people = (app.caseSession?.kit.contacts ?? []).map((_, i) =>
    field(`person-${i + 1}`, t("names.person", { n: i + 1 }), has(ready[i] ?? "")),
  );
  const problem = h("div", {});
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("working") });
  const next = async () => {
    fill(problem);
    const all = people.map(({ value }) => value().trim()).filter(Boolean);
    app.draft.names = { organisation: organisation.value().trim(), people: all };
    if (!app.session) return app.go("allow");
    bar.hidden = false;
    try {
      await app.session.setDecoy(app.draft.decoy, app.draft.names, fillBar(bar));
      await app.go("home");
    } catch (error) {
      fill(problem, errorBox(error));
    }
    bar.hidden = true;
  };
  return [
    h("h1", {}, t("names.title")),
    h("p", {}, t("names.more")),
    organisation.element,
    ...people.map(({ element }) => element),
    problem,
    bar,
    h(
      "div",
      { class: "row ends" },
      button(t("back"), "back", () => app.go("decoy")),
      button(t("next"), "next", next, { class: "main" }),
    ),
  ];
}
