/** The vault looks like random bytes, whatever is inside, and either PIN opens what belongs to it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { makeStretch } from "../../../client/phone/core/pin.js";
import {
  CONTENT_BYTES,
  changePin,
  createVault,
  emptyVault,
  encodePin,
  openVault,
  saveVault,
  setDecoy,
  VAULT_BYTES,
} from "../../../client/phone/core/vault.js";
import { digest, same, unutf8, utf8 } from "../../../client/phone/protocol/wire.js";
import { seededBytes } from "../random.mjs";

const randomBytes = seededBytes("vault");
const stretch = async (pin, salt) => digest(pin, salt); // the slow one has a test of its own
const by = { randomBytes, stretch };
const REAL = utf8("Иванова Анна, мама +7 900 000-00-00");
const ORDINARY = utf8("молоко, хлеб, позвонить в поликлинику");

test("what was put in comes out, under the right PIN only", async () => {
  const vault = await createVault("2468", REAL, by);
  const open = await openVault(vault.bytes, "2468", stretch);
  assert.deepEqual([open.content, open.duress], [REAL, false]);
  await assert.rejects(openVault(vault.bytes, "2469", stretch), { code: "passphrase-wrong" });
});

test("a second PIN opens the ordinary app, and says that it was forced", async () => {
  const vault = await setDecoy(await createVault("2468", REAL, by), "1111", ORDINARY, by);
  const forced = await openVault(vault.bytes, "1111", stretch);
  assert.deepEqual([forced.content, forced.duress], [ORDINARY, true]);
  assert.deepEqual((await openVault(vault.bytes, "2468", stretch)).content, REAL);
});

test("no slot stands in a place of its own: over many vaults each is real somewhere", async () => {
  const places = new Set();
  for (let i = 0; i < 24; i++) places.add((await createVault("1", REAL, by)).place);
  assert.equal(places.size, 3);
});

test("full, half full, with a decoy, or empty: the same size, and nothing a compressor can hold on to", async () => {
  const vault = await createVault("2468", REAL, by);
  const full = await saveVault(vault, new Uint8Array(CONTENT_BYTES), randomBytes);
  const two = await setDecoy(vault, "1111", ORDINARY, by);
  for (const bytes of [vault.bytes, full.bytes, two.bytes, emptyVault(randomBytes)]) {
    assert.equal(bytes.length, VAULT_BYTES);
    assert.ok(gzipSync(bytes).length > VAULT_BYTES);
    const counts = new Array(256).fill(0);
    for (const byte of bytes) counts[byte]++;
    const expected = VAULT_BYTES / 256;
    const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    assert.ok(chi > 150 && chi < 380, `chi squared of ${chi} with 255 degrees of freedom`);
  }
});

test("a saving of the real session changes every slot, so two copies do not tell which are in use", async () => {
  const before = await setDecoy(await createVault("2468", REAL, by), "1111", ORDINARY, by);
  const after = await saveVault(await openVault(before.bytes, "2468", stretch), utf8("more"), randomBytes);
  const slot = Math.floor((VAULT_BYTES - 32) / 3);
  for (const place of [0, 1, 2]) {
    const [from, to] = [32 + place * slot, 32 + (place + 1) * slot];
    assert.equal(same(before.bytes.subarray(from, to), after.bytes.subarray(from, to)), false);
  }
  assert.deepEqual((await openVault(after.bytes, "1111", stretch)).content, ORDINARY);
  assert.deepEqual((await openVault(after.bytes, "2468", stretch)).content, utf8("more"));
});

test("the decoy's session cannot harm what it does not know of", async () => {
  const vault = await setDecoy(await createVault("2468", REAL, by), "1111", ORDINARY, by);
  for (let round = 0; round < 6; round++) {
    let forced = await openVault(vault.bytes, "1111", stretch);
    forced = await saveVault(forced, utf8("other words"), randomBytes);
    forced = await setDecoy(forced, "3333", utf8("tried by somebody else"), by);
    forced = await changePin(forced, "4444", by);
    const real = await openVault(forced.bytes, "2468", stretch);
    assert.deepEqual(real.content, REAL);
    const saved = await saveVault(real, REAL, randomBytes);
    assert.deepEqual((await openVault(saved.bytes, "4444", stretch)).content, utf8("other words"));
  }
});

test("the decoy can be replaced, and the PINs must differ", async () => {
  const vault = await setDecoy(await createVault("2468", REAL, by), "1111", ORDINARY, by);
  const again = await setDecoy(vault, "2222", utf8("x"), by);
  assert.deepEqual((await openVault(again.bytes, "2222", stretch)).content, utf8("x"));
  await assert.rejects(openVault(again.bytes, "1111", stretch), { code: "passphrase-wrong" });
  await assert.rejects(setDecoy(vault, "2468", ORDINARY, by), { code: "passphrase-wrong" });
  await assert.rejects(changePin(vault, "1111", by), { code: "passphrase-wrong" });
});

test("a changed PIN opens, the old one does not", async () => {
  const vault = await changePin(await createVault("2468", REAL, by), "97531", by);
  assert.deepEqual((await openVault(vault.bytes, "97531", stretch)).content, REAL);
  await assert.rejects(openVault(vault.bytes, "2468", stretch), { code: "passphrase-wrong" });
});

test("too much content is refused, a cut-off vault is named", async () => {
  const vault = await createVault("2468", REAL, by);
  await assert.rejects(saveVault(vault, new Uint8Array(CONTENT_BYTES + 1), randomBytes), { code: "content-too-large" });
  await assert.rejects(openVault(vault.bytes.subarray(1), "2468", stretch), { code: "keystore-damaged" });
});

test("digits are digits on every keyboard", () => {
  for (const typed of ["0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９"]) {
    assert.equal(unutf8(encodePin(typed)), "0123456789");
  }
});

test("the slow way from PIN to key is Argon2id as RFC 9106 has it, and takes the time it should", async () => {
  const started = performance.now();
  const seen = [];
  const key = await makeStretch((part) => seen.push(part))(utf8("2468"), new Uint8Array(32));
  assert.equal(key.length, 32);
  assert.ok(performance.now() - started > 50);
  assert.ok(seen.length > 1 && seen.at(-1) === 1);
});
