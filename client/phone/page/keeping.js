/** Vault, PIN and answers: the chunk with Argon2. */
import "./later.js";

export { Mail } from "./mail.js";
export { cardOf, hasPin, newWay, open, settle } from "./session.js";
