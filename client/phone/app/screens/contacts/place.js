/** Where somebody is, in words: what came from another phone is shown as text and believed in nothing. */
/** @import { Alert } from "../../../core/contacts/book.js" */
/** @import { Station } from "../../../core/stations/stations.js" */
/** @import { App } from "../../app.js" */

import { findNumbers } from "../../services/alert-threads.js";
import { formatAge, formatDistance } from "../../ui/dates.js";
import { h } from "../../ui/dom.js";
import { t } from "../../ui/i18n.js";
import { interpolateNode } from "../../ui/interpolate.js";

const DEGREE = 100_000;
// What a telephone dials: up to the end, a comma, or a blank or bracket before words.
const DIALLED = /^(\(?\+?\d[\d\s()./\u2010-\u2015-]*?)\s*(?:$|,|[\s(]\(?\p{L})/u;
const STAGES = new Set(["van", "station", "special_centre", "court", "hospital", "released"]);

/** Build the lines that say where somebody is, and list the numbers to call in them. @param {App} app
 *  @param {Alert} alert @param {boolean} isForced under duress nothing is offered to be called
 *  @returns {Promise<{ lines: Node[], numbers: string[] }>} */
export async function renderPlace(app, { place, at }, isForced) {
  const stage = STAGES.has(place.stage) ? t(`facts.stage_${place.stage}`) : "";
  const { station, phones } = await stationIn(app, place.station);
  const fix = readFix(place);
  const words = typeof place.text === "string" ? place.text : "";
  const lines = [
    stage && h("p", {}, h("strong", {}, stage)),
    words && h("p", { dir: "auto" }, words),
    ...station,
    ...phones.map((phone) => phoneLine(phone, isForced)),
    ...(fix ? fixLines(fix, at) : []),
  ].filter((line) => line instanceof Node);
  const texts = [words, ...station.map((line) => line.textContent ?? "")];
  return {
    lines: lines.length ? lines : [h("p", {}, t("contacts.alert.where_none"))],
    numbers: texts.flatMap(findNumbers),
  };
}

/** By this phone's own list when it has the station, else as they wrote it. @param {App} app @param {any} field
 *  @returns {Promise<{ station: HTMLElement[], phones: string[] }>} */
async function stationIn(app, field) {
  if (!field || typeof field !== "object") return { station: [], phones: [] };
  const known = await inPack(app, field).catch(() => null);
  const name = known?.name ?? (typeof field.text === "string" ? field.text : "");
  const sure =
    field.certainty === "guessed" || field.certainty === "typed" ? t(`contacts.alert.${field.certainty}`) : "";
  const station = [
    h("p", { dir: "auto" }, h("strong", {}, name)),
    known?.address ? h("p", { dir: "auto" }, known.address) : null,
    sure ? h("p", { class: "hint" }, sure) : null,
  ].filter((line) => line !== null);
  return { station, phones: known?.phone ? known.phone.split("; ") : [] };
}

/** One telephone of the station, beside its address: the buttons below are for those whom their words name.
 *  @param {string} phone @param {boolean} isForced */
function phoneLine(phone, isForced) {
  const number = isForced ? "" : readDialable(phone);
  if (!number) return h("p", { dir: "auto" }, phone);
  const link = h("a", { class: "button wide", href: `tel:${number}`, data: { do: "call", value: number } });
  link.append(...interpolateNode(t("contacts.alert.call"), h("bdi", { dir: "ltr" }, phone)));
  return link;
}

/** Return what a telephone takes, or nothing when there are only words. An extension is asked for by people.
 *  @param {string} phone */
export function readDialable(phone) {
  const found = DIALLED.exec(phone)?.[1] ?? "";
  const digits = found.replace(/\D/g, "");
  return digits.length < 2 ? "" : (found.includes("+") ? "+" : "") + digits;
}

/** @param {App} app @param {any} said @returns {Promise<Station | null>} */
async function inPack(app, { pack, id }) {
  if (typeof id !== "string" || !app.caseSession) return null;
  const { loadPacks } = await import("../../services/station-packs.js");
  const { packs } = await loadPacks(app, app.caseSession.kit.desk.root);
  const list = packs.find(({ about }) => about.id === pack);
  const at = list ? list.body.ids.indexOf(id) : -1;
  return list && at >= 0 ? list.station(at) : null;
}

/** @typedef {{ lat: number, lon: number, accuracy: number | null, age: number | null }} ReceivedFix */

/** Read degrees and metres, or null when the numbers cannot be a place. @param {any} place
 *  @returns {ReceivedFix | null} */
export function readFix({ lat, lon, accuracy, age: old }) {
  if (typeof lat !== "number" || typeof lon !== "number") return null;
  const [y, x] = [lat / DEGREE, lon / DEGREE];
  if (!(Math.abs(y) <= 90 && Math.abs(x) <= 180)) return null;
  const whole = (/** @type {unknown} */ value) => (Number.isFinite(value) && Number(value) >= 0 ? Number(value) : null);
  return { lat: y, lon: x, accuracy: whole(accuracy), age: whole(old) };
}

/** @param {ReceivedFix} fix @param {number} at when it was said, Unix seconds */
function fixLines({ lat, lon, accuracy, age: old }, at) {
  const near = accuracy === null ? "" : ` ± ${formatDistance(accuracy)}`;
  const measured = formatAge(Math.max(0, Date.now() / 1_000 - at + (old ?? 0)));
  return [
    h("p", {}, h("bdi", { dir: "ltr" }, `${lat.toFixed(5)}, ${lon.toFixed(5)}`), near),
    h("p", { class: "hint" }, t("contacts.alert.measured", { age: measured })),
    h(
      "a",
      {
        class: "button wide",
        href: `geo:${lat.toFixed(5)},${lon.toFixed(5)}?q=${lat.toFixed(5)},${lon.toFixed(5)}`,
        data: { do: "map" },
      },
      t("contacts.alert.map"),
    ),
  ];
}
