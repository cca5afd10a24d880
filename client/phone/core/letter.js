/** A letter on its way: sealed bytes and where they may go. Written down as bytes, because only bytes are ever
 *  stored. */
/** @import { Sealed } from "../protocol/envelope.js" */
/** @import { Wake } from "../protocol/wake.js" */

import { relayAddress } from "../protocol/address.js";
import { checkForm, counted } from "../protocol/envelope.js";
import { Malformed, TocsinError } from "../protocol/errors.js";
import { b64, concat, digest, HASH_BYTES, jsonObject, PUBLIC_BYTES, u32, unb64, utf8 } from "../protocol/wire.js";
import { besideEnvelope, readBlind, readList, readWhole, refuse } from "./stored-fields.js";

/** What was sealed, in memory only and never in a record, so that it can be sealed to another key: the content, the
 *  keys it was sealed to, its case. @typedef {{ content: Uint8Array, keys: Uint8Array[], case: string }} Unsealed */
/** `id` is b64 of H(envelope). `keys` are the note keys (Ed25519) a receipt may be signed by; none: the relay's own
 *  word is taken. A lower `rank` goes first. `added` is the moment of the press in milliseconds.
 *  @typedef {Sealed & { id: string, relays: string[], keys: Uint8Array[], rank: number, added: number, wake: Wake
 *    | null, unsealed?: Unsealed }} Letter */

const RELAYS = 16; // as many as a card may name
const WAKE = /^[\w-]{1430}$/;

/** Make a letter of sealed bytes and where they may go. @param {Sealed} sealed
 *  @param {{ relays: string[], keys?: Uint8Array[], rank?: number, added: number, wake?: Wake | null }} options
 *  @returns {Letter} */
export function makeLetter(sealed, { relays, keys = [], rank = 0, added, wake = null }) {
  return { ...sealed, id: b64(digest(sealed.envelope)), relays, keys, rank, added, wake };
}

/** Read a wake as it was stored; null when it is none, because nothing may hang on it. A header takes no other
 *  characters. @param {any} value @returns {Wake | null} */
export function readStoredWake(value) {
  return WAKE.test(value?.sealed) ? { relay: String(value.relay), sealed: value.sealed } : null;
}

/** Encode a letter as its record: u32 n | JSON | envelope. @param {Letter} letter @returns {Uint8Array} */
export function packLetter({ envelope, commitment, mailbox, blind, relays, keys, rank, added, wake }) {
  const fields = {
    commitment: b64(commitment),
    mailbox: b64(mailbox),
    relays,
    keys: keys.map(b64),
    rank,
    added,
    wake,
    beside: besideEnvelope({ blind }),
  };
  const head = utf8(JSON.stringify(fields));
  return concat(u32(head.length), head, envelope);
}

/** Decode a letter from its record. @param {Uint8Array} record @returns {Letter} @throws {Malformed} */
export function unpackLetter(record) {
  try {
    const [head, end] = counted(record, 0) ?? refuse();
    const { commitment, mailbox, relays, keys, rank, added, wake, beside = [] } = jsonObject(head);
    const envelope = record.slice(end);
    checkForm(envelope);
    const sealed = {
      envelope,
      commitment: unb64(commitment, HASH_BYTES),
      mailbox: unb64(mailbox, HASH_BYTES),
      blind: readBlind(beside[0]),
    };
    const options = {
      relays: readList(relays, RELAYS, relayAddress),
      keys: readList(keys, RELAYS, publicKey),
      rank: readWhole(rank, Number.NEGATIVE_INFINITY),
      added: readWhole(added, Number.NEGATIVE_INFINITY),
      wake: readStoredWake(wake),
    };
    return makeLetter(sealed, options);
  } catch (error) {
    throw error instanceof TocsinError ? new Malformed("not a stored letter") : error;
  }
}

/** @param {unknown} value */
function publicKey(value) {
  return unb64(value, PUBLIC_BYTES);
}
