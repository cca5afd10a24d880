/** A phone asks a relay how it rings and seals an endpoint for it: `node wake.mjs RELAY ENDPOINT`, the header on stdout. */
import { randomBytes } from "../../../client/phone/protocol/random.js";
import { askWakeOffer } from "../../../client/phone/core/relay-reads.js";
import { readWake, sealWake } from "../../../client/phone/protocol/wake.js";

const [relay, endpoint] = process.argv.slice(2);
const text = await sealWake(endpoint, await askWakeOffer(relay, fetch), randomBytes);
console.log(readWake(text, [relay]).sealed);
