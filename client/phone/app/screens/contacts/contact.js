/** One contact: how things stand, what to tell them, and what changes. */
/** @import { App } from "../../app.js" */
/** @import { Contact } from "../../../core/contacts/book.js" */
/** @import { ContactPoller } from "../../services/contact-poller.js" */

import { Disclosure, pairState, removeContact, renameContact, setSeized } from "../../../core/contacts/book.js";
import { encodePlace } from "../../platform/location-updates.js";
import { onRound, startContactPoller } from "../../services/contacts-access.js";
import { button, fill, h, updateText } from "../../ui/dom.js";
import { field } from "../../ui/fields.js";
import { t } from "../../ui/i18n.js";
import { showErrors } from "../../ui/show-error.js";
import { renderState } from "./status.js";

const LONGEST = 1_500;
const WITHIN = "contacts.errors";

/** What the parts of this screen share.
 *  @typedef {{ app: App, poller: ContactPoller, id: string, contact: () => Contact, note: HTMLElement,
 *    problem: HTMLElement }} ContactScreen */

/** Build the screen `contact`. @param {App} app @param {{ id: string, notice?: string } | string} which
 *  @returns {Promise<Node[]>} */
export async function contact(app, which) {
  const { id, notice = "" } = typeof which === "string" ? { id: which } : which;
  const poller = await startContactPoller(app);
  const find = () => poller.post.book.contacts.find((contact) => contact.id === id);
  const first = find();
  if (!first) return app.go("contacts").then(() => []);
  const state = h("div", { class: "stack", role: "status" });
  const note = h("p", { class: "hint", role: "status", data: { show: "notice" } }, notice);
  const here = { app, poller, id, contact: () => find() ?? first, note, problem: h("div", {}) };
  const parts = h("div", { class: "stack" });
  let shown = "";
  const show = () => {
    const now = here.contact();
    const [boxes, can] = [renderState(now, poller.post), pairState(now, Date.now())];
    const text = boxes.map((box) => box.outerHTML).join("");
    if (text !== shown) fill(state, ...boxes);
    shown = text;
    if (parts.dataset.can && parts.dataset.can !== can) updateText(note, ""); // what was said there is no longer so
    if (parts.dataset.can !== can) fill(parts, ...(can === "paired" ? telling(here) : notYet(here, can)));
    parts.dataset.can = can;
  };
  onRound(app, show);
  show();
  const go = (/** @type {string} */ screen) =>
    button(t(`contacts.contact.${screen}`), screen, () => app.go(screen, id), { class: "wide" });
  return [
    h("h1", {}, h("bdi", {}, first.label)),
    state,
    note,
    here.problem,
    parts,
    go("prepared"),
    go("digits"),
    naming(here),
    seizing(here),
    removing(here),
    h("p", { class: "hint" }, t("contacts.contact.new_phone")),
    h(
      "div",
      { class: "row ends" },
      button(t("back"), "back", () => app.go("contacts")),
    ),
  ];
}

/** @param {ContactScreen} here @param {string} state */
function notYet({ app, id }, state) {
  if (state !== "waiting") return [];
  return [button(t("contacts.contact.code"), "code", () => app.go("pair", id), { class: "wide" })];
}

/** @param {ContactScreen} here */
function telling(here) {
  const words = field("text", t("contacts.contact.text"), { lines: 3, longest: LONGEST });
  const tell = (/** @type {string} */ type) =>
    sendAlert(here, { type, place: type === "moved" ? placeFor(here) : null });
  const send = async () => {
    const text = words.value().trim();
    if (text && (await sendAlert(here, { type: "text", text }))) words.clear();
  };
  return [
    h(
      "div",
      { class: "row" },
      button(t("pressed.safe"), "safe", () => tell("safe")),
      button(t("pressed.moved"), "moved", () => tell("moved")),
    ),
    h("section", {}, words.element, button(t("contacts.contact.send"), "send", send, { class: "wide" })),
  ];
}

/** @param {ContactScreen} here */
function placeFor({ app, contact }) {
  const fix = app.position.last;
  return fix && contact().later >= Disclosure.PLACE ? encodePlace(fix, Date.now()) : null;
}

/** @param {ContactScreen} here @param {{ type: string, text?: string, place?: any }} message */
function sendAlert({ poller, id, note, problem }, message) {
  return showErrors(
    problem,
    async () => {
      await poller.tell(id, message);
      updateText(note, t("contacts.contact.sealed"));
    },
    WITHIN,
  );
}

/** @param {ContactScreen} here */
function naming({ app, poller, id, contact: now, problem }) {
  const label = field("label", t("contacts.contact.label"), { longest: 80, value: now().label });
  const change = async () => {
    await poller.post.change((book) => renameContact(book, id, label.value()));
    await app.go("contact", { id, notice: t("contacts.contact.renamed") });
  };
  const does = () => showErrors(problem, change, WITHIN);
  return h("section", {}, label.element, button(t("contacts.contact.rename"), "rename", does, { class: "wide" }));
}

/** @param {ContactScreen} here */
function seizing({ app, poller, id, contact: now }) {
  const { seized } = now();
  const change = async () => {
    await poller.post.change((book) => setSeized(book, id, !seized));
    await app.go("contact", { id });
  };
  return button(t(`contacts.contact.${seized ? "returned" : "seized"}`), "seized", change, { class: "wide" });
}

/** Two taps, because only meeting again brings it back. @param {ContactScreen} here */
function removing({ app, poller, id }) {
  const box = h("div", {});
  const gone = async () => {
    await poller.post.change((book) => removeContact(book, id));
    await poller.reseal();
    await app.go("contacts");
  };
  const really = () =>
    fill(
      box,
      h("p", {}, t("contacts.contact.remove_sure")),
      button(t("contacts.contact.remove_yes"), "remove-yes", gone, { class: "wide danger" }),
    );
  return h("section", {}, button(t("contacts.contact.remove"), "remove", really, { class: "wide" }), box);
}
