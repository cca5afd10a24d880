/** Whether a relay's address can lie outside this phone and the network it stands in. As `is_public` in
 *  `keys/address.py`; the rules: `keys/wire.md`, *An address from a stranger*. */

const LOCAL_NAME = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|home\.arpa)$/;
/** First byte, and of the second from and to. @type {[number, number, number][]} */
const LOCAL_IPV4 = [
  [0, 0, 255],
  [10, 0, 255],
  [100, 64, 127],
  [127, 0, 255],
  [169, 254, 254],
  [172, 16, 31],
  [192, 168, 168],
  [198, 18, 19],
];

/** Tell whether an address can lie outside this phone and its network, by its spelling only: a name may still lead
 *  anywhere. @param {string} address in its one spelling @returns {boolean} */
export function isPublicAddress(address) {
  const host = new URL(address).hostname;
  if (host.startsWith("[")) return isPublicIpv6(host.slice(1, -1));
  const bytes = /^(\d+)\.(\d+)\.(\d+)\.\d+$/.exec(host)?.slice(1).map(Number);
  if (!bytes) return host.includes(".") && !LOCAL_NAME.test(host);
  const [first, second, third] = bytes;
  if (first >= 224 || (first === 192 && second === 0 && third === 0)) return false;
  return !LOCAL_IPV4.some(([byte, from, to]) => byte === first && from <= second && second <= to);
}

/** 2000::/3 without 2001::/32 and 2002::/16, which carry an IPv4 address. @param {string} address */
function isPublicIpv6(address) {
  const [first, second] = address.split(":").map((group) => Number.parseInt(group || "0", 16));
  if (first >> 13 !== 1 || first === 0x2002) return false;
  return first !== 0x2001 || second !== 0;
}
