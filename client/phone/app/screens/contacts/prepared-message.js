/** What one contact gets: the words of the press, written in peace, and how much they learn afterwards. */
/** @import { App } from "../../app.js" */

import { pairState, setContactText, setDisclosure } from "../../../core/contacts/book.js";
import { startContactPoller } from "../../services/contacts-access.js";
import { button, h } from "../../ui/dom.js";
import { field } from "../../ui/fields.js";
import { t } from "../../ui/i18n.js";
import { showErrors } from "../../ui/show-error.js";

const LONGEST = 600;
const LATER = ["nothing", "safe", "place", "all"]; // as the ground counts them

/** Build the screen `prepared`. @param {App} app @param {string} id @returns {Promise<Node[]>} */
export async function prepared(app, id) {
  const poller = await startContactPoller(app);
  const contact = poller.post.book.contacts.find((contact) => contact.id === id);
  if (!contact) return app.go("contacts").then(() => []);
  const text = field("text", t("contacts.prepared.text"), {
    lines: 5,
    longest: LONGEST,
    value: contact.text || t("contacts.prepared.default"),
    hint: t("contacts.prepared.hint"),
  });
  const chosen = { later: contact.later };
  const problem = h("div", {});
  const save = () =>
    showErrors(
      problem,
      async () => {
        await poller.post.change((book) =>
          setDisclosure(setContactText(book, id, text.value().trim()), id, chosen.later),
        );
        await poller.reseal();
        const isPaired = pairState(contact, Date.now()) === "paired";
        await app.go("contact", { id, notice: t(`contacts.prepared.${isPaired ? "saved" : "saved_later"}`) });
      },
      "contacts.errors",
    );
  return [
    h("h1", {}, t("contacts.prepared.title", { name: contact.label })),
    h("p", {}, t("contacts.prepared.more")),
    text.element,
    choices(chosen),
    problem,
    h(
      "div",
      { class: "row ends" },
      button(t("back"), "back", () => app.go("contact", { id })),
      button(t("contacts.prepared.save"), "save", save, { class: "main" }),
    ),
  ];
}

/** @param {{ later: number }} chosen */
function choices(chosen) {
  /** @type {HTMLButtonElement[]} */
  const buttons = LATER.map((value, later) => {
    const choose = () => {
      chosen.later = later;
      for (const [i, chip] of buttons.entries()) chip.setAttribute("aria-pressed", String(i === later));
    };
    const isChosen = String(chosen.later === later);
    return button(t(`contacts.prepared.later_${value}`), "later", choose, {
      "aria-pressed": isChosen,
      data: { value },
    });
  });
  return h(
    "fieldset",
    {},
    h("legend", {}, t("contacts.prepared.later")),
    h("div", { class: "chips" }, ...buttons),
    h("p", { class: "hint" }, t("contacts.prepared.later_hint")),
  );
}
