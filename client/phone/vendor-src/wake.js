/** The KEM of a sealed push address, apart from the rest: only who lets this phone ring needs it, and once. */
export { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
