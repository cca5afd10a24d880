/** Keep a page up to date without loading it anew: when something has changed, fetch the same page and put its changed
 *  parts (`data-live`) in the place of the old ones. Rows that are new or differ are marked and announced. */

import { pageEnd } from "./forget.js";
import { listenForNews } from "./news.js";
import { announce, BACKGROUND, isLocked, leave, pause, readWords } from "./page.js";

const MARKED_MS = 120_000; // how long a row stays marked
const REST_MS = 1_000; // between two refreshes, however many letters come
const AGAIN_MS = 3_000; // after the desk did not answer
const CLOCKS_MS = 25_000; // how old the clocks on the page may be when nothing else changes
const NAMED_ROWS = 3; // rows that are announced by name

/** @type {{ createHTML(text: string): any }} */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("desk", {
  createHTML: (/** @type {string} */ text) => text,
}) ?? { createHTML: (/** @type {string} */ text) => text };

/** What the server last sent for each part, before anything was marked in it. @type {Map<string, string>} */
const received = new Map();
/** Rows that changed, and when. @type {Map<string, { at: number, word: string }>} */
const marked = new Map();

/** Refresh the page whenever the desk changes, and its clocks from time to time.
 *  @param {HTMLElement} main its `data-version`: the version the page shows */
export function keepUpToDate(main) {
  let isStale = false;
  let isBusy = false;
  for (const part of findParts(document)) received.set(part.id, part.innerHTML);

  async function catchUp() {
    if (isBusy) return;
    isBusy = true;
    // A tab that nobody sees is refreshed when it is looked at.
    while (isStale && document.visibilityState === "visible" && !pageEnd.signal.aborted) {
      try {
        isStale = false;
        await refresh();
        await pause(REST_MS);
      } catch {
        isStale = true;
        if (!pageEnd.signal.aborted) announce(readWords().lost);
        await pause(AGAIN_MS);
      }
    }
    isBusy = false;
  }
  function refreshSoon() {
    isStale = true;
    catchUp();
  }
  document.addEventListener("visibilitychange", catchUp);
  setInterval(refreshSoon, CLOCKS_MS);
  listenForNews(Number(main.dataset.version), refreshSoon);
}

/** Return the parts that are kept up to date.
 *  @param {ParentNode} where @returns {HTMLElement[]} */
function findParts(where) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (where.querySelectorAll("[data-live][id]"))];
}

/** Fetch this page again, and put in what changed. */
async function refresh() {
  const path = location.pathname + location.search;
  const answer = await fetch(path, { headers: BACKGROUND, cache: "no-store", signal: pageEnd.signal });
  if (isLocked(answer)) return leave();
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(policy.createHTML(await answer.text()), "text/html");
  /** @type {string[]} */
  const changed = [];
  for (const part of findParts(document)) {
    const now = fresh.getElementById(part.id);
    if (!now || now.innerHTML === received.get(part.id) || isUsed(part)) continue;
    received.set(part.id, now.innerHTML);
    changed.push(...markChanges(part, now));
    replacePart(part, now);
  }
  showMarks();
  if (changed.length) announce(formatChanges(changed));
}

/** Tell whether somebody is choosing in this form: it stays as it is until they leave it.
 *  @param {HTMLElement} part @returns {boolean} */
function isUsed(part) {
  return part.matches("form") && part.contains(document.activeElement);
}

/** Mark the rows that are new or differ; a clock that moved on is no difference.
 *  @param {HTMLElement} old @param {HTMLElement} fresh @returns {string[]} the names of these rows */
function markChanges(old, fresh) {
  const before = new Map(findRows(old).map((row) => [row.id, summarize(row)]));
  const changed = findRows(fresh).filter((row) => before.get(row.id) !== summarize(row));
  for (const row of changed) {
    marked.set(row.id, { at: Date.now(), word: before.has(row.id) ? readWords().changed : readWords().fresh });
  }
  return changed.map((row) => row.dataset.name ?? "");
}

/** @param {HTMLElement} part @returns {HTMLElement[]} */
function findRows(part) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (part.querySelectorAll("[data-row]"))];
}

/** Return the words of a row without its clock and its mark.
 *  @param {HTMLElement} row @returns {string} */
function summarize(row) {
  const copy = /** @type {HTMLElement} */ (row.cloneNode(true));
  for (const cell of copy.querySelectorAll(".clock, .mark")) cell.remove();
  return (copy.textContent ?? "").replace(/\s+/g, " ");
}

/** Put the new part in, and the cursor, the scrolling and what was unfolded back to where they were.
 *  @param {HTMLElement} old @param {HTMLElement} fresh */
function replacePart(old, fresh) {
  const focus = old.contains(document.activeElement)
    ? buildSelector(/** @type {HTMLElement} */ (document.activeElement))
    : null;
  const open = [...old.querySelectorAll("details")].map((details) => details.open);
  const { scrollX, scrollY } = window;
  old.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  const folded = [...old.querySelectorAll("details")];
  if (folded.length === open.length) for (const [at, details] of folded.entries()) details.open = open[at];
  if (focus) /** @type {HTMLElement | null} */ (old.querySelector(focus))?.focus({ preventScroll: true });
  scrollTo(scrollX, scrollY);
}

/** Return the selector that finds an element again in the new part.
 *  @param {HTMLElement} element @returns {string} */
function buildSelector(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const row = element.closest("[id]");
  const href = element.getAttribute("href");
  const self = element.tagName.toLowerCase() + (href ? `[href="${CSS.escape(href)}"]` : "");
  return row?.hasAttribute("data-row") ? `#${CSS.escape(row.id)} ${self}` : self;
}

/** Show the mark of each changed row, until it is too old. */
function showMarks() {
  for (const [id, { at, word }] of marked) {
    const cell = document.getElementById(id)?.querySelector(".mark");
    if (Date.now() - at > MARKED_MS) marked.delete(id);
    if (!cell) continue;
    const label = document.createElement("span");
    label.className = "away";
    label.textContent = word;
    cell.replaceChildren(...(marked.has(id) ? ["●", label] : []));
  }
}

/** Put into words which rows changed.
 *  @param {string[]} names @returns {string} */
function formatChanges(names) {
  const named = names.slice(0, NAMED_ROWS).filter(Boolean).join(", ");
  const more = names.length > NAMED_ROWS ? readWords().more.replace("{n}", String(names.length - NAMED_ROWS)) : "";
  return readWords().changes.replace("{names}", `${named} ${more}`.trim());
}
