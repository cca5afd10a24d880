/** The phone seals its push address for a relay of Python's, and says so to a contact of Python's. */
import { readFileSync } from "node:fs";
import { pairCode, readPairCode } from "../../../client/phone/protocol/code.js";
import { beginSession, deriveOwn, newPairingOffer, pairKeys, readPairCard } from "../../../client/phone/protocol/pairing.js";
import { randomBytes } from "../../../client/phone/protocol/random.js";
import { offerIn, sealWake, wakeLetter } from "../../../client/phone/protocol/wake.js";
import { b64, unb64, utf8 } from "../../../client/phone/protocol/wire.js";

const { info, relay, endpoint, code, card, share, now } = JSON.parse(readFileSync(0, "utf8"));
const wake = await sealWake(endpoint, offerIn(relay, utf8(info)), randomBytes);
const own = await deriveOwn(newPairingOffer({ relays: [relay], now, randomBytes }));
const session = beginSession(own, readPairCode(code));
const other = await readPairCard(utf8(card), session.code.card, now);
const { envelope } = await wakeLetter(session, other, { share: unb64(share), wake, n: now }, randomBytes);
const { sending } = pairKeys(session, unb64(share));
console.log(
  JSON.stringify({
    wake,
    code: pairCode(own.code),
    card: b64(own.card),
    letter: b64(envelope),
    key: b64(sending),
    share: b64(own.half.share),
  }),
);
