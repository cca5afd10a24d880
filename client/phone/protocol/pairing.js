/** Two people's codes become a pair of keys; alerts are authentic by them. Specified in `keys/pairing.md`. */
/** @import { PairCode } from "./code.js" */
/** @import { Address, Sealed } from "./envelope.js" */
/** @import { MailboxKey } from "./mailbox.js" */
/** @import { Opened, PrivateKey } from "./opening.js" */
/** @import { RandomBytes } from "./wire.js" */

import { relayAddress } from "./address.js";
import { DIGITS, payloadOf } from "./code.js";
import { HPKE, infoOf, seal } from "./envelope.js";
import { BadCode, BadMessage, CardError, Malformed, NotAuthentic, TocsinError, UnknownVersion } from "./errors.js";
import { mailboxKey } from "./mailbox.js";
import { alertMac } from "./message.js";
import { readObject } from "./message-reader.js";
import { privateKey } from "./opening.js";
import {
  b64,
  concat,
  digest,
  domain,
  HASH_BYTES,
  ID_BYTES,
  KEM_PUBLIC_BYTES,
  LETTER_BYTES,
  mac,
  Purpose,
  SEED_BYTES,
  same,
  u32,
  unb64,
  utf8,
} from "./wire.js";

const VERSION = 1;
const KIND = "pair";
const RELAYS = 8; // on one card: as many as a reply block names
export const WAKE_CHARACTERS = 3_000; // a sealed push subscription; with it the card still fits one letter
export const DAY_SECONDS = 86_400;
export const CODE_SECONDS = 35 * DAY_SECONDS; // relays forget a card after this time, so a code that waits longer meets nobody
export const CARD_SECONDS = 400 * DAY_SECONDS; // a year and some weeks: people who meet once a year can renew in time
// Shares answered that nobody vouches for yet: only who saw both codes can send a second one, and not without end.
const CANDIDATES = 16;

const CARD = domain("pair-card");
const PAIR = domain("pair");
const SPOKEN = domain("digits");
const CONFIRM = domain("confirm");

export class OwnCode extends BadCode {
  static code = "code-own";
}
export class CodeExpired extends BadCode {
  static code = "code-expired";
}
export class BadPairCard extends CardError {
  static code = "pair-card-malformed";
}
export class CardSwapped extends CardError {
  static code = "pair-card-swapped";
}
export class DigitsDiffer extends TocsinError {
  static code = "digits-differ";
}

/** One side of a pair, all of it fresh: X-Wing seed, mailbox seed, the code's secret `s` (16),
 *    the share (32) that will be
 *  sealed to the other's key, and what the card says besides. It belongs into the vault and nowhere else.
 *  @typedef {{ kem: Uint8Array, mailbox: Uint8Array, secret: Uint8Array, share: Uint8Array, relays: string[],
 *    until: number,
 *    wake: string | null }} PairingOffer */
/** What the other side needs to know. `until` in Unix seconds.
 *  @typedef {{ key: Uint8Array, mailbox: Uint8Array, relays: string[], until: number, wake: string
 *    | null }} PairCard */
/** A throw-away mailbox with its throw-away X-Wing key, both out of k0: where one card is left for one side.
 *  @typedef {{ mailbox: MailboxKey, key: PrivateKey, address: Address }} RendezvousMailbox */
/** One MAC key for each direction. @typedef {{ sending: Uint8Array, receiving: Uint8Array }} PairKeys */
/** How far the exchange of shares has come: theirs once it is sure, those to be answered, those that were. All b64.
 *  @typedef {{ share: string | null, owed: string[], answered: string[] }} Progress */
/** A half with what follows from it alone.
 *  @typedef {{ half: PairingOffer, key: PrivateKey, mailbox: MailboxKey, card: Uint8Array,
 *    code: PairCode, address: Address }} Own */
/** My half and the other's code.
 *  @typedef {{ own: Own, code: PairCode, first: boolean, transcript: Uint8Array, k0: Uint8Array }} PairingSession */

/** Draw a fresh side of a pairing, good for `CARD_SECONDS`. Specified in `keys/pairing.md`, *One side's half*.
 *  @param {{ relays: string[], now: number, randomBytes: RandomBytes, wake?: string | null }} asked `now` in Unix
 *  seconds @returns {PairingOffer} */
