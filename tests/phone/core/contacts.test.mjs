/** Two phones and the relays between them, honest and not: pairing, alerts, loss and change. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  alertsOf,
  BOOK_BYTES,
  CONTACTS,
  contactsFor,
  digitsCodeFor,
  digitsFor,
  endsSoon,
  forgetOffer,
  isUnderDuress,
  keysOf,
  Later,
  markRead,
  meetingOf,
  newOffer,
  openOffers,
  readBook,
  readOther,
  relaysFor,
  remove,
  rename,
  setAnswers,
  setLater,
  setSeized,
  setText,
  sizeOf,
  unread,
  verify,
} from "../../../client/phone/core/contacts/book.js";
import { PLACE_MS, tellContacts } from "../../../client/phone/core/contacts/follow-up.js";
import {
  ALERT_BYTES,
  ASIDE,
  agreed,
  MARKS,
  passOn,
  sayWake,
  sealTo,
} from "../../../client/phone/core/contacts/mail.js";
import { PAGES } from "../../../client/phone/core/contacts/sync.js";
import { packKit, unpackKit } from "../../../client/phone/core/kit.js";
import { letterOf, packLetter, unpackLetter } from "../../../client/phone/core/letter.js";
import { emptyOutbox, step } from "../../../client/phone/core/outbox.js";
import { prepare, withContacts } from "../../../client/phone/core/prepare.js";
import { arrived, contactKey, press, Rank, sealAlert } from "../../../client/phone/core/press.js";
import { CONTENT_BYTES } from "../../../client/phone/core/vault.js";
import { cardCode } from "../../../client/phone/protocol/code.js";
import { seal } from "../../../client/phone/protocol/envelope.js";
import { alertMessage } from "../../../client/phone/protocol/message.js";
import { openEnvelope } from "../../../client/phone/protocol/opening.js";
import {
  cardAddress,
  cardLetter,
  doorOf,
  newHalf,
  ownOf,
  pairKeys,
  shareLetter,
} from "../../../client/phone/protocol/pairing.js";
import { b64, LETTER_BYTES, Purpose, unb64, utf8, WAKE_HEADER } from "../../../client/phone/protocol/wire.js";
import { organisation } from "../card.mjs";
import { chances } from "../chance.mjs";
import { fromPackages } from "../from-phone.mjs";
import { atLength } from "../length.mjs";
import { DAY, NOW, Person, pair, Relays, scanEachOther } from "../post.mjs";

const { default: fc } = await fromPackages("fast-check");
const chance = chances("contacts");
const [NORTH, SOUTH, EAST] = ["https://north.example", "https://south.example", "https://east.example"];
const TEXT = "Меня задержали. Позвони адвокату.";
const PLACE = { lat: 5_575_000, lon: 3_761_000, accuracy: 20, age: 5 };
const org = await organisation({ now: NOW / 1_000 });

function people(label = "x") {
  const relays = new Relays(label);
  return [
    new Person(`anna ${label}`, relays, [NORTH, SOUTH]),
    new Person(`boris ${label}`, relays, [SOUTH, EAST]),
    relays,
  ];
}

async function pairedPeople(label) {
  const [anna, boris, relays] = people(label);
  await pair(anna, boris);
  assert.deepEqual([anna.state, boris.state], ["paired", "paired"]);
  return [anna, boris, relays];
}

async function tell(from, said) {
  return from.send((book) => sealTo(book, from.contact.id, said, from.by()));
}

// Pairing

for (const order of ["ababab", "bababa", "aabbaabba", "bbaaabab"]) {
  test(`a pairing finishes by itself whoever comes first: ${order}`, async () => {
    const [anna, boris] = people();
    await scanEachOther(anna, boris);
    for (const who of order) await { a: anna, b: boris }[who].sync();
    assert.deepEqual([anna.state, boris.state], ["paired", "paired"]);
    const [ours, theirs] = [await keysOf(anna.contact), await keysOf(boris.contact)];
    assert.deepEqual([ours.sending, ours.receiving], [theirs.receiving, theirs.sending]);
    assert.equal(await digitsFor(anna.contact), await digitsFor(boris.contact));
    const sent = anna.relays.deposited.length;
    for (const who of [anna, boris, anna, boris]) {
      who.now += 2 * DAY;
      await who.sync();
    }
    assert.equal(anna.relays.deposited.length, sent, "a finished pairing has nothing more to say");
  });
}

test("without a network at the table nothing is lost", async () => {
  const [anna, boris, relays] = people();
  relays.down = new Set([NORTH, SOUTH, EAST]);
  await scanEachOther(anna, boris);
  for (const who of [anna, boris, anna]) await who.sync();
  assert.deepEqual([anna.state, [...anna.post.failures.values()]], ["waiting", ["network", "network", "network"]]);
  relays.down = new Set();
  for (let i = 0; i < 3; i++) for (const who of [anna, boris]) await who.sync();
  assert.deepEqual([anna.state, boris.state, anna.post.failures.size], ["paired", "paired", 0]);
});

test("a page closed right after each scan pairs all the same: what it had not sent is said again", async () => {
  const [anna, boris] = people();
  await scanEachOther(anna, boris);
  for (const who of [anna, boris]) {
    await who.sync();
    who.relays.held.clear();
  }
  for (const minutes of [11, 22, 33]) {
    for (const who of [anna, boris, anna, boris]) {
      who.now = NOW + minutes * 60_000;
      await who.sync();
    }
  }
  assert.deepEqual([anna.state, boris.state], ["paired", "paired"]);
});

test("one may look for days before the other has scanned", async () => {
  const [anna, boris] = people();
  const [mine, theirs] = [await anna.offer(), await boris.offer()];
  await anna.add(mine, theirs.text, "Борис");
  for (let day = 0; day < 5; day++) {
    anna.now = NOW + day * DAY;
    await anna.sync();
  }
  boris.now = anna.now;
  await boris.add(theirs, mine.text, "Anna");
  for (const who of [boris, anna, boris, anna]) await who.sync();
  assert.deepEqual([anna.state, boris.state], ["paired", "paired"]);
});

test("while both look at the screen the next round is seconds away, later it is not", async () => {
  const [anna, boris] = people();
  await scanEachOther(anna, boris);
  assert.ok((await anna.sync()).next <= 5_000);
  for (const who of [boris, anna, boris, anna]) await who.sync();
  assert.equal((await anna.sync()).next, 60_000);
});

test("a clock set back does not end the looking", async () => {
  const [anna] = await pairedPeople();
  anna.open();
  anna.now = NOW + 10 * DAY;
  await anna.post.round();
  anna.now = NOW;
  assert.ok((await anna.post.round()).next <= 3_600_000);
});

const STEPS = fc.array(
  fc.constantFrom(
    "anna",
    "boris",
    "drop",
    "keep",
    "replay",
    "noise",
    "down",
    "up",
    "day",
    "swap",
    "share",
    "forge",
    "lost",
  ),
  { maxLength: 14 },
);

test("whatever relays do on the way, a pairing ends right once they are honest, and never wrong", async () => {
  await fc.assert(
    fc.asyncProperty(STEPS, async (steps) => {
      const [anna, boris, relays] = people(steps.join());
      await scanEachOther(anna, boris);
      const film = await filmOf(anna, boris);
      for (const one of steps) await happen(one, anna, boris, relays, film);
      Object.assign(relays, { drops: false, replays: false, down: new Set() });
      for (let i = 0; i < 4; i++) {
        for (const who of [anna, boris]) who.now += DAY;
        for (const who of [anna, boris, anna]) await who.sync();
      }
      const [ours, theirs] = [await keysOf(anna.contact), await keysOf(boris.contact)];
      assert.deepEqual([ours.sending, ours.receiving], [theirs.receiving, theirs.sending]);
      const swapped = anna.contact.swapped || boris.contact.swapped;
      assert.ok(!swapped || steps.includes("swap"));
      await tell(anna, { type: "detained", text: TEXT });
      await boris.sync();
      assert.deepEqual([anna.book.alerts.length, boris.book.alerts.map(({ text }) => text)], [0, [TEXT]]);
    }),
    { numRuns: atLength(8, 200) },
  );
});

async function happen(one, anna, boris, relays, film) {
  if (one === "anna" || one === "boris") await { anna, boris }[one].sync();
  else if (one === "day") for (const who of [anna, boris]) who.now += DAY;
  else if (one === "lost") anna.outbox = [];
  else if (one === "noise") {
    for (const who of [anna, boris]) {
      const meeting = await meetingOf(who.contact);
      relays.noise(SOUTH, meeting.own.address.mailbox);
      relays.noise(SOUTH, (await doorOf(meeting, true)).address.mailbox);
    }
  } else if (one === "swap") for (const letter of await film.swapped()) relays.lay(SOUTH, letter);
  else if (one === "share") relays.lay(SOUTH, await film.share(await publicCard(anna)));
  else if (one === "forge") for (const letter of await film.forged()) relays.lay(SOUTH, letter);
  else if (one === "down" || one === "up") relays.down = new Set(one === "down" ? [SOUTH] : []);
  else Object.assign(relays, { drops: one === "drop", replays: one === "replay" });
}

/** Who filmed both screens: both codes, so k0, both doors, and whatever lies there. */
async function filmOf(anna, boris) {
  const [one, other] = [await meetingOf(anna.contact), await meetingOf(boris.contact)];
  const mallory = await ownOf(newHalf({ relays: [SOUTH], now: NOW / 1_000, chance }));
  const asIf = (meeting) => ({ ...meeting, own: { ...meeting.own, card: mallory.card } });
  return {
    mallory,
    /** Their own card at both doors. */
    swapped: async () => [await cardLetter(asIf(one), chance), await cardLetter(asIf(other), chance)],
    /** Alerts with every key that follows from the film. */
    forged: async () => {
      const said = alertMessage({ case: b64(chance(16)), seq: 0, at: 1 }, { type: "safe", text: "ложь" }, chance);
      const ownShare = pairKeys(other, other.own.half.secret);
      const keys = [one.k0, ownShare.sending, ownShare.receiving];
      const cards = [await publicCard(anna), await publicCard(boris)];
      return Promise.all(cards.flatMap((card) => keys.map((key) => sealAlert(card, key, said, false, chance))));
    },
    /** A share of their own, as if from Boris. */
    share: async (card) => {
      const half = { ...other.own.half, share: chance(32) };
      return shareLetter({ ...other, own: { ...other.own, half } }, card, null, chance);
    },
  };
}

