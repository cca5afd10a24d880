/** First visit and every change of the profile: codes, cards, sealing in advance. Loaded when first asked for. */
export { cardCode, pairCode, readCardCode, readPairCode } from "./code.js";
export { fetchCard } from "./collecting.js";
export { fingerprint, readCard } from "./organisation.js";
export { bareKit, deskOf, prepare } from "./prepare.js";
