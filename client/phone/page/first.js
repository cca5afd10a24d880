/** The screens of the first visit, and those that the unlocked app shares with it. */
import "./later.js";

export { allow, practice, ready } from "./finishing.js";
export { card, embedded, fetched, paste } from "./joining.js";
export { decoy, pin } from "./pins.js";
export { profile } from "./profile.js";
export { scan } from "./scan.js";
