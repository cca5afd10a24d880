/** What every PIN opens: an ordinary app for notes, which works. Everything else is behind its settings. */
/** @import { App } from "../../app.js" */
/** @import { Session } from "../../services/session/session.js" */

import { formatMoment } from "../../ui/dates.js";
import { button, h, updateText } from "../../ui/dom.js";
import { field } from "../../ui/fields.js";
import { t } from "../../ui/i18n.js";

const LONGEST = 4_000;
const TITLE = 40;

/** Build the screen `notes`. @param {App} app @returns {Node[]} */
export function notes(app) {
  const { content } = /** @type {Session} */ (app.session);
  const lines = content.notes.map((/** @type {{ at: number, text: string }} */ note, /** @type {number} */ i) => {
    const [first] = note.text.split("\n");
    const open = button("", "note", () => app.go("note", i), { class: "wide item" });
    open.append(h("strong", { dir: "auto" }, first.slice(0, TITLE)), h("small", {}, formatMoment(new Date(note.at))));
    return h("li", {}, open);
  });
  return [
    h("h1", {}, app.config.title),
    h("ul", { class: "plain" }, ...lines),
    button(t("notes.settings"), "settings", () => app.go("home"), { class: "wide" }),
    h(
      "div",
      { class: "row ends" },
      button(t("notes.lock"), "lock", () => app.lock()),
      button(t("notes.add"), "add", () => app.go("note", -1), { class: "main" }),
    ),
  ];
}

/** Build the screen `note`. @param {App} app @param {number} which -1 for a new one @returns {Node[]} */
export function note(app, which) {
  const session = /** @type {Session} */ (app.session);
  const all = session.content.notes;
  const written = field("text", t("notes.text"), { lines: 12, longest: LONGEST, value: all[which]?.text ?? "" });
  const problem = h("p", { role: "alert", data: { show: "notice" } });
  const leave = async (/** @type {import("../../services/session/content.js").StoredNote[]} */ changed) => {
    const isStored = await session.changeNotes(changed).then(
      () => true,
      () => false,
    );
    if (isStored) await app.go("notes");
    else updateText(problem, t("notes.full"));
  };
  const others = all.filter((/** @type {unknown} */ _, /** @type {number} */ i) => i !== which);
  const save = () => leave(written.value().trim() ? [{ at: Date.now(), text: written.value() }, ...others] : others);
  return [
    h("h1", {}, t("notes.one")),
    written.element,
    problem,
    h(
      "div",
      { class: "row ends" },
      button(t("back"), "back", () => app.go("notes")),
      which >= 0 && button(t("notes.remove"), "remove", () => leave(others)),
      button(t("notes.save"), "save", save, { class: "main" }),
    ),
  ];
}
