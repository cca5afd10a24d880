/** What a press tells contacts: in advance, afterwards, under duress, for an organisation, and by ringing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Disclosure,
  deriveContactKeys,
  deriveSession,
  isUnderDuress,
  listPreparedContacts,
  readBook,
  renameContact,
  setContactText,
  setDisclosure,
  setForwarding,
} from "../../../client/phone/core/contacts/book.js";
import { PLACE_MS, tellContacts } from "../../../client/phone/core/contacts/follow-up.js";
import { forwardReply, listAgreed, sealWakeChange } from "../../../client/phone/core/contacts/mail.js";
import { packKit, unpackKit } from "../../../client/phone/core/kit.js";
import { makeLetter, packLetter, unpackLetter } from "../../../client/phone/core/letter.js";
import { emptyOutbox, stepOutbox } from "../../../client/phone/core/outbox.js";
import { prepareKit, withContacts } from "../../../client/phone/core/prepare.js";
import { press, Rank, sealAlert, withoutArrived } from "../../../client/phone/core/press.js";
import { alertMessage } from "../../../client/phone/protocol/message.js";
import { openEnvelope } from "../../../client/phone/protocol/opening.js";
import { b64, LETTER_BYTES, unb64, WAKE_HEADER } from "../../../client/phone/protocol/wire.js";
import { organisation } from "../card.mjs";
import {
  EAST,
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
import { DAY, NOW, Person, Relays } from "../post.mjs";

const org = await organisation({ now: NOW / 1_000 });

async function kitOf(person, changes = (book) => book, own = undefined) {
  await person.post.change((book) => changes(setContactText(book, person.contact.id, TEXT)));
  return prepareKit({
    card: org.card,
    facts: {},
    contacts: await listPreparedContacts(person.book, NOW),
    sessions: own,
    now: NOW,
    randomBytes,
  });
}

function toContacts(letters) {
  return letters.filter(({ rank }) => rank === Rank.CONTACT || rank === Rank.PLACE);
}

async function pressed(person, kit, moment) {
  const sealed = await press(kit, { now: person.now, randomBytes, ...moment });
  for (const letter of toContacts(sealed.letters)) person.relays.take(letter);
  return sealed;
}

async function post(person, work) {
  await person.post.change(work);
  return person.book;
}

const WAKE = `${SOUTH} ${b64(randomBytes(1_072))}`;

/** What each relay is sent, the first that is tried first. */
function headersOf(letter) {
  let { outbox, effects } = stepOutbox(emptyOutbox(), { type: "add", letter, now: NOW }, randomBytes);
  const sent = [];
  for (let now = NOW; sent.length < letter.relays.length; now += 5_000) {
    sent.push(...effects.filter(({ type }) => type === "send"));
    ({ outbox, effects } = stepOutbox(outbox, { type: "tick", now }, randomBytes));
  }
  return sent.map(({ url, headers }) => [url, headers[WAKE_HEADER]]);
}

function envelopeOf() {
  const envelope = randomBytes(LETTER_BYTES);
  envelope[0] = 1;
  return envelope;
}

test("one press: the words written in advance, and that it is now; where, for those who may know", async () => {
  for (const [later, place] of [
    [Disclosure.NOTHING, null],
    [Disclosure.SAFE, null],
    [Disclosure.PLACE, PLACE],
    [Disclosure.ALL, PLACE],
  ]) {
    const [anna, boris] = await pairedPeople(`press ${later}`);
    const kit = await kitOf(anna, (book) => setDisclosure(book, anna.contact.id, later));
    await pressed(anna, unpackKit(packKit(kit)), { facts: { place: PLACE } });
    await boris.sync();
    const [prepared, now] = [...boris.book.alerts].sort((a, b) => b.text.length - a.text.length);
    assert.deepEqual([prepared.text, prepared.origin, prepared.type], [TEXT, "pair", "detained"]);
    assert.deepEqual([now.text, now.origin, now.place, now.case, now.isCut], ["", "open", place, prepared.case, false]);
  }
});

