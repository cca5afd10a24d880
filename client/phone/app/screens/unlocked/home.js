/** The unlocked app, behind the settings of the notes: the same under every PIN. */
/** @import { App } from "../../app.js" */
/** @import { Session } from "../../services/session/session.js" */

import { judgeCard } from "../../services/card-renewal.js";
import { onRound } from "../../services/contacts-access.js";
import { wipePhone } from "../../services/wipe-gesture.js";
import { button, fill, h, updateText } from "../../ui/dom.js";
import { errorBox } from "../../ui/errors.js";

import { t } from "../../ui/i18n.js";

/** Build the screen `home`. @param {App} app @returns {Node[]} */
export function home(app) {
  const session = /** @type {Session} */ (app.session);
  const { name, hasPin } = session.content;
  const kit = app.caseSession?.kit;
  const go = (/** @type {string} */ screen) =>
    button(t(`home.${screen}`), screen, () => app.go(screen), { class: "wide" });
  const begun = kit && session.isFollowing(kit);
  const card = kit && judgeCard(kit, Date.now());
  return [
    h("h1", {}, t("home.title")),
    h("p", { role: "status" }, t(begun ? "home.begun" : "home.ready")),
    card && h("p", { class: "band", data: { show: "card", card } }, t(`home.${card}`)),
    app.warning && errorBox({ reason: app.warning }),
    renewing(session),
    begun && button(t("home.case"), "case", () => app.go("pressed", app.caseSession), { class: "wide" }),
    go("contacts"),
    hasPin && alertsButton(app),
    go("answers"),
    go("profile"),
    go("pin"),
    hasPin && go("decoy"),
    go("practice"),
    name && h("h2", {}, t("home.who")),
    name && h("p", { class: "name", data: { show: "organisation" } }, name),
    wiping(app),
    h(
      "div",
      { class: "row ends" },
      button(t("back"), "back", () => app.go("notes")),
      button(t("home.lock"), "lock", () => app.lock(), { class: "main" }),
    ),
  ].filter((part) => part instanceof Node);
}

/** How much is new, as soon as that is known. @param {App} app */
function alertsButton(app) {
  const count = h("span", { data: { show: "unread", count: "0" } });
  const open = button(t("home.alerts"), "alerts", () => app.go("alerts"), { class: "wide" });
  const show = () => {
    const n = (app.session?.content.contacts?.alerts ?? []).filter(
      (/** @type {{ read: boolean }} */ { read }) => !read,
    ).length;
    count.dataset.count = String(n);
    updateText(count, n ? ` · ${t("home.unread", { n })}` : "");
    open.classList.toggle("main", n > 0);
  };
  open.append(count);
  onRound(app, show);
  show();
  return open;
}

/** @param {Session} session */
function renewing(session) {
  const box = h("div", {});
  const note = h("p", { role: "status", class: "hint", data: { show: "notice" } }, t("home.renew_more"));
  const renew = async () => {
    updateText(note, t("ready.sealing"));
    fill(box);
    try {
      updateText(note, t((await session.renew()) ? "home.renewed" : "home.renewed_offline"));
    } catch (error) {
      fill(box, errorBox(error));
    }
  };
  return h("section", {}, button(t("home.renew"), "renew", renew, { class: "wide" }), note, box);
}

/** Two taps, because nothing brings it back. @param {App} app */
function wiping(app) {
  const box = h("div", {});
  const really = () =>
    fill(
      box,
      h("p", {}, t("home.wipe_sure")),
      button(t("home.wipe_yes"), "wipe-yes", () => wipePhone(app), { class: "wide danger" }),
    );
  return h("section", {}, button(t("home.wipe"), "wipe", really, { class: "wide" }), box);
}
