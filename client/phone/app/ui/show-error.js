import { fill } from "./dom.js";
import { errorBox } from "./errors.js";

/** Show what went wrong where it went wrong. @param {HTMLElement} box @param {() => Promise<unknown>} work
 *  @param {string} [within] the section whose sentences come first @returns {Promise<boolean>} */
export async function showErrors(box, work, within) {
  fill(box);
  try {
    await work();
    return true;
  } catch (error) {
    fill(box, errorBox(error, within));
    return false;
  }
}
