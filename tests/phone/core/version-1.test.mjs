/** What version 1 left on a phone opens: `tests/fixtures/version-1/phone`, made by its own set-up. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { unpackKit } from "../../../client/phone/core/kit.js";
import { unpackLetter } from "../../../client/phone/core/letter.js";
import { makeStretch } from "../../../client/phone/core/pin.js";
import { press } from "../../../client/phone/core/press.js";
import { openVault } from "../../../client/phone/core/vault.js";
import { readCard } from "../../../client/phone/protocol/organisation.js";
import { jsonObject, LETTER_BYTES } from "../../../client/phone/protocol/wire.js";
import { seededBytes } from "../random.mjs";

const MADE = new URL("../../fixtures/version-1/", import.meta.url);
const AT = 1_795_676_400_000;
const read = async (name) => new Uint8Array(await readFile(new URL(name, MADE)));
const stretch = makeStretch(() => {});

test("the vault opens with its PIN and with the decoy's", async () => {
  const vault = await read("phone/vault");
  const own = await openVault(vault, "2468", stretch);
  assert.deepEqual([own.duress, jsonObject(own.content).facts.name], [false, "Иванова Анна Сергеевна"]);
  const decoy = await openVault(vault, "1111", stretch);
  assert.equal(decoy.duress, true);
  assert.ok(jsonObject(decoy.content).notes.length > 0);
  await assert.rejects(openVault(vault, "0000", stretch), { code: "passphrase-wrong" });
});

test("the kit presses, and a letter that waits is whole", async () => {
  const kit = unpackKit(await read("phone/kit"));
  const card = readCard(await read("card"), {});
  assert.deepEqual(kit.desk.root, card.root);
  const { letters } = await press(kit, { facts: { stage: "van" }, now: AT, randomBytes: seededBytes("version 1") });
  assert.ok(letters.length >= 2 && letters.every(({ envelope }) => envelope.length === LETTER_BYTES));
  const letter = unpackLetter(await read("phone/letter"));
  assert.deepEqual([letter.envelope.length, letter.relays], [LETTER_BYTES, card.relays]);
});