test("a card put in the place of theirs is refused, said, and does not end the search", async () => {
  const [anna, boris, relays] = people();
  await scanEachOther(anna, boris);
  for (const letter of await (await filmOf(anna, boris)).swapped()) relays.lay(SOUTH, letter);
  await anna.sync();
  assert.equal(anna.contact.swapped, true);
  assert.equal(anna.post.troubles.get(anna.contact.id), "pair-card-swapped");
  assert.equal(anna.contact.card, null);
  for (const who of [boris, anna, boris, anna]) await who.sync();
  assert.deepEqual([anna.state, boris.state, anna.post.troubles.size], ["paired", "paired", 0]);
});

test("who filmed both codes reads no alert and forges none, whatever is sent and in whatever order", async () => {
  const [anna, boris, relays] = people();
  await scanEachOther(anna, boris);
  const film = await filmOf(anna, boris);
  await anna.sync();
  await boris.sync();
  const card = await publicCard(anna);
  for (let i = 0; i < 5; i++) relays.lay(NORTH, await film.share(card));
  for (const who of [anna, boris, anna, boris]) await who.sync();
  assert.deepEqual([anna.state, boris.state], ["paired", "paired"]);
  for (const key of [new Uint8Array(32), (await meetingOf(anna.contact)).k0]) {
    const said = alertMessage({ case: b64(chance(16)), seq: 0, at: 1 }, { type: "safe", text: "ложь" }, chance);
    for (const duress of [false, true]) relays.lay(NORTH, await sealAlert(card, key, said, duress, chance));
  }
  await tell(boris, { type: "detained", text: TEXT });
  await anna.sync();
  await anna.sync();
  assert.deepEqual(
    anna.came.map(({ text }) => text),
    [TEXT],
  );
  const doors = [await doorOf(await meetingOf(anna.contact), true), await doorOf(await meetingOf(anna.contact), false)];
  for (const { envelope, mailbox } of relays.deposited.filter(({ rank }) => rank === Rank.CONTACT)) {
    for (const { key } of [...doors, film.mallory]) {
      const address = { purpose: Purpose.CONTACT, recipient: key.recipient, mailbox };
      await assert.rejects(openEnvelope(envelope, [key], address), { code: "envelope-not-for-us" });
    }
  }
});

