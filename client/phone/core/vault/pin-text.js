/** From what somebody types to the bytes that are stretched: the same PIN on every keyboard. */
import { utf8 } from "../../protocol/wire.js";

// Arabic keyboards write these where a Persian one writes the letter after it.
const ARABIC = new Map([
  ["ي", "ی"],
  ["ى", "ی"],
  ["ك", "ک"],
  ["ة", "ه"],
  ["ە", "ه"],
]);

/** Encode a PIN. Case, accents (ё and е, й and и, آ and ا), invisible joiners and how many
 *  blanks stand between words do not count; digits of every script are the same digits. @param {string} pin @returns {Uint8Array} UTF-8 */
export function encodePin(pin) {
  const bare = foldDigits(pin.normalize("NFKD")).replace(/[\p{M}\p{Cf}]/gu, "");
  const folded = bare.toLowerCase().replace(/[يىكةە]/gu, (letter) => ARABIC.get(letter) ?? letter);
  // Once more: a capital İ is an i with a dot above.
  const again = folded.normalize("NFKD").replace(/\p{M}/gu, "");
  return utf8(again.replace(/\s+/gu, " ").trim());
}

/** Encode a PIN as it was done before words were offered. @param {string} pin @returns {Uint8Array} UTF-8 */
export function encodeOldPin(pin) {
  return utf8(foldDigits(pin.normalize("NFKC")));
}

/** @param {string} text */
function foldDigits(text) {
  return text.replace(/\p{Nd}/gu, (digit) => String(digitOf(digit)));
}

/** The digits of a script stand in a row of ten, and its zero is the first after a character that is no digit.
 *  @param {string} digit */
function digitOf(digit) {
  const point = /** @type {number} */ (digit.codePointAt(0));
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(point - value - 1))) value++;
  return value;
}
