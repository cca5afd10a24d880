/** What is behind a PIN: the real one, and the one that opens an ordinary app. Together, so that neither takes longer. */
import "./later.js";

export { home } from "./home.js";
export { note, notes } from "./notes.js";
export { unlock } from "./unlock.js";
