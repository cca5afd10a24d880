/** What the screens that are loaded later share; one chunk, as `pressing.js` is one. */
import "./pressing.js";

export { camera } from "./camera.js";
export { age, distance, moment } from "./dates.js";
export { eye } from "./eye.js";
export { field } from "./fields.js";
export { OPEN, openShorts, shortsOf } from "./shorts.js";
export { tried } from "./trying.js";
export { listenTo, mayWatch, watchOf } from "./watching.js";
