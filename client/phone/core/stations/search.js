/** The stations whose names and addresses are like a text. */
/** @import { Body } from "./pack.js" */
/** @import { Lists } from "./texts.js" */

import { grams, isNumber, pieces, tokens } from "./fold.js";
import { ANSWERS, BREAK, list } from "./texts.js";

const GRAMS = 40; // of a question: bounds the time on a slow phone
const LEAST_SCORE = 200;
const FIT = 900;
const CLOSENESS = 100;

/** Build the index from grams to words to stations. @param {Body} body */
export function indexNames({ words, names, addresses, ids }) {
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
  const lists = { named: invertLists(names, words.length), addressed: invertLists(addresses, words.length) };
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

/** Turn "words of a station" into "stations of a word". @param {Lists} texts @param {number} wordCount
 *  @returns {Lists} */
export function invertLists({ all, start }, wordCount) {
  const begin = new Uint32Array(wordCount + 2);
  for (const word of all) if (word !== BREAK) begin[word + 2]++;
  for (let word = 2; word < begin.length; word++) begin[word] += begin[word - 1];
  const stations = new Uint32Array(all.length);
  for (let at = 0; at + 1 < start.length; at++) {
    for (let i = start[at]; i < start[at + 1]; i++) if (all[i] !== BREAK) stations[begin[all[i] + 1]++] = at;
  }
  return { all: stations, start: begin };
}

/** How much a gram tells: 1 when every station has it, 1 more for each halving. @param {number} count
 *  @param {number} having */
function weight(count, having) {
  return 32 - Math.clz32(Math.floor(count / Math.max(1, having)));
}

/** Find the few best, sorted by score and id. @param {ReturnType<typeof indexNames>} index @param {Body} body
 *  @param {string[]} question @returns {{ at: number, score: number, id: string }[]} */
export function findBest(index, { ids, names }, question) {
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
 *  @param {ReturnType<typeof indexNames>} index @param {number} stations @param {string[]} asked */
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
 *  @param {ReturnType<typeof indexNames>} index @param {number} stations */
function toucher({ named, addressed }, stations) {
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
    return { touched, inNames, inEither: touch(addressed, having, inNames) };
  };
}

/** What is left of a station's points when the numbers asked for are looked at; nothing when one is missing.
 *  @param {ReturnType<typeof indexNames>} index @param {Lists} names @param {number} stations @param {string[]} asked
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
