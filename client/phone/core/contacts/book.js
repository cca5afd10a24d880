/**
 * The book of contacts: halves, pairs, and alerts that came, as plain data that goes into the vault as it is. Specified
 * in `contacts.md`. A book is never changed: every function gives a new one.
 *
 * `now` is in milliseconds; what stands in the book are Unix seconds, and bytes in it are b64.
 */
/** @import { PairCode } from "../../protocol/code.js" */
/** @import { PairingSession, PairCard, Progress } from "../../protocol/pairing.js" */
/** @import { PreparedContact } from "../prepare.js" */
/** @import { RandomBytes } from "../../protocol/wire.js" */

import { CODE_CHARACTERS, digitsCode, PAIR_PREFIX, pairCode, readDigits, readPairCode } from "../../protocol/code.js";
import { BadCode, CodeTooLong, TocsinError } from "../../protocol/errors.js";
import {
  beginSession,
  CODE_SECONDS,
  CodeExpired,
  checkDigits,
  DAY_SECONDS,
  deriveOwn,
  deriveRendezvous,
  NO_PROGRESS,
  newPairingOffer,
  OwnCode,
  pairKeys,
  safetyNumber,
} from "../../protocol/pairing.js";
import { readWake } from "../../protocol/wake.js";
import { b64, HASH_BYTES, ID_BYTES, isObject, same, unb64, utf8 } from "../../protocol/wire.js";
import { Disclosure, toSeconds } from "../press.js";
import { withOrigin, withoutBorrowedWords } from "./permission.js";
import { isPublicAddress } from "./public-address.js";

export { Disclosure };

const VERSION = 1;
// The vault has room for 87 KB, and profile, answers and their keys lie there too.
export const CONTACTS = 12;
export const BOOK_BYTES = 48_000; // beyond this nobody is added and no card is taken
const ROOM_BYTES = 5_000; // what a pair comes to in time: two keys, a card, a wake, a text, marks
export const LABEL_CHARACTERS = 80;
export const TEXT_CHARACTERS = 600;
const SOON_SECONDS = 60 * DAY_SECONDS; // two people need time to meet again
export const HANDLE_BYTES = 9; // of a contact's id

export class NoRelays extends TocsinError {
  static code = "relays-missing";
}
export class NoOffer extends TocsinError {
  static code = "offer-missing";
}
export class KnownCode extends BadCode {
  static code = "code-known";

  /** @param {string} contact whose code it is */
  constructor(contact) {
    super();
    this.contact = contact;
  }
}
export class LocalRelay extends BadCode {
  static code = "relay-local";
}
export class ForeignRelay extends TocsinError {
  static code = "relay-foreign";

  /** @param {string[]} relays that nobody agreed to yet */
  constructor(relays) {
    super();
    this.relays = relays;
  }
}
export class BadLabel extends TocsinError {
  static code = "label";
}
export class LabelTaken extends TocsinError {
  static code = "label-taken";
}
export class UnknownContact extends TocsinError {
  static code = "contact-unknown";
}
export class NotPaired extends TocsinError {
  static code = "contact-waiting";
}
export class PairExpired extends TocsinError {
  static code = "contact-expired";
}
export class LongText extends TocsinError {
  static code = "contact-text";
}
export class BookFull extends TocsinError {
  static code = "contacts-full";
}

/** As `PairingOffer`, its bytes as b64.
 *  @typedef {{ kem: string, mailbox: string, secret: string, share: string, relays: string[], until: number,
 *    wake: string | null }} StoredPairingOffer */
/** As `PairCard`, its bytes as b64.
 *  @typedef {{ key: string, mailbox: string, relays: string[], until: number, wake: string | null }} StoredPairCard */
/** My half that nobody's code was put to yet. `label`: whom the code was sent to,
 *  or empty when it is shown face to face.
 *  @typedef {{ id: string, half: StoredPairingOffer, made: number, label: string }} Offer */
/** How often something was said, and when last. @typedef {{ at: number, times: number }} SendCount */
/** One pair. `code` is the text of theirs; `card` theirs,
 *    once it came. `marks` tell which letters came before. `cases`: what
 *  alerts sealed in advance said of theirs. `wake`: what they said after their card, absent: nothing.
 *  @typedef {{ id: string, label: string, half: StoredPairingOffer, code: string, made: number, case: string,
 *    seq: number,
 *    verified: boolean, seized: boolean, swapped: boolean, card: StoredPairCard | null, progress: Progress,
 *    cardSaid: SendCount, shareSaid: SendCount,
 *    marks: string[], cases: [string, import("./permission.js").ContactCase][], text: string, later: number, answers: boolean,
 *    wake?: string | null, wakeHeard: number, wakeSaid: number }} Contact */
