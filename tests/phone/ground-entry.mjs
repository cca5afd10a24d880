/** What a press takes, loaded at once, and the rest, loaded when asked for: as the page does it, for weighing and
 *  trying. */

export { packKit, unpackKit } from "../../client/phone/core/kit.js";
export { makeLetter, unpackLetter } from "../../client/phone/core/letter.js";
export { emptyOutbox, stepOutbox, summarize } from "../../client/phone/core/outbox.js";
export { amend, press, withoutArrived } from "../../client/phone/core/press.js";
export { openStore } from "../../client/phone/core/store.js";
export { askRelay, deposit } from "../../client/phone/core/transport.js";
export { randomBytes } from "../../client/phone/protocol/random.js";

/** @param {Promise<object>[]} modules @returns {Promise<any>} the exports of all of them */
const together = async (...modules) => Object.assign({}, ...(await Promise.all(modules)));

export const setup = () =>
  together(import("../../client/phone/core/prepare.js"), import("../../client/phone/protocol/organisation.js"));
export const unlocked = () =>
  together(import("../../client/phone/core/vault/vault.js"), import("../../client/phone/core/vault/pin.js"));
export const files = () => import("../../client/phone/core/media.js");
export const work = () => import("../../client/phone/protocol/work.js");
