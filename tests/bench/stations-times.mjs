/** Times the phone's `core/stations/`, in Node and in a browser. See stations.py. */
import { vector } from "../../client/phone/core/stations/distance.js";
import { readPack } from "../../client/phone/core/stations/pack.js";
import { unb64 } from "../../client/phone/protocol/wire.js";

const ROUNDS = 5;

/** Every question is asked several times; `pick` says which try counts.
 *  @param {(tries: number[]) => number} pick of the tries, sorted */
function times(inputs, ask, pick) {
  const tries = inputs.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, input] of inputs.entries()) {
      const from = performance.now();
      ask(input);
      tries[at].push(performance.now() - from);
    }
  }
  const all = tries.map((one) => pick(one.sort((a, b) => a - b))).sort((a, b) => a - b);
  return {
    median: all[Math.floor(all.length / 2)],
    p99: all[Math.floor(all.length * 0.99)],
    worst: all[all.length - 1],
  };
}

const PICKS = { quickest: (tries) => tries[0], middle: (tries) => tries[Math.floor(tries.length / 2)] };

/** What one would write first: the haversine of every station, then a sort. */
function haversines(flat, [here, there]) {
  const rad = Math.PI / 180;
  const far = flat.map(([la, lo], at) => {
    const half =
      Math.sin(((la - here) * rad) / 2) ** 2 +
      Math.cos(la * rad) * Math.cos(here * rad) * Math.sin(((lo - there) * rad) / 2) ** 2;
    return [Math.round(12_742_000 * Math.asin(Math.sqrt(half))), at];
  });
  return far.sort((a, b) => a[0] - b[0]).slice(0, 8);
}

/** Every station again, but without a sine and without a sort: the best of the brute ones. */
function chords(ball, [here, there]) {
  const [x, y, z] = vector(Math.round(here * 1e5), Math.round(there * 1e5));
  const best = [];
  for (let at = 0; at < ball.length; at++) {
    const point = ball[at];
    const square = (point[0] - x) ** 2 + (point[1] - y) ** 2 + (point[2] - z) ** 2;
    if (best.length < 8 || square < best[7][0]) {
      best.push([square, at]);
      best.sort((a, b) => a[0] - b[0]);
      best.length = Math.min(best.length, 8);
    }
  }
  return best;
}

/** @param {Uint8Array} data @param {string} root @param {{ points: number[][], questions: string[] }} asked
 *  @param {keyof PICKS} which quickest: what else the computer does is left out; middle: a throttled browser stops and goes */
export async function measure(data, root, { points, questions }, which) {
  const pick = PICKS[which];
  const started = performance.now();
  const stations = await readPack(data, unb64(root));
  const opened = performance.now();
  stations.near(0, 0);
  const measured = performance.now();
  stations.find("a");
  const indexed = performance.now();
  const { lat, lon } = stations.body;
  const flat = Array.from(lat, (_, at) => [lat[at] / 1e5, lon[at] / 1e5]);
  const ball = Array.from(lat, (_, at) => vector(lat[at], lon[at]));
  return {
    stations: stations.length,
    "read, once": opened - started,
    "index by position, once": measured - opened,
    "index by name, once": indexed - measured,
    near: times(points, (point) => stations.near(...point), pick),
    "every haversine": times(points.slice(0, 200), (point) => haversines(flat, point), pick),
    "every chord": times(points, (point) => chords(ball, point), pick),
    find: times(questions, (text) => stations.find(text), pick),
  };
}
