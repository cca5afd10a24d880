/** Far away: codes as texts, on whatever way they travel. And the name, which both ways end with. */
/** @import { App } from "../../app.js" */
/** @import { Book, Offer } from "../../../core/contacts/book.js" */
/** @import { ContactPoller } from "../../services/contact-poller.js" */

import {
  ForeignRelay,
  listOpenOffers,
  newOffer,
  renameContact,
  setContactText,
  writeOfferCode,
} from "../../../core/contacts/book.js";
import { startContactPoller } from "../../services/contacts-access.js";
import { formatMoment } from "../../ui/dates.js";
import { button, fill, h, updateText } from "../../ui/dom.js";
import { errorBox } from "../../ui/errors.js";
import { field } from "../../ui/fields.js";
import { t } from "../../ui/i18n.js";
import { showErrors } from "../../ui/show-error.js";
import { addByCode, askForRelay, listOwnRelays } from "./pair-scan.js";

const WITHIN = "contacts.errors";

/** Build the screen `pair-link`. @param {App} app @param {string} [id] of the code that was sent; none: the newest
 *  @returns {Promise<Node[]>} */
export async function pairLink(app, id) {
  const poller = await startContactPoller(app);
  const heading = h("h1", {}, t("contacts.link.title"));
  const back = button(t("back"), "back", () => app.go("contacts"));
  try {
    const sent = listOpenOffers(poller.post.book, Date.now()).filter(({ label }) => label !== "");
    const offer = sent.find((offer) => offer.id === id) ?? sent[sent.length - 1] ?? (await newCode(app, poller));
    const theirs = field("code", t("contacts.link.theirs"), { lines: 4, longest: 400, autocapitalize: "characters" });
    theirs.input.dir = "ltr";
    const problem = h("div", {});
    const next = () => showErrors(problem, () => takeTheirs(app, poller, offer.id, theirs.value(), problem), WITHIN);
    return [
      heading,
      h("p", {}, t("contacts.link.more")),
      ...(await mine(app, poller, offer, sent)),
      theirs.element,
      problem,
      h("div", { class: "row ends" }, back, button(t("next"), "next", next, { class: "main" })),
    ];
  } catch (error) {
    return [heading, errorBox(error, WITHIN), h("div", { class: "row ends" }, back)];
  }
}

/** @param {App} app @param {ContactPoller} poller @param {string} offer @param {string} text
 *  @param {HTMLElement} box for a question */
async function takeTheirs(app, poller, offer, text, box) {
  const add = async (/** @type {boolean} */ otherRelay) =>
    app.go("pair-name", await addByCode(app, poller, { offer, text, seen: false, otherRelay }));
  try {
    await add(false);
  } catch (error) {
    if (!(error instanceof ForeignRelay)) throw error;
    fill(
      box,
      askForRelay(error, () => add(true)),
    );
  }
}

/** Each code is good for one person, so the one that was sent stays apart from the one on the screen. It is called by
 *  its time. @param {App} app @param {ContactPoller} poller @returns {Promise<Offer>} */
async function newCode(app, poller) {
  const asked = { relays: listOwnRelays(app), now: Date.now(), randomBytes: app.randomBytes };
  const makeOffer = (/** @type {Book} */ book) => newOffer(book, { ...asked, label: freeName(book) });
  return (await poller.post.change(makeOffer)).offer;
}

/** @param {Book} book */
function freeName({ offers, contacts }) {
  const name = formatMoment(new Date());
  const names = new Set([...offers, ...contacts].map(({ label }) => label));
  let n = 2;
  if (!names.has(name)) return name;
  while (names.has(`${name} (${n})`)) n++;
  return `${name} (${n})`;
}

/** @param {App} app @param {ContactPoller} poller @param {Offer} offer @param {Offer[]} sent
 *  @returns {Promise<Node[]>} */
async function mine(app, poller, offer, sent) {
  const code = await writeOfferCode(offer);
  const shown = field("mine", t("contacts.link.mine"), { lines: 4, longest: 400, value: code });
  shown.input.dir = "ltr";
  shown.input.readOnly = true;
  shown.input.addEventListener("focus", () => shown.input.select());
  const note = h("p", { class: "hint", role: "status" });
  const problem = h("div", {});
  const copy = () => showErrors(problem, () => copied(shown.input, note), WITHIN);
  const share = () => navigator.share({ text: code }).catch(() => {}); // thought better of it
  const fresh = async () => app.go("pair-link", (await newCode(app, poller)).id);
  return [
    shown.element,
    h(
      "div",
      { class: "row" },
      button(t("contacts.link.copy"), "copy", copy),
      "share" in navigator && button(t("contacts.link.share"), "share", share),
    ),
    note,
    problem,
    ...(sent.length > 1 ? [choice(app, offer, sent)] : []),
    h("div", {}, button(t("contacts.link.fresh"), "fresh", fresh, { class: "wide" })),
  ];
}

/** @param {HTMLInputElement | HTMLTextAreaElement} input @param {HTMLElement} note */
async function copied(input, note) {
  try {
    await navigator.clipboard.writeText(input.value);
  } catch {
    input.select();
    throw { reason: "copy" };
  }
  updateText(note, t("contacts.link.copied"));
}

/** Which code it was that this person has. @param {App} app @param {Offer} offer @param {Offer[]} sent */
function choice(app, offer, sent) {
  const chips = sent.map(({ id, label }) => {
    const data = { value: id };
    return button(label, "offer", () => app.go("pair-link", id), { "aria-pressed": String(id === offer.id), data });
  });
  return h("fieldset", {}, h("legend", {}, t("contacts.link.which")), h("div", { class: "chips" }, ...chips));
}

/** Build the screen `pair-name`. @param {App} app @param {string} id @returns {Promise<Node[]>} */
export async function pairName(app, id) {
  const poller = await startContactPoller(app);
  const contact = poller.post.book.contacts.find((contact) => contact.id === id);
  const label = field("label", t("contacts.pair.label"), { longest: 80, hint: t("contacts.pair.label_hint") });
  const problem = h("div", {});
  const next = () =>
    showErrors(
      problem,
      async () => {
        const words = contact?.text || t("contacts.prepared.default");
        await poller.post.change((book) => setContactText(renameContact(book, id, label.value()), id, words));
        await app.go("prepared", id);
      },
      WITHIN,
    );
  return [
    h("h1", {}, t("contacts.pair.name")),
    h("p", {}, t("contacts.pair.known")),
    label.element,
    problem,
    h(
      "div",
      { class: "row ends" },
      button(t("back"), "back", () => app.go("contacts")),
      button(t("next"), "next", next, { class: "main" }),
    ),
  ];
}
