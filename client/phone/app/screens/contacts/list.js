/** Everybody who is told, and who tells. */
/** @import { App } from "../../app.js" */

import { listAlerts } from "../../../core/contacts/book.js";
import { groupThreads } from "../../services/alert-threads.js";
import { mayHaveContacts, onRound, startContactPoller } from "../../services/contacts-access.js";
import { button, fill, h, updateText } from "../../ui/dom.js";
import { errorBox, findErrorWords } from "../../ui/errors.js";
import { t } from "../../ui/i18n.js";
import { listMarks, summarizeState } from "./status.js";

/** Build the screen `contacts`. @param {App} app @returns {Promise<Node[]>} */
export async function contacts(app) {
  if (!mayHaveContacts(app)) return pinFirst(app);
  const poller = await startContactPoller(app);
  const list = h("ul", { class: "plain" });
  const note = h("p", { class: "hint", role: "status", data: { show: "notice" } });
  const problem = h("div", {});
  const alerts = button("", "alerts", () => app.go("alerts"), { class: "wide" });
  const show = () => {
    const { book } = poller.post;
    const fresh = groupThreads(listAlerts(book)).filter(({ unread }) => unread > 0).length;
    fill(list, ...book.contacts.map((contact) => h("li", {}, line(app, contact))));
    updateText(alerts, t("contacts.people.alerts") + (fresh ? ` · ${t("contacts.people.unread", { n: fresh })}` : ""));
    alerts.classList.toggle("main", fresh > 0);
    fill(problem, poller.trouble ? errorBox(poller.trouble, "contacts.errors") : null);
    updateText(note, noteOf(book.contacts.length, poller.failures()));
  };
  onRound(app, show);
  poller.hurry();
  show();
  return [
    h("h1", {}, t("contacts.people.title")),
    h("p", {}, t("contacts.people.more")),
    list,
    note,
    problem,
    button(t("contacts.people.add"), "add", () => app.go("pair"), { class: "main wide" }),
    alerts,
    button(t("contacts.people.sms"), "sms", () => app.go("sms"), { class: "wide" }),
    back(app),
  ];
}

/** @param {number} count @param {string[]} failures */
function noteOf(count, failures) {
  if (count === 0) return t("contacts.people.none");
  const why = failures.map((reason) => findErrorWords(reason, "contacts.errors")[0]);
  return why.length ? [...new Set(why), t("contacts.people.again")].join(" ") : "";
}

/** @param {App} app @param {import("../../../core/contacts/book.js").Contact} contact */
function line(app, contact) {
  const open = button("", "contact", () => app.go(contact.label ? "contact" : "pair-name", contact.id), {
    class: contact.seized || contact.swapped ? "wide item grave" : "wide item",
    data: { value: contact.label, ...listMarks(contact) },
  });
  const name = contact.label || t("contacts.people.unnamed");
  open.append(h("strong", {}, h("bdi", {}, name)), h("small", {}, summarizeState(contact)));
  return open;
}

/** @param {App} app */
function pinFirst(app) {
  return [
    h("h1", {}, t("contacts.people.title")),
    h("p", {}, t("contacts.people.pin")),
    button(t("contacts.people.pin_do"), "pin", () => app.go("pin"), { class: "main wide" }),
    back(app),
  ];
}

/** @param {App} app */
function back(app) {
  return h(
    "div",
    { class: "row ends" },
    button(t("back"), "back", () => app.go("home")),
  );
}