test("what is signed by a key of the case waits at the relay for the letter that brings them", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const { letters } = await press(await kitOf(anna), { facts: {}, now: NOW, randomBytes });
  const [words, now] = toContacts(letters).sort((a, b) => a.rank - b.rank);
  relays.take(now);
  assert.deepEqual((await boris.sync()).alerts, []);
  assert.deepEqual((await boris.sync()).alerts, []);
  relays.take(words);
  assert.equal((await boris.sync()).alerts.length, 2);
  assert.deepEqual((await boris.sync()).alerts, []);
  assert.ok(
    [...relays.letters.values()].every((boxes) => !boxes.get(b64(now.mailbox))?.size),
    "and then it is acknowledged",
  );
});

test("what lies open after the press tells whom, and never who: no name, no word, no key of a pair", async () => {
  const [anna, boris] = await pairedPeople();
  const kit = await kitOf(anna, (book) => renameContact(book, anna.contact.id, "Борис Петрович"));
  const { half, card, progress, code } = anna.contact;
  const keys = await deriveContactKeys(anna.contact);
  const { k0 } = await deriveSession(anna.contact);
  const { letters } = await press(kit, { facts: {}, now: NOW, randomBytes });
  const open = [packKit(kit), ...letters.map(packLetter)].map((bytes) => Buffer.from(bytes));
  const raw = [half.kem, half.mailbox, half.secret, half.share, progress.share].map((text) => unb64(text));
  const secrets = [
    "Борис",
    TEXT,
    TEXT.slice(0, 12),
    code,
    ...[...raw, keys.sending, keys.receiving, k0].flatMap((bytes) => [bytes, b64(bytes)]),
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
  const changedText = await post(anna, (book) => setContactText(book, anna.contact.id, "другое"));
  const anew = await withContacts(kit, await listPreparedContacts(changedText, NOW), { now: NOW, randomBytes });
  assert.deepEqual([anew.case, anew.caseKey, anew.seq], [kit.case, kit.caseKey, kit.seq]);
  const { kit: after, letters } = await pressed(anna, anew, { facts: {} });
  await boris.sync();
  assert.ok(boris.came.some(({ text }) => text === "другое"));
  const gone = letters.find(({ rank }) => rank === Rank.CONTACT);
  const later = withoutArrived(after, gone.id);
  const clara = new Person("clara", relays, [NORTH]);
  const [mine, theirs] = [await anna.offer(), await clara.offer()];
  await anna.add(mine, theirs.text, "Клара");
  await clara.add(theirs, mine.text, "Anna");
  for (let i = 0; i < 3; i++) for (const who of [anna, clara]) await who.sync();
  const both = await withContacts(later, await listPreparedContacts(anna.book, NOW), { now: NOW, randomBytes });
  assert.deepEqual(
    both.ready.map(({ contact }) => contact).filter((contact) => contact !== null),
    [1],
    "only who came late is told",
  );
  await pressed(anna, both, { facts: { place: PLACE } });
  await clara.sync();
  assert.equal(clara.came.length, 2);
  const without = await withContacts(both, [], { now: NOW, randomBytes });
  assert.deepEqual([without.contacts, without.ready.every(({ contact }) => contact === null)], [[], true]);
});

test("afterwards each contact is told what was chosen for them", async () => {
  const [anna, boris] = await pairedPeople();
  const kit = await kitOf(anna);
  const facts = { station: { text: "ОВД Тверской" }, stage: "station", place: PLACE };
  const readAfter = async (later, news) => {
    const own = { ...kit, contacts: kit.contacts.map((contact) => ({ ...contact, later })) };
    const { letters } = await tellContacts(own, { ...news, now: NOW, randomBytes });
    const { own: us } = await deriveSession(boris.contact);
    const opened = await Promise.all(letters.map(({ envelope }) => openEnvelope(envelope, [us.key], us.address)));
    return opened.map(({ fields: { type, text, place } }) => [type, text, place]);
  };
  const { ALL, NOTHING, SAFE } = Disclosure;
  const where = { ...PLACE, stage: "station", station: facts.station };
  assert.deepEqual(await readAfter(NOTHING, { facts, type: "safe" }), []);
  assert.deepEqual(await readAfter(SAFE, { facts }), []);
  assert.deepEqual(await readAfter(SAFE, { facts: { ...PLACE, stage: "released" } }), [["safe", "", null]]);
  assert.deepEqual(await readAfter(SAFE, { facts: { place: PLACE }, type: "safe" }), [["safe", "", null]]);
  assert.deepEqual(await readAfter(SAFE, { type: "unsafe" }), [["unsafe", "", null]]);
  assert.deepEqual(await readAfter(Disclosure.PLACE, { facts }), [["moved", "", where]]);
  const described = { facts: { ...facts, place: { ...PLACE, text: "у метро" } } };
  assert.deepEqual(
    await readAfter(Disclosure.PLACE, described),
    [["moved", "", where]],
    "words about a place are words",
  );
  assert.equal((await readAfter(ALL, described))[0][2].text, "у метро");
  assert.deepEqual(await readAfter(Disclosure.PLACE, { facts: { account: "били" } }), []);
  assert.deepEqual(await readAfter(ALL, { facts: { account: "били" } }), [["text", "били", null]]);
  assert.deepEqual(await readAfter(ALL, { facts: { minors: 2 } }), []);
});

test("positions alone are told every ten minutes, a station at once", async () => {
  const [anna] = await pairedPeople();
  let kit = await kitOf(anna, (book) => setDisclosure(book, anna.contact.id, Disclosure.PLACE));
  const counts = [];
  for (const [after, facts] of [
    [0, { place: PLACE }],
    [120_000, { place: PLACE }],
    [180_000, { stage: "court", place: PLACE }],
    [PLACE_MS, { place: PLACE }],
    [PLACE_MS + 180_000, { place: PLACE }],
    [-DAY, { place: PLACE }],
  ]) {
    const followed = await tellContacts(kit, { facts, now: NOW + after, randomBytes });
    kit = followed.kit;
    counts.push(followed.letters.length);
  }
  assert.deepEqual(counts, [1, 0, 1, 0, 1, 1], "and a clock set back silences nobody");
  assert.equal(unpackKit(packKit(kit)).placed, undefined);
});

const sessions = { pin: randomBytes(32), forced: randomBytes(32) };

test("each session speaks under its own key, and the contact sees which it was", async () => {
  for (const [origin, key] of [...Object.entries(sessions), ["open", null]]) {
    const [anna, boris] = await pairedPeople(`origin ${origin}`);
    const kit = unpackKit(packKit(await kitOf(anna, (book) => book, sessions)));
    await pressed(anna, kit, { facts: {}, key });
    const { letters } = await tellContacts(kit, { type: "safe", key, now: NOW, randomBytes });
    for (const letter of letters) anna.relays.take(letter);
    await boris.sync();
    assert.equal(boris.book.alerts.find(({ type }) => type === "safe").origin, origin);
    const origins = boris.book.alerts.map((alert) => alert.origin);
    assert.deepEqual(origins.sort(), [origin, origin, "pair"].sort(), "what was sealed in advance is the pair's");
    const isForced = boris.book.alerts.map((alert) => isUnderDuress(boris.book, alert));
    assert.ok(
      isForced.every((forced) => forced === (origin === "forced")),
      "and its case is shown as forced",
    );
  }
});

test("on the wire duress is nothing: the same letters, sizes, relays and ranks, the same draws of random bytes", async () => {
  const [anna] = await pairedPeople();
  const kit = await kitOf(anna, (book) => book, sessions);
  const traces = [];
  for (const key of [sessions.pin, sessions.forced, null]) {
    const drawn = [];
    const counted = (count) => {
      drawn.push(count);
      return randomBytes(count);
    };
    const { letters } = await press(kit, { facts: { place: PLACE }, key, now: NOW, randomBytes: counted });
    const safe = await tellContacts(kit, { type: "safe", key, now: NOW, randomBytes: counted });
    const all = [...toContacts(letters), ...safe.letters];
    traces.push([
      drawn,
      all.map(({ envelope, relays, rank, mailbox, wake }) => [envelope.length, relays, rank, b64(mailbox), wake]),
    ]);
  }
  assert.deepEqual(traces[0], traces[1]);
  assert.deepEqual(traces[0], traces[2]);
});

test("keys of a case sign their own case, and the first ones stay", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const kit = await kitOf(anna);
  await pressed(anna, kit, { facts: {} });
  await boris.sync();
  const otherCase = { ...kit, case: b64(randomBytes(16)) };
  for (const letter of (await tellContacts(otherCase, { type: "safe", now: NOW, randomBytes })).letters)
    relays.take(letter);
  assert.deepEqual((await boris.sync()).alerts, []);
  const [[, before]] = boris.contact.cases;
  const { sending } = await deriveContactKeys(anna.contact);
  const named = { pin: b64(randomBytes(32)), forced: b64(randomBytes(32)), open: b64(randomBytes(32)) };
  const at = NOW / 1_000 + 60;
  const message = { ...alertMessage({ case: kit.case, seq: 5, at }, { type: "moved" }, randomBytes), keys: named };
  relays.lay(EAST, await sealAlert(await publicCard(boris), sending, message, randomBytes));
  assert.equal((await boris.sync()).alerts.length, 1);
  assert.deepEqual(boris.contact.cases, [[kit.case, before]]);
});

