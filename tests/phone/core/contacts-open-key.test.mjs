/**
 * Who holds a locked phone has all bytes of the open kit, and says to every contact whatever they like. Contacts see what
 * the owner allowed, as said by whoever holds the phone, and nothing as an organisation's words.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listPreparedContacts, setContactText, setDisclosure } from "../../../client/phone/core/contacts/book.js";
import { packKit, unpackKit } from "../../../client/phone/core/kit.js";
import { prepareKit } from "../../../client/phone/core/prepare.js";
import { contactKey, Disclosure, press, sealAlert } from "../../../client/phone/core/press.js";
import { alertMessage } from "../../../client/phone/protocol/message.js";
import { b64, unb64 } from "../../../client/phone/protocol/wire.js";
import { organisation } from "../card.mjs";
import { EAST, PLACE, pairedPeople, publicCard, randomBytes, TEXT } from "../contacts-people.mjs";
import { DAY, NOW } from "../post.mjs";

const org = await organisation({ now: NOW / 1_000 });
const WORDS = "Выходите, всё хорошо, деньги отдайте Олегу";
const TYPES = ["detained", "moved", "unsafe", "safe", "missed", "text"];
const PLACES = [
  null,
  PLACE,
  { ...PLACE, text: WORDS },
  { text: WORDS },
  { station: { text: "ОВД", phone: WORDS } },
  WORDS,
];
const ALLOWED = {
  [Disclosure.NOTHING]: ["detained"],
  [Disclosure.SAFE]: ["detained", "safe", "unsafe"],
  [Disclosure.PLACE]: ["detained", "safe", "unsafe", "moved"],
  [Disclosure.ALL]: ["detained", "safe", "unsafe", "moved", "text"],
};

/** A phone that was pressed and is taken, locked; what lies open on it. */
async function seized(later) {
  const [anna, boris, relays] = await pairedPeople(`seized ${later}`);
  await anna.post.change((book) => setDisclosure(setContactText(book, anna.contact.id, TEXT), anna.contact.id, later));
  const contacts = await listPreparedContacts(anna.book, NOW);
  const bytes = packKit(await prepareKit({ card: org.card, facts: {}, contacts, now: NOW, randomBytes }));
  const { letters } = await press(unpackKit(bytes), { facts: {}, now: NOW, randomBytes });
  for (const letter of letters) relays.take(letter);
  await boris.sync();
  const kit = unpackKit(bytes);
  const say = async (fields, { key = unb64(kit.caseKey), id = kit.case } = {}) => {
    const [contact] = kit.contacts;
    const message = { ...alertMessage({ case: id, seq: 7, at: NOW / 1_000 + 9 }, fields, randomBytes), ...fields };
    relays.lay(EAST, await sealAlert(contact, contactKey(key, contact.mailbox, id), message, randomBytes));
  };
  return { anna, boris, relays, kit, say };
}

function textsOf(value) {
  return JSON.stringify(value);
}

test("contacts see what was allowed, of every type, place, text and mark", async () => {
  for (const later of Object.values(Disclosure)) {
    const { boris, say } = await seized(later);
    const before = boris.book.alerts.length;
    let count = 0;
    for (const type of TYPES) {
      for (const place of PLACES) {
        const text = (TYPES.indexOf(type) + PLACES.indexOf(place)) % 2 ? WORDS : "";
        await say({ type, place, text, passed: true, practice: true, n: count++ });
        const [alert, ...more] = (await boris.sync()).alerts;
        assert.deepEqual(more, []);
        if (!alert) continue; // refused before in this case: one is shown
        const isAllowed = ALLOWED[later].includes(type);
        assert.equal(alert.type, isAllowed ? type : "refused");
        assert.deepEqual([alert.origin, alert.passed, alert.practice], ["open", false, false]);
        if (later < Disclosure.ALL) assert.ok(!textsOf(alert).includes(WORDS), textsOf(alert));
        if (later < Disclosure.PLACE || !isAllowed) assert.equal(alert.place, null);
        if (later === Disclosure.PLACE && isAllowed && place?.lat) assert.deepEqual(alert.place, PLACE);
        if (later === Disclosure.ALL && isAllowed) assert.deepEqual([alert.text, alert.place], [text, place]);
        const isWhole = isAllowed && alert.text === text && textsOf(alert.place) === textsOf(place);
        assert.equal(alert.isCut, !isWhole);
      }
    }
    const stored = boris.book.alerts;
    assert.ok(stored.length > before && stored.filter(({ type }) => type === "refused").length === 1);
    assert.ok(
      stored.some(({ isCut }) => isCut),
      "and they see that somebody tried",
    );
    assert.equal(stored.find(({ origin }) => origin === "pair").text, TEXT);
  }
});

