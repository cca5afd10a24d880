/** Building the page: elements by hand, text as text, so that nothing that was received can become markup. */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false} Child */

/** Make an HTML element. Attributes by name; `on...` listens, `data` are hooks, null and false are left out.
 *  @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {Record<string, any>} [has]
 *  @param {Child[]} children @returns {HTMLElementTagNameMap[T]} */
export function h(tag, has = {}, ...children) {
  return /** @type {any} */ (filled(document.createElement(tag), has, children));
}

/** Make an SVG element, as `h` does. @param {string} tag @param {Record<string, any>} [has] @param {Child[]} children
 *  @returns {SVGElement} */
export function svg(tag, has = {}, ...children) {
  return /** @type {SVGElement} */ (filled(document.createElementNS(SVG, tag), has, children));
}

/** @param {Element} element @param {Record<string, any>} has @param {Child[]} children */
function filled(element, has, children) {
  for (const [name, value] of Object.entries(has)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "data")
      for (const [key, text] of Object.entries(value)) element.setAttribute(`data-${key}`, text);
    else element.setAttribute(name, value === true ? "" : value);
  }
  add(element, children);
  return element;
}

/** @param {Element} element @param {Child[]} children */
function add(element, children) {
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) element.append(/** @type {Node} */ (child));
  }
}

/** Put these in place of what is there. @param {Element} element @param {Child[]} children */
export function fill(element, ...children) {
  element.textContent = "";
  add(element, children);
}

/** Set a text only when it is another one: a screen reader says again whatever is written again.
 *  @param {Element} element @param {string} text */
export function updateText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Make a button; `does` is its `data-do`. @param {string} label @param {string} does
 *  @param {(event: Event) => void} onclick @param {Record<string, any>} [has] */
export function button(label, does, onclick, has = {}) {
  const { data, ...rest } = has;
  return h("button", { type: "button", onclick, ...rest, data: { do: does, ...data } }, label);
}

/** Return a function that fills a progress bar. @param {HTMLProgressElement} bar
 *  @returns {(done: number) => void} from 0 to 1 */
export function fillBar(bar) {
  return (part) => {
    bar.value = part;
  };
}
