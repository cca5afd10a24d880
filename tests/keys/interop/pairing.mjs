/** The phone's half of a pairing, made anew and sealed for Python: a question on stdin, letters on stdout. */
import { readFileSync } from "node:fs";
import { sealAlert } from "../../../client/phone/core/press.js";
import { pairCode, readPairCode } from "../../../client/phone/protocol/code.js";
import {
  cardLetter,
  digitsOf,
  meet,
  newHalf,
  ownOf,
  pairKeys,
  readPairCard,
  shareLetter,
} from "../../../client/phone/protocol/pairing.js";
import { randomBytes } from "../../../client/phone/protocol/random.js";
import { b64, unb64, utf8 } from "../../../client/phone/protocol/wire.js";

const { code, card, share, now } = JSON.parse(readFileSync(0, "utf8"));
const own = await ownOf(newHalf({ relays: ["https://phone.example"], now, randomBytes, wake: "c2VhbGVk" }));
const meeting = meet(own, readPairCode(code));
const other = await readPairCard(utf8(card), meeting.code.card, now);
const keys = pairKeys(meeting, unb64(share));
const sealed = {
  card: await cardLetter(meeting, randomBytes),
  share: await shareLetter(meeting, other, null, randomBytes),
  answer: await shareLetter(meeting, other, unb64(share), randomBytes),
  alert: await sealAlert(other, keys.sending, { text: "Меня задержали" }, false, randomBytes),
  duress: await sealAlert(other, keys.sending, { text: "Меня задержали" }, true, randomBytes),
};
const letters = Object.fromEntries(Object.entries(sealed).map(([name, { envelope }]) => [name, b64(envelope)]));
console.log(JSON.stringify({ code: pairCode(own.code), digits: digitsOf(meeting), ...letters }));
