/** Words for people: a file for each language, loaded when it is needed. Section `start` comes with the page. */

/** @typedef {Record<string, any>} Words */

/** One line for each language, so that the bundler sees what to make a chunk of. @type {Record<string, () => Promise<{ default: Words }>>} */
const FILES = {
  ru: () => import("../../locales/ru.json", { with: { type: "json" } }),
  en: () => import("../../locales/en.json", { with: { type: "json" } }),
  uk: () => import("../../locales/uk.json", { with: { type: "json" } }),
  be: () => import("../../locales/be.json", { with: { type: "json" } }),
  kk: () => import("../../locales/kk.json", { with: { type: "json" } }),
  fa: () => import("../../locales/fa.json", { with: { type: "json" } }),
};
const RIGHT_TO_LEFT = new Set(["fa"]);

/** @type {Words} */
let words = {};
let language = "";

export function current() {
  return language;
}

/** @param {string} code @param {Words} start section `start` of that language */
export function speak(code, start) {
  if (code !== language) words = {};
  language = code;
  words = { ...words, start };
  document.documentElement.lang = code;
  document.documentElement.dir = RIGHT_TO_LEFT.has(code) ? "rtl" : "ltr";
}

/** All words of the language. */
export async function learn() {
  const code = language;
  if (words.errors) return;
  const { default: all } = await FILES[code]();
  if (code === language) words = { ...all, ...words };
}

/** Add sections that only some screens need. @param {string} code the language they are in @param {Words} sections */
export function add(code, sections) {
  if (code === language) words = { ...words, ...sections };
}

/** `t("pressed.partly", { n: 2 })`: the word at that place, its plural form by `n`, and `{n}` filled in.
 *  @param {string} path @param {Record<string, string | number>} [has] @returns {string} */
export function t(path, has = {}) {
  const found = look(path);
  const text = typeof found === "string" ? found : found?.[plural(language, Number(has.n ?? 0))];
  return (text ?? "").replace(/\{(\w+)\}/g, (/** @type {string} */ _, /** @type {string} */ name) =>
    localizeDigits(String(has[name] ?? "")),
  );
}

/** @param {string} path @returns {any} */
export function look(path) {
  return path.split(".").reduce((/** @type {any} */ at, name) => at?.[name], words);
}

/** @param {string} text */
export function localizeDigits(text) {
  return language === "fa" ? text.replace(/[0-9]/g, (one) => String.fromCharCode(0x6f0 + Number(one))) : text;
}

/** The forms of CLDR for whole numbers. Own, because no old browser knows Belarusian and Kazakh.
 *  @param {string} code @param {number} n @returns {"one" | "few" | "many" | "other"} */
export function plural(code, n) {
  if (code === "ru" || code === "uk" || code === "be") return slavic(n);
  if (code === "fa") return n === 0 || n === 1 ? "one" : "other";
  return n === 1 ? "one" : "other";
}

/** @param {number} n */
function slavic(n) {
  if (n % 10 === 1 && n % 100 !== 11) return "one";
  const isFew = n % 10 >= 2 && n % 10 <= 4 && (n % 100 < 12 || n % 100 > 14);
  return isFew ? "few" : "many";
}
