/** Which station is meant, by position or by name, offline, from a signed pack. The twin of `client/stations/`; both are
 *  specified in `client/stations/pack/pack.md` and give the same answers to the last bit. */
import { Malformed, NoteUnsigned, TocsinError } from "./errors.js";
import { isSignedBy, readNote } from "./note.js";
import { digest, HASH_BYTES, isObject, PUBLIC_BYTES, same, unb64, unutf8 } from "./wire.js";

export const PACK_KIND = "tocsin/1/pack";

const PACK_BYTES = 8_388_608; // what a phone on a slow network may be asked to keep
const BODY_BYTES = 33_554_432; // what an old phone may be asked to unpack
const STATIONS = 100_000; // in one pack
const NAMES = 16; // of one station
const TEXT_WORDS = 64; // of a name or an address
const PHONE = 60; // characters of a station's telephones
const LINE = 500; // characters of a source, a licence, a notice
const ID = /^[!-~]{1,40}$/;
const TITLE = /^[a-z0-9][a-z0-9-]{0,39}$/;
const COUNTRY = /^([A-Z]{2})?$/;
const UNPRINTABLE = /[\p{Cc} ]/u;
const CONTROL = /\p{Cc}/u;

const ONE_BYTE = 192;
const TWO_BYTES = ONE_BYTE + (253 - ONE_BYTE) * 256;
const WORDS = TWO_BYTES + 65_536;
const NEXT_NAME = 253;
const THREE_BYTES = 254;
const END = 255;
const HEAD_BYTES = 28;
const BREAK = 0xffffffff; // in the texts in memory: the next name of the same station begins

const EARTH = 6_371_000; // metres
const DEGREE = 100_000;
const QUARTER = 9_000_000;
const TURN = 36_000_000;
const RADIANS = Math.PI / 18_000_000;
const FARTHEST_ACCURACY = 20_000_000;
const SINE = [-6, 120, -5040, 362880, -39916800, 6227020800, -1307674368000].map((f) => 1 / f);
const COSINE = [-2, 24, -720, 40320, -3628800, 479001600, -87178291200, 20922789888000].map((f) => 1 / f);
const ARC = [1 / 6, 3 / 40, 15 / 336, 105 / 3456, 945 / 42240, 10395 / 599040, 135135 / 9676800, 2027025 / 175472640];

const ANSWERS = 8; // as many as fit a small screen
const REACH = 150;
const SURE_ACCURACY = 300;
const SURE_NEAREST = 100;
const SURE_NEXT = 100;
const BLOCK = 48; // stations, neighbours in the pack, that share one box

const GRAMS = 40; // of a question: bounds the time on a slow phone
const LEAST_SCORE = 200;
const FIT = 900;
const CLOSENESS = 100;

export class StationsError extends TocsinError {
  static code = "stations";
}
export class PackMalformed extends Malformed {
  static code = "pack-malformed";
}
export class PackChanged extends StationsError {
  static code = "pack-changed";
}
export class PackOlder extends StationsError {
  static code = "pack-older";
}
export class PackOther extends StationsError {
  static code = "pack-other";
}
export class BadPosition extends StationsError {
  static code = "position-wrong";
}

/** What the note says of the stations behind it.
 *  @typedef {{ id: string, root: string, seq: number, issued: number, country: string, source: string, licence: string,
 *    notice: string, count: number, size: number, hash: string }} About */
/** `names`: the one that is shown first, then others it is searched by. Positions in 1e-5 degree.
 *  `phone`: its telephones with `; ` between them, or empty.
 *  @typedef {{ id: string, name: string, names: string[], address: string, lat: number, lon: number, phone: string }} Station */
/** `m`: whole metres. `highlight`: it stands out. @typedef {{ station: Station, m: number, highlight: boolean }} Candidate */
/** `score` is at most 1,000. @typedef {{ station: Station, score: number }} Match */
/** Many lists of numbers in one: list `i` is `all.subarray(start[i], start[i + 1])`.
 *  @typedef {{ all: Uint32Array, start: Uint32Array }} Lists */
