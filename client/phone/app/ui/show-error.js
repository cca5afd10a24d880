import { fill } from "./dom.js";
import { errorBox } from "./errors.js";

/** Show what went wrong where it went wrong. @param {HTMLElement} place @param {() => Promise<unknown>} work
 *  @param {string} [within] the section whose sentences come first @returns {Promise<boolean>} */
export async function showErrors(place, work, within) {
  fill(place);
  try {
    await work();
    return true;
  } catch (error) {
    fill(place, errorBox(error, within));
    return false;
  }
}
