/** Mailbox keys, the requests they sign, the frames that come back. Specified in `relay/http.md`. */

import { getPublicKey, sign } from "../vendor-src/crypto.js";
import { Malformed } from "./errors.js";
import {
  b64,
  concat,
  digest,
  domain,
  FrameKind,
  HASH_BYTES,
  LETTER_BYTES,
  PARCEL_BYTES,
  SEED_BYTES,
  utf8,
} from "./wire.js";

export const ACKS = 1_000; // the most acknowledgements in one request
export const WANT = 256; // the most frames in one answer

const ID = domain("mailbox");
const COLLECT = domain("collect");

/** A mailbox with its private half, an Ed25519 seed.
 *  @typedef {{ seed: Uint8Array, public: Uint8Array, id: Uint8Array }} MailboxKey */
/** @typedef {{ kind: number, envelope: Uint8Array, commitment: Uint8Array | null }} Frame */

/** Name a mailbox: D = H("tocsin/1/mailbox\0" | public key). Specified in `relay/http.md`, *Collect*.
 *  @param {Uint8Array} open @returns {Uint8Array} */
export function mailboxId(open) {
  return digest(ID, open);
}

/** Derive a mailbox from its Ed25519 seed of 32 bytes. Source: RFC 8032. @param {Uint8Array} seed @returns {MailboxKey}
 *  @throws {Malformed} */
export function mailboxKey(seed) {
  if (seed.length !== SEED_BYTES) throw new Malformed(`an Ed25519 seed has ${SEED_BYTES} bytes`);
  const open = getPublicKey(seed);
  return { seed, public: open, id: mailboxId(open) };
}

/** Write a collect request for this origin: JSON body, and Ed25519 signature. `at` in Unix seconds, `nonce` 16 fresh
 *  bytes. Specified in `relay/http.md`, *Collect*. @param {MailboxKey} key @param {string} origin
 *  @param {{ at: number, nonce: Uint8Array, ack?: Uint8Array[], want?: number, wait?: number, cover?: boolean,
 *  commits?: boolean }} asked @returns {{ body: Uint8Array, signature: Uint8Array }} */
export function collect(key, origin, { at, nonce, ack = [], want = WANT, wait = 0, cover = false, commits = false }) {
  const fields = { key: b64(key.public), at, nonce: b64(nonce), ack: ack.map(b64), want, wait, cover, commits };
  const body = utf8(JSON.stringify(fields));
  return { body, signature: sign(concat(COLLECT, utf8(origin), Uint8Array.of(0), body), key.seed) };
}

/** Read the frames of a collect answer, each kind u8 | commitment 32 when `commits` was asked for | envelope. Specified
 *  in `relay/http.md`, *Collect*. @param {Uint8Array} data @param {{ commits?: boolean }} [asked] @returns {Frame[]}
 *  @throws {Malformed} */
export function readFrames(data, { commits = false } = {}) {
  const frames = [];
  const before = 1 + (commits ? HASH_BYTES : 0);
  for (let at = 0; at < data.length; ) {
    const kind = data[at];
    const end = at + before + sizeOf(kind);
    if (end > data.length) throw new Malformed("a frame was cut off");
    const commitment = commits ? data.slice(at + 1, at + before) : null;
    frames.push({ kind, commitment, envelope: data.slice(at + before, end) });
    at = end;
  }
  return frames;
}

/** @param {number} kind */
function sizeOf(kind) {
  if (kind === FrameKind.PARCEL) return PARCEL_BYTES;
  if (kind === FrameKind.LETTER || kind === FrameKind.FILLER) return LETTER_BYTES;
  throw new Malformed("a frame of an unknown kind");
}
