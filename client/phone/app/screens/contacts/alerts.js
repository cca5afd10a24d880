/** What came from contacts, newest first, and how loudly this phone tells of it. */
/** @import { App } from "../../app.js" */
/** @import { Thread } from "../../services/alert-threads.js" */
/** @import { ContactPoller } from "../../services/contact-poller.js" */

import { isUnderDuress, listAlerts } from "../../../core/contacts/book.js";
import { groupThreads } from "../../services/alert-threads.js";
import { onRound, startContactPoller } from "../../services/contacts-access.js";
import { canRing, findWakeOffer, turnRingingOff, turnRingingOn } from "../../services/push-subscription.js";
import { formatAge } from "../../ui/dates.js";
import { button, fill, h, updateText } from "../../ui/dom.js";
import { t } from "../../ui/i18n.js";
import { showErrors } from "../../ui/show-error.js";
import { renderHeadline } from "./status.js";

/** Build the screen `alerts`. @param {App} app @returns {Promise<Node[]>} */
export async function alerts(app) {
  const poller = await startContactPoller(app);
  const list = h("ul", { class: "plain", "aria-live": "polite" });
  const note = h("p", { role: "status", data: { show: "notice" } });
  let shown = "";
  const show = () => {
    const threads = groupThreads(listAlerts(poller.post.book));
    const lines = threads.map((thread) => h("li", {}, line(app, poller, thread)));
    const text = lines.map((item) => item.outerHTML).join("");
    if (text !== shown) fill(list, ...lines); // what has not changed stays under the finger
    shown = text;
    updateText(note, threads.length ? "" : t("contacts.alerts.none"));
  };
  onRound(app, show);
  poller.hurry();
  show();
  return [
    h("h1", {}, t("contacts.alerts.title")),
    note,
    list,
    ringing(app, poller),
    h("p", { class: "hint" }, t("contacts.alerts.away")),
    h(
      "div",
      { class: "row ends" },
      button(t("back"), "back", () => app.go("home")),
    ),
  ];
}

/** @param {App} app @param {ContactPoller} poller @param {Thread} thread */
function line(app, { post: { book } }, { contact: id, head, at, unread }) {
  const who = book.contacts.find((contact) => contact.id === id);
  const isForced = isUnderDuress(book, head);
  const isGrave = isForced || who?.seized;
  const open = button("", "alert", () => app.go("alert", { contact: id, case: head.case }), {
    class: `wide item${isGrave ? " grave" : unread ? " fresh" : ""}`,
    data: { value: head.id, type: head.type, unread: String(unread > 0) },
  });
  const marks = [
    unread > 0 && t("contacts.alerts.new"),
    who?.seized && t("contacts.state.seized"),
    head.practice && t("contacts.alert.practice_short"),
  ].filter(Boolean);
  open.append(
    h("strong", {}, h("bdi", {}, who?.label ?? ""), ": ", renderHeadline(head, isForced)),
    h("small", {}, [formatAge(Math.max(0, Date.now() / 1_000 - at)), ...marks].join(" · ")),
  );
  return open;
}

/** @param {App} app @param {ContactPoller} poller */
function ringing(app, poller) {
  const how = h("p", { class: "band", data: { show: "open" } });
  const box = h("div", { class: "stack" });
  const show = () =>
    updateText(how, t(poller.session.content.wake ? "contacts.alerts.open_wake" : "contacts.alerts.open"));
  show();
  if (canRing(app)) offer(app, poller, box, show);
  return h("section", {}, how, box);
}

/** Only where a relay rings, so it comes a moment later. @param {App} app @param {ContactPoller} poller
 *  @param {HTMLElement} box @param {() => void} show */
async function offer(app, poller, box, show) {
  const rings = await findWakeOffer(app).catch(() => null);
  const isOn = () => Boolean(poller.session.content.wake);
  if (!rings && !isOn()) return;
  const problem = h("div", {});
  const waiting = h("p", { class: "hint", role: "status" });
  const change = async () => {
    element.disabled = true;
    updateText(waiting, t("working"));
    await showErrors(
      problem,
      async () => {
        if (isOn()) await turnRingingOff(app, poller);
        else if (rings) await turnRingingOn(app, poller, rings);
      },
      "contacts.errors",
    );
    element.setAttribute("aria-pressed", String(isOn()));
    element.disabled = false;
    updateText(waiting, "");
    show();
  };
  const element = button(t("contacts.alerts.wake"), "wake", change, { class: "wide", "aria-pressed": String(isOn()) });
  fill(
    box,
    element,
    h("p", { class: "hint", data: { show: "wake" } }, t("contacts.alerts.wake_more")),
    waiting,
    problem,
  );
}
