/** The PIN. What it opens, and how long that takes, does not tell which PIN it was. */
/** @import { App } from "../../app.js" */

import { lockOtherTabs } from "../../platform/single-tab.js";
import { startContactPoller } from "../../services/contacts-access.js";
import { button, fill, fillBar, h } from "../../ui/dom.js";
import { errorBox } from "../../ui/errors.js";
import { field } from "../../ui/fields.js";
import { t } from "../../ui/i18n.js";

const PATIENCE_MS = 5_000; // for relays that do not answer

/** Build the screen `unlock`. @param {App} app @returns {Node[]} */
export function unlock(app) {
  const code = field("pin", t("unlock.label"), { secret: true, longest: 200 });
  const problem = h("div", {});
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("working") });
  const next = async () => {
    const pin = code.value();
    code.clear();
    fill(problem);
    bar.hidden = false;
    try {
      await openWithPin(app, pin, fillBar(bar));
    } catch (error) {
      fill(problem, errorBox(error));
    }
    bar.hidden = true;
  };
  code.input.addEventListener("keydown", (event) => {
    if (/** @type {KeyboardEvent} */ (event).key === "Enter") next();
  });
  return [
    h("h1", {}, app.config.title),
    code.element,
    problem,
    bar,
    h(
      "div",
      { class: "row" },
      button(t("back"), "back", () => app.lock()),
      button(t("unlock.open"), "next", next, { class: "main" }),
    ),
  ];
}

/** Open the vault and show what is behind this PIN; nothing happens when the screen was left meanwhile.
 *  @param {App} app @param {string} pin @param {(done: number) => void} progress @throws {WrongPassphrase} */
export async function openWithPin(app, pin, progress) {
  const { unlockVault } = await import("../../services/session/session.js");
  lockOtherTabs(app);
  await app.closed;
  const session = await unlockVault(app, pin, progress);
  if (app.shown !== "unlock") {
    await session.close();
    return;
  }
  await enterSession(app, session);
}

/** Show what this vault holds, and begin what is done while it is unlocked. @param {App} app
 *  @param {import("../../services/session/session.js").Session} session */
export async function enterSession(app, session) {
  session.begin();
  await app.go("notes");
  // What is sealed keeps an old phone busy, under one PIN more than under another: not while the first calls leave.
  const opened = session.key && startContactPoller(app).then((poller) => poller.opened);
  const late = new Promise((resolve) => setTimeout(resolve, opened ? PATIENCE_MS : 0));
  if (opened) await Promise.race([opened, late]).catch(() => {});
  session.prepareAnew().catch(() => {}); // what lies here already can be pressed
}
