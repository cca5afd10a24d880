/** What a press takes, loaded at once, and the rest, loaded when asked for: as the page does it, for weighing and trying. */
export { chance } from "../../client/phone/chance.js";
export { packKit, unpackKit } from "../../client/phone/kit.js";
export { letterOf, unpackLetter } from "../../client/phone/letter.js";
export { emptyOutbox, step, summary } from "../../client/phone/outbox.js";
export { amend, arrived, press } from "../../client/phone/press.js";
export { openStore } from "../../client/phone/store.js";
export { askRelay, deposit } from "../../client/phone/transport.js";

export const setup = () => import("../../client/phone/setup.js");
export const unlocked = () => import("../../client/phone/unlocked.js");
export const files = () => import("../../client/phone/photo.js");
export const work = () => import("../../client/phone/work.js");
