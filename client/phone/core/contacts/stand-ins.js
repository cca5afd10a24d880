/**
 * Contacts that stand for those of the kit, under a second PIN: as many as the kit names, with the kit's public keys and
 * with names of their own. Who they are, and the keys of the pairs, lie behind the first PIN. Specified in `contacts.md`,
 * *Stand-ins*.
 */
/** @import { Book, Contact } from "./book.js" */
/** @import { PreparedContact } from "../prepare.js" */
/** @import { Reachable } from "../press.js" */
/** @import { RandomBytes } from "../../protocol/wire.js" */

import { pairCode } from "../../protocol/code.js";
import { TocsinError } from "../../protocol/errors.js";
import { cardHash, newPairingOffer } from "../../protocol/pairing.js";
import { b64, ID_BYTES, SEED_BYTES, utf8 } from "../../protocol/wire.js";
import { toSeconds } from "../press.js";
import { chooseRelays, encodePairCard, encodePairingOffer, HANDLE_BYTES, NEW_CONTACT, renameContact } from "./book.js";

/** A book and the ids of those in it that are stand-ins. @typedef {{ book: Book, standIns: string[] }} LentBook */

/** Bring the stand-ins of a book in step with the contacts of the kit: who is new there gets the first free name, who is
 *  gone there goes. The same book comes back when nothing changes. @param {LentBook} before
 *  @param {{ contacts: Reachable[], relays: string[], names: string[], now: number, randomBytes: RandomBytes }} kit
 *  `relays`: of the organisation @returns {LentBook} */
export function matchStandIns({ book, standIns }, { contacts, ...by }) {
  const named = new Set(contacts.map(placeOf));
  const isGone = (/** @type {Contact} */ { id, card }) => standIns.includes(id) && !named.has(placeOf(card));
  const known = new Set(book.contacts.map(({ card }) => placeOf(card)));
  const strangers = contacts.filter((contact) => !known.has(placeOf(contact)));
  if (strangers.length === 0 && !book.contacts.some(isGone)) return { book, standIns };
  const left = book.contacts.filter((contact) => !isGone(contact));
  let next = { ...book, contacts: left };
  const ids = standIns.filter((id) => left.some((contact) => contact.id === id));
  for (const stranger of strangers) {
    const contact = newStandIn(stranger, by);
    next = withName({ ...next, contacts: [...next.contacts, contact] }, contact.id, by.names);
    ids.push(contact.id);
  }
  return { book: next, standIns: ids };
}

/** Return whom the kit names for this contact; null when it is no stand-in. @param {LentBook} from @param {string} id
 *  @param {Reachable[]} contacts of the kit @returns {Reachable | null} */
export function findLender({ book, standIns }, id, contacts) {
  const standIn = standIns.includes(id) && book.contacts.find((contact) => contact.id === id);
  return (standIn && contacts.find((contact) => placeOf(contact) === placeOf(standIn.card))) || null;
}

/** Put for each stand-in what the kit has of the contact it stands for: the words written for it in peace, and what it is
 *  told later, stay as their owner chose. @param {PreparedContact[]} prepared @param {LentBook} from @param {Reachable[]} contacts of the kit
 *  @returns {PreparedContact[]} */
export function lendContacts(prepared, { book, standIns }, contacts) {
  const lent = new Set(book.contacts.filter(({ id }) => standIns.includes(id)).map(({ card }) => placeOf(card)));
  return prepared.flatMap((contact) => {
    if (!lent.has(placeOf(contact))) return [contact];
    const lender = contacts.find((known) => placeOf(known) === placeOf(contact));
    return lender ? [{ ...contact, ...lender, isLent: true }] : [];
  });
}

/** A pair keeps its mailbox, whatever becomes of its keys. @param {{ mailbox: Uint8Array | string } | null} of */
function placeOf(of) {
  if (!of) return "";
  return typeof of.mailbox === "string" ? of.mailbox : b64(of.mailbox);
}

/** A pair that looks finished. Its own half is drawn by lot and nobody has the other one. @param {Reachable} of
 *  @param {{ relays: string[], now: number, randomBytes: RandomBytes }} by @returns {Contact} */
function newStandIn({ key, mailbox, relays, wake, later }, { relays: own, now, randomBytes }) {
  const at = toSeconds(now);
  const half = newPairingOffer({ relays: chooseRelays(own), now: at, randomBytes });
  const said = wake && `${wake.relay} ${wake.sealed}`;
  const card = encodePairCard({ key, mailbox, relays, until: half.until, wake: said });
  const code = {
    card: cardHash(utf8(JSON.stringify(card))),
    secret: randomBytes(ID_BYTES),
    relays: chooseRelays(relays),
  };
  const share = b64(randomBytes(SEED_BYTES));
  return {
    ...NEW_CONTACT,
    id: b64(randomBytes(HANDLE_BYTES)),
    label: "",
    half: encodePairingOffer(half),
    code: pairCode(code),
    made: at,
    case: b64(randomBytes(ID_BYTES)),
    verified: true,
    card,
    progress: { share, owed: [], answered: [share] },
    cardSaid: { at, times: 1 },
    shareSaid: { at, times: 1 },
    later,
  };
}

/** The first of these names that nobody has; a number when there is none. @param {Book} book @param {string} id
 *  @param {string[]} names @returns {Book} */
function withName(book, id, names) {
  for (const name of names) {
    try {
      return renameContact(book, id, name);
    } catch (error) {
      if (!(error instanceof TocsinError)) throw error; // taken, or no name
    }
  }
  return renameContact(book, id, String(book.contacts.length));
}
