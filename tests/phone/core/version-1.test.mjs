/** What version 1 left on a phone opens: `tests/fixtures/version-1/phone`, made by its own set-up. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { unpackKit } from "../../../client/phone/core/kit.js";
import { unpackLetter } from "../../../client/phone/core/letter.js";
import { press } from "../../../client/phone/core/press.js";
import { makeStretch } from "../../../client/phone/core/vault/pin.js";
import {
  changePin,
  openVault,
  removeSecondPin,
  saveVault,
  setSecondPin,
} from "../../../client/phone/core/vault/vault.js";
import { readCard } from "../../../client/phone/protocol/organisation.js";
import { digest, jsonObject, LETTER_BYTES, unutf8, utf8 } from "../../../client/phone/protocol/wire.js";
import { seededBytes } from "../random.mjs";

const MADE = new URL("../../fixtures/version-1/", import.meta.url);
const AT = 1_795_676_400_000;
const read = async (name) => new Uint8Array(await readFile(new URL(name, MADE)));
const stretch = makeStretch(() => {});
const randomBytes = seededBytes("version 1 vault");

test("the vault opens with its PIN and with the decoy's", async () => {
  const vault = await read("phone/vault");
  const own = await openVault(vault, "2468", stretch);
  assert.equal(jsonObject(own.content).facts.name, "Иванова Анна Сергеевна");
  const decoy = await openVault(vault, "1111", stretch);
  assert.ok(jsonObject(decoy.content).notes.length > 0);
  await assert.rejects(openVault(vault, "0000", stretch), { code: "passphrase-wrong" });
});

/** Both PINs of the fixture, stretched once: what is tested below is the form. */
async function stretchOnce() {
  const salt = (await read("phone/vault")).subarray(0, 32);
  const keys = new Map();
  for (const pin of ["2468", "1111"]) keys.set(pin, await stretch(utf8(pin), salt));
  return async (pin) => keys.get(unutf8(pin)) ?? digest(pin);
}

test("the first saving of the real session writes the form of today, and the decoy's PIN still opens its notes", async () => {
  const quick = await stretchOnce();
  const bytes = await read("phone/vault");
  const notes = (await openVault(bytes, "1111", quick)).content;
  const own = await openVault(bytes, "2468", quick);
  const changes = {
    save: (vault) => saveVault(vault, own.content, randomBytes),
    setSecondPin: (vault) => setSecondPin(vault, "3333", utf8("new"), { randomBytes, stretch: quick }),
    removeSecondPin: (vault) => removeSecondPin(vault, randomBytes),
    changePin: (vault) => changePin(vault, "4444", { randomBytes, stretch: quick }),
  };
  for (const [name, change] of Object.entries(changes)) {
    const saved = await change(own);
    const again = await openVault(saved.bytes, name === "changePin" ? "4444" : "2468", quick);
    assert.deepEqual([again.old, again.content], [null, own.content]);
    const decoy = openVault(saved.bytes, "1111", quick);
    if (name.endsWith("SecondPin")) await assert.rejects(decoy, { code: "passphrase-wrong" });
    else assert.deepEqual((await decoy).content, notes);
  }
});

test("the decoy, opened first, is saved and loses nothing; the real session then finds what it wrote", async () => {
  const quick = await stretchOnce();
  const by = { randomBytes, stretch: quick };
  let decoy = await openVault(await read("phone/vault"), "1111", quick);
  decoy = await saveVault(decoy, utf8("other notes"), randomBytes);
  decoy = await setSecondPin(decoy, "3333", utf8("tried"), by);
  decoy = await removeSecondPin(await changePin(decoy, "4444", by), randomBytes);
  decoy = await openVault(decoy.bytes, "1111", quick);
  const own = await openVault(decoy.bytes, "2468", quick);
  assert.equal(jsonObject(own.content).facts.name, "Иванова Анна Сергеевна");
  const saved = await saveVault(own, own.content, randomBytes);
  const after = await openVault(saved.bytes, "1111", quick);
  assert.deepEqual([after.old, after.content], [null, utf8("other notes")]);
});

test("the kit presses, and a letter that waits is whole", async () => {
  const kit = unpackKit(await read("phone/kit"));
  const card = readCard(await read("card"), {});
  assert.deepEqual([kit.desk.root, kit.named], [card.root, false]);
  const { letters } = await press(kit, { facts: { stage: "van" }, now: AT, randomBytes: seededBytes("version 1") });
  assert.ok(letters.length >= 2 && letters.every(({ envelope }) => envelope.length === LETTER_BYTES));
  const letter = unpackLetter(await read("phone/letter"));
  assert.deepEqual([letter.envelope.length, letter.relays], [LETTER_BYTES, card.relays]);
});
