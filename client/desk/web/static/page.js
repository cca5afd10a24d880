/** What the modules share. */

/** Marks what the page asks for by itself: nobody's hand, so it does not put the lock off. */
export const BACKGROUND = { Live: "1" };

/** The page's own words, from the server.
 *  @returns {Record<string, string>} */
export function words() {
  return JSON.parse(document.getElementById("main")?.dataset.words ?? "{}");
}

/** Say something to a screen reader, when it is quiet.
 *  @param {string} text */
export function announce(text) {
  const said = document.getElementById("said");
  if (said) said.textContent = text;
}

/** The desk is locked, or this browser is not let in any more: nothing stays on the screen. */
export function leave() {
  document.body.replaceChildren();
  location.replace("/unlock");
}

/** @param {number} milliseconds @returns {Promise<void>} */
export function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}
