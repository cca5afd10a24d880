/** Relays in memory behind `fetch`, which may lie: drop, keep, replay, invent. And people with a book each, for tests
 *  of contacts. */

import { addContact, newOffer, pairState, readBook, writeOfferCode } from "../../client/phone/core/contacts/book.js";
import { SyncRunner } from "../../client/phone/core/contacts/runner.js";
import { mailboxId } from "../../client/phone/protocol/mailbox.js";
import { b64, concat, digest, FrameKind, LETTER_BYTES, unb64, unutf8 } from "../../client/phone/protocol/wire.js";
import { seededBytes } from "./random.mjs";

export const NOW = 1_795_168_800_000;
export const DAY = 86_400_000;

export class Relays {
  constructor(label = "relays") {
    this.randomBytes = seededBytes(label);
    /** url -> mailbox -> letters */
    this.letters = new Map();
    this.deposited = [];
    this.down = new Set();
    this.drops = false; // gives a receipt and keeps nothing
    this.replays = false; // gives again what was acknowledged
    this.invents = false; // never says that a mailbox is empty
    this.calls = 0;
  }

  box(url, mailbox) {
    const relay = this.letters.get(url) ?? this.letters.set(url, new Map()).get(url);
    return relay.get(mailbox) ?? relay.set(mailbox, new Map()).get(mailbox);
  }

  lay(url, { envelope, commitment, mailbox }) {
    this.box(url, b64(mailbox)).set(b64(digest(envelope)), { envelope, commitment });
  }

  noise(url, mailbox) {
    this.lay(url, { envelope: this.junk(), commitment: this.randomBytes(32), mailbox });
  }

  junk() {
    const envelope = this.randomBytes(LETTER_BYTES);
    envelope[0] = 1;
    return envelope;
  }

  /** As the outbox does: to two of the letter's relays that can be reached. False: to none. */
  take(letter) {
    const reached = letter.relays.filter((url) => !this.down.has(url)).slice(0, 2);
    if (reached.length) this.deposited.push(letter);
    if (!this.drops) for (const url of reached) this.lay(url, letter);
    return reached.length > 0;
  }

  get fetch() {
    return async (address, { body }) => {
      const url = address.slice(0, -"/v1/collect".length);
      this.calls += 1;
      if (this.down.has(url)) throw new TypeError("network");
      const { key, ack, want, commits } = JSON.parse(unutf8(body));
      const mailbox = b64(mailboxId(unb64(key)));
      const box = this.box(url, mailbox);
      for (const hash of ack) box.delete(hash);
      const letters = [...box].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, letter]) => letter);
      if (this.replays) letters.push(...this.deposited.filter((letter) => b64(letter.mailbox) === mailbox));
      if (this.invents) letters.push({ envelope: this.junk(), commitment: this.randomBytes(32) });
      const frames = letters
        .slice(0, want)
        .map(({ envelope, commitment }) =>
          concat(Uint8Array.of(FrameKind.LETTER), commits ? commitment : new Uint8Array(), envelope),
        );
      return new Response(concat(...frames));
    };
  }
}

export class Person {
  constructor(name, relays, urls) {
    this.name = name;
    this.relays = relays;
    this.urls = urls;
    this.now = NOW;
    this.randomBytes = seededBytes(`person ${name}`);
    this.outbox = [];
    this.came = [];
    this.open("undefined");
  }

  /** As a page that was closed and comes back: nothing but the stored book is left. */
  open(stored = this.stored) {
    this.stored = stored;
    this.post = new SyncRunner({
      book: readBook(stored === "undefined" ? undefined : JSON.parse(stored)),
      save: async (book) => {
        this.stored = JSON.stringify(book);
      },
      send: (letters) => this.outbox.push(...letters),
      fetch: this.relays.fetch,
      randomBytes: this.randomBytes,
      now: () => this.now,
    });
  }

  get book() {
    return this.post.book;
  }

  get contact() {
    return this.book.contacts[0];
  }

  get state() {
    return pairState(this.contact, this.now);
  }

  by() {
    return { now: this.now, randomBytes: this.randomBytes };
  }

  async offer(asked = {}) {
    const { offer } = await this.post.change((book) => newOffer(book, { relays: this.urls, ...asked, ...this.by() }));
    return { id: offer.id, text: await writeOfferCode(offer) };
  }

  async add(offer, text, label, seen = true) {
    const asked = { offer: offer.id, text, label, seen, otherRelay: true, ...this.by() };
    return (await this.post.change((book) => addContact(book, asked))).contact;
  }

  /** The page is opened, looks, sends, and is closed. */
  async sync() {
    this.open();
    this.post.hurry();
    const tally = await this.post.round();
    this.came.push(...tally.alerts);
    this.leave();
    return tally;
  }

  /** What can leave leaves. */
  leave() {
    this.outbox = this.outbox.filter((letter) => !this.relays.take(letter));
  }

  async send(work) {
    const { letters } = await this.post.change(work);
    this.outbox.push(...letters);
    this.leave();
    return letters;
  }
}

/** Each scans the other's code. */
export async function scanEachOther(anna, boris, seen = true) {
  const [mine, theirs] = [await anna.offer(), await boris.offer()];
  await anna.add(mine, theirs.text, "Борис", seen);
  await boris.add(theirs, mine.text, "Anna", seen);
}

export async function pair(anna, boris) {
  await scanEachOther(anna, boris);
  for (let i = 0; i < 3; i++) for (const who of [anna, boris]) await who.sync();
}