/** An alert as it was opened. `origin`: whose key made it. `type` is `unknown` when this version cannot read it; `text`
 *  is then the whole header. It is `refused` when whoever holds the phone may not say it. `isCut`: something was left
 *  out, for the same reason.
 *  @typedef {{ id: string, contact: string, case: string, type: string, text: string, at: number, place: any,
 *    practice: boolean, passed: boolean, origin: import("../../protocol/pairing.js").AlertOrigin, isCut: boolean,
 *    read: boolean }} Alert */
/** @typedef {{ v: number, offers: Offer[], contacts: Contact[], alerts: Alert[] }} Book */

/** Return the book as the vault holds it; an empty one when there is none. @param {any} value @returns {Book} */
export function readBook(value) {
  if (value?.v !== VERSION) return { v: VERSION, offers: [], contacts: [], alerts: [] };
  const contacts = value.contacts.map((/** @type {any} */ contact) => ({
    ...contact,
    cases: contact.cases.filter((/** @type {any} */ [, known]) => isObject(known)), // a key alone is of before
  }));
  return { ...value, contacts, alerts: value.alerts.map(withOrigin).map(withoutBorrowedWords) };
}

/** Return how many bytes of the vault contacts take, without the alerts, which give way. @param {Book} book
 *  @returns {number} */
export function measureBook({ offers, contacts }) {
  return utf8(JSON.stringify({ offers, contacts })).length;
}

// My code

/** Choose as many of these relays as a code has room for, onions last: few browsers reach them.
 *  @param {string[]} relays @returns {string[]} @throws {NoRelays} @throws {CodeTooLong} */
export function chooseRelays(relays) {
  if (relays.length === 0) throw new NoRelays();
  const isOnion = (/** @type {string} */ url) => Number(/\.onion(:\d+)?(\/|$)/.test(url));
  /** @type {string[]} */
  let fitting = [];
  for (const url of [...new Set(relays)].sort((a, b) => isOnion(a) - isOnion(b))) {
    if (fits([...fitting, url])) fitting = [...fitting, url];
  }
  if (fitting.length === 0) throw new CodeTooLong();
  return fitting;
}

/** @param {string[]} relays */
function fits(relays) {
  const bytes = HASH_BYTES + ID_BYTES + 1 + relays.reduce((sum, url) => sum + 1 + url.length, 0);
  return PAIR_PREFIX.length + Math.ceil((bytes * 8) / 5) <= CODE_CHARACTERS;
}

/** Add a half to be scanned. Face to face the one that waits is given again, because the other may have scanned it
 *  already; `fresh` forgets it. @param {Book} book
 *  @param {{ relays: string[], wake?: string | null, label?: string, fresh?: boolean, now: number, randomBytes:
 *  RandomBytes }} asked @returns {{ book: Book, offer: Offer }} @throws {NoRelays} @throws {CodeTooLong}
 *  @throws {BookFull} @throws {BadLabel} @throws {LabelTaken} */
export function newOffer(book, { relays, wake = null, label = "", fresh = false, now, randomBytes }) {
  const name = label === "" ? "" : freeLabel(book, label);
  const open = listOpenOffers(book, now);
  const waiting = open.find((offer) => offer.label === "");
  if (name === "" && waiting && !fresh) return { book, offer: waiting };
  const half = newPairingOffer({ relays: chooseRelays(relays), now: toSeconds(now), randomBytes, wake });
  const offer = {
    id: b64(randomBytes(HANDLE_BYTES)),
    half: encodePairingOffer(half),
    made: toSeconds(now),
    label: name,
  };
  const others = open.filter((known) => name !== "" || known.label !== "");
  return { book: withRoom({ ...book, offers: [...others, offer] }), offer };
}

/** List the halves that may still find an answer. @param {Book} book @param {number} now @returns {Offer[]} */
export function listOpenOffers({ offers }, now) {
  return offers.filter(({ made }) => toSeconds(now) < made + CODE_SECONDS);
}

/** Return the book without this half. @param {Book} book @param {string} id @returns {Book} */
export function forgetOffer(book, id) {
  return { ...book, offers: book.offers.filter((offer) => offer.id !== id) };
}

/** Write the text of my code. @param {{ half: StoredPairingOffer }} offer or a contact whose pairing has begun
 *  @returns {Promise<string>} */
export async function writeOfferCode({ half }) {
  return pairCode((await deriveOwnOf(half)).code);
}

