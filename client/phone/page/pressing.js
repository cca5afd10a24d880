/** What a press takes: sealing, the outbox, the kit. One chunk, by far the largest; see `core.js`. */
import "./core.js";

export { packKit, unpackKit } from "../kit.js";
export { Alarm } from "./alarm.js";
export { Sender } from "./sender.js";