async function publicCard(who) {
  const { own } = await meetingOf(who.contact);
  return { key: own.key.public, mailbox: own.mailbox.id, relays: own.half.relays, until: own.half.until, wake: null };
}

test("twenty false shares are believed by nobody, and no more than sixteen are answered", async () => {
  const [anna, boris, relays] = people();
  await scanEachOther(anna, boris);
  const film = await filmOf(anna, boris);
  await anna.sync();
  await boris.sync();
  await anna.sync();
  const card = await publicCard(anna);
  for (let i = 0; i < 20; i++) relays.lay(NORTH, await film.share(card));
  await anna.sync();
  assert.equal(anna.contact.progress.answered.length, 16);
  assert.equal(anna.contact.progress.share, null);
  for (const who of [boris, anna, boris]) await who.sync();
  assert.deepEqual([anna.state, boris.state], ["paired", "paired"]);
  assert.equal(anna.contact.progress.share, boris.contact.half.share);
});

// Wrong codes

test("every wrong code has its own error", async () => {
  const [anna, boris] = people();
  const [mine, theirs] = [await anna.offer(), await boris.offer()];
  const wrong = {
    "code-own": mine.text,
    "code-other-kind": cardCode({ root: chance(32), relays: [NORTH] }),
    "code-cut": theirs.text.slice(0, -5),
    "code-malformed": "hello",
  };
  for (const [code, text] of Object.entries(wrong)) {
    await assert.rejects(readOther(anna.book, text), { code });
    await assert.rejects(anna.add(mine, text, "Борис"), { code });
  }
  await assert.rejects(readOther(anna.book, `TOCSIN:1:D:${"1".repeat(60)}`), { code: "code-other-kind" });
  await assert.rejects(readOther(anna.book, `${theirs.text.slice(0, -1)}1`), { code: "code-malformed" });
  const { id } = await anna.add(mine, theirs.text, "Борис");
  await assert.rejects(readOther(anna.book, theirs.text), { code: "code-known", contact: id });
  await assert.rejects(readOther(anna.book, mine.text), { code: "code-own" }, "one's own that is spent");
  const next = await anna.offer();
  await assert.rejects(anna.add(next, (await boris.offer({ fresh: true })).text, "Борис"), { code: "label-taken" });
  await assert.rejects(anna.add({ id: "none" }, (await boris.offer()).text, "Б"), { code: "offer-missing" });
  anna.now = boris.now = NOW + 36 * DAY;
  await assert.rejects(anna.add(next, (await boris.offer()).text, "Б"), { code: "code-expired" });
});

test("a code nobody answered for five weeks, and a card past its time, are over and say so", async () => {
  const [anna, boris] = people();
  const [mine, theirs] = [await anna.offer(), await boris.offer()];
  await anna.add(mine, theirs.text, "Борис");
  await anna.sync();
  anna.now = NOW + 36 * DAY;
  const sent = anna.relays.deposited.length;
  await anna.sync();
  assert.deepEqual([anna.state, anna.post.troubles.get(anna.contact.id)], ["expired", "code-expired"]);
  assert.equal(anna.relays.deposited.length, sent);
});

test("face to face the same code is shown until somebody's was put to it, by link each has their own", async () => {
  const [anna] = people();
  const first = await anna.offer();
  assert.equal((await anna.offer()).id, first.id);
  const mother = await anna.offer({ label: "Мама" });
  assert.equal((await anna.offer()).id, first.id);
  assert.notEqual((await anna.offer({ fresh: true })).id, first.id);
  assert.deepEqual(
    openOffers(anna.book, NOW).map(({ label }) => label),
    ["Мама", ""],
  );
  await assert.rejects(anna.offer({ label: "Мама" }), { code: "label-taken" });
  assert.equal(forgetOffer(anna.book, mother.id).offers.length, 1);
});

test("a code carries what fits, and an onion only when there is room", () => {
  const onion = `http://${"a".repeat(56)}.onion`;
  assert.deepEqual(relaysFor([onion, NORTH]), [NORTH, onion]);
  assert.deepEqual(relaysFor([onion, NORTH, SOUTH, EAST, NORTH]), [NORTH, SOUTH, EAST]);
  assert.throws(() => relaysFor([]), { code: "relays-missing" });
  assert.throws(() => relaysFor([`https://${"a".repeat(60)}.${"b".repeat(60)}.example`]), { code: "code-too-long" });
});

// Who they are

