import { errorBox } from "./app.js";
import { fill } from "./dom.js";

/** Show what went wrong where it went wrong. @param {HTMLElement} place @param {() => Promise<unknown>} work @returns {Promise<boolean>} */
export async function tried(place, work) {
  fill(place);
  try {
    await work();
    return true;
  } catch (error) {
    fill(place, errorBox(error));
    return false;
  }
}