test("of two letters of a case that allow something the newer one counts, in whatever order they come", async () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const [anna, boris, relays] = await pairedPeople(`order ${order}`);
    const kit = await kitOf(anna, (book) => setDisclosure(book, anna.contact.id, Disclosure.ALL), sessions);
    const fewer = await post(anna, (book) => setDisclosure(book, anna.contact.id, Disclosure.NOTHING));
    const by = { sessions, now: NOW + 60_000, randomBytes };
    const [{ sealed: first }] = kit.ready.filter(({ contact }) => contact === 0);
    const anew = await withContacts(kit, await listPreparedContacts(fewer, NOW), by);
    const [{ sealed: second }] = anew.ready.filter(({ contact }) => contact === 0);
    for (const i of order) {
      relays.lay(EAST, [first, second][i]);
      await boris.sync();
    }
    const [[, { open, at }]] = boris.contact.cases;
    assert.deepEqual([open.types, at], [["detained"], NOW / 1_000 + 60]);
  }
});

test("nobody is told more than the letter allows that has left the phone", async () => {
  const [anna] = await pairedPeople();
  const kit = await kitOf(anna, (book) => setDisclosure(book, anna.contact.id, Disclosure.PLACE));
  const all = await post(anna, (book) => setDisclosure(book, anna.contact.id, Disclosure.ALL));
  const by = { sessions, now: NOW, randomBytes };
  const more = await withContacts(kit, await listPreparedContacts(all, NOW), by);
  assert.equal(more.contacts[0].later, Disclosure.ALL, "a letter that waits is sealed anew");
  const { letters } = await press(kit, { facts: {}, now: NOW, randomBytes });
  const told = withoutArrived(kit, letters.find(({ rank }) => rank === Rank.CONTACT).id);
  assert.equal(
    (await withContacts(told, await listPreparedContacts(all, NOW), by)).contacts[0].later,
    Disclosure.PLACE,
  );
  const none = await post(anna, (book) => setDisclosure(book, anna.contact.id, Disclosure.NOTHING));
  assert.equal(
    (await withContacts(told, await listPreparedContacts(none, NOW), by)).contacts[0].later,
    Disclosure.NOTHING,
  );
});

