/** Answers: shown once, answered, and gone after reading unless they are kept in the vault. */
/** @import { CaseSession } from "../../services/case.js" */
/** @import { App, ReplyBox } from "../../app.js" */

import { mayHaveContacts } from "../../services/contacts-access.js";
import { formatMoment } from "../../ui/dates.js";
import { button, fill, h, updateText } from "../../ui/dom.js";
import { errorBox } from "../../ui/errors.js";
import { field } from "../../ui/fields.js";
import { findWords, t } from "../../ui/i18n.js";

const SOON_MS = 8_000;
const LATER_MS = 30_000;
const PATIENCE_MS = 15_000; // the first seconds after a press belong to the press
const LONGEST = 1_500;

/** Look again and again while the screen is there. @param {App} app @param {() => void} found
 *  @returns {Promise<ReplyBox>} */
async function looking(app, found) {
  const { ReplyPoller } = await import("../../services/reply-poller.js");
  app.mail ??= new ReplyPoller(app);
  const { mail } = app;
  mail.changed = found;
  app.contactPoller?.hurry();
  let timer = 0;
  let pause = SOON_MS;
  const again = async () => {
    await mail.poll();
    found();
    pause = Math.min(LATER_MS, pause * 1.5);
    timer = Number(setTimeout(again, pause));
  };
  app.whenLeft(() => {
    clearTimeout(timer);
    pause = Number.POSITIVE_INFINITY;
  });
  again();
  return mail;
}

/** Build the row of the press screen that tells of replies. Who has no PIN gets a route for replies that lives as long
 *  as the page. @param {App} app @param {CaseSession} caseSession */
export function renderReplyRow(app, caseSession) {
  const note = h("span", { role: "status" });
  const open = button(t("answers.open"), "answers", () => app.go("answers", caseSession), { class: "wide" });
  const row = h("div", {}, open, note);
  const show = () => {
    const n = app.mail?.come.size ?? 0;
    updateText(note, n ? t("answers.come", { n }) : "");
    open.classList.toggle("main", n > 0);
  };
  wayFor(app, caseSession).then(() => looking(app, show));
  return { row };
}

/** @param {App} app @param {CaseSession} caseSession */
async function wayFor(app, caseSession) {
  const isKnown = () => app.replyRoutes.some(({ case: of }) => of === caseSession.kit.case);
  if (app.session || isKnown()) return;
  const { hasPin, keepOpenRoute, loadOpenRoutes, newReplyRoute } = await import("../../services/session/session.js");
  await loadOpenRoutes(app, caseSession.kit);
  if (isKnown()) return;
  if (!caseSession.kit.secret) {
    if (app.hasPin === undefined) await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    await hasPin(app);
    return;
  }
  const { block, keep } = await newReplyRoute(app, caseSession.kit.desk.relays);
  await keepOpenRoute(app, caseSession.kit, keep);
  await caseSession.tell({ reply: block });
}

/** Build the screen `answers`. @param {App} app @param {CaseSession} [caseSession] @returns {Promise<Node[]>} */
export async function answers(app, caseSession = /** @type {CaseSession} */ (app.caseSession)) {
  const list = h("div", { "aria-live": "polite" });
  const note = h("p", { class: "hint", role: "status", data: { show: "notice" } }, t("answers.looking"));
  const stored = app.session?.content.answers ?? [];
  let shown = "";
  const show = () => {
    const come = [...(app.mail?.come.values() ?? [])];
    const all = [
      ...come,
      ...stored.filter((/** @type {{ id: string }} */ { id }) => !come.some((reply) => reply.id === id)),
    ];
    const none = app.hasPin && !app.session ? "answers.locked" : "answers.none";
    updateText(note, t(all.length ? "answers.gone" : none));
    const ids = all.map(({ id }) => id).join();
    if (ids === shown) return; // whoever is choosing to whom a reply is passed on goes on choosing
    shown = ids;
    fill(list, ...all.map((reply) => answer(app, reply)));
  };
  const mail = looking(app, show);
  app.whenLeft(() => mail.then((poller) => poller.forget()));
  const back = () => app.go(app.session ? "home" : "pressed", caseSession);
  return [
    h("h1", {}, t("answers.title")),
    note,
    isReadByAll(app, caseSession) && h("p", { class: "hint", data: { show: "open" } }, t("answers.open_phone")),
    list,
    keeping(app),
    replying(app, caseSession),
    h("div", { class: "row ends" }, button(t("back"), "back", back)),
  ].filter((part) => part instanceof Node);
}

/** Tell whether no PIN is between these replies and whoever holds the phone. @param {App} app
 *  @param {CaseSession} caseSession */
function isReadByAll(app, { kit }) {
  return app.session ? !app.session.content.hasPin : Boolean(kit.open || kit.secret);
}

/** @param {App} app @param {{ at: number, text: string, status: string }} reply */
function answer(app, { at, text, status }) {
  const known = findWords("answers.status")?.[status] ?? status;
  const when = formatMoment(new Date(at * 1_000));
  return h(
    "article",
    { class: "answer", data: { show: "answer" } },
    h("p", { class: "hint" }, known, " · ", when),
    h("p", { dir: "auto" }, text),
    mayHaveContacts(app) && forwardButton(app, text),
  );
}

/** To a contact, if there is one. @param {App} app @param {string} text */
function forwardButton(app, text) {
  const box = h("div", {});
  const open = async () => {
    const [{ renderForwarding: passing }, { loadLocale }] = await Promise.all([
      import("../contacts/forward-reply.js"),
      import("../../ui/locale-parts.js"),
    ]);
    await loadLocale("contacts");
    fill(box, await passing(app, text));
  };
  return h("div", { class: "stack" }, button(t("answers.pass"), "pass", open), box);
}

/** @param {App} app */
function keeping(app) {
  const { session } = app;
  if (!session?.content.hasPin) return null;
  const note = h("span", { role: "status" });
  const store = async () => {
    await session.storeReplies([...(app.mail?.come.values() ?? [])]).then(
      () => updateText(note, t("answers.kept")),
      (error) => fill(note, errorBox(error)),
    );
  };
  return h("div", {}, button(t("answers.keep"), "keep", store, { class: "wide" }), note);
}

/** @param {App} app @param {CaseSession} caseSession */
function replying(app, caseSession) {
  const words = field("text", t("answers.reply"), { lines: 3, longest: LONGEST });
  const note = h("p", { role: "status", class: "hint" });
  let isSending = false;
  const send = async () => {
    const account = words.value().trim();
    if (!account || isSending) return;
    isSending = true;
    try {
      const { kit } = caseSession;
      const more = import("../../services/session/session.js").then(({ drawReply }) => drawReply(app, kit));
      await caseSession.tell({ facts: { account }, ...(await more.catch(() => null)) });
      if (words.value().trim() === account) words.clear(); // only now: it may not have been sealed
      updateText(note, t("answers.sealed"));
    } catch (error) {
      fill(note, errorBox(error));
    }
    isSending = false;
  };
  return h("section", {}, words.element, button(t("text.send"), "send", send, { class: "wide" }), note);
}
