/** The words about contacts; a file of their own for each language, because few of the first screens need them. */
import { add, current } from "./words.js";

/** @type {Record<string, () => Promise<{ default: Record<string, any> }>>} */
const FILES = {
  ru: () => import("../words/contacts/ru.json", { with: { type: "json" } }),
  en: () => import("../words/contacts/en.json", { with: { type: "json" } }),
  uk: () => import("../words/contacts/uk.json", { with: { type: "json" } }),
  be: () => import("../words/contacts/be.json", { with: { type: "json" } }),
  kk: () => import("../words/contacts/kk.json", { with: { type: "json" } }),
  fa: () => import("../words/contacts/fa.json", { with: { type: "json" } }),
};

export async function learnPeople() {
  const code = current();
  const { default: said } = await FILES[code]();
  add(code, "contacts", said);
}
