/** Contacts over time: loss, change, and room in the vault. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BOOK_BYTES,
  CONTACTS,
  isEndingSoon,
  listAlerts,
  listPreparedContacts,
  markRead,
  measureBook,
  newOffer,
  readBook,
  removeContact,
  renameContact,
  setContactText,
  setSeized,
} from "../../../client/phone/core/contacts/book.js";
import { ALERT_BYTES, MARKS, sealAlertTo } from "../../../client/phone/core/contacts/mail.js";
import { CONTENT_BYTES } from "../../../client/phone/core/vault/vault.js";
import { b64 } from "../../../client/phone/protocol/wire.js";
import { EAST, NORTH, pairedPeople, people, publicCard, randomBytes, SOUTH, TEXT, tell } from "../contacts-people.mjs";
import { DAY, NOW, Person, scanEachOther } from "../post.mjs";

async function publicCardMailbox(who) {
  return b64((await publicCard(who)).mailbox);
}

test("who was offline for two months is paired still, and what is sent afterwards arrives", async () => {
  const [anna, boris, relays] = await pairedPeople();
  await tell(anna, { type: "detained", text: "старое" });
  relays.letters.clear();
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
  assert.equal(isEndingSoon(anna.contact, NOW + 300 * DAY), false);
  anna.now = boris.now = NOW + 399 * DAY;
  assert.equal(isEndingSoon(anna.contact, anna.now), true);
  await tell(anna, { type: "safe", text: "под конец" });
  anna.now = boris.now = NOW + 401 * DAY;
  assert.equal(anna.state, "expired");
  await assert.rejects(tell(anna, { type: "safe" }), { code: "contact-expired" });
  assert.deepEqual(await listPreparedContacts(anna.book, anna.now), []);
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
  await anna.post.change((book) => removeContact(book, anna.contact.id));
  assert.deepEqual([anna.book.contacts, anna.book.alerts], [[], []]);
  await anna.sync();
  await boris.sync();
  assert.deepEqual([relays.deposited.length, boris.state], [sent, "paired"]);
  assert.throws(() => removeContact(renameContact(anna.book, "x", "y"), "x"), { code: "contact-unknown" });
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
  await phone.send((book) => sealAlertTo(book, phone.contact.id, { type: "safe", text: "с нового" }, phone.by()));
  await boris.sync();
  assert.equal(boris.book.alerts[0].contact, boris.book.contacts[1].id);
  assert.equal(anna.state, "paired");
});

test("twelve contacts and their alerts leave room in the vault for everything else", async () => {
  let book = readBook(undefined);
  const by = { now: NOW, randomBytes };
  const add = () => {
    book = newOffer(book, { relays: [NORTH, SOUTH], label: `n${book.offers.length}`, ...by }).book;
  };
  for (let i = 0; i < CONTACTS; i++) add();
  assert.throws(add, { code: "contacts-full" });
  const [anna, boris] = await pairedPeople();
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 20; j++) await tell(anna, { type: "text", text: `${i}-${j} ${"я".repeat(600)}` });
    await boris.sync();
    const [newest] = listAlerts(boris.book);
    await boris.post.change((book) => markRead(book, [newest.id]));
  }
  const { alerts, contacts } = boris.book;
  assert.ok(JSON.stringify(alerts).length * 2 > ALERT_BYTES / 2, "they are kept as long as there is room");
  assert.ok(Buffer.from(JSON.stringify(alerts)).length <= ALERT_BYTES);
  assert.equal(contacts[0].marks.length, MARKS);
  assert.ok(measureBook(boris.book) < 5_000, `${measureBook(boris.book)} bytes for one contact`);
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
  assert.throws(() => setContactText(book, "a", "я".repeat(601)), { code: "contact-text" });
  assert.equal(setContactText(book, "a", "😀".repeat(600)).contacts[0].text.length, 1_200);
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
  assert.deepEqual(order.slice(0, 2), ["letters 1", "save"]);
  assert.deepEqual([...new Set(order.slice(2))], ["call"]);
});

test("what is changed while a round is under way is not lost", async () => {
  const [anna, boris] = await pairedPeople();
  await tell(boris, { type: "safe" });
  anna.open();
  const { fetch } = anna.relays;
  anna.post.fetch = async (...asked) => {
    await anna.post.change((book) => setContactText(book, anna.contact.id, "новое"));
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
