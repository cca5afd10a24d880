/** Words that only some screens need: a file of its own for each part and language, so that the first load goes
 *  without. */
import { addWords, currentLanguage } from "./i18n.js";

/** @typedef {() => Promise<{ default: Record<string, any> }>} Load */
/** @type {{ setup: Record<string, Load>, contacts: Record<string, Load> }} */
const PARTS = {
  setup: {
    ru: () => import("../../locales/setup/ru.json", { with: { type: "json" } }),
    en: () => import("../../locales/setup/en.json", { with: { type: "json" } }),
    uk: () => import("../../locales/setup/uk.json", { with: { type: "json" } }),
    be: () => import("../../locales/setup/be.json", { with: { type: "json" } }),
    kk: () => import("../../locales/setup/kk.json", { with: { type: "json" } }),
    fa: () => import("../../locales/setup/fa.json", { with: { type: "json" } }),
  },
  contacts: {
    ru: () => import("../../locales/contacts/ru.json", { with: { type: "json" } }),
    en: () => import("../../locales/contacts/en.json", { with: { type: "json" } }),
    uk: () => import("../../locales/contacts/uk.json", { with: { type: "json" } }),
    be: () => import("../../locales/contacts/be.json", { with: { type: "json" } }),
    kk: () => import("../../locales/contacts/kk.json", { with: { type: "json" } }),
    fa: () => import("../../locales/contacts/fa.json", { with: { type: "json" } }),
  },
};

/** Load the words of a part in the language that is shown. @param {keyof typeof PARTS} part */
export async function loadLocale(part) {
  const code = currentLanguage();
  const { default: words } = await PARTS[part][code]();
  addWords(code, part === "contacts" ? { contacts: words } : words);
}
