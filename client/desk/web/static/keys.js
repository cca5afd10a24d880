/** Keys of one letter, outside of fields. They can be switched off under `?`. */

const OFF = "k=off";

export function listen() {
  addEventListener("keydown", (event) => {
    const at = /** @type {HTMLElement} */ (event.target);
    if (event.key === "Escape" && isField(at)) return at.blur();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && at instanceof HTMLTextAreaElement) {
      return at.form?.requestSubmit();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isField(at) || document.querySelector("dialog[open]")) return;
    if (document.cookie.split("; ").includes(OFF)) return;
    if (press(event.key)) event.preventDefault();
  });
}

/** @param {HTMLElement} one */
function isField(one) {
  return one.matches?.("input, textarea, select") ?? false;
}

/** @param {string} key @returns {boolean} whether the key means something here */
function press(key) {
  if (key === "j" || key === "k") return move(key === "j" ? 1 : -1);
  if (key === "o") return open();
  const named = /** @type {HTMLElement | null} */ (document.querySelector(`[data-key="${CSS.escape(key)}"]`));
  if (!named) return false;
  if (isField(named)) named.focus();
  else named.click();
  return true;
}

/** @returns {HTMLElement[]} */
function items() {
  return [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-item]"))];
}

/** @param {number} step @returns {boolean} */
function move(step) {
  const all = items();
  const row = document.activeElement?.closest("tr");
  const here = all.findIndex((one) => one === document.activeElement || (row && one.closest("tr") === row));
  const next = all[here < 0 ? 0 : Math.min(all.length - 1, Math.max(0, here + step))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return Boolean(next);
}

/** @returns {boolean} */
function open() {
  const here = /** @type {HTMLElement | null} */ (document.activeElement);
  const one = here?.matches("[data-item]") ? here : items()[0];
  one?.click();
  return Boolean(one);
}
