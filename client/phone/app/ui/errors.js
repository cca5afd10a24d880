/** What a person reads when something went wrong: the sentence and the hint of an error, by its code. */
import { TocsinError } from "../../protocol/errors.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";

/** Find the sentence and the hint of an error, by its code. What a relay says of one letter is all the same to a
 *  person. @param {string} code @param {string} [within] the section whose sentences come first */
export function findErrorWords(code, within = "errors") {
  const others = code.startsWith("http-") ? "http" : /^(bad|too)-|-full$/.test(code) ? "refused" : "error";
  const known = [`${within}.${code}`, `errors.${code}`, `errors.${others}`].find((path) => t(`${path}.0`));
  return [t(`${known}.0`), t(`${known}.1`)];
}

/** Return the code by which an error has its words. @param {unknown} error @returns {string} */
export function readErrorCode(error) {
  if (error instanceof TocsinError) return error.code;
  const reason = /** @type {any} */ (error)?.reason;
  return typeof reason === "string" ? reason : "error";
}

/** Build the box that says what went wrong. @param {unknown} error @param {string} [within] @returns {HTMLElement} */
export function errorBox(error, within) {
  const code = readErrorCode(error);
  const [sentence, hint] = findErrorWords(code, within);
  return h("p", { class: "error", role: "alert", data: { show: "error", code } }, h("strong", {}, sentence), " ", hint);
}
