/** The stations nearest to a position. */
/** @import { Body } from "./pack.js" */

import { EARTH, metres, vector } from "./distance.js";
import { ANSWERS } from "./texts.js";

export const FARTHEST_ACCURACY = 20_000_000;
export const REACH = 150;
const SURE_ACCURACY = 300;
const SURE_NEAREST = 100;
const SURE_NEXT = 100;
const BLOCK = 48; // stations, neighbours in the pack, that share one box

/** One of the nearest; `square` of the chord. @typedef {{ m: number, id: string, at: number, square: number }} Near */

/** Tell whether the nearest station is so much nearer that it can be highlighted. @param {{ m: number }[]} nearest
 *  @param {number} accuracy */
export function isOutstanding(nearest, accuracy) {
  const first = nearest[0].m;
  if (accuracy > SURE_ACCURACY || first > 2 * accuracy + SURE_NEAREST) return false;
  return nearest.length === 1 || 2 * (nearest[1].m - first) >= 3 * accuracy + 2 * SURE_NEXT;
}

/** Build the points on the ball, three numbers each, and the smallest box around each block, six numbers each.
 *  @param {Body} body */
export function buildBoxes({ lat, lon }) {
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

/** Find the few nearest, sorted by metres and id. @param {ReturnType<typeof buildBoxes>} index @param {string[]} ids
 *  @param {number[]} here @returns {Near[]} */
export function findNearest({ points, boxes }, ids, here) {
  const squares = Float64Array.from({ length: boxes.length / 6 }, (_, box) => squareToBox(boxes, 6 * box, here));
  const nearest = squares.indexOf(squares.reduce((least, square) => Math.min(least, square)));
  /** @type {Near[]} */
  const found = [];
  let bound = 16; // nothing on the ball is as far
  for (let i = -1; i < squares.length; i++) {
    const box = i < 0 ? nearest : i; // the nearest box first: what is found there spares most of the others
    if (squares[box] > bound || i === nearest) continue;
    for (let at = box * BLOCK; at < Math.min(ids.length, (box + 1) * BLOCK); at++) {
      const x = here[0] - points[3 * at];
      const y = here[1] - points[3 * at + 1];
      const z = here[2] - points[3 * at + 2];
      const square = x * x + y * y + z * z;
      if (square <= bound) bound = insertNear(found, { m: metres(square), id: ids[at], at, square });
    }
  }
  return found;
}

/** Put one where it belongs; the answer is the bound beyond which nothing gets in. @param {Near[]} found
 *  @param {Near} near */
export function insertNear(found, near) {
  let to = found.length;
  while (to > 0 && (near.m < found[to - 1].m || (near.m === found[to - 1].m && near.id < found[to - 1].id))) to--;
  found.splice(to, 0, near);
  if (found.length > ANSWERS) found.pop();
  if (found.length < ANSWERS) return 16;
  // Equal metres are decided by id, and whole metres may hide one metre: two more are let in.
  const chord = Math.sqrt(found[ANSWERS - 1].square) + 2 / EARTH;
  return chord * chord;
}