export function newPairingOffer({ relays, now, randomBytes, wake = null }) {
  const [kem, mailbox, share] = [randomBytes(SEED_BYTES), randomBytes(SEED_BYTES), randomBytes(SEED_BYTES)];
  return { kem, mailbox, secret: randomBytes(ID_BYTES), share, relays, until: now + CARD_SECONDS, wake };
}

/** Derive from my half the card's bytes, the code that names them, and the keys. @param {PairingOffer} half
 *  @returns {Promise<Own>} */
export async function deriveOwn(half) {
  const [key, mailbox] = [await privateKey(half.kem), mailboxKey(half.mailbox)];
  const { relays, until, wake } = half;
  // These very bytes travel and are hashed; nobody writes them a second time.
  const card = utf8(JSON.stringify({ key: b64(key.public), mailbox: b64(mailbox.id), relays, until, wake }));
  const code = { card: cardHash(card), secret: half.secret, relays };
  return { half, key, mailbox, card, code, address: addressContact(key.public, mailbox.id) };
}

/** Return what the code names a card by: H("tocsin/1/pair-card\0" | JSON). Specified in `keys/pairing.md`, *One side's
 *  half*. @param {Uint8Array} card */
export function cardHash(card) {
  return digest(CARD, card);
}

/** Read the card behind a code. @param {Uint8Array} data @param {Uint8Array} expected its hash
 *  @param {number} now Unix seconds @returns {Promise<PairCard>} @throws {CardSwapped} @throws {BadPairCard}
 *  @throws {CodeExpired} */
export async function readPairCard(data, expected, now) {
  if (!same(cardHash(data), expected)) throw new CardSwapped();
  const card = await cardIn(data);
  if (card.until <= now) throw new CodeExpired();
  return card;
}

/** Return where letters to the owner of a card go. @param {PairCard} card @returns {Address} */
export function cardAddress({ key, mailbox }) {
  return addressContact(key, mailbox);
}

/** Join my half with the other's code. It needs no network. @param {Own} own @param {PairCode} code
 *  @returns {PairingSession} @throws {OwnCode} */
export function beginSession(own, code) {
  if (same(code.card, own.code.card) || same(code.secret, own.code.secret)) throw new OwnCode();
  const [mine, theirs] = [payloadOf(own.code), payloadOf(code)];
  const first = before(mine, theirs);
  const [smaller, larger] = first ? [mine, theirs] : [theirs, mine];
  // The lengths stand before the payloads, because a payload may end where it likes.
  const transcript = digest(PAIR, u32(smaller.length), smaller, u32(larger.length), larger);
  const secrets = first ? concat(own.half.secret, code.secret) : concat(code.secret, own.half.secret);
  return { own, code, first, transcript, k0: derive(transcript, secrets, "k0") };
}

/** Return the 60 digits to compare, in groups of 5. Specified in `keys/pairing.md`, *From two codes to k0*.
 *  @param {PairingSession} session @returns {string} */
export function safetyNumber({ transcript }) {
  const number = digest(SPOKEN, transcript).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const whole = String(number).slice(0, DIGITS).padStart(DIGITS, "0");
  return whole.match(/.{5}/g)?.join(" ") ?? "";
}

/** Compare with what the other side reads aloud; what is no digit does not count. Persian and Arabic digits do.
 *  @param {PairingSession} session @param {string} theirs @throws {DigitsDiffer} */
export function checkDigits(session, theirs) {
  if (spokenDigits(theirs) !== safetyNumber(session).replace(/ /g, "")) throw new DigitsDiffer();
}

/** Return the digits in what a person typed: those of ASCII, Arabic and Persian; anything else does not count.
 *  @param {string} spoken @returns {string} */
export function spokenDigits(spoken) {
  const plain = spoken.replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (mark) => String(mark.charCodeAt(0) & 15));
  return plain.replace(/[^0-9]/g, "");
}

/** Derive the throw-away mailbox where I wait for the other's card (`mine`), or where mine is waited for. Specified in
 *  `keys/pairing.md`, *From two codes to k0*. @param {PairingSession} session @param {boolean} mine
 *  @returns {Promise<RendezvousMailbox>} */
