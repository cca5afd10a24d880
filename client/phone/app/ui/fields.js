/** Fields that the browser neither remembers, completes, corrects nor restores. */
import { h } from "./dom.js";

let count = 0;

/** Make a field with its label and hint. @param {string} name @param {string} label
 *  @param {{ lines?: number, longest?: number, hint?: string, value?: string, secret?: boolean, numeric?: boolean,
 *  autocapitalize?: string }} [has] */
export function field(name, label, has = {}) {
  const {
    lines = 1,
    longest = 200,
    hint = "",
    value = "",
    secret = false,
    numeric = false,
    autocapitalize = "sentences",
  } = has;
  const id = `f${++count}`;
  const shared = {
    id,
    class: secret ? "secret" : null,
    autocomplete: "off",
    autocorrect: "off",
    spellcheck: "false", // some browsers send what they check to a server
    autocapitalize: secret || numeric ? "none" : autocapitalize,
    inputmode: numeric ? "numeric" : null,
    dir: "auto",
    maxlength: longest,
    "aria-describedby": hint ? `${id}h` : null,
    data: { field: name, "1p-ignore": "", lpignore: "true", bwignore: "" },
  };
  // Not `type=password`: the browser would offer to save it.
  const input = lines > 1 ? h("textarea", { ...shared, rows: lines }) : h("input", { ...shared, type: "text" });
  input.value = value;
  const below = hint && h("p", { class: "hint", id: `${id}h` }, hint);
  const element = h("div", { class: "field" }, h("label", { for: id }, label), below, input);
  const clear = () => {
    input.value = "";
  };
  return { element, input, value: () => input.value, clear };
}
