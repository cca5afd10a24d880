/** The address of a relay: a base URL, in one spelling only, because requests are signed for it. As
 *  `keys/address.py`. */
import { BadAddress } from "./errors.js";

export const ADDRESS_BYTES = 255; // one length byte in a code

const WHOLE = /^(https?):\/\/([^/?#@:[\]]+|\[[0-9a-f:.]+\])(?::(\d+))?((?:\/[^?#]*)?)$/;
const PLAIN = /^[!#-;=?-[\]_a-z~]*$/; // printable ASCII without " < > \ ^ ` { | }
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Tell whether this is a relay's base URL in its one spelling: lower case in scheme and host, no slash at its end.
 *  Clear-text http is taken only where nobody stands in between: an onion service or this machine. Specified in
 *  `keys/wire.md`, *Address of a relay*. @param {string} text @returns {boolean} */
export function isRelayAddress(text) {
  const [, scheme, host, port, path] = WHOLE.exec(text) ?? [];
  if (!scheme || text.length > ADDRESS_BYTES || !PLAIN.test(text) || !isHost(host) || !isPort(port)) return false;
  return !path.endsWith("/") && (scheme === "https" || host.endsWith(".onion") || LOOPBACK.test(host));
}

/** Return an address that is a relay's base URL in its one spelling. Specified in `keys/wire.md`, *Address of a relay*.
 *  @param {unknown} text @returns {string} @throws {BadAddress} */
export function relayAddress(text) {
  if (typeof text !== "string" || !isRelayAddress(text)) throw new BadAddress();
  return text;
}

/** @param {string} host */
function isHost(host) {
  if (host !== host.toLowerCase()) return false;
  try {
    return Boolean(new URL(`https://${host}`));
  } catch {
    return false;
  }
}

/** @param {string | undefined} port */
function isPort(port) {
  return port === undefined || (String(Number(port)) === port && Number(port) <= 65_535);
}
