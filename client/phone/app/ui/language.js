/** Which language the phone speaks: the one that was chosen, else the first of the browser's that there is. */
/** @import { Store } from "../../core/store.js" */

export const LANGUAGE = "w";

/** Choose the stored language, else the first of the browser's that there is. @param {{ languages: string[] }} config
 *  @param {string} stored */
export function chooseLanguage({ languages }, stored) {
  if (languages.includes(stored)) return stored;
  const wanted = (navigator.languages ?? []).map((tag) => tag.slice(0, 2).toLowerCase());
  return wanted.find((code) => languages.includes(code)) ?? languages[0];
}

/** Read the language that was chosen; empty when none was. @param {Store} store @returns {Promise<string>} */
export async function readLanguage(store) {
  const data = await store.get(LANGUAGE).catch(() => null);
  return data ? String.fromCharCode(...data) : "";
}
