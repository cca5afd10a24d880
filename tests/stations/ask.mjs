/**
 * The phone's side, for tests and measurements in Python: `node ask.mjs PACK ROOT`, one JSON object per line.
 *
 *   {near: [lat, lon, accuracy]} -> [{id, m, highlight}]       {find: text} -> [{id, score}]
 *   {fold: [first, end]}         -> [folded text of every code point from first to end, "" for surrogates]
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { tokens } from "../../client/phone/core/stations/fold.js";
import { readPack } from "../../client/phone/core/stations/pack.js";
import { unb64 } from "../../client/phone/protocol/wire.js";

const [, , path, root] = process.argv;
const stations = path ? await readPack(new Uint8Array(readFileSync(path)), unb64(root)) : undefined;

const ANSWERS = {
  near: (asked) => stations.near(...asked).map(({ station, m, highlight }) => ({ id: station.id, m, highlight })),
  find: (asked) => stations.find(asked).map(({ station, score }) => ({ id: station.id, score })),
  fold: ([first, end]) => Array.from({ length: end - first }, (_, i) => folded(first + i)),
};

function folded(point) {
  return point >= 0xd800 && point <= 0xdfff ? "" : tokens(`a${String.fromCodePoint(point)}b`).join(" ");
}

for await (const line of createInterface({ input: process.stdin })) {
  const [[kind, asked]] = Object.entries(JSON.parse(line));
  process.stdout.write(`${JSON.stringify(ANSWERS[kind](asked))}\n`);
}
