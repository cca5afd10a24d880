/** The form in which names are compared; see `client/stations/pack/fold.py`. */

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
  const zero = ZEROS.find((first) => first <= point && point <= first + 9);
  return zero === undefined ? " " : String(point - zero);
}

/** Return the words and numbers of a text, in the form in which they are compared. @param {string} text
 *  @returns {string[]} */
export function tokens(text) {
  let plain = "";
  for (const mark of text) plain += fold(mark);
  const found = plain.match(/[0-9]+|[^0-9 ]+/g) ?? [];
  return found.map((token) => (isNumber(token) ? token.replace(/^0+(?=.)/, "") : token));
}

/** Tell whether a token is a number. @param {string} token */
export function isNumber(token) {
  return token <= "9\uffff" && token >= "0";
}

/** Return the pieces of three characters of ` word `. @param {string} word @returns {string[]} */
export function pieces(word) {
  const isPlain = !/[\ud800-\udfff]/.test(word); // taking characters apart properly costs three times as much
  const marks = isPlain ? ` ${word} ` : [" ", ...word, " "];
  const found = [];
  for (let i = 2; i < marks.length; i++) found.push(marks[i - 2] + marks[i - 1] + marks[i]);
  return found;
}

/** Return every different piece of these words. @param {string[]} words @returns {string[]} */
export function grams(words) {
  return [...new Set(words.flatMap(pieces))];
}
