/** Checking a signed pack of stations and taking it apart. Specified in `client/stations/pack/pack.md`. */
/** @import { Lists } from "./texts.js" */

import { NoteUnsigned } from "../../protocol/errors.js";
import { readObject } from "../../protocol/message-reader.js";
import { isSignedBy, readNote } from "../../protocol/note.js";
import { digest, HASH_BYTES, isObject, PUBLIC_BYTES, same, unb64, unutf8 } from "../../protocol/wire.js";
import { QUARTER } from "./distance.js";
import { PackChanged, PackMalformed, PackOlder, PackOther } from "./errors.js";
import { Stations } from "./stations.js";
import { BREAK } from "./texts.js";

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

/** What the note says of the stations behind it.
 *  @typedef {{ id: string, root: string, seq: number, issued: number, country: string, source: string, licence: string,
 *    notice: string, count: number, size: number, hash: string }} About */

/** The stations of a pack as they rest in memory: words as numbers, strings made when one is shown.
 *  @typedef {{ words: string[], ids: string[], lat: Int32Array, lon: Int32Array, names: Lists, addresses: Lists,
 *    phones: string[] }} Body `phones`: empty when no station has one */

/** Check a pack and take it apart. `root`: the key that must have signed it. `held`: what is said of the pack it would
 *  replace. @param {Uint8Array} data @param {Uint8Array} root @param {About} [known] @returns {Promise<Stations>}
 *  @throws {PackMalformed} @throws {NoteUnsigned} @throws {PackChanged} @throws {PackOlder} @throws {PackOther} */
export async function readPack(data, root, known) {
  const zero = data.length > PACK_BYTES ? -1 : data.indexOf(0);
  if (zero < 0) throw new PackMalformed("too long, or no zero byte after the note");
  const about = readAbout(data.subarray(0, zero), root);
  const packed = data.subarray(zero + 1);
  if (!same(digest(packed), bytes(about.hash, HASH_BYTES))) throw new PackChanged();
  if (known) checkFollows(about, known);
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
    return readObject(line);
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

/** @param {About} about @param {About} known */
function checkFollows(about, known) {
  if (about.id !== known.id || about.root !== known.root) throw new PackOther();
  if (about.seq < known.seq || (about.seq === known.seq && about.hash !== known.hash)) throw new PackOlder();
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

/** Take the unpacked body of a pack apart. @param {Uint8Array} body @returns {Body} @throws {PackMalformed} */
export function unpackBody(body) {
  if (body.length < HEAD_BYTES) throw new PackMalformed("cut off");
  const head = new DataView(body.buffer, body.byteOffset, HEAD_BYTES);
  const [count, wordCount, ...sizes] = Array.from({ length: 7 }, (_, i) => head.getUint32(4 * i));
  if (count < 1 || count > STATIONS || wordCount > WORDS)
    throw new PackMalformed("more stations or words than a pack may have");
  const announced = HEAD_BYTES + sizes.reduce((sum, size) => sum + size);
  if (announced > body.length) throw new PackMalformed("lengths that do not fit");
  const ends = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size, HEAD_BYTES));
  const [words, ids, steps, names, addresses] = ends.map((end, i) => body.subarray(end - sizes[i], end));
  return {
    words: readWords(words, wordCount),
    ids: readIds(ids, count),
    ...readPositions(steps, count),
    names: readTexts(names, count, wordCount, NAMES),
    addresses: readTexts(addresses, count, wordCount, 1),
    phones: readPhones(body.subarray(announced), count),
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
  if (phones.some((phone) => CONTROL.test(phone) || (phone.length > PHONE && [...phone].length > PHONE)))
    throw new PackMalformed("a telephone that is none");
  return phones;
}