export async function deriveRendezvous({ transcript, k0, first }, mine) {
  const number = mine === first ? 1 : 2;
  const mailbox = mailboxKey(derive(transcript, k0, `door-mailbox-${number}`));
  const key = await privateKey(derive(transcript, k0, `door-key-${number}`));
  return { mailbox, key, address: addressContact(key.public, mailbox.id) };
}

/** Seal my card for the other's rendezvous mailbox: an ordinary letter, whose header is the card and whose body is
 *  empty. Specified in `keys/pairing.md`, *Finishing, when there is a network*. @param {PairingSession} session
 *  @param {RandomBytes} randomBytes @returns {Promise<Sealed>} */
export async function cardLetter(session, randomBytes) {
  const { key, address } = await deriveRendezvous(session, false);
  return seal({ header: session.own.card, key: key.public, address, randomBytes });
}

/** Derive the keys that follow from my share and this one of the other side. Source: HKDF-SHA256 (RFC 5869) with T as
 *  salt. @param {PairingSession} session @param {Uint8Array} share @returns {PairKeys} */
export function pairKeys({ own, first, transcript, k0 }, share) {
  const shares = first ? [own.half.share, share] : [share, own.half.share];
  const pair = derive(transcript, concat(k0, ...shares), "pair-key");
  const [there, back] = [derive(transcript, pair, "first-to-second"), derive(transcript, pair, "second-to-first")];
  return first ? { sending: there, receiving: back } : { sending: back, receiving: there };
}

/** Seal my share to the other's key; with a MAC once a share of theirs is known. Specified in `keys/pairing.md`,
 *  *Finishing, when there is a network*. @param {PairingSession} session @param {PairCard} card
 *  @param {Uint8Array | null} share @param {RandomBytes} randomBytes @returns {Promise<Sealed>} */
export function shareLetter(session, card, share, randomBytes) {
  const header = utf8(JSON.stringify({ v: VERSION, kind: KIND, share: b64(session.own.half.share) }));
  const address = cardAddress(card);
  const body = (/** @type {Uint8Array} */ salt) =>
    share ? confirmMac(pairKeys(session, share).sending, address, LETTER_BYTES, salt, header) : new Uint8Array();
  return seal({ header, body, key: card.key, address, randomBytes });
}

/** Tell whether this share letter comes from who opened mine: only they can know both shares. Specified in
 *  `keys/pairing.md`, *Finishing, when there is a network*. @param {PairingSession} session @param {Uint8Array} share
 *  @param {Opened} opened @param {number} size of the envelope */
export function confirms(session, share, { salt, header, body }, size) {
  return same(confirmMac(pairKeys(session, share).receiving, session.own.address, size, salt, header), body);
}

/** Read the share in an opened header; null when it is another kind of message. Specified in `keys/pairing.md`,
 *  *Finishing, when there is a network*. @param {Record<string, any>} fields @returns {Uint8Array | null}
 *  @throws {UnknownVersion} @throws {BadMessage} */
export function readShare(fields) {
  if (fields.kind !== KIND) return null;
  if (!Number.isInteger(fields.v)) throw new BadMessage("$.v");
  if (fields.v !== VERSION) throw new UnknownVersion();
  try {
    return unb64(fields.share, SEED_BYTES);
  } catch {
    throw new BadMessage("$.share");
  }
}

/** @type {Progress} */
export const NO_PROGRESS = Object.freeze({ share: null, owed: [], answered: [] });

/** Return the progress after a share letter came; `sure` if its MAC was right. @param {Progress} progress
 *  @param {Uint8Array} came @param {boolean} sure @returns {Progress} */
export function onShare({ share, owed: pendingShares, answered }, came, sure) {
  const text = b64(came);
  const counts = share ?? (sure ? text : null);
  const fresh = !answered.includes(text);
  const full = answered.length + pendingShares.length >= CANDIDATES;
  const wanted = counts === null ? fresh && !full : text === counts;
  // A letter without the right MAC comes from a side that has not had our answer: it gets one again.
  const owes = wanted && (fresh || !sure) && !pendingShares.includes(text);
  return { share: counts, owed: owes ? [...pendingShares, text] : pendingShares, answered };
}