/** One of the nearest; `square` of the chord. @typedef {{ m: number, id: string, at: number, square: number }} Near */
/** The stations of a pack as they rest in memory: words as numbers, strings made when one is shown.
 *  @typedef {{ words: string[], ids: string[], lat: Int32Array, lon: Int32Array, names: Lists, addresses: Lists,
 *    phones: string[] }} Body `phones`: empty when no station has one */

// Reading

/** Check a pack and take it apart. `root`: the key that must have signed it. `held`: what is said of the pack it would replace.
 *  @param {Uint8Array} data @param {Uint8Array} root @param {About} [held] @returns {Promise<Stations>}
 *  @throws {PackMalformed} @throws {NoteUnsigned} @throws {PackChanged} @throws {PackOlder} @throws {PackOther} */
export async function readPack(data, root, held) {
  const zero = data.length > PACK_BYTES ? -1 : data.indexOf(0);
  if (zero < 0) throw new PackMalformed("too long, or no zero byte after the note");
  const about = readAbout(data.subarray(0, zero), root);
  const packed = data.subarray(zero + 1);
  if (!same(digest(packed), bytes(about.hash, HASH_BYTES))) throw new PackChanged();
  if (held) checkFollows(about, held);
  const body = unpackBody(await inflated(packed, about.size));
  if (body.ids.length !== about.count) throw new PackMalformed("another number of stations than signed");
  return new Stations(about, body);
}

/** @param {Uint8Array} signed @param {Uint8Array} root @returns {About} */
function readAbout(signed, root) {
  const note = readNote(signed);
  if (note.kind !== PACK_KIND || note.lines.length !== 2) throw new PackMalformed("a note of another kind");
  const about = parsed(note.lines[1]);
  if (!isAbout(about)) throw new PackMalformed("the note's second line is not what it should be");
  const named = bytes(about.root, PUBLIC_BYTES);
  if (!isSignedBy(note, root)) throw new NoteUnsigned();
  if (!same(root, named)) throw new PackMalformed("signed by one key and naming another");
  return about;
}

/** @param {string} line @returns {unknown} */
function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** @param {unknown} value @returns {value is About} */
function isAbout(value) {
  if (!isObject(value)) return false;
  const { id, root, seq, issued, country, source, licence, notice, count, size, hash } = value;
  return (
    matches(id, TITLE) &&
    matches(country, COUNTRY) &&
    isBetween(seq, Number.MAX_SAFE_INTEGER) &&
    isBetween(issued, Number.MAX_SAFE_INTEGER) &&
    isBetween(count, STATIONS) &&
    isBetween(size, BODY_BYTES) &&
    typeof root === "string" &&
    typeof hash === "string" &&
    [source, licence, notice].every((line) => typeof line === "string" && [...line].length <= LINE)
  );
}

/** @param {unknown} value @param {RegExp} form */
function matches(value, form) {
  return typeof value === "string" && form.test(value);
}

/** @param {unknown} value @param {number} most */
function isBetween(value, most) {
  return Number.isInteger(value) && /** @type {number} */ (value) >= 1 && /** @type {number} */ (value) <= most;
}

/** @param {string} text @param {number} length */
function bytes(text, length) {
  try {
    return unb64(text, length);
  } catch {
    throw new PackMalformed("not the base64url it should be");
  }
}

/** @param {About} about @param {About} held */
function checkFollows(about, held) {
  if (about.id !== held.id || about.root !== held.root) throw new PackOther();
  if (about.seq < held.seq || (about.seq === held.seq && about.hash !== held.hash)) throw new PackOlder();
}

