/** Free text, sealed and sent; what was typed stands in the field and nowhere else. */
/** @import { CaseSession } from "../../services/case.js" */
/** @import { App } from "../../app.js" */

import { button, h } from "../../ui/dom.js";
import { field } from "../../ui/fields.js";
import { t } from "../../ui/i18n.js";
import { showErrors } from "../../ui/show-error.js";

const LONGEST = 1_500; // characters: Cyrillic with JSON around it still fits one letter

/** Build the screen `text`. @param {App} app @param {CaseSession} caseSession @returns {Node[]} */
export function text(app, caseSession) {
  const words = field("text", t("text.label"), { lines: 6, longest: LONGEST });
  const problem = h("div", {});
  const send = async () => {
    const account = words.value().trim();
    const isSealed = await showErrors(problem, async () => account && caseSession.tell({ facts: { account } }));
    if (!isSealed) return;
    words.clear();
    await app.go("pressed", caseSession);
  };
  const back = () => app.go("pressed", caseSession);
  return [
    h("h1", {}, t("text.title")),
    h("p", {}, t("text.more")),
    words.element,
    problem,
    h(
      "div",
      { class: "row" },
      button(t("back"), "back", back),
      button(t("text.send"), "send", send, { class: "main" }),
    ),
  ];
}