test("a book of before is read: whose key it was, and duress, under the names of now", async () => {
  const [anna, boris] = await pairedPeople();
  await tell(anna, { type: "safe", text: TEXT });
  await boris.sync();
  const [alert] = boris.book.alerts;
  const old = { ...alert, duress: false, passed: true };
  const contact = { ...boris.contact, cases: [["case", b64(randomBytes(32))]] };
  const alerts = [old, { ...old, origin: "case" }, { ...old, origin: "case", duress: true }];
  const book = readBook({ ...boris.book, contacts: [contact], alerts });
  assert.deepEqual(
    book.alerts.map(({ origin, passed }) => [origin, passed]),
    [
      ["pair", true],
      ["open", false],
      ["forced", false],
    ],
  );
  assert.deepEqual(book.contacts[0].cases, []);
});

test("an organisation's answer is passed on only to whom that was agreed for", async () => {
  const [anna, boris] = await pairedPeople();
  const { id } = anna.contact;
  const answer = { text: "Адвокат Петрова едет" };
  await assert.rejects(forwardReply(anna.book, id, answer, anna.by()), { code: "answers-not-agreed" });
  assert.deepEqual(listAgreed(anna.book, NOW), []);
  await anna.post.change((book) => setForwarding(book, id, true));
  assert.equal(listAgreed(anna.book, NOW).length, 1);
  await anna.send((book) => forwardReply(book, id, answer, anna.by()));
  await boris.sync();
  const [{ type, text, passed }] = boris.book.alerts;
  assert.deepEqual([type, text, passed], ["text", answer.text, true]);
});

