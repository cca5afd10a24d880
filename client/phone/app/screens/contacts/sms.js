/** Text messages for those without the app: written in advance, opened in the phone's own app with one tap. In
 *  clear. */
/** @import { CaseSession } from "../../services/case.js" */
/** @import { App } from "../../app.js" */
/** @import { Short } from "../../services/sms-store.js" */

import { mayHaveContacts } from "../../services/contacts-access.js";
import { buildSmsLink, readNumber } from "../../services/sms-address.js";
import { listShorts, OPEN, readOpenShorts } from "../../services/sms-store.js";
import { button, h } from "../../ui/dom.js";
import { field } from "../../ui/fields.js";
import { t } from "../../ui/i18n.js";
import { interpolateNode } from "../../ui/interpolate.js";
import { showErrors } from "../../ui/show-error.js";

const MOST = 8;
const LONGEST = 300; // characters: four to five messages in Cyrillic
const WITHIN = "contacts.errors";

/** Build the screen `sms`. @param {App} app @param {CaseSession} [caseSession] of the screen it was opened from
 *  @returns {Promise<Node[]>} */
export async function sms(app, caseSession) {
  const may = mayHaveContacts(app);
  const all = await listShorts(app);
  const back = () => (caseSession ? app.go("pressed", caseSession) : app.go("contacts"));
  return [
    h("h1", {}, t("contacts.sms.title")),
    h("p", {}, t(may ? "contacts.sms.more" : "contacts.sms.tap")),
    h("p", { class: "band" }, t("contacts.sms.clear")),
    ...(all.length
      ? all.map((short) => shown(app, short, caseSession))
      : [h("p", { role: "status" }, t("contacts.sms.none"))]),
    ...(may ? [await adding(app, caseSession), await opening(app)] : []),
    h("div", { class: "row ends" }, button(t("back"), "back", back)),
  ];
}

/** @param {App} app @param {Short} short @param {CaseSession} [caseSession] */
function shown(app, short, caseSession) {
  const link = h(
    "a",
    { class: "button wide", href: buildSmsLink(short), data: { do: "sms-open", value: short.number } },
    ...interpolateNode(t("contacts.sms.open_one"), h("bdi", { dir: "ltr" }, short.number)),
  );
  const gone = async () => {
    const others = (await listShorts(app)).filter(({ number }) => number !== short.number);
    await saveShorts(app, others);
    await app.go("sms", caseSession);
  };
  return h(
    "article",
    { class: "answer", data: { show: "sms" } },
    h("p", { dir: "auto" }, short.text),
    link,
    mayHaveContacts(app) && button(t("contacts.sms.remove"), "remove", gone, { data: { value: short.number } }),
  );
}

/** @param {App} app @param {Short[]} all */
async function saveShorts(app, all) {
  const session = /** @type {import("../../services/session/session.js").Session} */ (app.session);
  session.content.sms = all;
  await session.save();
  if (await readOpenShorts(app)) await lay(app, all);
}

/** @param {App} app @param {Short[]} all */
function lay(app, all) {
  return app.store.put(OPEN, new TextEncoder().encode(JSON.stringify(all)));
}

/** @param {App} app @param {CaseSession} [caseSession] */
async function adding(app, caseSession) {
  const number = field("number", t("contacts.sms.number"), {
    longest: 24,
    hint: t("contacts.sms.number_hint"),
    autocapitalize: "none",
  });
  number.input.inputMode = "tel";
  number.input.dir = "ltr";
  const text = field("text", t("contacts.sms.text"), { lines: 4, longest: LONGEST, value: t("contacts.sms.default") });
  const problem = h("div", {});
  const add = () =>
    showErrors(
      problem,
      async () => {
        const short = { number: readNumber(number.value()), text: text.value().trim() };
        if (!short.text) throw { reason: "text-missing" };
        await saveShorts(
          app,
          [...(await listShorts(app)).filter((known) => known.number !== short.number), short].slice(-MOST),
        );
        await app.go("sms", caseSession);
      },
      WITHIN,
    );
  return h(
    "section",
    {},
    number.element,
    text.element,
    problem,
    button(t("contacts.sms.add"), "add", add, { class: "wide" }),
  );
}

/** Ready without the PIN: a choice of its own, because numbers and words then lie readable on the phone.
 *  @param {App} app */
async function opening(app) {
  let isOpen = (await readOpenShorts(app)) !== null;
  const problem = h("div", {});
  const change = () =>
    showErrors(problem, async () => {
      await (isOpen ? app.store.remove(OPEN) : lay(app, await listShorts(app)));
      isOpen = !isOpen;
      element.setAttribute("aria-pressed", String(isOpen));
    });
  const element = button(t("contacts.sms.open"), "open", change, { class: "wide", "aria-pressed": String(isOpen) });
  return h("section", {}, element, h("p", { class: "hint" }, t("contacts.sms.open_more")), problem);
}