test("a code that came by link is unverified until the digits were compared, aloud or by the camera", async () => {
  const [anna, boris] = people();
  await scanEachOther(anna, boris, false);
  const { id } = anna.contact;
  assert.equal(anna.contact.verified, false);
  const wrong = (await digitsCodeFor(boris.contact)).replace(/\d$/, (last) => String((Number(last) + 1) % 10));
  await assert.rejects(verify(anna.book, id, wrong), { code: "digits-differ" });
  await assert.rejects(verify(anna.book, id, wrong.slice(0, -1)), { code: "code-cut" });
  await assert.rejects(verify(anna.book, id, `${wrong.slice(0, -1)}x`), { code: "code-malformed" });
  await assert.rejects(verify(anna.book, id, (await anna.offer()).text), { code: "code-other-kind" });
  for (const said of [await digitsCodeFor(boris.contact), await digitsFor(boris.contact)]) {
    assert.equal((await verify(anna.book, id, said)).contacts[0].verified, true);
  }
});

test("a name is one line, nobody else's, and may be given later", async () => {
  const [anna, boris] = people();
  const [mine, theirs] = [await anna.offer(), await boris.offer()];
  const { id } = await anna.add(mine, theirs.text, "");
  assert.equal(anna.contact.label, "");
  assert.equal(rename(anna.book, id, "  Мама\n дома ").contacts[0].label, "Мама дома");
  assert.equal(
    rename(anna.book, id, "می\u200cخواهم").contacts[0].label,
    "می\u200cخواهم",
    "a joiner is a letter in Persian",
  );
  for (const label of ["", "  ", "x".repeat(81), "a\u202eb", "a\u0000b"]) {
    assert.throws(() => rename(anna.book, id, label), { code: "label" });
  }
  const named = newOffer(rename(anna.book, id, "й"), { relays: [NORTH], label: "Папа", ...anna.by() });
  assert.throws(() => rename(named.book, id, "Папа"), { code: "label-taken" });
  assert.throws(() => newOffer(named.book, { relays: [NORTH], label: "и\u0306", ...anna.by() }), {
    code: "label-taken",
  });
});

// Alerts

test("an alert arrives once with what was written, and the answer comes back", async () => {
  const [anna, boris, relays] = await pairedPeople();
  await tell(anna, { type: "detained", text: TEXT, place: PLACE });
  relays.replays = true;
  for (let i = 0; i < 3; i++) await boris.sync();
  const [said, ...more] = boris.book.alerts;
  assert.deepEqual(more, []);
  assert.deepEqual(
    [said.contact, said.type, said.text, said.place, said.origin, said.duress, said.read],
    [boris.contact.id, "detained", TEXT, PLACE, "pair", false, false],
  );
  assert.equal(unread(boris.book), 1);
  assert.equal(unread(markRead(boris.book, [said.id])), 0);
  await tell(boris, { type: "text", text: "Понял, звоню" });
  await anna.sync();
  assert.deepEqual(
    alertsOf(anna.book).map(({ text }) => text),
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
  const theirs = await meetingOf(anna.contact);
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
  const held = anna.outbox.splice(0);
  for (const url of boris.urls) relays.box(url, mailbox).clear();
  await tell(anna, { type: "detained", text: TEXT });
  assert.deepEqual((await boris.sync()).alerts, []);
  for (const letter of held) relays.take(letter);
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
  const meeting = await meetingOf(anna.contact);
  const [mine, theirs] = [await doorOf(meeting, true), await doorOf(meeting, false)];
  for (const { id } of [meeting.own.mailbox, mine.mailbox, theirs.mailbox]) assert.notEqual(b64(id), b64(mailbox));
  for (const key of [meeting.own.key, mine.key, theirs.key]) {
    const address = { purpose: Purpose.CONTACT, recipient: key.recipient, mailbox };
    await assert.rejects(openEnvelope(envelope, [key], address), { code: "envelope-not-for-us" });
  }
});

test("what a newer program wrote is shown as it is, and a letter that is none is dropped", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const { sending } = await keysOf(anna.contact);
  const card = await publicCard(boris);
  relays.lay(EAST, await sealAlert(card, sending, { v: 2, kind: "alert", what: "новое" }, false, chance));
  relays.lay(EAST, await seal({ header: utf8("{}"), key: card.key, address: cardAddress(card), chance }));
  await boris.sync();
  assert.deepEqual(
    boris.book.alerts.map(({ type, text }) => [type, JSON.parse(text).what]),
    [["unknown", "новое"]],
  );
});

test("whatever a contact writes, it is shown or refused, and the book goes on", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const { sending } = await keysOf(anna.contact);
  const card = await publicCard(boris);
  const known = {
    v: 1,
    id: b64(chance(16)),
    case: b64(chance(16)),
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
      for (const one of headers) relays.lay(EAST, await sealAlert(card, sending, one, false, chance));
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
    const said = alertMessage({ case: b64(chance(16)), seq: 0, at: 1 }, { type: "safe" }, chance);
    relays.lay(EAST, await sealAlert(card, chance(32), said, false, chance));
  }
  await tell(anna, { type: "detained", text: TEXT });
  await boris.sync();
  assert.deepEqual(
    boris.came.map(({ text }) => text),
    [TEXT],
  );
  assert.equal(relays.box(EAST, b64(card.mailbox)).size, ASIDE);
});

// The press

async function kitOf(person, changes = (book) => book) {
  await person.post.change((book) => changes(setText(book, person.contact.id, TEXT)));
  return prepare({ card: org.card, facts: {}, contacts: await contactsFor(person.book, NOW), now: NOW, chance });
}

function toContacts(letters) {
  return letters.filter(({ rank }) => rank === Rank.CONTACT || rank === Rank.PLACE);
}

async function pressed(person, kit, moment) {
  const done = await press(kit, { now: person.now, chance, ...moment });
  for (const letter of toContacts(done.letters)) person.relays.take(letter);
  return done;
}

