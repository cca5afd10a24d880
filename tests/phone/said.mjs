/** Who said an opened message, as an organisation finds it out. */
import { saidMac } from "../../client/phone/protocol/message.js";
import { LETTER_BYTES, same, unb64 } from "../../client/phone/protocol/wire.js";

/** @param {{ salt: Uint8Array, header: Uint8Array, body: Uint8Array }} opened @param {Record<string, string>} keys
 *  @param {import("../../client/phone/protocol/envelope.js").Address} address @returns {string} "" for nobody */
export function originOf({ salt, header, body }, keys, address) {
  const found = Object.entries(keys).find(([, key]) =>
    same(saidMac(unb64(key), address, LETTER_BYTES, salt, header), body),
  );
  return found?.[0] ?? "";
}
