/** An unlocked vault: what is saved while a PIN is being set does not undo it, and contents of before are understood. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Session } from "../../../client/phone/app/services/session/session.js";
import { addWords } from "../../../client/phone/app/ui/i18n.js";
import { makeStretch } from "../../../client/phone/core/vault/pin.js";
import { createVault, openVault } from "../../../client/phone/core/vault/vault.js";
import { b64, digest, jsonObject, SALT_BYTES, unutf8, utf8 } from "../../../client/phone/protocol/wire.js";
import { seededBytes } from "../random.mjs";

const randomBytes = seededBytes("session");
const quick = async (pin, salt) => digest(pin, salt);

/** A phone that stores, and the vault it stores last. */
function phone() {
  const stored = { bytes: new Uint8Array() };
  const put = async (_, bytes) => {
    stored.bytes = bytes;
    return true;
  };
  return { stored, app: { randomBytes, put, hasPin: true } };
}

const opened = async (app, content) =>
  new Session(app, await createVault("2468", utf8(JSON.stringify(content)), { randomBytes, stretch: quick }));

test("a saving that overlaps with the setting or removing of a second PIN loses neither", async () => {
  addWords("", { notes: { examples: ["milk"] } });
  const { stored, app } = phone();
  const session = await opened(app, { kind: "alarm", facts: {} });
  const setting = session.setDecoy("111111", undefined, () => {});
  session.content.facts = { name: "Anna" };
  await Promise.all([session.save(), setting, session.save()]);
  await session.close();
  const forced = await openVault(stored.bytes, "111111", makeStretch());
  assert.equal(jsonObject(forced.content).notes[0].text, "milk");
  assert.deepEqual(jsonObject((await openVault(stored.bytes, "2468", quick)).content).facts, { name: "Anna" });
  assert.deepEqual([new Session(app, forced).duress, session.duress], [true, false]);
  const again = new Session(app, await openVault(stored.bytes, "2468", quick));
  const removing = again.removeDecoy();
  for (let turn = 0; turn < 4; turn++) await null; // until it is under way
  await Promise.all([again.save(), removing]);
  await assert.rejects(openVault(stored.bytes, "111111", makeStretch()), { code: "passphrase-wrong" });
});

test("a content of before, which does not say what it is, is known by its notes, and gets what it lacks", async () => {
  addWords("", { names: { organisation: "Club", people: ["Joe"] }, notes: { examples: ["milk"] } });
  const { app } = phone();
  for (const mark of [{}, { kind: "notes", key: b64(randomBytes(32)) }]) {
    const second = await opened(app, { v: 1, notes: [{ at: 1, text: "own" }], ...mark });
    assert.equal(second.duress, true);
    assert.equal(b64(second.key), mark.key ?? b64(second.key));
    const { name, names, notes, facts, ways, hasPin } = second.content;
    assert.deepEqual([name, names, notes[0].text, facts, ways, hasPin], ["Club", ["Joe"], "own", {}, [], true]);
  }
  const first = await opened(app, { v: 1, facts: { name: "Anna" }, hasPin: true });
  assert.deepEqual([first.duress, first.content.facts.name, first.content.notes[0].text], [false, "Anna", "milk"]);
  const shape = async (/** @type {any} */ content) => Object.keys((await opened(app, content)).content).sort();
  assert.deepEqual(await shape({ v: 1, notes: [] }), await shape({ v: 1, facts: {}, ways: [], answers: [] }));
});

test("both sessions of a vault of before know the same key for what is said under force, in either order", async () => {
  const bytes = new Uint8Array(await readFile(new URL("../../fixtures/version-1/phone/vault", import.meta.url)));
  const stretched = new Map();
  for (const pin of ["2468", "1111"]) {
    stretched.set(pin, await makeStretch()(utf8(pin), bytes.subarray(0, SALT_BYTES)));
  }
  for (const order of [["2468"], ["1111"], ["1111", "2468", "1111"]]) {
    const { stored, app } = phone();
    stored.bytes = bytes;
    const open = async (pin) =>
      new Session(app, await openVault(stored.bytes, pin, async (text) => stretched.get(unutf8(text))));
    const known = async () => [(await open("2468")).content.keys.forced, (await open("1111")).content.keys.pin];
    const seen = await known();
    for (const pin of order) {
      await (await open(pin)).save();
      seen.push(...(await known()));
    }
    assert.deepEqual(new Set(seen).size, 1, order.join());
  }
});
