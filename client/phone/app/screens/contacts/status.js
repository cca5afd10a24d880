/** How things stand with a contact, in words; colour only says it again. */
/** @import { Contact } from "../../../core/contacts/book.js" */
/** @import { SyncRunner } from "../../../core/contacts/runner.js" */

import { isEndingSoon, pairState } from "../../../core/contacts/book.js";
import { h } from "../../ui/dom.js";
import { errorBox } from "../../ui/errors.js";
import { t } from "../../ui/i18n.js";

const DAY_MS = 86_400_000;
const WITHIN = "contacts.errors";

/** Return what tests and a list show beside the words. @param {Contact} contact */
export function listMarks(contact) {
  const { verified, seized } = contact;
  return { state: pairState(contact, Date.now()), verified: String(verified), seized: String(seized) };
}

/** Say in a few words how things stand, for the list. @param {Contact} contact @returns {string} */
export function summarizeState(contact) {
  const { state } = listMarks(contact);
  const marks = [!contact.verified && "unverified", contact.seized && "seized", contact.swapped && "swapped_short"];
  return [state, ...marks].flatMap((mark) => (mark ? [t(`contacts.state.${mark}`)] : [])).join(" · ");
}

/** Say what happened, so that nobody reads "safe" and not what it was said under, or by whom.
 *  @param {Pick<import("../../../core/contacts/book.js").Alert, "type" | "origin">} alert @param {boolean} isForced */
export function renderHeadline({ type, origin }, isForced) {
  const isTold = !isForced && type === "safe" && (origin === "pin" || origin === "open");
  const plain = t(`contacts.alert.${isTold ? `safe_${origin}` : type}`);
  return isForced ? `${t("contacts.alert.duress_short")} (${plain})` : plain;
}

/** Build the boxes that say how things stand with a contact. @param {Contact} contact @param {SyncRunner} post
 *  @returns {HTMLElement[]} */
export function renderState(contact, post) {
  const marks = listMarks(contact);
  const trouble = contact.swapped ? "pair-card-swapped" : post.troubles.get(contact.id);
  const box = h(
    "section",
    { class: contact.seized ? "status grave" : "status", data: { show: "state", ...marks } },
    ...explain(marks.state),
    ...(contact.seized ? explain("seized") : []),
    ...(contact.verified ? [] : explain("unverified")),
    isEndingSoon(contact, Date.now()) &&
      marks.state === "paired" &&
      h("p", {}, t("contacts.state.ends", { n: days(contact) })),
  );
  if (!trouble) return [box];
  return [box, h("div", { data: { show: "trouble", code: trouble } }, errorBox({ reason: trouble }, WITHIN))];
}

/** @param {string} name */
function explain(name) {
  return [h("strong", {}, t(`contacts.state.${name}`)), h("p", {}, t(`contacts.state.${name}_more`))];
}

/** @param {Contact} contact */
function days({ half, card }) {
  const until = Math.min(half.until, card?.until ?? half.until) * 1_000;
  return Math.max(1, Math.ceil((until - Date.now()) / DAY_MS));
}