test("a wake goes from the card through kit, letter and outbox to the one relay it names", async () => {
  const [anna, boris] = people();
  const [mine, theirs] = [await anna.offer(), await boris.offer({ wake: WAKE })];
  await anna.add(mine, theirs.text, "Борис");
  await boris.add(theirs, mine.text, "Anna");
  for (let i = 0; i < 3; i++) for (const who of [anna, boris]) await who.sync();
  const kit = unpackKit(packKit(await kitOf(anna)));
  const { letters } = await press(kit, { facts: {}, now: NOW, randomBytes });
  const alert = unpackLetter(packLetter(toContacts(letters)[0]));
  assert.deepEqual(headersOf(alert), [
    [SOUTH, WAKE.split(" ")[1]],
    [EAST, undefined],
  ]);
  for (const letter of letters.filter((candidate) => !toContacts(letters).includes(candidate)))
    assert.equal(letter.wake, null);
  const [unlocked] = await tell(anna, { type: "safe" });
  assert.equal(headersOf(unlocked)[0][1], WAKE.split(" ")[1]);
  assert.ok(anna.relays.deposited.filter(({ rank }) => rank === Rank.PAIR).every(({ wake }) => wake === null));
  await boris.send((book) => sealWakeChange(book, boris.contact.id, null, boris.by()));
  await anna.sync();
  assert.equal((await listPreparedContacts(anna.book, NOW))[0].wake, null);
  await boris.send((book) => sealWakeChange(book, boris.contact.id, WAKE, boris.by()));
  anna.relays.replays = true;
  await anna.sync();
  await anna.sync();
  assert.deepEqual((await listPreparedContacts(anna.book, NOW))[0].wake, { relay: SOUTH, sealed: WAKE.split(" ")[1] });
  assert.deepEqual(anna.book.alerts, []);
});

test("of two words about ringing the later one counts, in whatever order they come", async () => {
  const [anna, boris, relays] = await pairedPeople();
  const late = new Relays("late");
  boris.relays = late;
  await boris.send((book) => sealWakeChange(book, boris.contact.id, WAKE, boris.by()));
  boris.relays = relays;
  await boris.send((book) => sealWakeChange(book, boris.contact.id, null, boris.by()));
  await anna.sync();
  for (const letter of late.deposited) relays.take(letter);
  await anna.sync();
  assert.equal((await listPreparedContacts(anna.book, NOW))[0].wake, null);
});

test("a wake that is none breaks nothing and is not kept", async () => {
  for (const wake of ["", "x".repeat(3_000), `${NORTH} ${b64(randomBytes(1_072))}`, "a\r\nb"]) {
    const [anna, boris] = people(`wake ${wake.length}`);
    const [mine, theirs] = [await anna.offer(), await boris.offer({ wake })];
    await anna.add(mine, theirs.text, "Борис");
    await boris.add(theirs, mine.text, "Anna");
    for (let i = 0; i < 3; i++) for (const who of [anna, boris]) await who.sync();
    assert.equal(anna.state, "paired");
    assert.equal((await listPreparedContacts(anna.book, NOW))[0].wake, null);
    assert.ok(!JSON.stringify(anna.contact.card).includes("xxx"));
  }
  const letter = makeLetter(
    { envelope: envelopeOf(), commitment: randomBytes(32), mailbox: randomBytes(32) },
    { relays: [NORTH], added: NOW },
  );
  for (const wake of [{ relay: "x", sealed: "y" }, "text", 5, { relay: NORTH, sealed: "a\nb" }]) {
    assert.equal(unpackLetter(packLetter({ ...letter, wake })).wake, null);
  }
});