/** @param {Uint8Array} packed @param {number} size */
async function inflated(packed, size) {
  const body = new Uint8Array(size);
  let at = 0;
  try {
    const source = new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (packed)]).stream();
    const reader = source.pipeThrough(new DecompressionStream("deflate")).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      body.set(next.value, at); // throws when it is more than was signed
      at += next.value.length;
    }
  } catch {
    throw new PackMalformed("the stations cannot be unpacked");
  }
  if (at !== size) throw new PackMalformed("the stations unpack to another size than signed");
  return body;
}

/** @param {Uint8Array} body @returns {Body} @throws {PackMalformed} */
export function unpackBody(body) {
  if (body.length < HEAD_BYTES) throw new PackMalformed("cut off");
  const head = new DataView(body.buffer, body.byteOffset, HEAD_BYTES);
  const [count, wordCount, ...sizes] = Array.from({ length: 7 }, (_, i) => head.getUint32(4 * i));
  if (count < 1 || count > STATIONS || wordCount > WORDS)
    throw new PackMalformed("more stations or words than a pack may have");
  const told = HEAD_BYTES + sizes.reduce((sum, one) => sum + one);
  if (told > body.length) throw new PackMalformed("lengths that do not fit");
  const ends = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((sum, one) => sum + one, HEAD_BYTES));
  const [words, ids, steps, names, addresses] = ends.map((end, i) => body.subarray(end - sizes[i], end));
  return {
    words: readWords(words, wordCount),
    ids: readIds(ids, count),
    ...readPositions(steps, count),
    names: readTexts(names, count, wordCount, NAMES),
    addresses: readTexts(addresses, count, wordCount, 1),
    phones: readPhones(body.subarray(told), count),
  };
}

/** @param {Uint8Array} part @param {number} count */
function lines(part, count) {
  let all;
  try {
    all = part.length ? unutf8(part).split("\n") : [];
  } catch {
    throw new PackMalformed("not UTF-8");
  }
  if (all.length !== count) throw new PackMalformed("another number of lines than announced");
  return all;
}

/** @param {Uint8Array} part @param {number} count */
function readWords(part, count) {
  const words = lines(part, count);
  if (words.some((word) => !word || UNPRINTABLE.test(word))) throw new PackMalformed("a word that is none");
  return words;
}

/** @param {Uint8Array} part @param {number} count */
function readIds(part, count) {
  const ids = lines(part, count);
  if (new Set(ids).size !== count || !ids.every((id) => ID.test(id)))
    throw new PackMalformed("an id that is none, or twice the same");
  return ids;
}

/** @param {Uint8Array} part @param {number} count @param {number} wordCount @param {number} most names of one station
 *  @returns {Lists} */
function readTexts(part, count, wordCount, most) {
  if (part[part.length - 1] !== END) throw new PackMalformed("a text without end");
  const all = new Uint32Array(part.length);
  const start = new Uint32Array(count + 1);
  let text = 0;
  let to = 0;
  for (let at = 0; at < part.length; ) {
    const byte = part[at++];
    if (byte === END) {
      if (text === count) throw new PackMalformed("another number of texts than stations");
      checkText(all.subarray(start[text], to), most);
      start[++text] = to;
    } else if (byte === NEXT_NAME) {
      all[to++] = BREAK;
    } else {
      let number = byte;
      if (byte === THREE_BYTES) number = TWO_BYTES + part[at++] * 256 + part[at++];
      else if (byte >= ONE_BYTE) number = ONE_BYTE + (byte - ONE_BYTE) * 256 + part[at++];
      if (!(number < wordCount)) throw new PackMalformed("a word that is not in the dictionary"); // NaN behind the end
      all[to++] = number;
    }
  }
  if (text !== count) throw new PackMalformed("another number of texts than stations");
  return { all: all.subarray(0, to), start };
}

/** @param {Uint32Array} text @param {number} most */
function checkText(text, most) {
  if (text.length > NAMES * TEXT_WORDS) throw new PackMalformed("a text that is too long");
  let names = 1;
  let before = BREAK;
  for (const word of text) {
    if (word === BREAK && (before === BREAK || ++names > most))
      throw new PackMalformed("a name that is none, or one too many");
    before = word;
  }
  if (text.length && before === BREAK) throw new PackMalformed("a name that is none");
}

