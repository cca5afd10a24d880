/** Letting a closed phone ring: its push address, sealed for one relay. Specified in `keys/wake.md`. */
/** @import { Address, Sealed } from "./envelope.js" */
/** @import { Opened } from "./opening.js" */
/** @import { PairingSession, PairCard, PairKeys } from "./pairing.js" */
/** @import { RandomBytes } from "./wire.js" */

import { Chacha20Poly1305, CipherSuite, HkdfSha256 } from "../vendor-src/crypto.js";
import { infoOf, seal } from "./envelope.js";
import { BadMessage, Malformed, TocsinError, UnknownVersion } from "./errors.js";
import { checkMac, VERSION } from "./message.js";
import { cardAddress, pairKeys, WAKE_CHARACTERS } from "./pairing.js";
import { b64, concat, domain, jsonObject, LETTER_BYTES, mac, PUBLIC_BYTES, unb64, utf8 } from "./wire.js";

export const WAKE_BYTES = 1_072; // X25519 32, always 1,024 inside, tag 16
const ROOM = 1_024;
const LENGTH_BYTES = 2;
const VAPID_BYTES = 65; // a P-256 point, uncompressed
const EKM_BYTES = 32;
const HOSTS = 64;
const KIND = "pair-wake";
const WAKE = domain("wake");
const PAIR_WAKE = domain("pair-wake");

export class BadEndpoint extends Malformed {
  static code = "wake-endpoint";
}
export class WakeTooLong extends TocsinError {
  static code = "wake-too-long";
}
export class WakeHost extends TocsinError {
  static code = "wake-host";
}

/** How a relay rings: X25519 key to seal to, P-256 key that a subscription is made for, push services it calls.
 *  @typedef {{ relay: string, key: Uint8Array, vapid: Uint8Array, hosts: string[] }} WakeOffer */
/** What lets one relay ring at the addressee: a sealed push subscription, b64 of 1,072 bytes,
 *  which only that relay opens.
 *  @typedef {{ relay: string, sealed: string }} Wake */
/** What a contact says later about being rung. @typedef {{ n: number, wake: string | null }} WakeChange */

/** Read how a relay rings from what it says of itself; null: it does not ring. @param {string} relay
 *  @param {Uint8Array} info the JSON of `GET /v1/relay` @returns {WakeOffer | null} */
export function offerIn(relay, info) {
  try {
    const { wake_key, vapid, push_hosts } = jsonObject(info);
    const hosts = Array.isArray(push_hosts) && push_hosts.length <= HOSTS ? push_hosts.map(String) : refuse();
    return { relay, key: unb64(wake_key, PUBLIC_BYTES), vapid: unb64(vapid, VAPID_BYTES), hosts };
  } catch {
    return null;
  }
}

/** Seal a push address for one pair: the text says which relay rings, and only this relay opens the address. Fresh for
 *  every pair, so that it links no two of them. Source: HPKE in base mode (RFC 9180). @param {string} endpoint of the
 *  PushSubscription @param {WakeOffer} offer @param {RandomBytes} randomBytes @returns {Promise<string>}
 *  @throws {BadEndpoint} @throws {WakeTooLong} @throws {WakeHost} */
export async function sealWake(endpoint, { relay, key, hosts }, randomBytes) {
  const address = utf8(endpoint);
  if (!/^https:\/\/[!-~]+$/.test(endpoint)) throw new BadEndpoint();
  if (LENGTH_BYTES + address.length > ROOM) throw new WakeTooLong();
  if (!hosts.some((host) => covers(host, new URL(endpoint)))) throw new WakeHost();
  const plaintext = new Uint8Array(ROOM);
  plaintext.set(concat(Uint8Array.of(address.length >> 8, address.length & 255), address));
  return `${relay} ${b64(await encrypt(plaintext, key, concat(WAKE, utf8(relay)), randomBytes))}`;
}

