/** The phone's own receipts: sealed while it is locked, in the vault at the next unlocking, along with its first words. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { RECEIPTS } from "../../../client/phone/app/services/session/own-receipts.js";
import { startUpkeep } from "../../../client/phone/app/services/upkeep.js";
import { b64, same, unutf8 } from "../../../client/phone/protocol/wire.js";
import { organisation } from "../card.mjs";
import { Line, untilQuiet } from "../line.mjs";
import { WholePhone } from "../whole-phone.mjs";

const ISSUED = 1_795_168_800;
const RELAYS = ["https://one.example", "https://two.example"];
const PIN = "271828";
const SIZE = 32 * 1_586;
const real = { now: Date.now, fetch: globalThis.fetch };

after(() => {
  Date.now = real.now;
  globalThis.fetch = real.fetch;
});

/** @param {Record<string, any>} draft */
async function phoneWith(draft) {
  const line = new Line(RELAYS, () => ISSUED);
  const verifiers = RELAYS.map((origin) => line.at(origin).verifier);
  const org = await organisation({ now: ISSUED, relays: RELAYS, verifiers });
  const phone = new WholePhone(ISSUED * 1_000, line);
  await phone.setUp(org.card, { facts: { name: "Anna" }, isLeftOpen: true, ...draft });
  return { line, org, phone };
}

/** Say something, and wait until every receipt has been seen to. @param {any} phone @param {(app: any) => any} say */
async function until(phone, say) {
  const { app } = phone;
  const upkeep = startUpkeep(app);
  await say(app);
  app.caseSession.stopFollowing();
  do {
    await upkeep.queue;
    await untilQuiet();
  } while (upkeep.pending.length || app.sender.outbox.entries.length);
  upkeep.stop();
}

/** @param {any} state */
async function lastMessage({ line, org }) {
  return (await org.open(line.letters.at(-1).envelope)).message;
}

for (const pin of [PIN, ""]) {
  test(`${pin ? "with" : "without"} a PIN the receipts of a press go along with the first words after an unlocking`, async () => {
    const state = await phoneWith({ pin });
    const { phone, line } = state;
    await until(phone, (app) => app.caseSession.press());
    const given = new Set(line.letters.map(({ envelope }) => b64(envelope.slice(0, 32)))).size * RELAYS.length;
    const lying = Buffer.concat(await Promise.all((await phone.store.names()).map((name) => phone.store.get(name))));
    assert.ok(!lying.includes("tocsin/1/receipt"));
    assert.equal((await phone.store.get(RECEIPTS)).length, SIZE);
    await phone.restart();
    const { content } = await phone.unlock(pin);
    assert.equal(content.receipts.length, given);
    assert.ok(
      content.receipts.every(
        ({ receipt, case: of }) => receipt.startsWith("tocsin/1/receipt\n") && of === phone.app.caseSession.kit.case,
      ),
    );
    await until(phone, (app) => app.caseSession.tell({ facts: { people: 2 } }));
    const { receipts, reply } = await lastMessage(state);
    assert.deepEqual(
      receipts,
      content.receipts.slice(0, given).map(({ receipt }) => receipt),
    );
    assert.equal(reply !== null, pin !== "");
    await until(phone, (app) => app.caseSession.tell({ facts: { people: 3 } }));
    assert.deepEqual((await lastMessage(state)).receipts, [], "once in a session");
    await phone.lock();
    await phone.restart();
    await phone.unlock(pin);
    await until(phone, (app) => app.caseSession.tell({ facts: { people: 5 } }));
    assert.ok((await lastMessage(state)).receipts.length > 0, "and in a second message");
  });
}

test("the record is there before the first receipt, and every receipt changes it alike", async () => {
  const { phone } = await phoneWith({ pin: PIN });
  const { layOutReceipts } = await import("../../../client/phone/app/services/session/own-receipts.js");
  await layOutReceipts(phone.app, phone.app.caseSession.kit);
  const before = await phone.store.get(RECEIPTS);
  await layOutReceipts(phone.app, phone.app.caseSession.kit);
  assert.ok(same(before, await phone.store.get(RECEIPTS)));
  assert.equal(before.length, SIZE);
  await until(phone, (app) => app.caseSession.press());
  const later = await phone.store.get(RECEIPTS);
  assert.equal(later.length, SIZE);
  assert.ok(!same(before, later));
  assert.ok(!unutf8(later.map((byte) => byte & 127)).includes("receipt"));
});

test("under the second PIN nothing opens them and nothing carries them", async () => {
  const state = await phoneWith({ pin: PIN, decoy: "314159" });
  const { phone } = state;
  await until(phone, (app) => app.caseSession.press());
  await phone.restart();
  const forced = await phone.unlock("314159");
  assert.equal(forced.content.receipts, undefined);
  await until(phone, (app) => app.caseSession.tell({ facts: { people: 2 } }));
  assert.deepEqual((await lastMessage(state)).receipts, []);
  await phone.lock();
  await phone.restart();
  assert.ok((await phone.unlock(PIN)).content.receipts.length > 0);
});

test("a PIN that is chosen later takes the receipts along, under a seed of its own", async () => {
  const { phone } = await phoneWith({});
  await until(phone, (app) => app.caseSession.press());
  const early = await phone.unlock("");
  const copied = early.content.receiptSeed;
  await early.changePin(PIN, () => {});
  assert.ok(early.content.receipts.length > 0);
  await phone.restart();
  const { content } = await phone.unlock(PIN);
  assert.notEqual(content.receiptSeed, copied);
  assert.ok(content.receipts.length > 0);
});