test("one press: the words written in advance, and that it is now; where, for those who may know", async () => {
  for (const [later, place] of [
    [Later.NOTHING, null],
    [Later.SAFE, null],
    [Later.PLACE, PLACE],
    [Later.ALL, PLACE],
  ]) {
    const [anna, boris] = await pairedPeople(`press ${later}`);
    const kit = await kitOf(anna, (book) => setLater(book, anna.contact.id, later));
    await pressed(anna, unpackKit(packKit(kit)), { facts: { place: PLACE } });
    await boris.sync();
    const [prepared, now] = [...boris.book.alerts].sort((one, other) => other.text.length - one.text.length);
    assert.deepEqual([prepared.text, prepared.origin, prepared.type], [TEXT, "pair", "detained"]);
    assert.deepEqual([now.text, now.origin, now.place, now.case], ["", "case", place, prepared.case]);
  }
});

test("what is signed by the case's key waits at the relay for the letter that brings it", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const { letters } = await press(await kitOf(anna), { facts: {}, now: NOW, chance });
  const [words, now] = toContacts(letters).sort((one, other) => one.rank - other.rank);
  relays.take(now);
  assert.deepEqual((await boris.sync()).alerts, []);
  assert.deepEqual((await boris.sync()).alerts, []);
  relays.take(words);
  assert.equal((await boris.sync()).alerts.length, 2);
  assert.deepEqual((await boris.sync()).alerts, []);
  assert.ok(
    [...relays.held.values()].every((boxes) => !boxes.get(b64(now.mailbox))?.size),
    "and then it is acknowledged",
  );
});

test("what lies open after the press tells whom, and never who: no name, no word, no key of a pair", async () => {
  const [anna, boris] = await pairedPeople();
  const kit = await kitOf(anna, (book) => rename(book, anna.contact.id, "Борис Петрович"));
  const { half, card, progress, code } = anna.contact;
  const keys = await keysOf(anna.contact);
  const { k0 } = await meetingOf(anna.contact);
  const { letters } = await press(kit, { facts: {}, now: NOW, chance });
  const open = [packKit(kit), ...letters.map(packLetter)].map((bytes) => Buffer.from(bytes));
  const raw = [half.kem, half.mailbox, half.secret, half.share, progress.share].map((text) => unb64(text));
  const secrets = [
    "Борис",
    TEXT,
    TEXT.slice(0, 12),
    code,
    ...[...raw, keys.sending, keys.receiving, k0].flatMap((one) => [one, b64(one)]),
  ];
  for (const secret of secrets) {
    for (const bytes of open) assert.equal(bytes.includes(secret), false);
    if (typeof secret === "string")
      for (const bytes of open) assert.equal(bytes.includes(Buffer.from(secret, "utf16le")), false);
  }
  assert.ok(open[0].includes(card.mailbox), "the search finds what is there");
  assert.equal(boris.contact.label, "Anna");
});

test("after a change of contacts the same case goes on, and nobody is told the same twice", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const kit = await kitOf(anna);
  const changedText = await post(anna, (book) => setText(book, anna.contact.id, "другое"));
  const anew = await withContacts(kit, await contactsFor(changedText, NOW), { now: NOW, chance });
  assert.deepEqual([anew.case, anew.caseKey, anew.seq], [kit.case, kit.caseKey, kit.seq]);
  const { kit: after, letters } = await pressed(anna, anew, { facts: {} });
  await boris.sync();
  assert.ok(boris.came.some(({ text }) => text === "другое"));
  const gone = letters.find(({ rank }) => rank === Rank.CONTACT);
  const told = arrived(after, gone.id);
  const clara = new Person("clara", relays, [NORTH]);
  const [mine, theirs] = [await anna.offer(), await clara.offer()];
  await anna.add(mine, theirs.text, "Клара");
  await clara.add(theirs, mine.text, "Anna");
  for (let i = 0; i < 3; i++) for (const who of [anna, clara]) await who.sync();
  const both = await withContacts(told, await contactsFor(anna.book, NOW), { now: NOW, chance });
  assert.deepEqual(
    both.ready.map(({ contact }) => contact).filter((one) => one !== null),
    [1],
    "only who came late is told",
  );
  await pressed(anna, both, { facts: { place: PLACE } });
  await clara.sync();
  assert.equal(clara.came.length, 2);
  const without = await withContacts(both, [], { now: NOW, chance });
  assert.deepEqual([without.contacts, without.ready.every(({ contact }) => contact === null)], [[], true]);
});

async function post(person, work) {
  await person.post.change(work);
  return person.book;
}

test("afterwards each contact is told what was chosen for them", async () => {
  const [anna, boris] = await pairedPeople();
  const kit = await kitOf(anna);
  const facts = { station: { text: "ОВД Тверской" }, stage: "station", place: PLACE };
  const told = async (later, said) => {
    const own = { ...kit, contacts: kit.contacts.map((one) => ({ ...one, later })) };
    const { letters } = await tellContacts(own, { ...said, now: NOW, chance });
    const { own: us } = await meetingOf(boris.contact);
    const opened = await Promise.all(letters.map(({ envelope }) => openEnvelope(envelope, [us.key], us.address)));
    return opened.map(({ fields: { type, text, place } }) => [type, text, place]);
  };
  const { ALL, NOTHING, SAFE } = Later;
  const where = { ...PLACE, stage: "station", station: facts.station };
  assert.deepEqual(await told(NOTHING, { facts, type: "safe" }), []);
  assert.deepEqual(await told(SAFE, { facts }), []);
  assert.deepEqual(await told(SAFE, { facts: { ...PLACE, stage: "released" } }), [["safe", "", null]]);
  assert.deepEqual(await told(SAFE, { facts: { place: PLACE }, type: "safe" }), [["safe", "", null]]);
  assert.deepEqual(await told(SAFE, { type: "unsafe" }), [["unsafe", "", null]]);
  assert.deepEqual(await told(Later.PLACE, { facts }), [["moved", "", where]]);
  assert.deepEqual(await told(Later.PLACE, { facts: { account: "били" } }), []);
  assert.deepEqual(await told(ALL, { facts: { account: "били" } }), [["text", "били", null]]);
  assert.deepEqual(await told(ALL, { facts: { minors: 2 } }), []);
});