// Theirs

/** Check a code that was scanned or pasted; nothing is kept. @param {Book} book @param {string} text
 *  @returns {Promise<PairCode>} @throws {BadCode} @throws {OtherCode} @throws {CutCode} @throws {BadAddress}
 *  @throws {OwnCode} @throws {KnownCode} */
export async function readTheirCode({ offers, contacts }, text) {
  const code = readPairCode(text);
  for (const { half } of [...offers, ...contacts]) {
    if (same(unb64(half.secret), code.secret)) throw new OwnCode();
  }
  const known = contacts.find((contact) => same(readPairCode(contact.code).card, code.card));
  if (known) throw new KnownCode(known.id);
  return code;
}

/** Put the code of another person to my half, which is spent. An empty `label` is given later. `seen`: read off their
 *  own screen, so there are no digits to compare. `relays`: our own; `otherRelay`: the person agreed to one that is not.
 *  @param {Book} book
 *  @param {{ offer: string, text: string, label: string, seen: boolean, relays?: string[], otherRelay?: boolean,
 *  now: number, randomBytes: RandomBytes }} asked
 *  @returns {Promise<{ book: Book, contact: Contact }>} @throws {NoOffer} @throws {CodeExpired}
 *  @throws {BookFull} @throws {LocalRelay} @throws {ForeignRelay} and as `readTheirCode`, `renameContact` */
export async function addContact(book, { offer: id, text, label, seen, relays = [], otherRelay = false, ...by }) {
  const { now, randomBytes } = by;
  const code = await readTheirCode(book, text);
  checkRelays(book, code.relays, relays, otherRelay);
  const offer = book.offers.find((offer) => offer.id === id);
  if (!offer) throw new NoOffer();
  if (!listOpenOffers(book, now).includes(offer)) throw new CodeExpired();
  const name = label === "" ? offer.label : label;
  const contact = {
    ...NEW_CONTACT,
    id,
    label: name === "" ? "" : freeLabel(book, name, id),
    half: offer.half,
    code: pairCode(code),
    made: toSeconds(now),
    case: b64(randomBytes(ID_BYTES)),
    verified: seen,
  };
  beginSession(await deriveOwnOf(offer.half), code);
  const next = { ...forgetOffer(book, id), contacts: [...book.contacts, contact] };
  return { book: withRoom(next), contact };
}

/** Refuse what leads into this phone or its network, and what nobody agreed to. @param {Book} book
 *  @param {string[]} named @param {string[]} own @param {boolean} otherRelay */
function checkRelays({ offers, contacts }, named, own, otherRelay) {
  const halves = [...offers, ...contacts].flatMap(({ half }) => half.relays);
  const agreed = new Set([...own, ...halves, ...contacts.flatMap(({ code }) => readPairCode(code).relays)]);
  const strange = named.filter((url) => !agreed.has(url));
  if (!strange.every(isPublicAddress)) throw new LocalRelay();
  if (strange.length && !otherRelay) throw new ForeignRelay(strange);
}

const NEVER = Object.freeze({ at: 0, times: 0 });
/** A contact nothing has happened with yet. */
export const NEW_CONTACT = Object.freeze({
  seq: 0,
  seized: false,
  swapped: false,
  card: null,
  progress: NO_PROGRESS,
  cardSaid: NEVER,
  shareSaid: NEVER,
  marks: [],
  cases: [],
  text: "",
  later: Disclosure.SAFE,
  answers: false,
  wakeHeard: 0,
  wakeSaid: 0,
});

/** Derive the pairing session of a contact. @param {Contact} contact @returns {Promise<PairingSession>} */
export async function deriveSession({ half, code }) {
  return beginSession(await deriveOwnOf(half), readPairCode(code));
}

/** Derive where I wait for their card. @param {Contact} contact
 *  @returns {Promise<import("../../protocol/pairing.js").RendezvousMailbox>} */
export function deriveOwnRendezvous(contact) {
  return remembered(doors, contact.half, async () => deriveRendezvous(await deriveSession(contact), true));
}

/** @param {StoredPairingOffer} half */
function deriveOwnOf(half) {
  return remembered(owns, half, () => deriveOwn(decodePairingOffer(half)));
}

// An old phone takes a tenth of a second for a key. What is remembered goes with the book that holds the half.
/** @type {WeakMap<StoredPairingOffer, Promise<import("../../protocol/pairing.js").Own>>} */ const owns = new WeakMap();
/** @type {WeakMap<StoredPairingOffer, Promise<import("../../protocol/pairing.js").RendezvousMailbox>>} */ const doors =
  new WeakMap();