/** @param {Uint8Array} steps @param {number} count */
function readPositions(steps, count) {
  const lat = new Int32Array(count);
  const lon = new Int32Array(count);
  const here = [0, 0];
  let at = 0;
  for (let i = 0; i < 2 * count; i++) {
    let left = 0;
    let shift = 0;
    let byte;
    do {
      byte = steps[at++];
      if (byte === undefined || shift === 28) throw new PackMalformed("a position that is too long or without end");
      left |= (byte & 127) << shift;
      shift += 7;
    } while (byte > 127);
    here[i % 2] += left % 2 ? -(left + 1) / 2 : left / 2;
    if (Math.abs(here[i % 2]) > QUARTER * (1 + (i % 2))) throw new PackMalformed("a position off the globe");
    (i % 2 ? lon : lat)[i >> 1] = here[i % 2];
  }
  if (at !== steps.length) throw new PackMalformed("another number of positions than stations");
  return { lat, lon };
}

/** @param {Uint8Array} part @param {number} count */
function readPhones(part, count) {
  const phones = part.length ? lines(part, count) : [];
  if (phones.some((one) => CONTROL.test(one) || (one.length > PHONE && [...one].length > PHONE)))
    throw new PackMalformed("a telephone that is none");
  return phones;
}

// Distances: only + - * / and the square root, which every engine rounds alike; see client/stations/pack/distance.py

/** The sine of an angle in 1e-5 degree. @param {number} angle @returns {number} */
export function sine(angle) {
  const turned = ((angle % TURN) + TURN) % TURN;
  if (turned > 2 * QUARTER) return -sine(turned - 2 * QUARTER);
  const up = turned > QUARTER ? 2 * QUARTER - turned : turned;
  if (2 * up > QUARTER) {
    const off = (QUARTER - up) * RADIANS;
    return 1 + off * off * horner(COSINE, off * off);
  }
  const small = up * RADIANS;
  const square = small * small;
  return small + small * square * horner(SINE, square);
}

/** @param {number} value from 0 to 1 @returns {number} radians */
export function arcSine(value) {
  let half = value;
  for (let i = 0; i < 3; i++) half = half / Math.sqrt(2 + 2 * Math.sqrt(Math.max(0, 1 - half * half)));
  const square = half * half;
  return 8 * (half + half * square * horner(ARC, square));
}

/** @param {number[]} series @param {number} square */
function horner(series, square) {
  let total = 0;
  for (let i = series.length - 1; i >= 0; i--) total = total * square + series[i];
  return total;
}

/** The way over the ground, in whole metres. @param {number} square of the chord */
export function metres(square) {
  return Math.floor(2 * EARTH * arcSine(Math.sqrt(square) / 2) + 0.5);
}

/** @param {number} lat @param {number} lon 1e-5 degree @returns {[number, number, number]} on the ball of radius 1 */
export function vector(lat, lon) {
  const level = sine(lat + QUARTER);
  return [level * sine(lon + QUARTER), level * sine(lon), sine(lat)];
}

/** @param {number} degrees */
function whole(degrees) {
  return Math.floor(degrees * DEGREE + 0.5);
}

// The form in which names are compared; see client/stations/pack/fold.py