/** Return the progress after all that was owed is on its way. @param {Progress} progress @returns {Progress} */
export function markSent({ share, owed: pendingShares, answered }) {
  return { share, owed: [], answered: [...new Set([...answered, ...pendingShares])] };
}

/** Whose key an alert is authentic by. @typedef {"pair" | "pin" | "forced" | "open"} AlertOrigin */

/** Return whose key an alert is authentic by. Specified in `keys/pairing.md`, *Alerts*. @param {Uint8Array} pair key of
 *  the direction @param {import("./message.js").CaseKeys | null} named those of its case, null when no alert brought them
 *  @param {Address} address @param {{ salt: Uint8Array, header: Uint8Array, body: Uint8Array }} opened
 *  @param {number} size @returns {AlertOrigin} @throws {NotAuthentic} */
export function alertOrigin(pair, named, address, { salt, header, body }, size) {
  const isBy = (/** @type {Uint8Array} */ key) => same(alertMac(key, address, size, salt, header), body);
  if (isBy(pair)) return "pair";
  // Of a key that is named as two things the worse one counts.
  for (const name of /** @type {const} */ (["forced", "open", "pin"])) {
    if (named && isBy(unb64(named[name]))) return name;
  }
  throw new NotAuthentic();
}

/** @param {Uint8Array} data @returns {Promise<PairCard>} */
async function cardIn(data) {
  try {
    const fields = readObject(data);
    const key = unb64(fields.key, KEM_PUBLIC_BYTES);
    await HPKE.kem.deserializePublicKey(key);
    return {
      key: checkLattice(key),
      mailbox: unb64(fields.mailbox, HASH_BYTES),
      relays: relaysIn(fields.relays),
      until: Number.isSafeInteger(fields.until) && fields.until >= 0 ? fields.until : refuse(),
      wake: wakeIn(fields.wake),
    };
  } catch {
    throw new BadPairCard(); // whatever the libraries call it
  }
}

// ML-KEM's own check of a key (FIPS 203, 7.2), which the library makes only when it seals: every coefficient below q.
const LATTICE_BYTES = 1_152;
const Q = 3_329;

/** @param {Uint8Array} key @returns {Uint8Array} */
function checkLattice(key) {
  for (let at = 0; at < LATTICE_BYTES; at += 3) {
    const coefficients = [key[at] | ((key[at + 1] & 15) << 8), (key[at + 1] >> 4) | (key[at + 2] << 4)];
    if (coefficients.some((coefficient) => coefficient >= Q)) refuse();
  }
  return key;
}

/** @param {unknown} value @returns {string[]} */
function relaysIn(value) {
  return Array.isArray(value) && value.length >= 1 && value.length <= RELAYS ? value.map(relayAddress) : refuse();
}

/** @param {unknown} value @returns {string | null} */
function wakeIn(value) {
  if (value === null || value === undefined) return null;
  return typeof value === "string" && Array.from(value).length <= WAKE_CHARACTERS ? value : refuse();
}

/** @param {Uint8Array} key @param {Uint8Array} mailbox @returns {Address} */
function addressContact(key, mailbox) {
  return { purpose: Purpose.CONTACT, recipient: digest(key), mailbox };
}

/** @param {Uint8Array} key @param {Address} address @param {number} size @param {Uint8Array} salt
 *  @param {Uint8Array} header */
function confirmMac(key, address, size, salt, header) {
  return mac(key, CONFIRM, infoOf(address, size), salt, header);
}

/** HKDF-SHA256 (RFC 5869) with T as salt; 32 bytes are one block. @param {Uint8Array} salt @param {Uint8Array} secret
 *  @param {string} name */
function derive(salt, secret, name) {
  return mac(mac(salt, secret), domain(name).slice(0, -1), Uint8Array.of(1));
}

/** @param {Uint8Array} a @param {Uint8Array} b */
function before(a, b) {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at >= 0 && (at >= b.length ? false : a[at] < b[at]);
}

/** @returns {never} */
function refuse() {
  throw new Malformed();
}
