/** Many texts, each a list of word numbers, in two arrays of numbers. */

export const BREAK = 0xffffffff; // in the texts in memory: the next name of the same station begins
export const ANSWERS = 8; // as many as fit a small screen

/** Many lists of numbers in one: list `i` is `all.subarray(start[i], start[i + 1])`.
 *  @typedef {{ all: Uint32Array, start: Uint32Array }} Lists */

/** Return list `i`. @param {Lists} lists @param {number} i */
export function list(lists, i) {
  return lists.all.subarray(lists.start[i], lists.start[i + 1]);
}

/** Split a text at its breaks into names. @param {Uint32Array} text @returns {number[][]} */
export function split(text) {
  /** @type {number[][]} */
  const names = text.length ? [[]] : [];
  for (const word of text) {
    if (word === BREAK) names.push([]);
    else names[names.length - 1].push(word);
  }
  return names;
}

/** Write a text out of word numbers. @param {string[]} words @param {number[]} text */
export function joinWords(words, text) {
  return text
    .map((word) => words[word])
    .join(" ")
    .replace(/ , /g, ", ");
}
