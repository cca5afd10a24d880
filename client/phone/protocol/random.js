/** Random bytes of the platform. */
const AT_ONCE = 65_536; // more in one call is refused by every browser

/** @type {import("./wire.js").RandomBytes} */
export function randomBytes(count) {
  const data = new Uint8Array(count);
  for (let at = 0; at < count; at += AT_ONCE) crypto.getRandomValues(data.subarray(at, at + AT_ONCE));
  return data;
}
