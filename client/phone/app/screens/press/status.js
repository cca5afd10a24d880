/** After the press: what has left and what has not, and the facts that one tap each sends. */
/** @import { CaseSession, NewsType } from "../../services/case.js" */
/** @import { App } from "../../app.js" */

import { ACTIVE } from "../../app.js";
import { countReached } from "../../services/case.js";
import { listShorts } from "../../services/sms-store.js";
import { formatAge, formatDistance } from "../../ui/dates.js";
import { button, fill, h, updateText } from "../../ui/dom.js";
import { findErrorWords } from "../../ui/errors.js";
import { t } from "../../ui/i18n.js";
import { renderReplyRow } from "./replies.js";

const STAGES = ["van", "station", "special_centre", "court", "hospital", "released"];
/** @type {[Exclude<NewsType, null>, string][]} */
const NEWS = [
  ["safe", "released"],
  ["moved", "van"],
];
const PEOPLE = [1, 2, 3, 5, 10, 20, 50];
const SOME = [false, 1, 2, 5, 10, true]; // how many: none, a number, or "yes, I do not know how many"
const NEEDS = ["lawyer", "doctor", "medicine", "water", "food", "family", "interpreter"];
const BLINK_MS = 1_000; // how often ages and waiting times are written anew

/** Build the screen `pressed`. @param {App} app @param {CaseSession} [caseSession] @returns {Promise<Node[]>} */
export async function pressed(app, caseSession = /** @type {CaseSession} */ (app.caseSession)) {
  const parts = statusParts();
  const show = () => showStatus(app, caseSession, parts);
  app.changed = show;
  caseSession.changed = show;
  const timer = setInterval(show, BLINK_MS);
  app.whenLeft(() => clearInterval(timer));
  const mail = renderReplyRow(app, caseSession);
  show();
  return [
    h("h1", {}, t("pressed.title")),
    caseSession.kit.practice && h("p", { class: "band", data: { show: "practice" } }, t("pressed.practice")),
    parts.box,
    parts.people,
    parts.place,
    mail.row,
    ...(await shortMessages(app, caseSession)),
    ...facts(app, caseSession),
    h("div", { class: "row ends" }, ...ends(app, caseSession)),
  ].filter((part) => part instanceof Node);
}

function statusParts() {
  const headline = h("strong", {});
  const detail = h("p", {});
  const trouble = h("p", { data: { show: "trouble" } });
  const confirmed = h("span", { data: { show: "confirmed" } });
  const total = h("span", { data: { show: "total" } });
  const counts = h("p", { class: "counts", "aria-hidden": "true" }, "✓ ", confirmed, " / ", total);
  const live = h("div", { role: "status" }, headline, detail);
  const box = h("section", { class: "status", data: { show: "status" } }, live, counts, trouble);
  return {
    box,
    headline,
    detail,
    trouble,
    confirmed,
    total,
    people: h("p", { role: "status", hidden: true, data: { show: "people" } }),
    place: h("p", { class: "place", data: { show: "place" } }),
  };
}

/** @param {App} app @param {CaseSession} caseSession @param {ReturnType<typeof statusParts>} parts */
function showStatus(app, caseSession, parts) {
  const status = caseSession.sender.status();
  const state = stateOf(status);
  const { total, confirmed: n } = status;
  parts.box.dataset.state = state;
  updateText(parts.headline, t(`pressed.${state}`, { n, total }));
  updateText(parts.detail, t(`pressed.${state}_more`, { n, total, open: total - n }));
  Object.assign(parts.box.dataset, { confirmed: String(n), total: String(total) });
  updateText(parts.confirmed, t("number", { value: n }));
  updateText(parts.total, t("number", { value: total }));
  updateText(parts.trouble, troubleOf(status));
  updateText(parts.place, placeLine(app, caseSession));
  showPeople(caseSession, parts.people);
}

/** Numbers, because whoever holds the phone reads this too. @param {CaseSession} caseSession
 *  @param {HTMLElement} line */
function showPeople({ kit }, line) {
  const { confirmed: n, total } = countReached(kit);
  line.hidden = total === 0;
  Object.assign(line.dataset, { confirmed: String(n), total: String(total) });
  updateText(line, t("pressed.people", { n, total }));
}

/** @param {ReturnType<import("../../services/sender.js").Sender["status"]>} status
 *  @returns {"sending" | "waiting" | "partly" | "done"} */
function stateOf({ total, confirmed, waiting }) {
  if (confirmed === total) return "done";
  if (waiting > 0) return confirmed ? "partly" : "waiting";
  return "sending";
}

/** @param {ReturnType<import("../../services/sender.js").Sender["status"]>} status */
function troubleOf({ trouble, next, unstored }) {
  const why = [...new Set(trouble.map((reason) => findErrorWords(reason)[0]))].join(" ");
  const wait = Math.round((next - Date.now()) / 1_000);
  const again = trouble.length && wait > 0 && Number.isFinite(wait) ? t("pressed.again", { n: wait }) : "";
  return [why, again, unstored ? t("pressed.unstored") : ""].filter(Boolean).join(" ");
}

/** @param {App} app @param {CaseSession} caseSession */
function placeLine({ position }, caseSession) {
  const { last, state } = position;
  if (last) {
    const how = { age: formatAge(Math.max(0, Date.now() - last.at) / 1_000), accuracy: formatDistance(last.accuracy) };
    return t(caseSession.following ? "pressed.place" : "pressed.place_stopped", how);
  }
  return t(`pressed.place_${state}`);
}

