/** Distances: only + - * / and the square root, which every engine rounds alike; see
 *  `client/stations/pack/distance.py`. */

export const EARTH = 6_371_000; // metres
const DEGREE = 100_000;
export const QUARTER = 9_000_000;
const TURN = 36_000_000;
const RADIANS = Math.PI / 18_000_000;
const SINE = [-6, 120, -5040, 362880, -39916800, 6227020800, -1307674368000].map((f) => 1 / f);
const COSINE = [-2, 24, -720, 40320, -3628800, 479001600, -87178291200, 20922789888000].map((f) => 1 / f);
const ARC = [1 / 6, 3 / 40, 15 / 336, 105 / 3456, 945 / 42240, 10395 / 599040, 135135 / 9676800, 2027025 / 175472640];

/** Return the sine of an angle in 1e-5 degree. @param {number} angle @returns {number} */
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

/** Return the angle of a sine. @param {number} value from 0 to 1 @returns {number} radians */
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

/** Return the distance over the ground, in whole metres. @param {number} square of the chord */
export function metres(square) {
  return Math.floor(2 * EARTH * arcSine(Math.sqrt(square) / 2) + 0.5);
}

/** Return the point of a position. @param {number} lat @param {number} lon 1e-5 degree
 *  @returns {[number, number, number]} on the ball of radius 1 */
export function vector(lat, lon) {
  const level = sine(lat + QUARTER);
  return [level * sine(lon + QUARTER), level * sine(lon), sine(lat)];
}

/** Convert degrees to whole 1e-5 degrees. @param {number} degrees */
export function whole(degrees) {
  return Math.floor(degrees * DEGREE + 0.5);
}
