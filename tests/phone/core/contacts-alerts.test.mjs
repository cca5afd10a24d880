/** Two phones that know each other: who they are, and alerts that arrive, or are not believed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  contactSafetyCode,
  contactSafetyNumber,
  countUnread,
  deriveContactKeys,
  deriveSession,
  listAlerts,
  markRead,
  newOffer,
  renameContact,
  verifyContact,
} from "../../../client/phone/core/contacts/book.js";
import { ASIDE } from "../../../client/phone/core/contacts/mail.js";
import { packLetter } from "../../../client/phone/core/letter.js";
import { PAGES } from "../../../client/phone/core/mailbox-rounds.js";
import { sealAlert } from "../../../client/phone/core/press.js";
import { seal } from "../../../client/phone/protocol/envelope.js";
import { alertMessage } from "../../../client/phone/protocol/message.js";
import { openEnvelope } from "../../../client/phone/protocol/opening.js";
import { cardAddress, deriveRendezvous } from "../../../client/phone/protocol/pairing.js";
import { b64, LETTER_BYTES, Purpose, utf8 } from "../../../client/phone/protocol/wire.js";
import {
  EAST,
  fc,
  NORTH,
  PLACE,
  pairedPeople,
  people,
  publicCard,
  randomBytes,
  SOUTH,
  TEXT,
  tell,
} from "../contacts-people.mjs";
import { atLength } from "../length.mjs";
import { scanEachOther } from "../post.mjs";

test("a code that came by link is unverified until the digits were compared, aloud or by the camera", async () => {
  const [anna, boris] = people();
  await scanEachOther(anna, boris, false);
  const { id } = anna.contact;
  assert.equal(anna.contact.verified, false);
  const wrong = (await contactSafetyCode(boris.contact)).replace(/\d$/, (last) => String((Number(last) + 1) % 10));
  await assert.rejects(verifyContact(anna.book, id, wrong), { code: "digits-differ" });
  await assert.rejects(verifyContact(anna.book, id, wrong.slice(0, -1)), { code: "code-cut" });
  await assert.rejects(verifyContact(anna.book, id, `${wrong.slice(0, -1)}x`), { code: "code-malformed" });
  await assert.rejects(verifyContact(anna.book, id, (await anna.offer()).text), { code: "code-other-kind" });
  for (const theirs of [await contactSafetyCode(boris.contact), await contactSafetyNumber(boris.contact)]) {
    assert.equal((await verifyContact(anna.book, id, theirs)).contacts[0].verified, true);
  }
});

test("a name is one line, nobody else's, and may be given later", async () => {
  const [anna, boris] = people();
  const [mine, theirs] = [await anna.offer(), await boris.offer()];
  const { id } = await anna.add(mine, theirs.text, "");
  assert.equal(anna.contact.label, "");
  assert.equal(renameContact(anna.book, id, "  Мама\n дома ").contacts[0].label, "Мама дома");
  assert.equal(
    renameContact(anna.book, id, "می\u200cخواهم").contacts[0].label,
    "می\u200cخواهم",
    "a joiner is a letter in Persian",
  );
  for (const label of ["", "  ", "x".repeat(81), "a\u202eb", "a\u0000b"]) {
    assert.throws(() => renameContact(anna.book, id, label), { code: "label" });
  }
  const named = newOffer(renameContact(anna.book, id, "й"), { relays: [NORTH], label: "Папа", ...anna.by() });
  assert.throws(() => renameContact(named.book, id, "Папа"), { code: "label-taken" });
  assert.throws(() => newOffer(named.book, { relays: [NORTH], label: "и\u0306", ...anna.by() }), {
    code: "label-taken",
  });
});

test("an alert arrives once with what was written, and the answer comes back", async () => {
  const [anna, boris, relays] = await pairedPeople();
  await tell(anna, { type: "detained", text: TEXT, place: PLACE });
  relays.replays = true;
  for (let i = 0; i < 3; i++) await boris.sync();
  const [alert, ...more] = boris.book.alerts;
  assert.deepEqual(more, []);
  assert.deepEqual(
    [alert.contact, alert.type, alert.text, alert.place, alert.origin, alert.isCut, alert.read],
    [boris.contact.id, "detained", TEXT, PLACE, "pair", false, false],
  );
  assert.equal(countUnread(boris.book), 1);
  assert.equal(countUnread(markRead(boris.book, [alert.id])), 0);
  await tell(boris, { type: "text", text: "Понял, звоню" });
  await anna.sync();
  assert.deepEqual(
    listAlerts(anna.book).map(({ text }) => text),
    ["Понял, звоню"],
  );
});

test("alerts that were swapped in place, changed or cut are not shown and do no harm", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const [letter] = await tell(anna, { type: "safe", text: "1" });
  for (const at of [1, 2_000, LETTER_BYTES - 1]) {
    const envelope = letter.envelope.slice();
    envelope[at] ^= 1;
    relays.lay(EAST, { ...letter, envelope });
  }
  const theirs = await deriveSession(anna.contact);
  relays.lay(NORTH, { ...letter, mailbox: theirs.own.mailbox.id });
  await boris.sync();
  await anna.sync();
  assert.deepEqual([boris.book.alerts.length, anna.book.alerts.length], [1, 0]);
});

test("an alert that overtakes the end of the pairing waits for it", async () => {
  const [anna, boris, relays] = people();
  await scanEachOther(anna, boris);
  for (const who of [boris, anna, boris]) await who.sync();
  const mailbox = b64((await publicCard(boris)).mailbox);
  anna.open();
  anna.post.hurry();
  await anna.post.round();
  assert.deepEqual([anna.state, boris.state], ["paired", "waiting"]);
  const letters = anna.outbox.splice(0);
  for (const url of boris.urls) relays.box(url, mailbox).clear();
  await tell(anna, { type: "detained", text: TEXT });
  assert.deepEqual((await boris.sync()).alerts, []);
  for (const letter of letters) relays.take(letter);
  assert.deepEqual(
    (await boris.sync()).alerts.map(({ text }) => text),
    [TEXT],
  );
});

test("without a network an alert waits sealed and leaves later", async () => {
  const [anna, boris, relays] = await pairedPeople();
  relays.down = new Set([NORTH, SOUTH, EAST]);
  await tell(anna, { type: "detained", text: TEXT });
  assert.equal(anna.outbox.length, 1);
  assert.equal(Buffer.from(packLetter(anna.outbox[0])).includes(TEXT), false);
  relays.down = new Set();
  anna.leave();
  await boris.sync();
  assert.equal(boris.book.alerts.length, 1);
});

test("who holds the sender's book cannot fetch or open what it sent", async () => {
  const [anna] = await pairedPeople();
  const [{ mailbox, envelope }] = await tell(anna, { type: "detained", text: TEXT });
  const meeting = await deriveSession(anna.contact);
  const [mine, theirs] = [await deriveRendezvous(meeting, true), await deriveRendezvous(meeting, false)];
  for (const { id } of [meeting.own.mailbox, mine.mailbox, theirs.mailbox]) assert.notEqual(b64(id), b64(mailbox));
  for (const key of [meeting.own.key, mine.key, theirs.key]) {
    const address = { purpose: Purpose.CONTACT, recipient: key.recipient, mailbox };
    await assert.rejects(openEnvelope(envelope, [key], address), { code: "envelope-not-for-us" });
  }
});

test("what a newer program wrote is shown as it is, and a letter that is none is dropped", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const { sending } = await deriveContactKeys(anna.contact);
  const card = await publicCard(boris);
  relays.lay(EAST, await sealAlert(card, sending, { v: 2, kind: "alert", what: "новое" }, randomBytes));
  relays.lay(EAST, await seal({ header: utf8("{}"), key: card.key, address: cardAddress(card), randomBytes }));
  await boris.sync();
  assert.deepEqual(
    boris.book.alerts.map(({ type, text }) => [type, JSON.parse(text).what]),
    [["unknown", "новое"]],
  );
});

test("whatever a contact writes, it is shown or refused, and the book goes on", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const { sending } = await deriveContactKeys(anna.contact);
  const card = await publicCard(boris);
  const known = {
    v: 1,
    id: b64(randomBytes(16)),
    case: b64(randomBytes(16)),
    seq: 0,
    at: 1,
    type: "safe",
    text: "",
    place: null,
  };
  const kind = fc.constantFrom("alert", "pair", "pair-wake", "reply", "toString");
  const field = fc.constantFrom(
    "v",
    "id",
    "case",
    "seq",
    "at",
    "type",
    "text",
    "place",
    "case_key",
    "share",
    "n",
    "wake",
    "kind",
  );
  const header = fc
    .tuple(kind, field, fc.jsonValue())
    .map(([of, name, value]) => ({ ...known, kind: of, [name]: value }));
  await fc.assert(
    fc.asyncProperty(fc.array(header, { minLength: 1, maxLength: 5 }), async (headers) => {
      for (const fields of headers) relays.lay(EAST, await sealAlert(card, sending, fields, randomBytes));
      await boris.sync();
    }),
    { numRuns: atLength(10, 300) },
  );
  await boris.post.change((book) => ({ ...book, alerts: [] }));
  await tell(anna, { type: "detained", text: TEXT });
  assert.deepEqual(
    (await boris.sync()).alerts.map(({ text }) => text),
    [TEXT],
  );
  assert.deepEqual(JSON.parse(boris.stored), boris.book);
});

test("a relay that invents letters without end is left after sixteen pages", async () => {
  const [anna, , relays] = await pairedPeople();
  relays.invents = true;
  relays.calls = 0;
  await anna.sync();
  assert.ok(relays.calls <= 2 * (PAGES + 1), `${relays.calls} calls`);
});

test("letters that are not authentic yet stay at the relay, a few of them, and one page never hides the next", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const card = await publicCard(boris);
  for (let i = 0; i < ASIDE + 60; i++) {
    const message = alertMessage({ case: b64(randomBytes(16)), seq: 0, at: 1 }, { type: "safe" }, randomBytes);
    relays.lay(EAST, await sealAlert(card, randomBytes(32), message, randomBytes));
  }
  await tell(anna, { type: "detained", text: TEXT });
  await boris.sync();
  assert.deepEqual(
    boris.came.map(({ text }) => text),
    [TEXT],
  );
  assert.equal(relays.box(EAST, b64(card.mailbox)).size, ASIDE);
});
