/** The kit as bytes, as it lies open on the phone: u32 n | JSON | the sealed letters, one after the other. */
/** @import { Kit, Ready } from "./press.js" */

import { relayAddress } from "../protocol/address.js";
import { counted } from "../protocol/envelope.js";
import { Malformed, TocsinError } from "../protocol/errors.js";
import {
  b64,
  concat,
  HASH_BYTES,
  ID_BYTES,
  isObject,
  jsonObject,
  KEM_PUBLIC_BYTES,
  LETTER_BYTES,
  PUBLIC_BYTES,
  SEED_BYTES,
  u32,
  unb64,
  utf8,
} from "../protocol/wire.js";
import { readStoredWake } from "./letter.js";
import { besideEnvelope, readBlind, readList, readWhole, refuse } from "./stored-fields.js";

const VERSION = 1;
const LISTED = 64; // weeks, relays, contacts: none comes near it

/** Encode a kit as it lies open on the phone. @param {Kit} kit @returns {Uint8Array} */
export function packKit(kit) {
  const { desk, contacts, ready, caseKey, seq, practice, named, open, renewed, dated, receiptKey } = kit;
  const fields = {
    v: VERSION,
    case: kit.case,
    caseKey,
    seq,
    practice,
    named,
    open,
    others: kit.others,
    renewed,
    dated,
    receiptKey: receiptKey && b64(receiptKey),
    desk: { ...desk, ...texts(desk), weekly: desk.weekly.map(b64), keys: desk.keys.map(b64) },
    contacts: contacts.map(({ key, mailbox, ...rest }) => ({ key: b64(key), mailbox: b64(mailbox), ...rest })),
    ready: ready.map(({ week, contact, sealed }) => [
      week,
      contact,
      b64(sealed.commitment),
      b64(sealed.mailbox),
      ...besideEnvelope(sealed),
    ]),
  };
  const head = utf8(JSON.stringify(fields));
  return concat(u32(head.length), head, ...ready.map(({ sealed }) => sealed.envelope));
}

/** Decode a kit. @param {Uint8Array} data @returns {Kit} @throws {Malformed} */
export function unpackKit(data) {
  try {
    const [head, end] = counted(data, 0) ?? refuse();
    const fields = jsonObject(head);
    if (fields.v !== VERSION) refuse();
    return {
      case: fields.case === "" ? "" : b64(unb64(fields.case, ID_BYTES)),
      caseKey: b64(unb64(fields.caseKey, SEED_BYTES)),
      seq: readWhole(fields.seq),
      practice: fields.practice === true,
      named: fields.named === true, // not in a kit of before
      desk: readDesk(fields.desk),
      contacts: readList(fields.contacts, LISTED, readContact),
      ready: readReady(fields, data.subarray(end)),
      open: readOpen(fields.open),
      others: readList(fields.others ?? [], LISTED, relayAddress), // missing in a kit of before
      renewed: readWhole(fields.renewed ?? 0),
      dated: readWhole(fields.dated ?? 0),
      receiptKey: fields.receiptKey ? unb64(fields.receiptKey, PUBLIC_BYTES) : null,
    };
  } catch (error) {
    throw error instanceof TocsinError ? new Malformed("not a kit") : error;
  }
}

/** @param {import("./press.js").Recipient} desk */
function texts({ root, mailbox, lastResort }) {
  return { root: b64(root), mailbox: b64(mailbox), lastResort: b64(lastResort) };
}

/** @param {unknown} value @returns {import("./press.js").Open | null} null where there is a PIN, or from before */
function readOpen(value) {
  if (!isObject(value)) return null;
  return { facts: isObject(value.facts) ? value.facts : refuse(), key: b64(unb64(value.key, SEED_BYTES)) };
}

/** @param {unknown} value @returns {import("./press.js").Recipient} */
function readDesk(value) {
  const {
    root,
    mailbox,
    seq = 0,
    issued = 0,
    week,
    weekly,
    lastResort,
    relays,
    keys,
  } = isObject(value) ? value : refuse();
  return {
    root: unb64(root, PUBLIC_BYTES),
    mailbox: unb64(mailbox, HASH_BYTES),
    seq: readWhole(seq), // both are 0 in a kit of before
    issued: readWhole(issued),
    week: readWhole(week),
    weekly: readList(weekly, LISTED, (key) => unb64(key, KEM_PUBLIC_BYTES)),
    lastResort: unb64(lastResort, KEM_PUBLIC_BYTES),
    relays: readList(relays, LISTED, relayAddress),
    keys: readList(keys, LISTED, (key) => unb64(key, PUBLIC_BYTES)),
  };
}

/** @param {unknown} value @returns {import("./press.js").Reachable} */
function readContact(value) {
  const { key, mailbox, relays, wake, later } = isObject(value) ? value : refuse();
  return {
    key: unb64(key, KEM_PUBLIC_BYTES),
    mailbox: unb64(mailbox, HASH_BYTES),
    relays: readList(relays, LISTED, relayAddress),
    wake: readStoredWake(wake),
    later: readWhole(later),
  };
}

/** @param {Record<string, any>} fields @param {Uint8Array} envelopes @returns {Ready[]} */
function readReady(fields, envelopes) {
  const contacts = readList(fields.contacts, LISTED, (contact) => contact).length;
  const ready = readList(fields.ready, LISTED, (row, i) => {
    const [week, contact, commitment, mailbox, blind] = Array.isArray(row) ? row : refuse();
    if (contact !== null && readWhole(contact) >= contacts) refuse();
    const envelope = envelopes.slice(i * LETTER_BYTES, (i + 1) * LETTER_BYTES);
    const sealed = {
      envelope,
      commitment: unb64(commitment, HASH_BYTES),
      mailbox: unb64(mailbox, HASH_BYTES),
      blind: readBlind(blind),
    };
    return {
      week: week === null ? null : readWhole(week),
      contact: contact === null ? null : readWhole(contact),
      sealed,
    };
  });
  return envelopes.length === ready.length * LETTER_BYTES ? ready : refuse();
}
