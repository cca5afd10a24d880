/**
 * All cryptography of the first load, by name. In the source tree Node and tsc follow these lines into node_modules; in a
 * built site a file of the same path holds the same names, bundled by `build.mjs`, so no module needs to know the difference.
 */
import { sha512 } from "@hpke/common";
import { hashes } from "@noble/ed25519";

// The synchronous calls of the Ed25519 library bring no hash of their own. Taking the one the HPKE library already has
// costs 1 KB; a second SHA-2 would cost 4.
hashes.sha512 = /** @type {typeof hashes.sha512} */ (sha512);

export { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
export { hmac, sha256 } from "@hpke/common";
export { CipherSuite, HkdfSha256 } from "@hpke/core";
export { XWing } from "@hpke/hybridkem-x-wing";
export { getPublicKey, Point, sign, verify } from "@noble/ed25519";
