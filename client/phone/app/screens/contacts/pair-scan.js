/** Face to face: my code and the camera that looks for theirs, on one screen, so that it does not matter who is
 *  first. */
/** @import { App } from "../../app.js" */
/** @import { ContactPoller } from "../../services/contact-poller.js" */

import { addContact, ForeignRelay, newOffer, writeOfferCode } from "../../../core/contacts/book.js";
import { stayAwake } from "../../platform/screen-wake-lock.js";
import { startContactPoller } from "../../services/contacts-access.js";
import { button, fill, h } from "../../ui/dom.js";
import { errorBox } from "../../ui/errors.js";
import { t } from "../../ui/i18n.js";
import { drawCode } from "../../ui/qr-image.js";
import { qrScanner } from "../../ui/qr-scanner.js";
import { showErrors } from "../../ui/show-error.js";

/** Build the screen `pair`. @param {App} app
 *  @param {string} [id] of a contact whose code was read and who has not scanned mine @returns {Promise<Node[]>} */
export async function pair(app, id) {
  const { navigation } = app;
  const poller = await startContactPoller(app);
  const heading = h("h1", {}, t("contacts.pair.title"));
  const back = button(t("back"), "back", () => app.go("contacts"));
  try {
    const known = poller.post.book.contacts.find((contact) => contact.id === id);
    const mine = known ?? (await offerOf(app, poller));
    const code = drawCode(await writeOfferCode(mine), t("contacts.pair.mine"));
    const theirs = h("section", { "aria-live": "polite" });
    const more = h("p", {}, t("contacts.pair.more"));
    if (navigation !== app.navigation) return []; // somebody has gone on; no camera for nobody
    stayAwake(app);
    if (known) showRead(app, theirs, known.id);
    else scanTheirs(app, poller, mine.id, theirs);
    const link = button(t("contacts.pair.link"), "link", () => app.go("pair-link"));
    return [heading, code, theirs, more, h("div", { class: "row ends" }, back, known ? "" : link)].filter(isNode);
  } catch (error) {
    return [heading, errorBox(error, "contacts.errors"), h("div", { class: "row ends" }, back)];
  }
}

/** @param {unknown} value @returns {value is Node} */
const isNode = (value) => value instanceof Node;

/** The half that waits to be scanned. @param {App} app @param {ContactPoller} poller */
async function offerOf(app, poller) {
  const asked = { relays: listOwnRelays(app), now: Date.now(), randomBytes: app.randomBytes };
  return (await poller.post.change((book) => newOffer(book, asked))).offer;
}

/** List the relays of the organisation, which my codes name. @param {App} app @returns {string[]} */
export function listOwnRelays({ caseSession }) {
  return caseSession?.kit.desk.relays ?? [];
}

/** @param {App} app @param {ContactPoller} poller @param {string} offer @param {HTMLElement} box */
function scanTheirs(app, poller, offer, box) {
  const found = async (/** @type {string} */ text) => {
    const code = { offer, text, seen: true };
    const add = async (/** @type {boolean} */ otherRelay) =>
      showRead(app, box, await addByCode(app, poller, { ...code, otherRelay }));
    try {
      await add(false);
    } catch (error) {
      if (!(error instanceof ForeignRelay)) throw error;
      fill(
        box,
        askForRelay(error, () => add(true)),
      );
    }
  };
  const { picture, note, problem, turn } = qrScanner(app, {
    found,
    label: t("contacts.pair.theirs"),
    within: "contacts.errors",
  });
  picture.classList.add("low");
  fill(box, picture, problem, note, turn);
}

/** Put a code to my half; the relays of the organisation are mine. @param {App} app @param {ContactPoller} poller
 *  @param {{ offer: string, text: string, seen: boolean, otherRelay: boolean }} code
 *  @returns {Promise<string>} the id of the contact @throws {ForeignRelay} and as `addContact` */
export async function addByCode(app, poller, code) {
  const relays = listOwnRelays(app);
  const asked = { ...code, relays, label: "", now: Date.now(), randomBytes: app.randomBytes };
  const { contact } = await poller.post.change((book) => addContact(book, asked));
  poller.hurry();
  return contact.id;
}

/** Ask whether a relay that is not ours may be used. @param {ForeignRelay} error @param {() => Promise<unknown>} agree
 *  @returns {HTMLElement} */
export function askForRelay(error, agree) {
  const problem = h("div", {});
  const hosts = error.relays.map((url) => new URL(url).host).join(", ");
  const yes = () => showErrors(problem, agree, "contacts.errors");
  return h(
    "div",
    { data: { show: "relay" } },
    errorBox(error, "contacts.errors"),
    h("p", { dir: "ltr" }, hosts),
    button(t("contacts.relay_yes"), "relay-yes", yes, { class: "wide" }),
    problem,
  );
}

/** @param {App} app @param {HTMLElement} box @param {string} id */
function showRead(app, box, id) {
  navigator.vibrate?.(60);
  const next = button(t("contacts.pair.done"), "done", () => app.go("pair-name", id), { class: "main wide" });
  fill(
    box,
    h(
      "div",
      { class: "status", data: { show: "theirs" } },
      h("strong", {}, t("contacts.pair.read")),
      h("p", {}, t("contacts.pair.read_more")),
    ),
    next,
  );
}