const ZEROS = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xf20];
const GONE = /^(?:['`\u2019\u02bc\u02c8\u0640]|\p{M}|\p{Cf})$/u;
const DIGIT = /^\p{Nd}$/u;
const LETTER = /^\p{L}$/u;
/** @type {Map<string, string>} */
const LETTERS = new Map();
pair("абвгдезийклмнопрстуфыэ", "abvgdeziiklmnoprstufie");
pair("жхцчшщюяһßæœþð", ["zh", "kh", "ts", "ch", "sh", "shch", "iu", "ia", "kh", "ss", "ae", "oe", "th", "d"]);
pair("ъь", ["", ""]);
pair("әғқңөұүіґєђјљњћџ", "agknouuigedjlncd");
pair("yıłøđħŧς", "iilodhtσ");
pair("\u064a\u0649\u06d0\u06d2\u0643\u06aa", "\u06cc\u06cc\u06cc\u06cc\u06a9\u06a9");
pair("\u0629\u06be\u06c1\u06c3\u06d5", "\u0647\u0647\u0647\u0647\u0647");

/** @param {string} from @param {string | string[]} to */
function pair(from, to) {
  for (const [i, mark] of [...from].entries()) LETTERS.set(mark, to[i]);
}

/** @type {Map<string, string>} */
const folded = new Map();

/** @param {string} mark */
function fold(mark) {
  let found = folded.get(mark);
  if (found === undefined) {
    const parts = [...mark.normalize("NFKD")].flatMap((part) => [...part.toLowerCase()]);
    found = mark === "№" ? " " : parts.map(foldOne).join("");
    folded.set(mark, found);
  }
  return found;
}

/** @param {string} mark */
function foldOne(mark) {
  if (GONE.test(mark)) return "";
  if (DIGIT.test(mark)) return digit(mark.codePointAt(0) ?? 0);
  return LETTERS.get(mark) ?? (LETTER.test(mark) ? mark : " ");
}

/** @param {number} point */
function digit(point) {
  const zero = ZEROS.find((one) => one <= point && point <= one + 9);
  return zero === undefined ? " " : String(point - zero);
}

/** The words and numbers of a text, in the form in which they are compared. @param {string} text @returns {string[]} */
export function tokens(text) {
  let plain = "";
  for (const mark of text) plain += fold(mark);
  const found = plain.match(/[0-9]+|[^0-9 ]+/g) ?? [];
  return found.map((token) => (isNumber(token) ? token.replace(/^0+(?=.)/, "") : token));
}

/** @param {string} token */
function isNumber(token) {
  return token <= "9\uffff" && token >= "0";
}

/** The pieces of three characters of ` word `. @param {string} word @returns {string[]} */
function pieces(word) {
  const isPlain = !/[\ud800-\udfff]/.test(word); // taking characters apart properly costs three times as much
  const marks = isPlain ? ` ${word} ` : [" ", ...word, " "];
  const found = [];
  for (let i = 2; i < marks.length; i++) found.push(marks[i - 2] + marks[i - 1] + marks[i]);
  return found;
}

/** Every different piece of these words. @param {string[]} words @returns {string[]} */
export function grams(words) {
  return [...new Set(words.flatMap(pieces))];
}

// Asking

/** The stations of one pack, ready to be asked. */
export class Stations {
  /** @type {ReturnType<typeof boxesOf> | undefined} */ #boxes;
  /** @type {ReturnType<typeof namesOf> | undefined} */ #names;

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
    this.#boxes ??= boxesOf(this.body);
    this.#names ??= namesOf(this.body);
  }

  /** @param {number} at @returns {Station} */
  station(at) {
    const { words, ids, lat, lon, names, addresses, phones } = this.body;
    const called = split(list(names, at)).map((name) => joined(words, name));
    const address = joined(words, [...list(addresses, at)]);
    const [name, phone] = [called[0] ?? "", phones[at] ?? ""];
    return { id: ids[at], name, names: called, address, lat: lat[at], lon: lon[at], phone };
  }

  /** The stations that may be meant, nearest first, ties by id.
   *  @param {number} lat @param {number} lon degrees @param {number} [accuracy] metres @returns {Candidate[]} @throws {BadPosition} */
  near(lat, lon, accuracy = 0) {
    if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) throw new BadPosition();
    if (!(accuracy >= 0)) throw new BadPosition("accuracy");
    this.#boxes ??= boxesOf(this.body);
    const nearest = nearestOf(this.#boxes, this.body.ids, vector(whole(lat), whole(lon)));
    const sure = Math.ceil(Math.min(accuracy, FARTHEST_ACCURACY));
    const reach = nearest[0].m + 2 * sure + REACH;
    const highlight = standsOut(nearest, sure);
    const offered = nearest.filter(({ m }) => m <= reach);
    return offered.map(({ at, m }, i) => ({ station: this.station(at), m, highlight: highlight && i === 0 }));
  }

  /** The stations whose names and addresses are like this text, best first, ties by id. @param {string} text @returns {Match[]} */
  find(text) {
    this.#names ??= namesOf(this.body);
    return bestOf(this.#names, this.body, tokens(text)).map(({ at, score }) => ({ station: this.station(at), score }));
  }
}

/** @param {Lists} lists @param {number} i */
function list(lists, i) {
  return lists.all.subarray(lists.start[i], lists.start[i + 1]);
}

/** @param {Uint32Array} text @returns {number[][]} */
function split(text) {
  /** @type {number[][]} */
  const names = text.length ? [[]] : [];
  for (const word of text) {
    if (word === BREAK) names.push([]);
    else names[names.length - 1].push(word);
  }
  return names;
}

/** @param {string[]} words @param {number[]} text */
function joined(words, text) {
  return text
    .map((word) => words[word])
    .join(" ")
    .replace(/ , /g, ", ");
}

/** @param {{ m: number }[]} nearest @param {number} accuracy */
function standsOut(nearest, accuracy) {
  const first = nearest[0].m;
  if (accuracy > SURE_ACCURACY || first > 2 * accuracy + SURE_NEAREST) return false;
  return nearest.length === 1 || 2 * (nearest[1].m - first) >= 3 * accuracy + 2 * SURE_NEXT;
}

/** Points on the ball, three numbers each, and the smallest box around each block, six numbers each. @param {Body} body */
function boxesOf({ lat, lon }) {
  const points = new Float64Array(3 * lat.length);
  const boxes = new Float64Array(6 * Math.ceil(lat.length / BLOCK));
  for (let i = 0; i < lat.length; i++) {
    const box = 6 * Math.floor(i / BLOCK);
    if (i % BLOCK === 0) boxes.fill(2, box, box + 3).fill(-2, box + 3, box + 6);
    const point = vector(lat[i], lon[i]);
    points.set(point, 3 * i);
    for (let side = 0; side < 3; side++) {
      boxes[box + side] = Math.min(boxes[box + side], point[side]);
      boxes[box + 3 + side] = Math.max(boxes[box + 3 + side], point[side]);
    }
  }
  return { points, boxes };
}

/** @param {Float64Array} boxes @param {number} at @param {number[]} here */
function squareToBox(boxes, at, here) {
  let total = 0;
  for (let side = 0; side < 3; side++) {
    const off = Math.max(boxes[at + side] - here[side], here[side] - boxes[at + 3 + side], 0);
    total += off * off;
  }
  return total;
}

/** The few nearest, sorted by metres and id. @param {ReturnType<typeof boxesOf>} index @param {string[]} ids @param {number[]} here
 *  @returns {Near[]} */
function nearestOf({ points, boxes }, ids, here) {
  const squares = Float64Array.from({ length: boxes.length / 6 }, (_, box) => squareToBox(boxes, 6 * box, here));
  const nearest = squares.indexOf(squares.reduce((least, one) => Math.min(least, one)));
  /** @type {Near[]} */
  const kept = [];
  let bound = 16; // nothing on the ball is as far
  for (let i = -1; i < squares.length; i++) {
    const box = i < 0 ? nearest : i; // the nearest box first: what is found there spares most of the others
    if (squares[box] > bound || i === nearest) continue;
    for (let at = box * BLOCK; at < Math.min(ids.length, (box + 1) * BLOCK); at++) {
      const x = here[0] - points[3 * at];
      const y = here[1] - points[3 * at + 1];
      const z = here[2] - points[3 * at + 2];
      const square = x * x + y * y + z * z;
      if (square <= bound) bound = keep(kept, { m: metres(square), id: ids[at], at, square });
    }
  }
  return kept;
}

/** Put one where it belongs; the answer is the bound beyond which nothing gets in.
 *  @param {Near[]} kept @param {Near} one */
function keep(kept, one) {
  let to = kept.length;
  while (to > 0 && (one.m < kept[to - 1].m || (one.m === kept[to - 1].m && one.id < kept[to - 1].id))) to--;
  kept.splice(to, 0, one);
  if (kept.length > ANSWERS) kept.pop();
  if (kept.length < ANSWERS) return 16;
  // Equal metres are decided by id, and whole metres may hide one metre: two more are let in.
  const chord = Math.sqrt(kept[ANSWERS - 1].square) + 2 / EARTH;
  return chord * chord;
}

/** From grams to words to stations. @param {Body} body */
function namesOf({ words, names, addresses, ids }) {
  /** @type {Map<string, number[]>} */
  const wordsWith = new Map();
  /** @type {Map<string, number[]>} */
  const wordsWithNumber = new Map();
  const isNumbered = new Uint8Array(words.length);
  const sizes = new Uint32Array(words.length);
  for (const [i, word] of words.entries()) {
    for (const token of tokens(word)) {
      if (isNumber(token)) {
        add(wordsWithNumber, token, i);
        isNumbered[i] = 1;
      }
      for (const gram of pieces(token)) {
        add(wordsWith, gram, i);
        sizes[i]++;
      }
    }
  }
  const shortest = Uint32Array.from(ids, (_, at) => shortestName(list(names, at), sizes));
  const lists = { named: turned(names, words.length), told: turned(addresses, words.length) };
  return { wordsWith, wordsWithNumber, isNumbered, shortest, ...lists };
}

/** @param {Map<string, number[]>} words @param {string} key @param {number} word not below the one before */
function add(words, key, word) {
  const having = words.get(key);
  if (having === undefined) words.set(key, [word]);
  else if (having[having.length - 1] !== word) having.push(word);
}

/** How many grams the shortest name has; at least 1. @param {Uint32Array} text @param {Uint32Array} sizes */
function shortestName(text, sizes) {
  let shortest = Infinity;
  let size = 0;
  for (const word of text) {
    if (word !== BREAK) {
      size += sizes[word];
    } else {
      shortest = Math.min(shortest, size || 1);
      size = 0;
    }
  }
  return Math.min(shortest, size || 1);
}

/** From "words of a station" to "stations of a word". @param {Lists} texts @param {number} wordCount @returns {Lists} */
function turned({ all, start }, wordCount) {
  const begin = new Uint32Array(wordCount + 2);
  for (const word of all) if (word !== BREAK) begin[word + 2]++;
  for (let word = 2; word < begin.length; word++) begin[word] += begin[word - 1];
  const stations = new Uint32Array(all.length);
  for (let at = 0; at + 1 < start.length; at++) {
    for (let i = start[at]; i < start[at + 1]; i++) if (all[i] !== BREAK) stations[begin[all[i] + 1]++] = at;
  }
  return { all: stations, start: begin };
}

/** How much a gram tells: 1 when every station has it, 1 more for each halving. @param {number} count @param {number} having */
function weight(count, having) {
  return 32 - Math.clz32(Math.floor(count / Math.max(1, having)));
}

/** @param {ReturnType<typeof namesOf>} index @param {Body} body @param {string[]} question
 *  @returns {{ at: number, score: number, id: string }[]} */
function bestOf(index, { ids, names }, question) {
  const { hits, inName, total } = weigh(index, ids.length, grams(question).slice(0, GRAMS));
  const withNumbers = judge(index, names, ids.length, [...new Set(question.filter(isNumber))]);
  /** @type {{ at: number, score: number, id: string }[]} */
  const best = [];
  let least = LEAST_SCORE;
  for (let at = 0; at < hits.length; at++) {
    if (hits[at] === 0) continue;
    const name = index.shortest[at];
    const points = Math.floor((FIT * hits[at]) / total) + Math.floor((CLOSENESS * Math.min(inName[at], name)) / name);
    if (points < least) continue;
    const score = withNumbers(at, points);
    if (score === 0) continue;
    best.push({ at, score, id: ids[at] });
    best.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
    if (best.length > ANSWERS) best.pop();
    if (best.length === ANSWERS) least = Math.max(LEAST_SCORE, best[ANSWERS - 1].score);
  }
  return best;
}

/** Give each gram's weight to the stations that have it: twice for the name, once for the address alone.
 *  @param {ReturnType<typeof namesOf>} index @param {number} stations @param {string[]} asked */
function weigh(index, stations, asked) {
  const hits = new Uint32Array(stations);
  const inName = new Uint32Array(stations);
  const touch = toucher(index, stations);
  let total = 0;
  for (const { having, times } of together(index.wordsWith, asked)) {
    const { touched, inNames, inEither } = touch(having);
    const gain = times * weight(stations, inEither);
    total += 2 * gain;
    for (let i = 0; i < inEither; i++) hits[touched[i]] += gain;
    for (let i = 0; i < inNames; i++) {
      hits[touched[i]] += gain;
      inName[touched[i]] += times;
    }
  }
  return { hits, inName, total };
}

/** Grams that stand in the same words weigh the same, as most of a frequent word's do: they are counted once for all.
 *  @param {Map<string, number[]>} wordsWith @param {string[]} asked */
function together(wordsWith, asked) {
  /** @type {Map<string, { having: number[], times: number }>} */
  const groups = new Map();
  for (const gram of asked) {
    const having = wordsWith.get(gram) ?? [];
    const key = having.join();
    const group = groups.get(key);
    if (group) group.times++;
    else groups.set(key, { having, times: 1 });
  }
  return groups.values();
}

/** Who has one of these words, each once: first those that have it in a name, then those in the address alone.
 *  @param {ReturnType<typeof namesOf>} index @param {number} stations */
function toucher({ named, told }, stations) {
  const seen = new Uint32Array(stations); // the round in which a station was touched last
  const touched = new Uint32Array(stations);
  let round = 0;
  /** @param {Lists} lists @param {number[]} having @param {number} from */
  const touch = ({ all, start }, having, from) => {
    let to = from;
    for (const word of having) {
      for (let i = start[word]; i < start[word + 1]; i++) {
        const at = all[i];
        if (seen[at] !== round) {
          seen[at] = round;
          touched[to++] = at;
        }
      }
    }
    return to;
  };
  /** @param {number[]} having */
  return (having) => {
    round++;
    const inNames = touch(named, having, 0);
    return { touched, inNames, inEither: touch(told, having, inNames) };
  };
}

/** What is left of a station's points when the numbers asked for are looked at; nothing when one is missing.
 *  @param {ReturnType<typeof namesOf>} index @param {Lists} names @param {number} stations @param {string[]} asked
 *  @returns {(at: number, points: number) => number} */
function judge(index, names, stations, asked) {
  if (asked.length === 0) return (_, points) => points;
  const inName = new Uint32Array(stations);
  const inBoth = new Uint32Array(stations);
  const touch = toucher(index, stations);
  for (const number of asked) {
    const { touched, inNames, inEither } = touch(index.wordsWithNumber.get(number) ?? []);
    for (let i = 0; i < inEither; i++) inBoth[touched[i]]++;
    for (let i = 0; i < inNames; i++) inName[touched[i]]++;
  }
  return (at, points) => {
    if (inName[at] === asked.length) return points;
    if (inBoth[at] < asked.length) return 0;
    // "OVD 5" is not OVD 15 in a street's house 5: a name with numbers must have one of those asked for.
    const isOther = inName[at] === 0 && list(names, at).some((word) => index.isNumbered[word]);
    return isOther ? 0 : points >> 1;
  };
}
