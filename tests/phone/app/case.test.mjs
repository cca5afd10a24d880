import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { CaseSession, countReached } from "../../../client/phone/app/services/case.js";
import { Sender } from "../../../client/phone/app/services/sender.js";
import { newBareKit } from "../../../client/phone/core/prepare.js";
import { Rank } from "../../../client/phone/core/press.js";
import { memoryStore } from "../../../client/phone/core/store.js";
import { organisation } from "../card.mjs";
import { seededBytes } from "../random.mjs";

const NOW = 1_795_168_800;
const LATER = { nothing: 0, safe: 1, place: 2, all: 3 };

/** A case whose kit knows these contacts, and what it hands to the sender. @param {number[]} later */
async function caseSessionFor(later) {
  const randomBytes = seededBytes("alarm");
  const { card } = await organisation({ now: NOW });
  const relays = card.relays;
  const contacts = later.map((disclosure) => ({
    key: card.lastResort,
    mailbox: randomBytes(32),
    relays,
    wake: null,
    later: disclosure,
  }));
  /** @type {import("../../../client/phone/core/letter.js").Letter[]} */
  const sent = [];
  const sender = /** @type {any} */ ({ add: (/** @type {any[]} */ letters) => sent.push(...letters) });
  const position = /** @type {any} */ ({
    last: { lat: 55.7, lon: 37.6, accuracy: 20, at: Date.now() },
    start() {},
    stop() {},
  });
  const stored = /** @type {any[]} */ ([]);
  const storeKit = (/** @type {any} */ kit) => stored.push(kit);
  const kit = { ...newBareKit(card, randomBytes), seq: 1, contacts };
  const caseSession = new CaseSession({ kit, sender, position, randomBytes, storeKit });
  begun.push(caseSession);
  return { caseSession, sent, stored };
}

/** @type {CaseSession[]} */
const begun = [];
// Whoever follows a position keeps the process from ending.
afterEach(() => {
  for (const caseSession of begun.splice(0)) caseSession.stopFollowing();
});

/** @param {import("../../../client/phone/core/letter.js").Letter[]} letters */
const toContacts = (letters) => letters.filter(({ rank }) => rank === Rank.PLACE).length;

test("safe goes to the organisation and to those who chose at least that", async () => {
  const { caseSession, sent } = await caseSessionFor([LATER.nothing, LATER.safe, LATER.place]);
  await caseSession.tell({ facts: { stage: "released" } }, "safe");
  assert.equal(sent.length, 3);
  assert.equal(toContacts(sent), 2);
  assert.equal(caseSession.news, "safe");
});

test("being moved goes to those who chose the place", async () => {
  const { caseSession, sent } = await caseSessionFor([LATER.safe, LATER.place, LATER.all]);
  await caseSession.tell({ facts: { stage: "van" } }, "moved");
  assert.equal(toContacts(sent), 2);
});

test("what concerns no contact goes to the organisation alone", async () => {
  const { caseSession, sent } = await caseSessionFor([LATER.all]);
  await caseSession.tell({ facts: { people: 3 } });
  assert.equal(sent.length, 1);
  assert.equal(toContacts(sent), 0);
});

test("another stage takes back what the last one was called", async () => {
  const { caseSession } = await caseSessionFor([]);
  await caseSession.tell({ facts: { stage: "released" } }, "safe");
  await caseSession.tell({ facts: { people: 2 } });
  assert.equal(caseSession.news, "safe");
  await caseSession.tell({ facts: { stage: "court" } });
  assert.equal(caseSession.news, null);
});

test("a kit is exchanged between two letters and never in the middle of one", async () => {
  const { caseSession, stored } = await caseSessionFor([]);
  const before = caseSession.kit.seq;
  const all = [
    caseSession.tell({ facts: { people: 2 } }),
    caseSession.replaceKit(async (kit) => ({ ...kit, contacts: [...kit.contacts] })),
    caseSession.tell({ facts: { people: 3 } }),
  ];
  await Promise.all(all);
  assert.equal(caseSession.kit.seq, before + 2);
  assert.deepEqual(
    stored.map(({ seq }) => seq),
    [before + 1, before + 1, before + 2],
  );
});

test("how many were reached is counted by the words that have left", async () => {
  const { caseSession } = await caseSessionFor([LATER.safe, LATER.safe, LATER.safe]);
  const ready = /** @type {any[]} */ ([{ contact: null }, { contact: 0 }, { contact: 2 }]);
  assert.deepEqual(countReached({ ...caseSession.kit, ready }), { total: 3, confirmed: 1 });
  assert.deepEqual(countReached({ ...caseSession.kit, contacts: [], ready: [] }), { total: 0, confirmed: 0 });
});

test("a pairing on its way is not counted as a letter of the press, and is sent all the same", async () => {
  const { caseSession, sent } = await caseSessionFor([]);
  await caseSession.tell({ facts: { people: 2 } });
  const asked = /** @type {((why: Error) => void)[]} */ ([]);
  const fetch = () => new Promise((_, reject) => asked.push(reject));
  const sender = new Sender({
    store: memoryStore(),
    fetch: /** @type {any} */ (fetch),
    randomBytes: seededBytes("sender"),
  });
  sender.add([{ ...sent[0], rank: Rank.PAIR }]);
  assert.equal(sender.status().total, 0);
  assert.equal(sender.isOpen(), true);
  sender.add([{ ...sent[0], id: "another" }]);
  assert.equal(sender.status().total, 1);
  sender.stop();
  for (const reject of asked) reject(new TypeError("the network is gone")); // else the process waits for it
});
