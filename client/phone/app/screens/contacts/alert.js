/** What happened to somebody: what is known, how sure it is, what to do. */
/** @import { Alert, Contact } from "../../../core/contacts/book.js" */
/** @import { App } from "../../app.js" */
/** @import { Thread } from "../../services/alert-threads.js" */
/** @import { ContactPoller } from "../../services/contact-poller.js" */

import { forgetAlert, isUnderDuress, listAlerts, markRead } from "../../../core/contacts/book.js";
import { MORE_THAN_ALLOWED } from "../../../core/contacts/permission.js";
import { findNumbers, groupThreads, isAdvance } from "../../services/alert-threads.js";
import { onRound, startContactPoller } from "../../services/contacts-access.js";
import { formatAge, formatMoment } from "../../ui/dates.js";
import { button, fill, h, updateText } from "../../ui/dom.js";
import { errorBox } from "../../ui/errors.js";
import { field } from "../../ui/fields.js";
import { findWords, t } from "../../ui/i18n.js";
import { interpolateNode } from "../../ui/interpolate.js";
import { showErrors } from "../../ui/show-error.js";
import { renderPlace } from "./place.js";
import { renderHeadline } from "./status.js";

const LONGEST = 1_500;
const STEPS = 3;

/** Build the screen `alert`. @param {App} app @param {{ contact: string, case: string }} which
 *  @returns {Promise<Node[]>} */
export async function alert(app, which) {
  const poller = await startContactPoller(app);
  const find = () =>
    groupThreads(listAlerts(poller.post.book)).find(
      (thread) => thread.contact === which.contact && thread.case === which.case,
    );
  const first = find();
  if (!first) return app.go("alerts").then(() => []);
  const box = h("div", { "aria-live": "polite" });
  let shown = 0;
  const show = async () => {
    const thread = find();
    if (!thread || thread.alerts.length === shown) return;
    shown = thread.alerts.length;
    fill(box, await article(app, poller, thread));
    await poller.post.change((book) => markRead(book, idsOf(thread)));
  };
  onRound(app, show);
  await show();
  const gone = async () => {
    const ids = idsOf(find() ?? first);
    await poller.post.change((book) => ids.reduce((left, id) => forgetAlert(left, id), book));
    await app.go("alerts");
  };
  return [
    box,
    answering(poller, which.contact),
    h(
      "div",
      { class: "row ends" },
      button(t("back"), "back", () => app.go("alerts")),
      button(t("contacts.alert.remove"), "remove", gone),
    ),
  ];
}

/** @param {Thread} thread */
function idsOf({ alerts }) {
  return alerts.map(({ id }) => id);
}

/** @param {App} app @param {ContactPoller} poller @param {Thread} thread */
async function article(app, poller, thread) {
  const { head } = thread;
  const { book } = poller.post;
  const who = /** @type {Contact} */ (book.contacts.find(({ id }) => id === head.contact));
  const isForced = isUnderDuress(book, head);
  const where = await describePlace(app, thread, isForced);
  const data = {
    show: "alert",
    type: head.type,
    origin: who.verified ? head.origin : "unverified",
    seized: String(who.seized),
    duress: String(isForced),
    practice: String(head.practice),
  };
  // Under duress only what was written in peace is worth calling; no number of whoever holds the phone is.
  const trusted = thread.alerts.filter(isForced ? isAdvance : isOwn);
  const numbers = [...trusted.flatMap(({ text }) => findNumbers(text)), ...(isForced ? [] : where.numbers)];
  const sure = section("origin", origin(head, who));
  return h(
    "article",
    { class: "stack", data },
    h("h1", {}, h("bdi", { data: { show: "who" } }, who.label), ": ", headlineBox(head, isForced)),
    isForced &&
      h(
        "p",
        { class: "error", role: "alert", data: { show: "duress" } },
        strong("duress"),
        " ",
        t("contacts.alert.duress_more"),
      ),
    head.practice && h("p", { class: "band" }, t("contacts.alert.practice")),
    thread.alerts.some(({ isCut }) => isCut) && refusedBox(),
    who.seized && sure,
    h("p", { data: { show: "when" } }, whenOf(thread)),
    ...thread.alerts.filter(({ text }) => text).map((alert) => saying(alert)),
    section("where", h("div", { class: "stack", data: { show: "place" } }, ...where.lines)),
    !who.seized && sure,
    section("steps", steps(head, isForced)),
    events(thread),
    ...[...new Set(numbers)].map(call),
  );
}

/** @param {string} name */
function strong(name) {
  return h("strong", {}, t(`contacts.alert.${name}`));
}

