/** A reply as an organisation seals it, for tests. */
import { seal } from "../../client/phone/protocol/envelope.js";
import { headerOf, replyMac } from "../../client/phone/protocol/message.js";
import { b64, digest, FrameKind, ID_BYTES, LETTER_BYTES, Purpose, unb64 } from "../../client/phone/protocol/wire.js";

/** @param {any} block @param {Record<string, any>} changes of the message
 *  @param {(count: number) => Uint8Array} randomBytes */
export async function sealReply({ key, secret, relays }, changes, randomBytes) {
  const fields = {
    v: 1,
    kind: "reply",
    id: b64(randomBytes(ID_BYTES)),
    case: b64(randomBytes(ID_BYTES)),
    seq: 0,
    at: 1_795_168_800,
  };
  const header = headerOf(
    /** @type {any} */ ({ ...fields, text: "Адвокат едет", status: "lawyer", reply: null, ...changes }),
  );
  const address = { purpose: Purpose.REPLY, recipient: digest(unb64(key)), mailbox: unb64(relays[0][1]) };
  const body = (/** @type {Uint8Array} */ salt) => replyMac(unb64(secret), address, LETTER_BYTES, salt, header);
  const { envelope, commitment } = await seal({ header, body, key: unb64(key), address, randomBytes });
  return { kind: FrameKind.LETTER, envelope, commitment };
}
