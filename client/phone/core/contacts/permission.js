/**
 * What the open key of a case may say, and what a contact takes of an alert that it signed. It lies on a phone that is
 * ready to press: whoever holds the phone has it. Specified in `keys/pairing.md`, *What the open key may say*.
 */
/** @import { AlertMessage, OpenPermission } from "../../protocol/message.js" */
/** @import { Alert } from "./book.js" */

import { isObject } from "../../protocol/wire.js";
import { Disclosure } from "../press.js";

export const MORE_THAN_ALLOWED = "alert-more-than-allowed";
const NAME_CHARACTERS = 120; // of a station, as the screen lets it be typed
const ID_CHARACTERS = 64;
const STAGES = ["free", "van", "station", "special_centre", "court", "hospital", "released", "unknown"];
const CERTAINTIES = ["confirmed", "guessed", "typed"];

/** What is left of an alert. `isType`: its type was allowed; `isCut`: something was left out.
 *  @typedef {{ isType: boolean, text: string, place: any, isCut: boolean }} Permitted */

/** Of a case: its keys for us, what the open one may say, when that was written (Unix seconds), whether it is a trial.
 *  @typedef {{ keys: import("../../protocol/message.js").CaseKeys,
 *    open: import("../../protocol/message.js").OpenPermission | null, at: number, practice: boolean }} ContactCase */
/** @type {Permitted} */
export const NOTHING = Object.freeze({ isType: false, text: "", place: null, isCut: true });

/** Return what the choice for a contact allows whoever holds the phone. The press itself says `detained`.
 *  @param {number} later one of `Disclosure` @returns {OpenPermission} */
export function permissionOf(later) {
  const types = ["detained"];
  if (later >= Disclosure.SAFE) types.push("safe", "unsafe");
  if (later >= Disclosure.PLACE) types.push("moved");
  if (later >= Disclosure.ALL) types.push("text");
  return { types, place: later >= Disclosure.PLACE, text: later >= Disclosure.ALL };
}

/** Return what counts of an alert of the open key. @param {Pick<AlertMessage, "type" | "text" | "place">} alert
 *  @param {OpenPermission | null} permission null: nothing was allowed @returns {Permitted} */
export function limitAlert({ type, text, place }, permission) {
  if (!permission?.types.includes(type)) return NOTHING;
  const words = permission.text ? text : "";
  const where = permission.text ? place : limitPlace(place);
  const left = permission.place ? where : null;
  return { isType: true, text: words, place: left, isCut: words !== text || !isSame(left, place) };
}

/** Return of a place what is no free text: numbers, a stage, a station with its name; null when nothing is left.
 *  @param {any} place @returns {Record<string, any> | null} */
export function limitPlace(place) {
  if (!isObject(place)) return null;
  const numbers = ["lat", "lon", "accuracy", "age"].filter((name) => Number.isSafeInteger(own(place, name)));
  /** @type {Record<string, any>} */
  const limited = Object.fromEntries(numbers.map((name) => [name, place[name]]));
  if (STAGES.includes(own(place, "stage"))) limited.stage = place.stage;
  const station = limitStation(own(place, "station"));
  if (Object.keys(station).length) limited.station = station;
  return Object.keys(limited).length ? limited : null;
}

/** @param {any} station @returns {Record<string, string>} */
function limitStation(station) {
  if (!isObject(station)) return {};
  const sizes = Object.entries({ pack: ID_CHARACTERS, id: ID_CHARACTERS, text: NAME_CHARACTERS });
  const fits = (/** @type {unknown} */ value, /** @type {number} */ most) =>
    typeof value === "string" && Array.from(value).length <= most;
  const texts = sizes.filter(([name, most]) => fits(own(station, name), most)).map(([name]) => [name, station[name]]);
  const certainty = own(station, "certainty");
  return Object.fromEntries([...texts, ...(CERTAINTIES.includes(certainty) ? [["certainty", certainty]] : [])]);
}

/** Equal as values of JSON, in whatever order the fields stand. @param {any} a @param {any} b @returns {boolean} */
function isSame(a, b) {
  if (!isObject(a) || !isObject(b)) return Object.is(a, b) || JSON.stringify(a) === JSON.stringify(b);
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]))
  );
}

/** @param {Record<string, any>} whole @param {string} name */
function own(whole, name) {
  return Object.hasOwn(whole, name) ? whole[name] : undefined;
}

/** Of before were the origin `case`, and a mark of duress beside it. @param {any} alert @returns {Alert} */
export function withOrigin({ duress, origin, isCut = false, ...alert }) {
  return { ...alert, origin: duress ? "forced" : origin === "case" ? "open" : origin, isCut };
}

/** Return the alert as it may be shown: words count as an organisation's only under the pair's own key. Whoever seizes a
 *  phone must not speak in the organisation's name. @param {Alert} alert @returns {Alert} */
export function withoutBorrowedWords(alert) {
  return alert.passed && alert.origin !== "pair" ? { ...alert, passed: false } : alert;
}