test("positions alone are told every ten minutes, a station at once", async () => {
  const [anna] = await pairedPeople();
  let kit = await kitOf(anna, (book) => setLater(book, anna.contact.id, Later.PLACE));
  const counts = [];
  for (const [after, facts] of [
    [0, { place: PLACE }],
    [120_000, { place: PLACE }],
    [180_000, { stage: "court", place: PLACE }],
    [PLACE_MS, { place: PLACE }],
    [PLACE_MS + 180_000, { place: PLACE }],
    [-DAY, { place: PLACE }],
  ]) {
    const said = await tellContacts(kit, { facts, now: NOW + after, chance });
    kit = said.kit;
    counts.push(said.letters.length);
  }
  assert.deepEqual(counts, [1, 0, 1, 0, 1, 1], "and a clock set back silences nobody");
  assert.equal(unpackKit(packKit(kit)).placed, undefined);
});

// Under duress

test("after the decoy's PIN alert and safe say so at the contact, out of the kit alone", async () => {
  const [anna, boris] = await pairedPeople();
  const kit = unpackKit(packKit(await kitOf(anna)));
  await pressed(anna, kit, { facts: {}, duress: true });
  const { letters } = await tellContacts(kit, { type: "safe", duress: true, now: NOW, chance });
  for (const letter of letters) anna.relays.take(letter);
  await boris.sync();
  const safe = boris.book.alerts.find(({ type }) => type === "safe");
  assert.deepEqual([safe.duress, safe.origin], [true, "case"]);
  assert.deepEqual(
    boris.book.alerts.map(({ duress }) => duress).sort(),
    [false, true, true],
    "what was sealed in advance cannot say it",
  );
  assert.ok(
    boris.book.alerts.every((one) => isUnderDuress(boris.book, one)),
    "but its case does",
  );
});

test("on the wire duress is nothing: the same letters, sizes, relays and ranks, the same draws of chance", async () => {
  const [anna] = await pairedPeople();
  const kit = await kitOf(anna);
  const traces = [];
  for (const duress of [false, true]) {
    const drawn = [];
    const counted = (count) => {
      drawn.push(count);
      return chance(count);
    };
    const { letters } = await press(kit, { facts: { place: PLACE }, duress, now: NOW, chance: counted });
    const safe = await tellContacts(kit, { type: "safe", duress, now: NOW, chance: counted });
    const all = [...toContacts(letters), ...safe.letters];
    traces.push([
      drawn,
      all.map(({ envelope, relays, rank, mailbox, wake }) => [envelope.length, relays, rank, b64(mailbox), wake]),
    ]);
  }
  assert.deepEqual(traces[0], traces[1]);
});

test("a case's key signs its own case, and the first one stays", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const kit = await kitOf(anna);
  await pressed(anna, kit, { facts: {} });
  await boris.sync();
  const other = { ...kit, case: b64(chance(16)) };
  for (const letter of (await tellContacts(other, { type: "safe", now: NOW, chance })).letters) relays.take(letter);
  assert.deepEqual((await boris.sync()).alerts, []);
  const [[, before]] = boris.contact.cases;
  const { sending } = await keysOf(anna.contact);
  const said = {
    ...alertMessage({ case: kit.case, seq: 5, at: 1 }, { type: "moved" }, chance),
    case_key: b64(chance(32)),
  };
  relays.lay(EAST, await sealAlert(await publicCard(boris), sending, said, false, chance));
  assert.equal((await boris.sync()).alerts.length, 1);
  assert.deepEqual(boris.contact.cases, [[kit.case, before]]);
});

test("who holds a case's key cannot speak for an organisation, not even in what was stored before", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const kit = await kitOf(anna);
  await pressed(anna, kit, { facts: {} });
  await boris.sync();
  const card = await publicCard(boris);
  const open = contactKey(unb64(kit.caseKey), card.key);
  for (const type of ["text", "safe", "moved", "detained"]) {
    const said = {
      ...alertMessage({ case: kit.case, seq: 5, at: 1 }, { type, text: "выйдите" }, chance),
      passed: true,
    };
    relays.lay(EAST, await sealAlert(card, open, said, false, chance));
  }
  await boris.sync();
  const forged = boris.book.alerts.filter(({ origin, text }) => origin === "case" && text === "выйдите");
  assert.ok(forged.length === 4 && forged.every(({ passed }) => !passed));
  const before = { ...boris.book, alerts: boris.book.alerts.map((alert) => ({ ...alert, passed: true })) };
  const shown = readBook(before).alerts.filter(({ passed }) => passed);
  assert.ok(shown.length > 0 && shown.every(({ origin }) => origin === "pair"));
});

// An organisation's answer

test("an organisation's answer is passed on only to whom that was agreed for", async () => {
  const [anna, boris] = await pairedPeople();
  const { id } = anna.contact;
  const answer = { text: "Адвокат Петрова едет" };
  await assert.rejects(passOn(anna.book, id, answer, anna.by()), { code: "answers-not-agreed" });
  assert.deepEqual(agreed(anna.book, NOW), []);
  await anna.post.change((book) => setAnswers(book, id, true));
  assert.equal(agreed(anna.book, NOW).length, 1);
  await anna.send((book) => passOn(book, id, answer, anna.by()));
  await boris.sync();
  const [{ type, text, passed }] = boris.book.alerts;
  assert.deepEqual([type, text, passed], ["text", answer.text, true]);
});

// Waking

const WAKE = `${SOUTH} ${b64(chance(1_072))}`;

