/** What came from contacts, one thread for each case: a press sends several letters, and a person wants one answer.
 *  Pure. */
/** @import { Alert } from "../../core/contacts/book.js" */

/** `head` says how things stand; `at` is when something was last said (Unix seconds); alerts newest first.
 *  @typedef {{ contact: string, case: string, alerts: Alert[], head: Alert, at: number, unread: number }} Thread */

const STANDING = new Set(["detained", "unsafe", "safe", "missed"]); // a move or a word changes nothing of it

/** Group alerts into threads, newest first. @param {Alert[]} alerts in any order @returns {Thread[]} */
export function groupThreads(alerts) {
  /** @type {Map<string, Alert[]>} */
  const cases = new Map();
  for (const alert of alerts) {
    const name = `${alert.contact} ${alert.case}`;
    cases.set(name, [...(cases.get(name) ?? []), alert]);
  }
  return [...cases.values()].map(threadOf).sort((a, b) => b.at - a.at);
}

/** @param {Alert[]} alerts @returns {Thread} */
function threadOf(alerts) {
  const sorted = [...alerts].sort((a, b) => timeOf(b) - timeOf(a) || b.at - a.at);
  const standing = sorted.filter(({ type }) => STANDING.has(type));
  const [newest] = standing.length ? standing : sorted;
  // Of two that say the same, the one that only the person's own phone can have written.
  const by = (/** @type {string} */ whom) =>
    standing.find(({ type, origin }) => type === newest.type && origin === whom);
  const head = by("pair") ?? by("pin") ?? newest;
  const at = Math.max(...sorted.map(timeOf)) || newest.at;
  const unread = sorted.filter(({ read }) => !read).length;
  return { contact: head.contact, case: head.case, alerts: sorted, head, at, unread };
}

/** When it was said; 0 for what was written in advance, because that tells nothing of when it happened.
 *  @param {Alert} alert */
function timeOf(alert) {
  return isAdvance(alert) ? 0 : alert.at;
}

/** Tell whether an alert was sealed before anything had happened, and sent by the press.
 *  @param {Pick<Alert, "type" | "origin">} alert */
export function isAdvance({ type, origin }) {
  return type === "detained" && origin === "pair";
}

/** Find phone numbers in a text, as a telephone takes them; a point ends one, or every date would be a number.
 *  @param {string} text @returns {string[]} */
export function findNumbers(text) {
  const found = text.match(/(?:\+|\b)\d[\d\s()\u2010-\u2015-]{5,22}\d/g) ?? [];
  const plain = found.map((number) => (number.startsWith("+") ? "+" : "") + number.replace(/\D/g, ""));
  return [...new Set(plain.filter((number) => /^\+?\d{7,15}$/.test(number)))];
}
