/** Work for a crowded relay; loaded when one asks for it. */
import "./pressing.js";

export { doWork } from "../work.js";
