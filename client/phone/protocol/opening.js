/** Opening what is meant for this phone: replies and contacts' alerts. Specified in `keys/envelope.md`. */

/** @import { Address } from "./envelope.js" */
import { checkForm, commit, counted, HPKE, infoOf } from "./envelope.js";
import { BadPadding, BadPlaintext, Malformed, NotForUs } from "./errors.js";
import { readObject } from "./message-reader.js";
import { digest, ENC_BYTES, SALT_BYTES, SEED_BYTES } from "./wire.js";

/** An X-Wing private key, kept as its seed of 32 bytes. `recipient` is H of the public key.
 *  @typedef {{ seed: Uint8Array, public: Uint8Array, recipient: Uint8Array, key: CryptoKey }} PrivateKey */

/** What was inside: raw header, the same as an object, body, and what binds them.
 *  @typedef {{ header: Uint8Array, fields: Record<string, any>, body: Uint8Array, salt: Uint8Array,
 *    commitment: Uint8Array, openedBy: PrivateKey }} Opened */

/** Derive an X-Wing key pair from its seed of 32 bytes. Specified in `keys/envelope.md`, *HPKE*.
 *  @param {Uint8Array} seed @returns {Promise<PrivateKey>} @throws {Malformed} */
export async function privateKey(seed) {
  if (seed.length !== SEED_BYTES) throw new Malformed(`an X-Wing seed has ${SEED_BYTES} bytes`);
  const pair = await kem().generateKeyPairDerand(seed);
  const open = new Uint8Array(await HPKE.kem.serializePublicKey(pair.publicKey));
  return { seed, public: open, recipient: digest(open), key: pair.privateKey };
}

/** Try each key in turn. Source: HPKE in base mode (RFC 9180). @param {Uint8Array} envelope
 *  @param {Iterable<PrivateKey>} keys @param {Address} address @returns {Promise<Opened>} @throws {WrongSize}
 *  @throws {UnknownSuite} @throws {NotForUs} @throws {BadPlaintext} @throws {BadPadding} @throws {BadHeader} */
export async function openEnvelope(envelope, keys, address) {
  checkForm(envelope);
  const info = infoOf(address, envelope.length);
  for (const key of keys) {
    const plaintext = await decrypt(envelope, key.key, info);
    if (plaintext) return readPlaintext(plaintext, key);
  }
  throw new NotForUs();
}

/** @param {Uint8Array} envelope @param {CryptoKey} recipientKey @param {Uint8Array} info */
async function decrypt(envelope, recipientKey, info) {
  const enc = envelope.subarray(1, 1 + ENC_BYTES);
  try {
    return new Uint8Array(await HPKE.open({ recipientKey, enc, info }, envelope.subarray(1 + ENC_BYTES)));
  } catch {
    return null; // the library fails in no other way than by the tag, and says so with several classes
  }
}

/** Take an opened plaintext apart: salt 32 | u32 n | header | u32 m | body | zeros. @param {Uint8Array} plaintext
 *  @param {PrivateKey} openedBy @returns {Opened} @throws {BadPlaintext} @throws {BadPadding} @throws {BadHeader} */
export function readPlaintext(plaintext, openedBy) {
  const [header, afterHeader] = counted(plaintext, SALT_BYTES) ?? unfit();
  const [body, end] = counted(plaintext, afterHeader) ?? unfit();
  if (plaintext.subarray(end).some((byte) => byte !== 0)) throw new BadPadding();
  const fields = readObject(header);
  return {
    header,
    fields,
    body,
    salt: plaintext.subarray(0, SALT_BYTES),
    commitment: commit(plaintext.subarray(0, end)),
    openedBy,
  };
}

/** @returns {never} */
function unfit() {
  throw new BadPlaintext("a length that does not fit");
}

/** The interface of the library's suite knows a KEM in general; deriving from a seed is X-Wing's own. */
function kem() {
  return /** @type {import("@hpke/hybridkem-x-wing").XWing} */ (/** @type {unknown} */ (HPKE.kem));
}