/** @template T @param {WeakMap<StoredPairingOffer, T>} known @param {StoredPairingOffer} half @param {() => T} make @returns {T} */
function remembered(known, half, make) {
  const value = known.get(half) ?? make();
  known.set(half, value);
  return value;
}

/** Return how far the pair is. `waiting`: no proof yet that the other side has our share. `expired`: nobody answered in
 *  35 days, or the pair's time is over. @param {Contact} contact @param {number} now
 *  @returns {"waiting" | "paired" | "expired"} */
export function pairState({ progress, card, made, half }, now) {
  const at = toSeconds(now);
  if (progress.share === null) return at < made + CODE_SECONDS ? "waiting" : "expired";
  return at < Math.min(half.until, card?.until ?? half.until) ? "paired" : "expired";
}

/** Tell whether it is time to scan each other again. @param {Contact} contact @param {number} now */
export function isEndingSoon({ card, half }, now) {
  return toSeconds(now) > Math.min(half.until, card?.until ?? half.until) - SOON_SECONDS;
}

/** Return the 60 digits of a contact, in groups of 5. @param {Contact} contact @returns {Promise<string>} */
export async function contactSafetyNumber(contact) {
  return safetyNumber(await deriveSession(contact));
}

/** Return the 60 digits of a contact as a code for a video call. @param {Contact} contact @returns {Promise<string>} */
export async function contactSafetyCode(contact) {
  return digitsCode(await contactSafetyNumber(contact));
}

/** Compare with what the other side reads aloud or shows. @param {Book} book @param {string} id @param {string} theirs
 *  @returns {Promise<Book>} @throws {DigitsDiffer} @throws {OtherCode} @throws {CutCode} @throws {UnknownContact} */
export async function verifyContact(book, id, theirs) {
  checkDigits(await deriveSession(findContact(book, id)), readDigits(theirs));
  return withContactChanges(book, id, { verified: true });
}

// Keeping them

/** Find a contact by its id. @param {Book} book @param {string} id @returns {Contact} @throws {UnknownContact} */
export function findContact({ contacts }, id) {
  const found = contacts.find((contact) => contact.id === id);
  if (!found) throw new UnknownContact();
  return found;
}

/** Return the book with these changes to a contact. @param {Book} book @param {string} id
 *  @param {Partial<Contact>} changes @returns {Book} @throws {UnknownContact} */
export function withContactChanges(book, id, changes) {
  findContact(book, id);
  return {
    ...book,
    contacts: book.contacts.map((contact) => (contact.id === id ? { ...contact, ...changes } : contact)),
  };
}

/** Give a contact another name. @param {Book} book @param {string} id @param {string} label @returns {Book}
 *  @throws {BadLabel} @throws {LabelTaken} @throws {UnknownContact} */
export function renameContact(book, id, label) {
  return withContactChanges(book, id, { label: freeLabel(book, label, id) });
}

/** Set what they read when I press. @param {Book} book @param {string} id @param {string} text @returns {Book}
 *  @throws {LongText} @throws {UnknownContact} */
export function setContactText(book, id, text) {
  if (Array.from(text).length > TEXT_CHARACTERS) throw new LongText();
  return withContactChanges(book, id, { text });
}

/** Set what they are told later, one of `Disclosure`. @param {Book} book @param {string} id @param {number} later
 *  @returns {Book} */
export function setDisclosure(book, id, later) {
  return withContactChanges(book, id, { later });
}

/** Set whether an organisation's replies may be passed on to them. @param {Book} book @param {string} id
 *  @param {boolean} answers @returns {Book} */
export function setForwarding(book, id, answers) {
  return withContactChanges(book, id, { answers });
}

/** Mark a contact's phone as seized, or as returned. @param {Book} book @param {string} id @param {boolean} seized
 *  @returns {Book} */
export function setSeized(book, id, seized) {
  return withContactChanges(book, id, { seized });
}

/** Forget a contact with keys and alerts. The other side is not told. @param {Book} book @param {string} id
 *  @returns {Book} */
export function removeContact(book, id) {
  const { contacts, alerts } = book;
  return {
    ...book,
    contacts: contacts.filter((contact) => contact.id !== id),
    alerts: alerts.filter(({ contact }) => contact !== id),
  };
}

/** List everybody an alert can be sealed to, for `prepareKit` and `withContacts`. @param {Book} book
 *  @param {number} now @returns {Promise<PreparedContact[]>} */
