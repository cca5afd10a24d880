/** A page that is left keeps nothing: browsers hold the last ones whole in memory (the back/forward cache), with what
 *  they show, what was typed, and the line on which they wait for news. */

/** Ends whatever the page waits for when it is left. */
export const gone = new AbortController();

addEventListener("pagehide", () => {
  gone.abort();
  document.body.replaceChildren();
});
// Comes back empty, and is asked for anew: the desk may be locked by now. Not `reload`, which would post a form again.
addEventListener("pageshow", (event) => event.persisted && location.replace(location.pathname + location.search));
