/** Words for people: a file for each language, loaded when it is needed. Section `start` comes with the page. */

/** @typedef {Record<string, any>} Words */

/** One line for each language, so that the bundler sees what to make a chunk of.
 *  @type {Record<string, () => Promise<{ default: Words }>>} */
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

/** Return the code of the language that is spoken. */
export function currentLanguage() {
  return language;
}

/** Speak a language from now on. @param {string} code @param {Words} start section `start` of that language */
export function useLanguage(code, start) {
  if (code !== language) words = {};
  language = code;
  words = { ...words, start };
  document.documentElement.lang = code;
  document.documentElement.dir = RIGHT_TO_LEFT.has(code) ? "rtl" : "ltr";
}

/** Load all words of the language. */
export async function loadWords() {
  const code = language;
  if (words.errors) return;
  const { default: all } = await FILES[code]();
  if (code === language) words = { ...all, ...words };
}

/** Add sections that only some screens need. @param {string} code the language they are in @param {Words} sections */
export function addWords(code, sections) {
  if (code === language) words = { ...words, ...sections };
}

/** Return the word at a path, its plural form by `n`, with `{n}` filled in: `t("pressed.partly", { n: 2 })`.
 *  @param {string} path @param {Record<string, string | number>} [has] @returns {string} */
export function t(path, has = {}) {
  const found = findWords(path);
  // An engine without the language's rules may choose a form it has no words for.
  const text = typeof found === "string" ? found : (found?.[choosePlural(language, Number(has.n ?? 0))] ?? found?.many);
  return (text ?? "").replace(/\{(\w+)\}/g, (/** @type {string} */ _, /** @type {string} */ name) =>
    localizeDigits(String(has[name] ?? "")),
  );
}

/** Find what stands at a path of the words; undefined when there is nothing. @param {string} path @returns {any} */
export function findWords(path) {
  return path.split(".").reduce((/** @type {any} */ at, name) => at?.[name], words);
}

/** Write digits in the script of the language. @param {string} text */
export function localizeDigits(text) {
  return language === "fa" ? text.replace(/[0-9]/g, (digit) => String.fromCharCode(0x6f0 + Number(digit))) : text;
}

// Chrome 80 has no Belarusian and no Kazakh; their whole numbers take the forms of these languages (CLDR).
/** @type {Record<string, string>} */
const SAME_PLURALS = { be: "ru", kk: "en" };
/** @type {Record<string, Intl.PluralRules>} */
const rules = {};

/** Choose the plural form of a whole number (CLDR, cardinal). @param {string} code of the language @param {number} n
 *  @returns {string} `one`, `few`, `many` or `other` */
export function choosePlural(code, n) {
  rules[code] ??= new Intl.PluralRules(SAME_PLURALS[code] ?? code);
  return rules[code].select(n);
}
