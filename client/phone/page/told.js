/** The screens after a press. One chunk: whoever sees the first of them may need each of the others without a network. */
import "./later.js";

export { tellContacts } from "../telling.js";
export { answers } from "./answers.js";
export { photo } from "./picture.js";
export { pressed } from "./pressed.js";
export { station } from "./station.js";
export { text } from "./text.js";
export { voice } from "./voice.js";
