/** Keeps a page up to date without loading it anew: when something has changed it fetches the same page, and puts
 *  the changed parts (`data-live`) in the place of the old ones. Rows that are new or differ are marked and said. */

import { gone } from "./forget.js";
import { listenForNews } from "./news.js";
import { announce, BACKGROUND, isLocked, leave, pause, words } from "./page.js";

const MARKED_MS = 120_000; // how long a row stays marked
const REST_MS = 1_000; // between two refreshes, however many letters come
const AGAIN_MS = 3_000; // after the desk did not answer
const CLOCKS_MS = 25_000; // how old the clocks on the page may be when nothing else changes
const SAID = 3; // rows that are said by name

/** @type {{ createHTML(text: string): any }} */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("desk", {
  createHTML: (/** @type {string} */ text) => text,
}) ?? { createHTML: (/** @type {string} */ text) => text };

/** What the server last gave for each part, before anything was marked in it. @type {Map<string, string>} */
const given = new Map();
/** Rows that changed, and when. @type {Map<string, { at: number, word: string }>} */
const marked = new Map();

/** @param {HTMLElement} main */
export function follow(main) {
  let isStale = false;
  let isBusy = false;
  for (const part of parts(document)) given.set(part.id, part.innerHTML);

  async function catchUp() {
    if (isBusy) return;
    isBusy = true;
    // A tab that nobody sees is refreshed when it is looked at.
    while (isStale && document.visibilityState === "visible" && !gone.signal.aborted) {
      try {
        isStale = false;
        await refresh();
        await pause(REST_MS);
      } catch {
        isStale = true;
        if (!gone.signal.aborted) announce(words().lost);
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

/** @param {ParentNode} where @returns {HTMLElement[]} */
function parts(where) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (where.querySelectorAll("[data-live][id]"))];
}

async function refresh() {
  const path = location.pathname + location.search;
  const answer = await fetch(path, { headers: BACKGROUND, cache: "no-store", signal: gone.signal });
  if (isLocked(answer)) return leave();
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(policy.createHTML(await answer.text()), "text/html");
  /** @type {string[]} */
  const changed = [];
  for (const part of parts(document)) {
    const now = fresh.getElementById(part.id);
    if (!now || now.innerHTML === given.get(part.id) || isUsed(part)) continue;
    given.set(part.id, now.innerHTML);
    changed.push(...compare(part, now));
    exchange(part, now);
  }
  mark();
  if (changed.length) announce(sentence(changed));
}

/** A form in which somebody is choosing stays as it is until they are done.
 *  @param {HTMLElement} part @returns {boolean} */
function isUsed(part) {
  return part.matches("form") && part.contains(document.activeElement);
}

/** Which rows are new or say something else; a clock that moved on says nothing new.
 *  @param {HTMLElement} old @param {HTMLElement} fresh @returns {string[]} */
function compare(old, fresh) {
  const before = new Map(rows(old).map((row) => [row.id, gist(row)]));
  const changed = rows(fresh).filter((row) => before.get(row.id) !== gist(row));
  for (const row of changed) {
    marked.set(row.id, { at: Date.now(), word: before.has(row.id) ? words().changed : words().fresh });
  }
  return changed.map((row) => row.dataset.name ?? "");
}

/** @param {HTMLElement} part @returns {HTMLElement[]} */
function rows(part) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (part.querySelectorAll("[data-row]"))];
}

/** @param {HTMLElement} row @returns {string} */
function gist(row) {
  const copy = /** @type {HTMLElement} */ (row.cloneNode(true));
  for (const one of copy.querySelectorAll(".clock, .mark")) one.remove();
  return (copy.textContent ?? "").replace(/\s+/g, " ");
}

/** Put the new part in, and the cursor, the scrolling and what was unfolded back to where they were.
 *  @param {HTMLElement} old @param {HTMLElement} fresh */
function exchange(old, fresh) {
  const focus = old.contains(document.activeElement) ? way(/** @type {HTMLElement} */ (document.activeElement)) : null;
  const open = [...old.querySelectorAll("details")].map((one) => one.open);
  const { scrollX, scrollY } = window;
  old.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  const folded = [...old.querySelectorAll("details")];
  if (folded.length === open.length) for (const [at, one] of folded.entries()) one.open = open[at];
  if (focus) /** @type {HTMLElement | null} */ (old.querySelector(focus))?.focus({ preventScroll: true });
  scrollTo(scrollX, scrollY);
}

/** How to find an element again in the new part.
 *  @param {HTMLElement} one @returns {string} */
function way(one) {
  if (one.id) return `#${CSS.escape(one.id)}`;
  const row = one.closest("[id]");
  const href = one.getAttribute("href");
  const self = one.tagName.toLowerCase() + (href ? `[href="${CSS.escape(href)}"]` : "");
  return row?.hasAttribute("data-row") ? `#${CSS.escape(row.id)} ${self}` : self;
}

function mark() {
  for (const [id, { at, word }] of marked) {
    const cell = document.getElementById(id)?.querySelector(".mark");
    if (Date.now() - at > MARKED_MS) marked.delete(id);
    if (!cell) continue;
    const said = document.createElement("span");
    said.className = "away";
    said.textContent = word;
    cell.replaceChildren(...(marked.has(id) ? ["●", said] : []));
  }
}

/** @param {string[]} names @returns {string} */
function sentence(names) {
  const named = names.slice(0, SAID).filter(Boolean).join(", ");
  const more = names.length > SAID ? words().more.replace("{n}", String(names.length - SAID)) : "";
  return words().changes.replace("{names}", `${named} ${more}`.trim());
}
