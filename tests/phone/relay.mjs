/** A relay as the phone sees it: signs receipts, keeps what it was given. For tests of the outbox. */

import { keyId, noteKeyText } from "../../client/phone/protocol/note.js";
import { b64, concat, digest, utf8 } from "../../client/phone/protocol/wire.js";
import { getPublicKey, sign } from "../../client/phone/vendor-src/crypto.js";

const HOUR = 1_795_168_800;

/** @param {string} text @param {string} name @param {Uint8Array} seed @returns {Uint8Array} a signed note */
export function signNote(text, name, seed) {
  const signature = concat(keyId(name, getPublicKey(seed)), sign(utf8(text), seed));
  return utf8(`${text}\n— ${name} ${Buffer.from(signature).toString("base64")}\n`);
}

/** @param {string} origin */
export function relayAt(origin) {
  const seed = digest(utf8(origin));
  const name = new URL(origin).host;
  const open = getPublicKey(seed);
  /** @type {Set<string>} */
  const envelopes = new Set();
  return {
    origin,
    public: open,
    envelopes,
    verifier: noteKeyText({ name, public: open }),
    /** @param {Uint8Array} envelope @param {Uint8Array} commitment @param {number} [hour] */
    receipt(envelope, commitment, hour = HOUR) {
      envelopes.add(b64(digest(envelope)));
      const lines = ["tocsin/1/receipt", origin, b64(commitment), b64(digest(envelope)), String(hour)];
      return signNote(`${lines.join("\n")}\n`, name, seed);
    },
  };
}

/** @param {number} status @param {Record<string, unknown> | Uint8Array} body @param {string | null} [retryAfter] */
export function answerOf(status, body, retryAfter = null) {
  return { status, retryAfter, body: body instanceof Uint8Array ? body : utf8(JSON.stringify(body)) };
}
