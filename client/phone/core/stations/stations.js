/** Which station is meant, by position or by name, offline. The twin of `client/stations/`; both are specified in
 *  `client/stations/pack/pack.md` and give the same answers to the last bit. */
/** @import { About, Body } from "./pack.js" */

import { vector, whole } from "./distance.js";
import { BadPosition } from "./errors.js";
import { tokens } from "./fold.js";
import { buildBoxes, FARTHEST_ACCURACY, findNearest, isOutstanding, REACH } from "./nearest.js";
import { findBest, indexNames } from "./search.js";
import { joinWords, list, split } from "./texts.js";

/** `names`: the one that is shown first, then others it is searched by. Positions in 1e-5 degree.
 *  `phone`: its telephones with `; ` between them, or empty.
 *  @typedef {{ id: string, name: string, names: string[], address: string, lat: number, lon: number,
 *    phone: string }} Station */

/** `m`: whole metres. `highlight`: it stands out.
 *  @typedef {{ station: Station, m: number, highlight: boolean }} Candidate */

/** `score` is at most 1,000. @typedef {{ station: Station, score: number }} Match */

/** The stations of one pack, ready to be asked. */
export class Stations {
  /** @type {ReturnType<typeof buildBoxes> | undefined} */ #boxes;
  /** @type {ReturnType<typeof indexNames> | undefined} */ #names;

  /** @param {About} about @param {Body} body */
  constructor(about, body) {
    this.about = about;
    this.body = body;
  }

  get length() {
    return this.body.ids.length;
  }

  /** Build what both searches need, so that the first question is as fast as the next. */
  prepare() {
    this.#boxes ??= buildBoxes(this.body);
    this.#names ??= indexNames(this.body);
  }

  /** @param {number} at @returns {Station} */
  station(at) {
    const { words, ids, lat, lon, names, addresses, phones } = this.body;
    const called = split(list(names, at)).map((name) => joinWords(words, name));
    const address = joinWords(words, [...list(addresses, at)]);
    const [name, phone] = [called[0] ?? "", phones[at] ?? ""];
    return { id: ids[at], name, names: called, address, lat: lat[at], lon: lon[at], phone };
  }

  /** The stations that may be meant, nearest first, ties by id. @param {number} lat @param {number} lon degrees
   *  @param {number} [accuracy] metres @returns {Candidate[]} @throws {BadPosition} */
  near(lat, lon, accuracy = 0) {
    if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) throw new BadPosition();
    if (!(accuracy >= 0)) throw new BadPosition("accuracy");
    this.#boxes ??= buildBoxes(this.body);
    const nearest = findNearest(this.#boxes, this.body.ids, vector(whole(lat), whole(lon)));
    const sure = Math.ceil(Math.min(accuracy, FARTHEST_ACCURACY));
    const reach = nearest[0].m + 2 * sure + REACH;
    const highlight = isOutstanding(nearest, sure);
    const offered = nearest.filter(({ m }) => m <= reach);
    return offered.map(({ at, m }, i) => ({ station: this.station(at), m, highlight: highlight && i === 0 }));
  }

  /** The stations whose names and addresses are like this text, best first, ties by id. @param {string} text
   *  @returns {Match[]} */
  find(text) {
    this.#names ??= indexNames(this.body);
    return findBest(this.#names, this.body, tokens(text)).map(({ at, score }) => ({
      station: this.station(at),
      score,
    }));
  }
}
