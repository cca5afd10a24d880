/** Sixty digits that both sides see alike when nobody stands between them. */
/** @import { App } from "../../app.js" */

import { contactSafetyCode, contactSafetyNumber, verifyContact } from "../../../core/contacts/book.js";
import { startContactPoller } from "../../services/contacts-access.js";
import { button, fill, h } from "../../ui/dom.js";
import { field } from "../../ui/fields.js";
import { t } from "../../ui/i18n.js";
import { drawCode } from "../../ui/qr-image.js";
import { qrScanner } from "../../ui/qr-scanner.js";
import { showErrors } from "../../ui/show-error.js";

const WITHIN = "contacts.errors";
const LONGEST = 120; // sixty digits, and whatever stands between the groups

/** Build the screen `digits`. @param {App} app @param {string} id @returns {Promise<Node[]>} */
export async function digits(app, id) {
  const poller = await startContactPoller(app);
  const contact = poller.post.book.contacts.find((contact) => contact.id === id);
  if (!contact) return app.go("contacts").then(() => []);
  const mine = await contactSafetyNumber(contact);
  const compared = async (/** @type {string} */ theirs) => {
    await poller.post.change((book) => verifyContact(book, id, theirs));
    await app.go("contact", { id, notice: t("contacts.digits.verified") });
  };
  const problem = h("div", {});
  const typed = field("digits", t("contacts.digits.typed"), { lines: 3, longest: LONGEST, numeric: true });
  typed.input.dir = "ltr";
  const box = h("div", { class: "stack" });
  const scan = () => {
    const { picture, note, problem: wrong, turn } = qrScanner(app, { found: compared, within: WITHIN });
    fill(box, picture, wrong, note, turn);
  };
  return [
    h("h1", {}, t("contacts.digits.title")),
    h("p", {}, t("contacts.digits.more")),
    h(
      "ol",
      { class: "groups", dir: "ltr", "aria-label": t("contacts.digits.list"), data: { show: "digits" } },
      ...mine.split(" ").map((group) => h("li", {}, group)),
    ),
    h("p", { class: "hint" }, t("contacts.digits.differs")),
    button(t("contacts.digits.same"), "same", () => showErrors(problem, () => compared(mine), WITHIN), {
      class: "wide",
    }),
    drawCode(await contactSafetyCode(contact), t("contacts.digits.mine")),
    button(t("contacts.digits.scan"), "scan", scan, { class: "wide" }),
    box,
    h(
      "section",
      {},
      typed.element,
      button(
        t("contacts.digits.compare"),
        "compare",
        () => showErrors(problem, () => compared(typed.value()), WITHIN),
        {
          class: "wide",
        },
      ),
    ),
    problem,
    h(
      "div",
      { class: "row ends" },
      button(t("back"), "back", () => app.go("contact", { id })),
    ),
  ];
}