/** @param {App} app @param {CaseSession} caseSession @returns {Node[]} */
function facts(app, caseSession) {
  const phoneTaken = button(
    t("facts.phone_taken"),
    "phone_taken",
    () => sent(phoneTaken, () => caseSession.tell({ facts: { phone_taken: true } })),
    {
      class: "wide",
      "aria-pressed": String(caseSession.tapped.phone_taken === true),
    },
  );
  const chosen = caseSession.tapped.station?.text;
  const labelOf = (/** @type {string} */ screen) =>
    t(`facts.${screen}_do`) + (screen === "station" && chosen ? `: ${chosen} ✓` : "");
  const open = (/** @type {string} */ screen) =>
    button(labelOf(screen), screen, () => app.go(screen, caseSession), { class: "wide" });
  return [
    phoneTaken,
    ...stages(caseSession),
    open("station"),
    choice(caseSession, "people", PEOPLE, (value) => t("number", { value })),
    choice(caseSession, "minors", SOME, someOf),
    choice(caseSession, "injured", SOME, someOf),
    choice(caseSession, "force", [true, false], (value) => t(value ? "yes" : "no")),
    needs(caseSession),
    h("div", { class: "grid" }, ...["text", "photo", "voice"].map(open)),
  ];
}

/** Where I am; and of that the two things that those who wait want to hear most. @param {CaseSession} caseSession */
function stages(caseSession) {
  const tell = (/** @type {string} */ stage, /** @type {NewsType} */ type) => {
    const position = type ? caseSession.placeNow(Date.now()) : {};
    const sealed = caseSession.tell({ facts: { stage, ...position } }, type);
    mark();
    return sealed;
  };
  const news = NEWS.map(([name, stage]) => button(t(`pressed.${name}`), name, () => tell(stage, name)));
  const chips = STAGES.map((value) => {
    const data = { fact: "stage", value };
    return button(t(`facts.stage_${value}`), "fact", () => tell(value, null), { data });
  });
  const mark = () => {
    for (const [i, chip] of chips.entries())
      chip.setAttribute("aria-pressed", String(caseSession.tapped.stage === STAGES[i]));
    for (const [i, chip] of news.entries()) chip.setAttribute("aria-pressed", String(caseSession.news === NEWS[i][0]));
  };
  mark();
  return [
    h("div", { class: "row" }, ...news),
    h("fieldset", {}, h("legend", {}, t("facts.stage")), h("div", { class: "chips" }, ...chips)),
  ];
}

/** @param {any} value */
function someOf(value) {
  if (typeof value === "number") return t("number", { value });
  return t(value ? "facts.some" : "facts.none");
}

/** One fact, one tap, one letter. @param {CaseSession} caseSession @param {string} fact @param {any[]} values
 *  @param {(value: any) => string} label */
function choice(caseSession, fact, values, label) {
  /** @type {HTMLButtonElement[]} */
  const buttons = values.map((value) => {
    const tell = async () => {
      for (const chip of buttons) chip.setAttribute("aria-pressed", String(chip === tapped));
      await caseSession.tell({ facts: { [fact]: value } });
    };
    const isSaid = String(caseSession.tapped[fact] === value);
    const tapped = button(label(value), "fact", tell, { "aria-pressed": isSaid, data: { fact, value: String(value) } });
    return tapped;
  });
  return h("fieldset", {}, h("legend", {}, t(`facts.${fact}`)), h("div", { class: "chips" }, ...buttons));
}

/** What is needed adds up: each tap sends the whole list. @param {CaseSession} caseSession */
function needs(caseSession) {
  const buttons = NEEDS.map((need) => {
    const isSaid = () => (caseSession.tapped.needs ?? []).includes(need);
    const tell = () => {
      const others = (caseSession.tapped.needs ?? []).filter((/** @type {string} */ known) => known !== need);
      const all = isSaid() ? others : [...others, need];
      const sealed = caseSession.tell({ facts: { needs: all } });
      chip.setAttribute("aria-pressed", String(isSaid()));
      return sealed;
    };
    const chip = button(t(`facts.need_${need}`), "needs", tell, {
      "aria-pressed": String(isSaid()),
      data: { value: need },
    });
    return chip;
  });
  return h("fieldset", {}, h("legend", {}, t("facts.needs")), h("div", { class: "chips" }, ...buttons));
}

/** @param {HTMLElement} element @param {() => Promise<void>} work */
async function sent(element, work) {
  element.setAttribute("aria-pressed", "true");
  await work();
}

/** @param {App} app @param {CaseSession} caseSession */
async function shortMessages(app, caseSession) {
  if (caseSession.kit.practice || (await listShorts(app)).length === 0) return [];
  return [button(t("pressed.sms"), "sms", () => app.go("sms", caseSession), { class: "wide" })];
}

/** @param {App} app @param {CaseSession} caseSession */
function ends(app, caseSession) {
  const stop = button(t("pressed.stop"), "stop", () => {
    caseSession.stopFollowing();
    app.store.remove(ACTIVE).catch(() => {});
    fill(stop, t("pressed.stopped"));
    /** @type {HTMLButtonElement} */ (stop).disabled = true;
  });
  const hide = () => {
    if (caseSession.kit.practice) caseSession.stopFollowing();
    return app.lock();
  };
  return [
    stop,
    button(t(caseSession.kit.practice ? "pressed.end_practice" : "pressed.hide"), "hide", hide, { class: "main" }),
  ];
}
