/** Passing an organisation's answer on to somebody: the tap is the consent, for this one message. */
/** @import { App } from "../../app.js" */

import { pairState } from "../../../core/contacts/book.js";
import { startContactPoller } from "../../services/contacts-access.js";
import { button, fill, h } from "../../ui/dom.js";
import { t } from "../../ui/i18n.js";
import { showErrors } from "../../ui/show-error.js";

/** Build the list of contacts to whom a reply can be passed on, below that reply. @param {App} app @param {string} text
 *  @returns {Promise<HTMLElement>} */
export async function renderForwarding(app, text) {
  const poller = await startContactPoller(app);
  const box = h("div", { class: "stack", role: "status" });
  const to = (/** @type {{ id: string, label: string }} */ { id, label }) => {
    const pass = () =>
      showErrors(
        box,
        async () => {
          await poller.pass(id, text);
          fill(box, h("p", {}, t("contacts.pass.done", { name: label })));
        },
        "contacts.errors",
      );
    return button(t("contacts.pass.to", { name: label }), "pass-to", pass, { class: "wide", data: { value: label } });
  };
  const all = poller.post.book.contacts.filter((contact) => pairState(contact, Date.now()) === "paired");
  if (all.length === 0) return h("p", { class: "hint" }, t("contacts.people.none"));
  return h("section", {}, h("p", {}, t("contacts.pass.more")), ...all.map(to), box);
}
