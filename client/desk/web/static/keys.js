/** Run keys of one letter, outside of fields. They can be switched off under `?`. */

const OFF = "k=off";

/** Run what a key means, until the page is left. */
export function listenForKeys() {
  addEventListener("keydown", (event) => {
    const at = /** @type {HTMLElement} */ (event.target);
    if (event.key === "Escape" && isField(at)) return at.blur();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && at instanceof HTMLTextAreaElement) {
      return at.form?.requestSubmit();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isField(at) || document.querySelector("dialog[open]")) return;
    if (document.cookie.split("; ").includes(OFF)) return;
    if (runKey(event.key)) event.preventDefault();
  });
}

/** @param {HTMLElement} element @returns {boolean} */
function isField(element) {
  return element.matches?.("input, textarea, select") ?? false;
}

/** Do what a key means here.
 *  @param {string} key @returns {boolean} whether it means something */
function runKey(key) {
  if (key === "j" || key === "k") return moveFocus(key === "j" ? 1 : -1);
  if (key === "o") return openItem();
  const named = /** @type {HTMLElement | null} */ (document.querySelector(`[data-key="${CSS.escape(key)}"]`));
  if (!named) return false;
  if (isField(named)) named.focus();
  else named.click();
  return true;
}

/** Return the links of the list on this page, in its order.
 *  @returns {HTMLElement[]} */
function findItems() {
  return [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-item]"))];
}

/** Move the cursor to another link of the list.
 *  @param {number} step 1 down, -1 up @returns {boolean} whether there is one */
function moveFocus(step) {
  const all = findItems();
  const row = document.activeElement?.closest("tr");
  const here = all.findIndex((item) => item === document.activeElement || (row && item.closest("tr") === row));
  const next = all[here < 0 ? 0 : Math.min(all.length - 1, Math.max(0, here + step))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return Boolean(next);
}

/** Open the link at the cursor, else the first of the list.
 *  @returns {boolean} whether there is one */
function openItem() {
  const here = /** @type {HTMLElement | null} */ (document.activeElement);
  const item = here?.matches("[data-item]") ? here : findItems()[0];
  item?.click();
  return Boolean(item);
}