test("a wake goes from the card through kit, letter and outbox to the one relay it names", async () => {
  const [anna, boris] = people();
  const [mine, theirs] = [await anna.offer(), await boris.offer({ wake: WAKE })];
  await anna.add(mine, theirs.text, "Борис");
  await boris.add(theirs, mine.text, "Anna");
  for (let i = 0; i < 3; i++) for (const who of [anna, boris]) await who.sync();
  const kit = unpackKit(packKit(await kitOf(anna)));
  const { letters } = await press(kit, { facts: {}, now: NOW, chance });
  const alert = unpackLetter(packLetter(toContacts(letters)[0]));
  assert.deepEqual(headersOf(alert), [
    [SOUTH, WAKE.split(" ")[1]],
    [EAST, undefined],
  ]);
  for (const letter of letters.filter((one) => !toContacts(letters).includes(one))) assert.equal(letter.wake, null);
  const [unlocked] = await tell(anna, { type: "safe" });
  assert.equal(headersOf(unlocked)[0][1], WAKE.split(" ")[1]);
  assert.ok(anna.relays.deposited.filter(({ rank }) => rank === Rank.PAIR).every(({ wake }) => wake === null));
  await boris.send((book) => sayWake(book, boris.contact.id, null, boris.by()));
  await anna.sync();
  assert.equal((await contactsFor(anna.book, NOW))[0].wake, null);
  await boris.send((book) => sayWake(book, boris.contact.id, WAKE, boris.by()));
  anna.relays.replays = true;
  await anna.sync();
  await anna.sync();
  assert.deepEqual((await contactsFor(anna.book, NOW))[0].wake, { relay: SOUTH, sealed: WAKE.split(" ")[1] });
  assert.deepEqual(anna.book.alerts, []);
});

test("of two words about ringing the later one counts, in whatever order they come", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const late = new Relays("late");
  boris.relays = late;
  await boris.send((book) => sayWake(book, boris.contact.id, WAKE, boris.by()));
  boris.relays = relays;
  await boris.send((book) => sayWake(book, boris.contact.id, null, boris.by()));
  await anna.sync();
  for (const letter of late.deposited) relays.take(letter);
  await anna.sync();
  assert.equal((await contactsFor(anna.book, NOW))[0].wake, null);
});

/** What each relay is sent, the first that is tried first. */
function headersOf(letter) {
  let { outbox, effects } = step(emptyOutbox(), { type: "add", letter, now: NOW }, chance);
  const sent = [];
  for (let now = NOW; sent.length < letter.relays.length; now += 5_000) {
    sent.push(...effects.filter(({ type }) => type === "send"));
    ({ outbox, effects } = step(outbox, { type: "tick", now }, chance));
  }
  return sent.map(({ url, headers }) => [url, headers[WAKE_HEADER]]);
}

test("a wake that is none breaks nothing and is not kept", async () => {
  for (const wake of ["", "x".repeat(3_000), `${NORTH} ${b64(chance(1_072))}`, "a\r\nb"]) {
    const [anna, boris] = people(`wake ${wake.length}`);
    const [mine, theirs] = [await anna.offer(), await boris.offer({ wake })];
    await anna.add(mine, theirs.text, "Борис");
    await boris.add(theirs, mine.text, "Anna");
    for (let i = 0; i < 3; i++) for (const who of [anna, boris]) await who.sync();
    assert.equal(anna.state, "paired");
    assert.equal((await contactsFor(anna.book, NOW))[0].wake, null);
    assert.ok(!JSON.stringify(anna.contact.card).includes("xxx"));
  }
  const letter = letterOf(
    { envelope: envelopeOf(), commitment: chance(32), mailbox: chance(32) },
    { relays: [NORTH], added: NOW },
  );
  for (const wake of [{ relay: "x", sealed: "y" }, "text", 5, { relay: NORTH, sealed: "a\nb" }]) {
    assert.equal(unpackLetter(packLetter({ ...letter, wake })).wake, null);
  }
});

function envelopeOf() {
  const envelope = chance(LETTER_BYTES);
  envelope[0] = 1;
  return envelope;
}

// Loss and change

test("who was offline for two months is paired still, and what is sent afterwards arrives", async () => {
  const [anna, boris, relays] = await pairedPeople();
  await tell(anna, { type: "detained", text: "старое" });
  relays.held.clear();
  anna.now = boris.now = NOW + 60 * DAY;
  await tell(anna, { type: "safe", text: "новое" });
  await boris.sync();
  assert.deepEqual(
    boris.came.map(({ text }) => text),
    ["новое"],
  );
});

test("the end of a pair is said in time; then nothing is sent, and what was sent before still arrives", async () => {
  const [anna, boris] = await pairedPeople();
  assert.equal(endsSoon(anna.contact, NOW + 300 * DAY), false);
  anna.now = boris.now = NOW + 399 * DAY;
  assert.equal(endsSoon(anna.contact, anna.now), true);
  await tell(anna, { type: "safe", text: "под конец" });
  anna.now = boris.now = NOW + 401 * DAY;
  assert.equal(anna.state, "expired");
  await assert.rejects(tell(anna, { type: "safe" }), { code: "contact-expired" });
  assert.deepEqual(await contactsFor(anna.book, anna.now), []);
  await boris.sync();
  assert.deepEqual(
    boris.came.map(({ text }) => text),
    ["под конец"],
  );
});

test("a contact that was removed is gone with keys and alerts; the other side sees nothing", async () => {
  const [anna, boris, relays] = await pairedPeople();
  await tell(boris, { type: "text", text: "привет" });
  await anna.sync();
  const sent = relays.deposited.length;
  await anna.post.change((book) => remove(book, anna.contact.id));
  assert.deepEqual([anna.book.contacts, anna.book.alerts], [[], []]);
  await anna.sync();
  await boris.sync();
  assert.deepEqual([relays.deposited.length, boris.state], [sent, "paired"]);
  assert.throws(() => remove(rename(anna.book, "x", "y"), "x"), { code: "contact-unknown" });
});

test("a seized phone is marked, and the mark stays when more arrives", async () => {
  const [anna, boris] = await pairedPeople();
  await boris.post.change((book) => setSeized(book, boris.contact.id, true));
  await tell(anna, { type: "safe" });
  await boris.sync();
  assert.deepEqual([boris.contact.seized, boris.book.alerts.length], [true, 1]);
});