/** Whoever holds their phone may not say everything. */
function refusedBox() {
  const box = errorBox({ reason: MORE_THAN_ALLOWED }, "contacts.errors");
  return h("div", { data: { show: "refused", code: MORE_THAN_ALLOWED } }, box);
}

/** @param {Alert} head @param {boolean} isForced */
function headlineBox(head, isForced) {
  return h("span", { data: { show: "what" } }, renderHeadline(head, isForced));
}

/** @param {string} name @param {Node} node */
function section(name, node) {
  return h("section", {}, h("h2", {}, t(`contacts.alert.${name}`)), node);
}

/** What was written in advance tells nothing of when it happened. @param {Thread} thread */
function whenOf({ alerts, at }) {
  if (alerts.every(isAdvance)) return t("contacts.alert.when_advance", { moment: formatMoment(new Date(at * 1_000)) });
  const ago = formatAge(Math.max(0, Date.now() / 1_000 - at));
  return t("contacts.alert.when", { moment: formatMoment(new Date(at * 1_000)), age: ago });
}

/** @param {Alert} alert */
function saying(alert) {
  const when = formatMoment(new Date(alert.at * 1_000));
  const how = isAdvance(alert) ? "said_advance" : alert.passed ? "said_passed" : "said";
  return h(
    "section",
    { class: "answer" },
    h("p", { class: "hint" }, t(`contacts.alert.${how}`, { moment: when })),
    h("p", { dir: "auto", class: "words", data: { show: "said" } }, alert.text),
  );
}

/** @param {Alert} alert */
function isOwn({ origin }) {
  return origin === "pair" || origin === "pin";
}

/** The newest word on where, and the numbers in it that its owner wrote. @param {App} app @param {Thread} thread @param {boolean} isForced */
async function describePlace(app, { alerts }, isForced) {
  const placed = alerts.find(({ place }) => place);
  if (!placed) return { lines: [h("p", {}, t("contacts.alert.where_none"))], numbers: [] };
  const { lines, numbers } = await renderPlace(app, placed, isForced);
  return { lines, numbers: isOwn(placed) ? numbers : [] };
}

/** @param {Alert} head @param {Contact} who */
function origin(head, { verified, seized }) {
  const how = seized ? "seized" : !verified ? "unverified" : isAdvance(head) ? "advance" : head.origin;
  const also = !seized && !verified && head.origin === "open" ? [h("p", {}, t("contacts.alert.origin_open"))] : [];
  return h(
    "div",
    {
      class: seized ? "error stack" : verified && (head.origin === "pair" || head.origin === "pin") ? "stack" : "band",
      data: { show: "origin" },
    },
    h("p", {}, t(`contacts.alert.origin_${how}`)),
    ...also,
  );
}

/** @param {Alert} head @param {boolean} isForced */
function steps({ type }, isForced) {
  const texts =
    findWords(`contacts.alert.steps_${isForced ? "duress" : type}`) ?? findWords("contacts.alert.steps_text");
  return h(
    "ol",
    { data: { show: "steps" } },
    ...texts.slice(0, STEPS).map((/** @type {string} */ step) => h("li", {}, step)),
  );
}

/** One after the other, when there is more than one. @param {Thread} thread */
function events({ alerts }) {
  const later = alerts.filter((alert) => !isAdvance(alert));
  if (later.length < 2) return null;
  const lines = later.map(({ at, type }) =>
    h("li", {}, formatMoment(new Date(at * 1_000)), " · ", t(`contacts.alert.${type}`)),
  );
  return section("events", h("ul", { class: "plain" }, ...lines));
}

/** @param {string} number */
function call(number) {
  const link = h("a", { class: "button wide", href: `tel:${number}`, data: { do: "call", value: number } });
  link.append(...interpolateNode(t("contacts.alert.call"), h("bdi", { dir: "ltr" }, number)));
  return link;
}

/** @param {ContactPoller} poller @param {string} id */
function answering(poller, id) {
  const words = field("text", t("contacts.alert.answer"), { lines: 3, longest: LONGEST });
  const note = h("p", { class: "hint", role: "status", data: { show: "notice" } });
  const problem = h("div", {});
  const send = () =>
    showErrors(
      problem,
      async () => {
        const text = words.value().trim();
        if (!text) return;
        await poller.tell(id, { type: "text", text });
        words.clear();
        updateText(note, t("contacts.contact.sealed"));
      },
      "contacts.errors",
    );
  return h(
    "section",
    {},
    words.element,
    button(t("contacts.alert.send"), "send", send, { class: "wide" }),
    note,
    problem,
  );
}
