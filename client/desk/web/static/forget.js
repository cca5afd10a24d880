/** Empty a page that is left: browsers hold the last pages whole in memory (the back/forward cache), with what they
 *  show, what was typed, and the line on which they wait for news. */

/** Aborts whatever the page waits for when it is left. */
export const pageEnd = new AbortController();

addEventListener("pagehide", () => {
  pageEnd.abort();
  document.body.replaceChildren();
});
// A page that comes back is empty, so it is fetched anew: the desk may be locked by now. Not by `reload`, which would
// post a form again.
addEventListener("pageshow", (event) => event.persisted && location.replace(location.pathname + location.search));