test("a restored book goes on where it was: what comes is read, what was said again is not believed twice", async () => {
  const [anna, boris] = await pairedPeople();
  const old = boris.stored;
  await tell(anna, { type: "detained", text: "1" });
  await boris.sync();
  boris.open(old);
  await tell(anna, { type: "safe", text: "2" });
  await boris.sync();
  assert.deepEqual(
    boris.book.alerts.map(({ text }) => text),
    ["2"],
  );
  await tell(boris, { type: "text", text: "жив" });
  await anna.sync();
  assert.equal(anna.book.alerts.length, 1);
});

test("a new phone pairs anew beside the old contact", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const phone = new Person("anna's new phone", relays, [NORTH]);
  const [mine, theirs] = [await phone.offer(), await boris.offer()];
  await phone.add(mine, theirs.text, "Борис");
  await boris.add(theirs, mine.text, "Anna, новый");
  for (let i = 0; i < 3; i++) for (const who of [phone, boris]) await who.sync();
  await phone.send((book) => sealTo(book, phone.contact.id, { type: "safe", text: "с нового" }, phone.by()));
  await boris.sync();
  assert.equal(boris.book.alerts[0].contact, boris.book.contacts[1].id);
  assert.equal(anna.state, "paired");
});

// Room

test("twelve contacts and their alerts leave room in the vault for everything else", async () => {
  let book = readBook(undefined);
  const by = { now: NOW, chance };
  const add = () => {
    book = newOffer(book, { relays: [NORTH, SOUTH], label: `n${book.offers.length}`, ...by }).book;
  };
  for (let i = 0; i < CONTACTS; i++) add();
  assert.throws(add, { code: "contacts-full" });
  const [anna, boris] = await pairedPeople();
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 20; j++) await tell(anna, { type: "text", text: `${i}-${j} ${"я".repeat(600)}` });
    await boris.sync();
    const [newest] = alertsOf(boris.book);
    await boris.post.change((one) => markRead(one, [newest.id]));
  }
  const { alerts, contacts } = boris.book;
  assert.ok(JSON.stringify(alerts).length * 2 > ALERT_BYTES / 2, "they are kept as long as there is room");
  assert.ok(Buffer.from(JSON.stringify(alerts)).length <= ALERT_BYTES);
  assert.equal(contacts[0].marks.length, MARKS);
  assert.ok(sizeOf(boris.book) < 5_000, `${sizeOf(boris.book)} bytes for one contact`);
  assert.ok(BOOK_BYTES + ALERT_BYTES < CONTENT_BYTES * 0.8);
});

test("one contact that floods does not push out what another said, and what is read goes first", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const clara = new Person("clara", relays, [EAST]);
  const [mine, theirs] = [await boris.offer(), await clara.offer()];
  await boris.add(mine, theirs.text, "Клара");
  await clara.add(theirs, mine.text, "Борис");
  for (let i = 0; i < 3; i++) for (const who of [clara, boris]) await who.sync();
  await tell(anna, { type: "detained", text: TEXT });
  await boris.sync();
  for (let i = 0; i < 12; i++) await tell(clara, { type: "text", text: "ш".repeat(1_500) });
  await boris.sync();
  assert.ok(boris.book.alerts.some(({ text }) => text === TEXT));
  assert.ok(boris.book.alerts.length > 3);
});

test("a text for a contact has to fit a letter", () => {
  const book = { v: 1, offers: [], alerts: [], contacts: [{ id: "a", label: "" }] };
  assert.throws(() => setText(book, "a", "я".repeat(601)), { code: "contact-text" });
  assert.equal(setText(book, "a", "😀".repeat(600)).contacts[0].text.length, 1_200);
});

test("letters are handed over before the book says that they were said", async () => {
  const [anna, boris] = people();
  await scanEachOther(anna, boris);
  anna.open();
  const order = [];
  anna.post.send = (letters) => order.push(`letters ${letters.length}`);
  anna.post.save = async () => order.push("save");
  anna.post.fetch = async () => {
    order.push("call");
    throw new TypeError();
  };
  await anna.post.round();
  assert.deepEqual(order, ["letters 1", "save", "call", "call", "call"]);
});

test("what is changed while a round is under way is not lost", async () => {
  const [anna, boris] = await pairedPeople();
  await tell(boris, { type: "safe" });
  anna.open();
  const { fetch } = anna.relays;
  anna.post.fetch = async (...asked) => {
    await anna.post.change((book) => setText(book, anna.contact.id, "новое"));
    return fetch(...asked);
  };
  anna.post.hurry();
  await anna.post.round();
  assert.deepEqual([anna.contact.text, anna.book.alerts.length], ["новое", 1]);
  assert.deepEqual(JSON.parse(anna.stored), anna.book);
});

test("a book that cannot be stored acknowledges nothing", async () => {
  const [anna, boris, relays] = await pairedPeople();
  await tell(anna, { type: "detained", text: TEXT });
  const before = [...relays.box(EAST, await publicCardMailbox(boris)).keys()];
  boris.open();
  const { save } = boris.post;
  boris.post.save = async () => {
    throw new Error("full");
  };
  boris.post.hurry();
  await assert.rejects(boris.post.round());
  assert.deepEqual([...relays.box(EAST, await publicCardMailbox(boris)).keys()], before);
  const { calls } = relays;
  await boris.post.round();
  assert.equal(relays.calls, calls, "and it is not asked for again and again");
  boris.post.save = save;
  boris.post.hurry();
  assert.deepEqual(
    (await boris.post.round()).alerts.map(({ text }) => text),
    [TEXT],
  );
  assert.deepEqual(JSON.parse(boris.stored).alerts.length, 1);
});

async function publicCardMailbox(who) {
  return b64((await publicCard(who)).mailbox);
}
