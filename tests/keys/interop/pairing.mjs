/** The phone's half of a pairing, made anew and sealed for Python: a question on stdin, letters on stdout. */
import { readFileSync } from "node:fs";
import { contactKey, sealAlert } from "../../../client/phone/core/press.js";
import { pairCode, readPairCode } from "../../../client/phone/protocol/code.js";
import {
  beginSession,
  cardLetter,
  deriveOwn,
  newPairingOffer,
  pairKeys,
  readPairCard,
  safetyNumber,
  shareLetter,
} from "../../../client/phone/protocol/pairing.js";
import { randomBytes } from "../../../client/phone/protocol/random.js";
import { b64, unb64, utf8 } from "../../../client/phone/protocol/wire.js";

const { code, card, share, now } = JSON.parse(readFileSync(0, "utf8"));
const own = await deriveOwn(newPairingOffer({ relays: ["https://phone.example"], now, randomBytes, wake: "c2VhbGVk" }));
const session = beginSession(own, readPairCode(code));
const other = await readPairCard(utf8(card), session.code.card, now);
const keys = pairKeys(session, unb64(share));
const [id, forced] = [b64(randomBytes(16)), contactKey(randomBytes(32), other.mailbox, b64(randomBytes(16)))];
const named = { pin: b64(randomBytes(32)), forced: b64(forced), open: b64(randomBytes(32)) };
const sealed = {
  card: await cardLetter(session, randomBytes),
  share: await shareLetter(session, other, null, randomBytes),
  answer: await shareLetter(session, other, unb64(share), randomBytes),
  alert: await sealAlert(other, keys.sending, { text: "Меня задержали", case: id, keys: named }, randomBytes),
  forced: await sealAlert(other, forced, { text: "Меня задержали", case: id }, randomBytes),
};
const letters = Object.fromEntries(Object.entries(sealed).map(([name, { envelope }]) => [name, b64(envelope)]));
console.log(JSON.stringify({ code: pairCode(own.code), digits: safetyNumber(session), ...letters }));
