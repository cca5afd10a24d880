/** Argon2id apart from the rest: pressing needs no PIN, so the first load does without it. */
export { argon2idAsync } from "@noble/hashes/argon2.js";