test("a header that is no alert of this version says nothing under the open key", async () => {
  const { boris, say } = await seized(Disclosure.ALL);
  for (const fields of [{ v: 2 }, { kind: "song" }, { type: WORDS }, { text: [WORDS] }, { at: -1 }, { keys: WORDS }]) {
    await say({ type: "safe", text: WORDS, ...fields });
    await boris.sync();
  }
  assert.ok(!textsOf(boris.book.alerts).includes(WORDS));
  assert.deepEqual(
    boris.book.alerts.filter(({ isCut }) => isCut).map(({ type, origin }) => [type, origin]),
    [["refused", "open"]],
  );
});

test("the open key widens nothing: no second permission, no second keys, no other case", async () => {
  const { boris, say, kit } = await seized(Disclosure.SAFE);
  const [[, known]] = boris.contact.cases;
  const key = randomBytes(32);
  const own = b64(contactKey(key, kit.contacts[0].mailbox, kit.case));
  const keys = { pin: own, forced: own, open: own };
  const open = { types: TYPES, place: true, text: true };
  await say({ type: "safe", keys, open, at: NOW / 1_000 + DAY });
  await say({ type: "detained", keys, open, at: NOW / 1_000 + DAY });
  await boris.sync();
  assert.deepEqual(boris.contact.cases, [[kit.case, known]]);
  await say({ type: "safe", text: WORDS }, { key });
  await say({ type: "safe", text: WORDS }, { id: b64(randomBytes(16)) });
  assert.deepEqual((await boris.sync()).alerts, []);
});

test("the letter sealed in advance says nothing twice, and the key of one contact nothing to another", async () => {
  const { boris, relays, kit } = await seized(Disclosure.SAFE);
  const before = boris.book.alerts.length;
  const [{ sealed }] = kit.ready.filter(({ contact }) => contact === 0);
  relays.replays = true;
  relays.lay(EAST, sealed);
  await boris.sync();
  assert.equal(boris.book.alerts.length, before);
  const card = await publicCard(boris);
  for (const from of [contactKey(unb64(kit.caseKey), randomBytes(32), kit.case), unb64(kit.caseKey)]) {
    const message = alertMessage({ case: kit.case, seq: 7, at: 1 }, { type: "safe", text: WORDS }, randomBytes);
    relays.lay(EAST, await sealAlert(card, from, message, randomBytes));
  }
  assert.deepEqual((await boris.sync()).alerts, []);
});

test("who holds the phone never sounds like a PIN", async () => {
  const { boris, say, kit } = await seized(Disclosure.ALL);
  const [[, { keys }]] = boris.contact.cases;
  assert.equal(new Set([keys.pin, keys.forced, keys.open, kit.caseKey]).size, 4);
  assert.equal(keys.open, b64(contactKey(unb64(kit.caseKey), kit.contacts[0].mailbox, kit.case)));
  for (const type of TYPES) await say({ type, origin: "pin" });
  await boris.sync();
  const origins = new Set(boris.book.alerts.map(({ origin }) => origin));
  assert.deepEqual([...origins].sort(), ["open", "pair"]);
});