/** Read a wake text for who writes to its owner; null: it is worth nothing. It breaks no pairing and no alert.
 *  Specified in `keys/wake.md`, *The wake text*. @param {unknown} text @param {string[]} relays of the owner's card
 *  @returns {Wake | null} */
export function readWake(text, relays) {
  if (typeof text !== "string") return null;
  const [relay, sealed, more] = text.split(" ");
  try {
    unb64(sealed, WAKE_BYTES);
  } catch {
    return null;
  }
  return more === undefined && relays.includes(relay) ? { relay, sealed } : null;
}

/** Seal the letter by which a contact turns ringing on, off, or to another address, after the pairing. Specified in
 *  `keys/wake.md`, *Changing it*. @param {PairingSession} session @param {PairCard} card theirs
 *  @param {WakeChange & { share: Uint8Array }} change `share`: theirs @param {RandomBytes} randomBytes
 *  @returns {Promise<Sealed>} */
export function wakeLetter(session, card, { share, wake, n }, randomBytes) {
  const header = utf8(JSON.stringify({ v: VERSION, kind: KIND, n, wake }));
  const [address, { sending }] = [cardAddress(card), pairKeys(session, share)];
  const body = (/** @type {Uint8Array} */ salt) => wakeMac(sending, address, LETTER_BYTES, salt, header);
  return seal({ header, body, key: card.key, address, randomBytes });
}

/** Read what such a letter says; null when it is another kind of message. Specified in `keys/wake.md`, *Changing it*.
 *  @param {PairKeys} keys @param {Address} address one's own
 *  @param {Pick<Opened, "header" | "fields" | "body" | "salt">} opened @param {number} size of the envelope
 *  @returns {WakeChange | null} @throws {NotAuthentic} @throws {UnknownVersion} @throws {BadMessage} */
export function readWakeLetter({ receiving }, address, { header, fields, body, salt }, size) {
  if (fields.kind !== KIND) return null;
  checkMac(wakeMac(receiving, address, size, salt, header), body);
  const { v, n, wake } = fields;
  if (!Number.isInteger(v)) throw new BadMessage("$.v");
  if (v !== VERSION) throw new UnknownVersion();
  if (!Number.isSafeInteger(n) || n < 0) throw new BadMessage("$.n");
  if (wake !== null && !(typeof wake === "string" && Array.from(wake).length <= WAKE_CHARACTERS))
    throw new BadMessage("$.wake");
  return { n, wake };
}

/** @param {Uint8Array} key @param {Address} address @param {number} size @param {Uint8Array} salt
 *  @param {Uint8Array} header */
function wakeMac(key, address, size, salt, header) {
  return mac(key, PAIR_WAKE, infoOf(address, size), salt, header);
}

/** @param {Uint8Array} plaintext @param {Uint8Array} key @param {Uint8Array} info @param {RandomBytes} randomBytes */
async function encrypt(plaintext, key, info, randomBytes) {
  const { DhkemX25519HkdfSha256 } = await import("../vendor-src/wake.js");
  const kem = new DhkemX25519HkdfSha256();
  const hpke = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });
  const recipientPublicKey = await hpke.kem.deserializePublicKey(key);
  const { enc, ct } = await hpke.seal({ recipientPublicKey, info, ekm: randomBytes(EKM_BYTES) }, plaintext);
  return concat(new Uint8Array(enc), new Uint8Array(ct));
}

/** As the relay compares: `host`, `*.domain`, or either with a port. @param {string} named @param {URL} endpoint */
function covers(named, { hostname, port }) {
  const [, wild, name, at = ""] = /^(\*\.)?([^:]+)(?::(\d+))?$/.exec(named) ?? [];
  if (!name || port !== (at === "443" ? "" : at)) return false;
  return wild ? hostname.endsWith(`.${name}`) : hostname === name;
}

/** @returns {never} */
function refuse() {
  throw new Malformed();
}
