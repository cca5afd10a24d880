/**
 * Keyslots: one common element of a group under several secrets, renewed by whoever passes by without any of them.
 *
 *   keyslot = m*y^a | g^a | y^b | g^b        four points of 32 bytes; y = g^x, x the secret of this keyslot
 *
 * Universal ElGamal (Golle, Jakobsson, Juels, Syverson, "Universal Re-encryption for Mixnets", CT-RSA 2004) in the
 * prime-order subgroup of edwards25519. A used keyslot, an unused one and a renewed one cannot be told apart without x,
 * by the decisional Diffie-Hellman assumption. Points are written additively below: m + a*Y | a*B | b*Y | b*B.
 */
/** @import { RandomBytes } from "../../protocol/wire.js" */

import { concat, domain, mac, PUBLIC_BYTES } from "../../protocol/wire.js";
import { Point } from "../../vendor-src/crypto.js";

/** @typedef {[Point, Point, Point, Point]} Keyslot */

const POINTS = 4;
export const KEYSLOT_BYTES = POINTS * PUBLIC_BYTES;

const SCALAR = domain("vault-scalar");
const WIDE_BYTES = 64; // twice the order's size, so that the remainder leans by less than 2^-250
const { n: ORDER } = Point.CURVE();

/** Return the secret scalar of a key of 32 bytes. @param {Uint8Array} key @returns {bigint} */
export function keyToScalar(key) {
  return toScalar(concat(mac(key, SCALAR, Uint8Array.of(0)), mac(key, SCALAR, Uint8Array.of(1))));
}

/** Draw an element nobody knows the logarithm of. @param {RandomBytes} randomBytes @returns {Point} */
export function drawElement(randomBytes) {
  return Point.BASE.multiply(drawScalar(randomBytes));
}

/** Encrypt an element under a secret. @param {Point} element @param {bigint} secret @param {RandomBytes} randomBytes
 *  @returns {Keyslot} */
export function encryptElement(element, secret, randomBytes) {
  const shared = Point.BASE.multiply(secret);
  const [first, second] = [drawScalar(randomBytes), drawScalar(randomBytes)];
  return [
    element.add(shared.multiply(first)),
    Point.BASE.multiply(first),
    shared.multiply(second),
    Point.BASE.multiply(second),
  ];
}

/** Draw a keyslot that no secret opens. @param {RandomBytes} randomBytes @returns {Keyslot} */
export function drawKeyslot(randomBytes) {
  return [drawElement(randomBytes), drawElement(randomBytes), drawElement(randomBytes), drawElement(randomBytes)];
}

/** Return a keyslot that looks new and holds the element plus `shift`; an unused one stays unused. Needs no secret.
 *  @param {Keyslot} keyslot @param {Point} shift @param {RandomBytes} randomBytes @returns {Keyslot} */
export function renewKeyslot([masked, base, unitMasked, unitBase], shift, randomBytes) {
  const [first, second] = [drawScalar(randomBytes), drawScalar(randomBytes)];
  return [
    masked.add(shift).add(unitMasked.multiply(first)),
    base.add(unitBase.multiply(first)),
    unitMasked.multiply(second),
    unitBase.multiply(second),
  ];
}

/** Decrypt a keyslot. Does the same work whether the secret is the right one or not. @param {Keyslot} keyslot
 *  @param {bigint} secret @returns {Point | null} null when it is another's, or nobody's */
export function decryptKeyslot([masked, base, unitMasked, unitBase], secret) {
  const element = masked.subtract(base.multiply(secret));
  return unitMasked.equals(unitBase.multiply(secret)) ? element : null;
}

/** Write a keyslot as 128 bytes. @param {Keyslot} keyslot @returns {Uint8Array} */
export function packKeyslot(keyslot) {
  return concat(...keyslot.map((point) => point.toBytes()));
}

/** Read a keyslot of 128 bytes. A point that is not on the curve, or is zero, makes it none.
 *  @param {Uint8Array} bytes @returns {Keyslot | null} */
export function unpackKeyslot(bytes) {
  try {
    const [masked, base, unitMasked, unitBase] = [0, 1, 2, 3].map((number) =>
      Point.fromBytes(bytes.slice(number * PUBLIC_BYTES, (number + 1) * PUBLIC_BYTES)),
    );
    // The zero point as unit would open under every secret.
    return unitMasked.is0() || unitBase.is0() ? null : [masked, base, unitMasked, unitBase];
  } catch {
    return null;
  }
}

/** @param {RandomBytes} randomBytes @returns {bigint} */
function drawScalar(randomBytes) {
  return toScalar(randomBytes(WIDE_BYTES));
}

/** @param {Uint8Array} wide 64 bytes @returns {bigint} from 1 to the order less one */
function toScalar(wide) {
  let number = 0n;
  for (const byte of wide) number = (number << 8n) | BigInt(byte);
  return (number % (ORDER - 1n)) + 1n;
}
