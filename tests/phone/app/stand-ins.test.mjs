/** Contacts under a second PIN: as many as the kit names, under other names; what is said to them arrives as forced. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ContactPoller } from "../../../client/phone/app/services/contact-poller.js";
import { readBook, removeContact, setContactText, setDisclosure } from "../../../client/phone/core/contacts/book.js";
import { lendContacts, matchStandIns } from "../../../client/phone/core/contacts/stand-ins.js";
import { unpackKit } from "../../../client/phone/core/kit.js";
import { b64, digest } from "../../../client/phone/protocol/wire.js";
import { organisation } from "../card.mjs";
import { EAST, NORTH, pairedPeople, publicCard, SOUTH } from "../contacts-people.mjs";
import { NOW } from "../post.mjs";
import { seededBytes } from "../random.mjs";
import { WholePhone } from "../whole-phone.mjs";

const [PIN, DECOY] = ["271828", "314159"];
const NAMES = { organisation: "Beekeepers", people: ["Joe"] };
const org = await organisation({ now: NOW / 1_000 });

/** Anna's phone, who has paired with Boris, with both PINs. @param {string} label */
async function phoneOfAnna(label) {
  const [anna, boris, relays] = await pairedPeople(label);
  const phone = new WholePhone(NOW);
  await phone.setUp(org.card, { facts: { name: "Анна" }, pin: PIN });
  const session = await phone.unlock(PIN);
  session.content.contacts = setContactText(setDisclosure(anna.book, anna.contact.id, 3), anna.contact.id, "help");
  await session.prepareAnew();
  await session.setDecoy(DECOY, NAMES, () => {});
  return { phone, boris, relays };
}

/** @param {any} phone @param {string} pin */
async function openedWith(phone, pin) {
  await phone.restart();
  const session = await phone.unlock(pin);
  await session.matchContacts();
  return { session, poller: new ContactPoller(phone.app, session) };
}

/** What of the kit the owner's press is made of. @param {any} phone */
async function keptOf(phone) {
  const kit = unpackKit(await phone.kit());
  const letters = kit.ready.map(({ contact, sealed }) => [contact, b64(digest(sealed.envelope))]);
  return { case: kit.case, letters, contacts: kit.contacts.map(({ mailbox }) => b64(mailbox)) };
}

test("words to a stand-in reach the contact as forced, once those of the press have come", async () => {
  const { phone, boris, relays } = await phoneOfAnna("words");
  const { poller } = await openedWith(phone, DECOY);
  const [{ id, label }] = poller.post.book.contacts;
  assert.equal(label, "Joe");
  await poller.tell(id, { type: "safe", text: "all is well" });
  for (const letter of phone.letters()) relays.take(letter);
  await boris.sync();
  assert.deepEqual(boris.came, []);
  for (const letter of await phone.press()) relays.take(letter);
  await boris.sync();
  await boris.sync();
  const safe = boris.came.find(({ type }) => type === "safe");
  assert.equal(safe.text, "all is well");
  assert.equal(safe.origin, "forced");
  assert.ok(boris.came.some(({ type, text, origin }) => type === "detained" && text === "help" && origin === "pair"));
});

test("the owner's letters stay, whatever is done under the second PIN", async () => {
  const { phone } = await phoneOfAnna("kept");
  await phone.lock();
  const before = await keptOf(phone);
  const { session, poller } = await openedWith(phone, DECOY);
  const [{ id }] = poller.post.book.contacts;
  await session.changeProfile({ name: "Nobody" });
  await poller.post.change((/** @type {any} */ book) => setContactText(book, id, "nothing"));
  await poller.reseal();
  await poller.refresh();
  await session.renew();
  await session.setDecoy("555555", undefined, () => {});
  await session.removeDecoy();
  assert.deepEqual(await keptOf(phone), before);
  await poller.post.change((/** @type {any} */ book) => removeContact(book, id));
  await poller.reseal();
  const without = await keptOf(phone);
  assert.deepEqual(without.contacts, []);
  assert.deepEqual(
    without.letters,
    before.letters.filter(([contact]) => contact === null),
  );
  await phone.lock();
  const own = await openedWith(phone, PIN);
  await own.poller.refresh();
  const { contacts } = await keptOf(phone);
  assert.deepEqual([contacts, own.session.content.facts.name], [before.contacts, "Анна"]);
  assert.equal(own.poller.post.book.contacts[0].text, "help");
});

test("get ready again ends a case for the second PIN's screens and not for the owner", async () => {
  const { phone } = await phoneOfAnna("over");
  await phone.press();
  const { session } = await openedWith(phone, DECOY);
  const begun = unpackKit(await phone.kit());
  const kitNow = () => phone.app.caseSession.kit;
  assert.equal(session.isFollowing(kitNow()), true);
  await session.renew();
  assert.equal(session.isFollowing(kitNow()), false);
  assert.deepEqual([kitNow().case, kitNow().seq], [begun.case, begun.seq]);
  await phone.press();
  assert.equal(session.isFollowing(kitNow()), true, "another press is a case again");
  assert.equal((await openedWith(phone, PIN)).session.isFollowing(kitNow()), true);
});

test("stand-ins keep step with the kit: a name each, for as long as the kit names the contact", async () => {
  const [anna, boris] = await pairedPeople("step");
  const randomBytes = seededBytes("step");
  const reachable = async (/** @type {any} */ who, /** @type {string[]} */ relays) => ({
    ...(await publicCard(who)),
    relays,
    later: 1,
  });
  const [one, two] = [await reachable(anna, [NORTH, SOUTH]), await reachable(boris, [EAST])];
  const by = { relays: [NORTH], names: ["Joe", "Joe", "May"], now: NOW, randomBytes };
  const labels = (/** @type {any} */ { book }) => book.contacts.map(({ label }) => label);
  const first = matchStandIns({ book: readBook(null), standIns: [] }, { ...by, contacts: [one, two] });
  assert.deepEqual(labels(first), ["Joe", "May"]);
  assert.equal(matchStandIns(first, { ...by, contacts: [two, one] }).book, first.book);
  const fresh = { ...one, key: two.key }; // another key of the same pair
  assert.equal(matchStandIns(first, { ...by, contacts: [fresh, two] }).book, first.book);
  const left = matchStandIns(first, { ...by, contacts: [two] });
  assert.deepEqual([labels(left), left.standIns.length], [["May"], 1]);
  assert.deepEqual(labels(matchStandIns(left, { ...by, contacts: [one, two] })), ["May", "Joe"]);
  assert.deepEqual(lendContacts([], first, [one]), []);
});

test("what the owner lets a contact hear stays, whatever a stand-in of before says", async () => {
  const { phone } = await phoneOfAnna("choice");
  const { session, poller } = await openedWith(phone, PIN);
  const choose = async (/** @type {number} */ later) => {
    const [{ id }] = session.content.contacts.contacts;
    session.content.contacts = setDisclosure(session.content.contacts, id, later);
    await poller.post.change((/** @type {any} */ book) => setDisclosure(book, id, later));
    await poller.refresh();
  };
  await choose(0);
  const laterOf = async () => unpackKit(await phone.kit()).contacts.map(({ later }) => later);
  assert.deepEqual(await laterOf(), [0]);
  const second = await openedWith(phone, DECOY);
  const [{ id }] = second.session.content.contacts.contacts;
  await second.poller.post.change((/** @type {any} */ book) => setDisclosure(book, id, 3));
  await second.poller.refresh();
  await second.poller.reseal();
  assert.deepEqual(await laterOf(), [0]);
});
