/** Random bytes that come out the same each time, so that a failing test fails again. */
import { createHash } from "node:crypto";

/** @param {string} label @returns {(count: number) => Uint8Array} */
export function seededBytes(label) {
  let number = 0;
  return (count) => {
    const hash = createHash("shake256", { outputLength: count });
    number += 1;
    return new Uint8Array(hash.update(`${label}/${number}`).digest());
  };
}
