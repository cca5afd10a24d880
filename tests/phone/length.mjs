/**
 * What is long by nature runs with small numbers in `make test`, and at its full length in `make soak`.
 *
 * @param {number} short @param {number} full @returns {number} how many runs
 */
export function atLength(short, full) {
  return process.env.TOCSIN_SOAK ? full : short;
}
