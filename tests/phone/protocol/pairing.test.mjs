/** The phone pairs as Python does: every vector, and the letters that one side seals for the other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { limitAlert } from "../../../client/phone/core/contacts/permission.js";
import { contactKey, sealAlert } from "../../../client/phone/core/press.js";
import { CutCode, pairCode, readPairCode } from "../../../client/phone/protocol/code.js";
import { TocsinError } from "../../../client/phone/protocol/errors.js";
import { openEnvelope } from "../../../client/phone/protocol/opening.js";
import {
  alertOrigin,
  beginSession,
  cardAddress,
  cardHash,
  cardLetter,
  checkDigits,
  confirms,
  deriveOwn,
  deriveRendezvous,
  markSent,
  NO_PROGRESS,
  newPairingOffer,
  onShare,
  pairKeys,
  readPairCard,
  readShare,
  safetyNumber,
  shareLetter,
} from "../../../client/phone/protocol/pairing.js";
import { b64, LETTER_BYTES, Purpose, SUITE, unb64, unutf8, utf8 } from "../../../client/phone/protocol/wire.js";
import { fromPackages, vectors } from "../from-phone.mjs";
import { seededBytes } from "../random.mjs";

const { default: fc } = await fromPackages("fast-check");

const NOW = 1_795_168_800;
const randomBytes = seededBytes("pairing");

function halfOf({ kem, mailbox, secret, share, relays, until, wake }) {
  return { kem: unb64(kem), mailbox: unb64(mailbox), secret: unb64(secret), share: unb64(share), relays, until, wake };
}

async function meetingOf({ half, code }) {
  return beginSession(await deriveOwn(halfOf(half)), readPairCode(code));
}

async function opened(meeting, envelope) {
  return openEnvelope(envelope, [meeting.own.key], meeting.own.address);
}

const CHECKS = {
  async meeting(vector) {
    const meeting = await meetingOf(vector);
    assert.equal(pairCode(meeting.own.code), vector.own_code);
    assert.equal(unutf8(meeting.own.card), vector.own_card);
    assert.deepEqual([meeting.first, safetyNumber(meeting)], [vector.first, vector.digits]);
    assert.deepEqual([b64(meeting.transcript), b64(meeting.k0)], [vector.transcript, vector.k0]);
    for (const [mine, seeds] of [
      [true, vector.my_door],
      [false, vector.their_door],
    ]) {
      const door = await deriveRendezvous(meeting, mine);
      assert.deepEqual([b64(door.mailbox.seed), b64(door.key.seed)], seeds);
    }
    const { sending, receiving } = pairKeys(meeting, unb64(vector.share));
    assert.deepEqual([b64(sending), b64(receiving)], [vector.sending, vector.receiving]);
  },
  code({ code, card, secret, relays }) {
    const read = readPairCode(code);
    assert.deepEqual([b64(read.card), b64(read.secret), read.relays], [card, secret, relays]);
    assert.equal(pairCode(read), code.replace(/\s/g, "").toUpperCase());
  },
  async card({ card, hash, now }) {
    await readPairCard(utf8(card), unb64(hash), now);
  },
  async card_letter(vector) {
    const meeting = await meetingOf(vector);
    const { key, address } = await deriveRendezvous(meeting, true);
    const letter = await openEnvelope(unb64(vector.envelope), [key], address);
    assert.equal(unutf8(letter.header), vector.card);
    await readPairCard(letter.header, meeting.code.card, NOW);
  },
  async share_letter(vector) {
    const meeting = await meetingOf(vector);
    const letter = await opened(meeting, unb64(vector.envelope));
    const share = readShare(letter.fields);
    assert.equal(b64(share), vector.share);
    assert.equal(confirms(meeting, share, letter, LETTER_BYTES), vector.sure);
  },
  alert({ key, named, recipient, mailbox, size, salt, header, mac, origin }) {
    const address = { purpose: Purpose.CONTACT, recipient: unb64(recipient), mailbox: unb64(mailbox) };
    const letter = { salt: unb64(salt), header: utf8(header), body: unb64(mac) };
    assert.equal(alertOrigin(unb64(key), named, address, letter, size), origin);
  },
  contact_key({ key, mailbox, case: id, own }) {
    assert.equal(b64(contactKey(unb64(key), unb64(mailbox), id)), own);
  },
  open_alert({ alert, permission, left }) {
    const { isType: is_type, isCut: is_cut, ...rest } = limitAlert(alert, permission);
    assert.deepEqual({ is_type, ...rest, is_cut }, left);
  },
  progress({ steps, share, owed, answered }) {
    const bytes = (number) => new Uint8Array(32).fill(number);
    const text = (number) => b64(bytes(number));
    let progress = NO_PROGRESS;
    for (const step of steps) {
      progress = step === "said" ? markSent(progress) : onShare(progress, bytes(step[0]), step[1]);
    }
    assert.equal(progress.share, share === null ? null : text(share));
    assert.deepEqual([progress.owed, progress.answered], [owed.map(text), answered.map(text)]);
  },
};

for (const vector of vectors("pairing")) {
  test(`pairing: ${vector.what}: ${vector.name}`, async () => {
    assert.equal(await outcomeOf(() => CHECKS[vector.what](vector)), vector.expect);
  });
}

async function twoSides() {
  const anna = await deriveOwn(newPairingOffer({ relays: ["https://relay.example"], now: NOW, randomBytes }));
  const boris = await deriveOwn(newPairingOffer({ relays: ["https://other.example"], now: NOW, randomBytes }));
  return [beginSession(anna, boris.code), beginSession(boris, anna.code)];
}

test("two codes become one pair, and an alert is authentic by the key of its direction", async () => {
  const [anna, boris] = await twoSides();
  const { key, address } = await deriveRendezvous(boris, true);
  const left = await cardLetter(anna, randomBytes);
  const { header } = await openEnvelope(left.envelope, [key], address);
  const card = await readPairCard(header, boris.code.card, NOW);

  const letter = await opened(anna, (await shareLetter(boris, card, null, randomBytes)).envelope);
  const share = readShare(letter.fields);
  assert.equal(confirms(anna, share, letter, LETTER_BYTES), false);
  const theirs = await readPairCard(boris.own.card, anna.code.card, NOW);
  const answer = await opened(boris, (await shareLetter(anna, theirs, share, randomBytes)).envelope);
  assert.equal(confirms(boris, readShare(answer.fields), answer, LETTER_BYTES), true);

  const keys = pairKeys(boris, readShare(answer.fields));
  const sealed = await sealAlert(card, keys.sending, { v: 1, kind: "alert" }, randomBytes);
  assert.deepEqual([sealed.envelope.length, sealed.envelope[0]], [LETTER_BYTES, SUITE]);
  const alert = await opened(anna, sealed.envelope);
  const mine = pairKeys(anna, share);
  assert.equal(alertOrigin(mine.receiving, null, cardAddress(card), alert, LETTER_BYTES), "pair");
  assert.throws(() => alertOrigin(mine.sending, null, cardAddress(card), alert, LETTER_BYTES), {
    code: "message-not-authentic",
  });
});

test("the digits are the same on both sides, in whatever script they are typed", async () => {
  const [anna, boris] = await twoSides();
  const digits = safetyNumber(anna);
  checkDigits(boris, digits.replace(/ /g, "-"));
  checkDigits(
    boris,
    digits.replace(/\d/g, (digit) => "۰۱۲۳۴۵۶۷۸۹"[digit]),
  );
  const wrong = digits.slice(0, -1) + ((Number(digits.at(-1)) + 1) % 10);
  for (const typed of ["", digits.slice(0, -1), wrong]) {
    assert.throws(() => checkDigits(boris, typed), { code: "digits-differ" });
  }
});

test("every cut of a code is refused as cut", async () => {
  const [{ own }] = await twoSides();
  const text = pairCode(own.code);
  for (let end = "TOCSIN:1:C:".length; end < text.length; end++) {
    assert.throws(() => readPairCode(text.slice(0, end)), CutCode);
  }
});

test("a share that is none is refused", () => {
  const share = b64(new Uint8Array(32));
  assert.equal(readShare({ kind: "alert" }), null);
  assert.throws(() => readShare({ kind: "pair", v: 2, share }), { code: "message-version" });
  for (const fields of [{ share }, { v: 1 }, { v: 1, share: "AA" }, { v: "1", share }]) {
    assert.throws(() => readShare({ kind: "pair", ...fields }), { code: "message-malformed" });
  }
});

test("whatever it is fed, a parser returns or refuses", async () => {
  const [{ own }] = await twoSides();
  const known = fc.constantFrom("key", "mailbox", "relays", "until", "wake");
  const good = JSON.parse(unutf8(own.card));
  const changed = fc.tuple(known, fc.jsonValue()).map(([name, value]) => JSON.stringify({ ...good, [name]: value }));
  await fc.assert(
    fc.asyncProperty(fc.oneof(changed, fc.json(), fc.string()), async (text) => {
      const data = utf8(text);
      await outcomeOf(() => readPairCard(data, cardHash(data), 0));
      await outcomeOf(() => readPairCode(text));
      await outcomeOf(() => readPairCode(`TOCSIN:1:C:${text}`));
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (fields) => {
      await outcomeOf(() => readShare({ kind: "pair", ...fields }));
    }),
  );
});

async function outcomeOf(check) {
  try {
    await check();
    return "ok";
  } catch (error) {
    if (error instanceof TocsinError) return error.code;
    throw error;
  }
}
