/** The address of a relay: a base URL, in one spelling only, because requests are signed for it. As
 *  `keys/address.py`; the grammar stands in `keys/wire.md`. */
import { BadAddress } from "./errors.js";

export const ADDRESS_BYTES = 255; // one length byte in a code

// the path: printable ASCII without " < > \ ^ ` { | } ? #
const WHOLE = /^(https?):\/\/([a-z0-9.-]+|\[[0-9a-f:]+\])(?::([1-9]\d{0,4}))?((?:\/[!$-;=@-[\]_a-z~]*)?)$/;
// a last label that begins with a digit makes a browser read the whole as a number: 127.1, 0x7f.1
const NAME = /^(?:(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.(?=.)|$))+$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?[1-9]\d|1\d\d|\d)(?:\.(?=.)|$)){4}$/;

/** Tell whether this is a relay's base URL in its one spelling: lower case in scheme and host, no slash at its end.
 *  Clear-text http is taken only where nobody stands in between: an onion service or this machine. Specified in
 *  `keys/wire.md`, *Address of a relay*. @param {string} text @returns {boolean} */
export function isRelayAddress(text) {
  const [, scheme, host, port, path] = WHOLE.exec(text) ?? [];
  if (!scheme || text.length > ADDRESS_BYTES || path.endsWith("/") || Number(port ?? 0) > 65_535) return false;
  const isLoopback = host === "localhost" || host === "[::1]" || (host.startsWith("127.") && IPV4.test(host));
  return isHost(host) && (scheme === "https" || host.endsWith(".onion") || isLoopback);
}

/** Return an address that is a relay's base URL in its one spelling. Specified in `keys/wire.md`, *Address of a relay*.
 *  @param {unknown} text @returns {string} @throws {BadAddress} */
export function relayAddress(text) {
  if (typeof text !== "string" || !isRelayAddress(text)) throw new BadAddress();
  return text;
}

/** @param {string} host */
function isHost(host) {
  if (host[0] !== "[")
    return IPV4.test(host) || (host.length <= 253 && NAME.test(host) && !/(^|\.)\d[^.]*$/.test(host));
  try {
    // what every browser writes is the spelling of RFC 5952
    return new URL(`https://${host}`).hostname === host && !host.startsWith("[::ffff:");
  } catch {
    return false;
  }
}
