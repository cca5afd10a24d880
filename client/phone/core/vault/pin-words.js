/** Words drawn by lot as a PIN; how many, and what they cost to guess, is worked out in `vault.md`. */
/** @import { RandomBytes } from "../../protocol/wire.js" */

export const WORDS = 6;
export const LIST_WORDS = 256; // so a random byte names a word, and each is as likely as any other

/** Draw words from a list. @param {string} list 256 words with a blank between two @param {RandomBytes} randomBytes
 *  @returns {string} */
export function drawWords(list, randomBytes) {
  const words = list.split(" ");
  if (words.length !== LIST_WORDS) throw new RangeError(`${words.length} words`);
  return Array.from(randomBytes(WORDS), (number) => words[number]).join(" ");
}