export async function listPreparedContacts({ contacts }, now) {
  const reached = [];
  for (const contact of contacts) {
    if (pairState(contact, now) !== "paired" || !contact.card) continue;
    const { sending: mac } = await deriveContactKeys(contact);
    const { key, mailbox, relays } = decodePairCard(contact.card);
    reached.push({
      key,
      mailbox,
      relays,
      wake: readContactWake(contact),
      later: contact.later,
      mac,
      text: contact.text,
    });
  }
  return reached;
}

/** Derive the MAC keys of a pair. @param {Contact} contact
 *  @returns {Promise<import("../../protocol/pairing.js").PairKeys>} @throws {NotPaired} */
export async function deriveContactKeys(contact) {
  if (contact.progress.share === null) throw new NotPaired();
  return pairKeys(await deriveSession(contact), unb64(contact.progress.share));
}

/** Read how their phone is rung: what they said last, their card otherwise. @param {Contact} contact */
export function readContactWake({ wake, card }) {
  return card ? readWake(wake === undefined ? card.wake : wake, card.relays) : null;
}

// Alerts that came

/** List the alerts, newest first. @param {Book} book @param {string} [id] of one contact @returns {Alert[]} */
export function listAlerts({ alerts }, id) {
  return alerts.filter(({ contact }) => !id || contact === id).sort((a, b) => b.at - a.at);
}

/** Count the alerts that nobody has read. @param {Book} book @returns {number} */
export function countUnread({ alerts }) {
  return alerts.filter(({ read }) => !read).length;
}

/** Mark these alerts as read. @param {Book} book @param {string[]} ids @returns {Book} */
export function markRead(book, ids) {
  return { ...book, alerts: book.alerts.map((alert) => (ids.includes(alert.id) ? { ...alert, read: true } : alert)) };
}

/** Return the book without this alert. @param {Book} book @param {string} id @returns {Book} */
export function forgetAlert(book, id) {
  return { ...book, alerts: book.alerts.filter((alert) => alert.id !== id) };
}

/** Tell whether this alert or another of its case was said under force. What was sealed in advance cannot say so itself.
 *  @param {Book} book @param {Alert} alert */
export function isUnderDuress({ alerts }, { contact, case: id }) {
  return alerts.some((alert) => alert.contact === contact && alert.case === id && alert.origin === "forced");
}

// Bytes and b64

/** @param {StoredPairingOffer} half @returns {import("../../protocol/pairing.js").PairingOffer} */
function decodePairingOffer({ kem, mailbox, secret, share, ...rest }) {
  return { kem: unb64(kem), mailbox: unb64(mailbox), secret: unb64(secret), share: unb64(share), ...rest };
}

/** Encode my half as the vault holds it. @param {import("../../protocol/pairing.js").PairingOffer} half @returns {StoredPairingOffer} */
export function encodePairingOffer({ kem, mailbox, secret, share, ...rest }) {
  return { kem: b64(kem), mailbox: b64(mailbox), secret: b64(secret), share: b64(share), ...rest };
}

/** Decode a card as the vault holds it. @param {StoredPairCard} card @returns {PairCard} */
export function decodePairCard({ key, mailbox, ...rest }) {
  return { key: unb64(key), mailbox: unb64(mailbox), ...rest };
}

/** Encode a card as the vault holds it. @param {PairCard} card @returns {StoredPairCard} */
export function encodePairCard({ key, mailbox, ...rest }) {
  return { key: b64(key), mailbox: b64(mailbox), ...rest };
}

/** A name nobody else has. @param {Book} book @param {string} label @param {string} [id] whose it may be already */
function freeLabel({ contacts, offers }, label, id) {
  const name = plain(label);
  if ([...contacts, ...offers].some((holder) => holder.id !== id && holder.label === name)) throw new LabelTaken();
  return name;
}

/** The same name typed on two keyboards may be different code points. @param {string} label */
function plain(label) {
  const name = label.split(/\s+/).filter(Boolean).join(" ").normalize("NFC");
  const length = Array.from(name).length;
  // Persian names need the joiners; anything else that cannot be seen may make one name look like another.
  const hidden = /(?![\u200c\u200d])[\p{C}\p{Zl}\p{Zp}]/u;
  if (length === 0 || length > LABEL_CHARACTERS || hidden.test(name)) throw new BadLabel();
  return name;
}

/** @param {Book} book @returns {Book} @throws {BookFull} */
function withRoom(book) {
  const { offers, contacts } = book;
  if (contacts.length + offers.length > CONTACTS || measureBook(book) + ROOM_BYTES > BOOK_BYTES) throw new BookFull();
  return book;
}
