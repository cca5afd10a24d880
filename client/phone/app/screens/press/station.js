/** Which station: offered by position and by name, never filled in. What is sent says how sure the person is. */
/** @import { Stations, Station } from "../../../core/stations/stations.js" */
/** @import { CaseSession } from "../../services/case.js" */
/** @import { App } from "../../app.js" */

import { encodePlace } from "../../platform/location-updates.js";
import { formatAge, formatDistance } from "../../ui/dates.js";
import { button, fill, h, updateText } from "../../ui/dom.js";
import { errorBox } from "../../ui/errors.js";
import { field } from "../../ui/fields.js";
import { t } from "../../ui/i18n.js";

const STALE_MS = 120_000; // a van drives three kilometres in that time
const TYPING_MS = 150;

/** A station as it is offered.
 *  @typedef {{ pack: string, station: Station, m: number | null, highlight: boolean }} StationOffer */

/** Build the screen `station`. @param {App} app @param {CaseSession} caseSession @returns {Node[]} */
export function station(app, caseSession) {
  const offered = h("div", { data: { show: "candidates" } });
  const note = h("p", { class: "hint", role: "status", data: { show: "notice" } }, t("station.reading"));
  const problem = h("div", {});
  const name = field("find", t("station.find"), { longest: 120, hint: t("station.find_hint") });
  const screen = { app, caseSession, offered, note, problem, name };
  serve(screen);
  const typed = () =>
    name.value().trim() && tell(screen, { station: { text: name.value().trim(), certainty: "typed" } });
  const stage = (/** @type {string} */ value) =>
    button(t(`facts.stage_${value}`), value, () => tell(screen, { stage: value }));
  return [
    h("h1", {}, t("station.title")),
    note,
    problem,
    name.element,
    offered,
    h("p", {}, t("station.otherwise")),
    h(
      "div",
      { class: "chips" },
      button(t("station.typed"), "typed", typed),
      stage("van"),
      stage("court"),
      button(t("station.other"), "other", () => name.input.focus()),
      button(t("station.unknown"), "unknown", () => tell(screen, { station: null })),
    ),
    h(
      "div",
      { class: "row ends" },
      button(t("back"), "back", () => app.go("pressed", caseSession)),
    ),
  ];
}

/** @typedef {{ app: App, caseSession: CaseSession, offered: HTMLElement, note: HTMLElement, problem: HTMLElement,
 *    name: ReturnType<typeof field> }} StationScreen */

/** @param {StationScreen} here */
async function serve(here) {
  const { app, name, problem } = here;
  const { loadPacks } = await import("../../services/station-packs.js");
  const { packs, problems } = await loadPacks(app, here.caseSession.kit.desk.root);
  fill(problem, ...problems.map((error) => errorBox(error)));
  const show = () => (name.value().trim() ? showFound(here, packs) : showNear(here, packs));
  let timer = 0;
  name.input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = Number(setTimeout(show, TYPING_MS));
  });
  app.changed = () => !name.value().trim() && !offersHeld(here) && showNear(here, packs);
  show();
}

/** Offers do not move under a finger. @param {StationScreen} here */
function offersHeld({ offered }) {
  return offered.childElementCount > 0;
}

/** @param {StationScreen} here @param {Stations[]} packs */
function showNear(here, packs) {
  const { app, note } = here;
  const fix = app.position.last;
  if (!packs.length) return updateText(note, t("station.nolist"));
  if (!fix || Date.now() - fix.at > STALE_MS) {
    fill(here.offered);
    return updateText(note, t(fix ? "station.stale" : "station.noplace"));
  }
  updateText(
    note,
    t("station.near", { accuracy: formatDistance(fix.accuracy), age: formatAge((Date.now() - fix.at) / 1_000) }),
  );
  const offers = packs.flatMap((pack) =>
    pack
      .near(fix.lat, fix.lon, fix.accuracy)
      .map(({ station: near, m, highlight }) => ({ pack: pack.about.id, station: near, m, highlight })),
  );
  offers.sort((a, b) => a.m - b.m);
  showOffers(here, offers.slice(0, 8));
}

/** @param {StationScreen} here @param {Stations[]} packs */
function showFound(here, packs) {
  const offers = packs.flatMap((pack) =>
    pack
      .find(here.name.value())
      .map(({ station: match, score }) => ({ pack: pack.about.id, station: match, m: null, highlight: false, score })),
  );
  offers.sort((a, b) => b.score - a.score);
  updateText(here.note, t(offers.length ? "station.found" : "station.notfound", { n: Math.min(8, offers.length) }));
  showOffers(here, offers.slice(0, 8));
}

/** @param {StationScreen} here @param {StationOffer[]} offers */
function showOffers(here, offers) {
  const ids = offers.map((offer) => offer.station.id);
  fill(here.offered, ...offers.map((offer) => offerBox(here, offer, ids)));
}

/** @param {StationScreen} here @param {StationOffer} offer @param {string[]} candidates */
function offerBox(here, { pack, station: { id, name, address }, m, highlight }, candidates) {
  const choose = (/** @type {"confirmed" | "guessed"} */ certainty) => () =>
    tell(here, { station: { pack, id, text: name, certainty, candidates } });
  const data = (/** @type {string} */ certainty) => ({ value: id, certainty });
  const fix = here.app.position.last;
  const far =
    m === null ? "" : t("station.far", { m: formatDistance(m), accuracy: formatDistance(fix?.accuracy ?? 0) });
  return h(
    "article",
    { class: highlight ? "offer likely" : "offer", data: { station: id } },
    h("p", { dir: "auto" }, h("strong", {}, name), highlight && h("em", {}, t("station.likely"))),
    address && h("p", { class: "hint", dir: "auto" }, address),
    far && h("p", { class: "hint" }, far),
    h(
      "div",
      { class: "chips" },
      button(t("station.confirmed"), "choose", choose("confirmed"), {
        data: data("confirmed"),
        "aria-label": `${t("station.confirmed")}: ${name}`,
      }),
      button(t("station.guessed"), "choose", choose("guessed"), {
        data: data("guessed"),
        "aria-label": `${t("station.guessed")}: ${name}`,
      }),
    ),
  );
}

/** With the position as it is now: its age and accuracy tell how much a guess is worth.
 *  @param {StationScreen} here @param {Record<string, any>} facts */
async function tell({ app, caseSession }, facts) {
  const fix = app.position.last;
  await caseSession.tell({ facts: { ...facts, ...(fix ? { place: encodePlace(fix, Date.now()) } : {}) } });
  await app.go("pressed", caseSession);
}
