/** From a PIN to a key, slowly. Loaded apart, because a press needs no PIN. */

import { SEED_BYTES } from "../../protocol/wire.js";
import { argon2idAsync } from "../../vendor-src/argon.js";

// Measured (`tests/bench/vault.py`): 0.65 s of processor, so about four seconds on a phone six times slower, in plain
// JavaScript (WebAssembly would need `unsafe-eval` or
// `wasm-unsafe-eval` in the policy). Six digits still fall to whoever has the file and a day, and
// the screen says so; six words do not (`vault.md`).
const MEMORY_KIB = 65_536;
const PASSES = 2;
const TICK_MS = 20; // how long the screen may stand still

/** Return Argon2id with 64 MiB and two passes. Source: RFC 9106. @param {(done: number) => void} [progress] from 0 to 1
 *  @returns {import("./vault.js").Stretch} */
export function makeStretch(progress) {
  return (pin, salt) =>
    argon2idAsync(pin, salt, {
      m: MEMORY_KIB,
      t: PASSES,
      p: 1,
      dkLen: SEED_BYTES,
      asyncTick: TICK_MS,
      onProgress: progress,
    });
}
