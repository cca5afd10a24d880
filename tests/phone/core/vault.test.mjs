/** The vault looks like random bytes, whatever is inside, and either PIN opens what belongs to it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { makeStretch } from "../../../client/phone/core/vault/pin.js";
import { encodePin } from "../../../client/phone/core/vault/pin-text.js";
import {
  CONTENT_BYTES,
  changePin,
  createVault,
  emptyVault,
  openVault,
  removeSecondPin,
  saveVault,
  setSecondPin,
  VAULT_BYTES,
} from "../../../client/phone/core/vault/vault.js";
import { digest, same, unutf8, utf8 } from "../../../client/phone/protocol/wire.js";
import { seededBytes } from "../random.mjs";

const randomBytes = seededBytes("vault");
const stretch = async (pin, salt) => digest(pin, salt); // the slow one has a test of its own
const by = { randomBytes, stretch };
const REAL = utf8("Иванова Анна, мама +7 900 000-00-00");
const ORDINARY = utf8("молоко, хлеб, позвонить в поликлинику");

const contentOf = async (vault, pin) => (await openVault(vault.bytes, pin, stretch)).content;
const closed = (vault, pin) => assert.rejects(openVault(vault.bytes, pin, stretch), { code: "passphrase-wrong" });
const withTwo = async () => setSecondPin(await createVault("2468", REAL, by), "1111", ORDINARY, by);

test("what was put in comes out, under the right PIN only", async () => {
  const vault = await createVault("2468", REAL, by);
  assert.deepEqual(await contentOf(vault, "2468"), REAL);
  await closed(vault, "2469");
});

test("a second PIN opens what was written for it, and the first PIN its own", async () => {
  const vault = await withTwo();
  assert.deepEqual(await contentOf(vault, "1111"), ORDINARY);
  assert.deepEqual(await contentOf(vault, "2468"), REAL);
});

test("no place is one's own: over many vaults each is the first PIN's somewhere, and the second's", async () => {
  const pairs = new Set();
  for (let i = 0; i < 40; i++) {
    const { place, next } = await createVault("1", REAL, by);
    pairs.add(`${place}${next}`);
  }
  assert.equal(pairs.size, 6);
});

test("full, half full, with a second PIN, or empty: the same size, and nothing a compressor can hold on to", async () => {
  const vault = await createVault("2468", REAL, by);
  const full = await saveVault(vault, new Uint8Array(CONTENT_BYTES), randomBytes);
  const two = await setSecondPin(vault, "1111", ORDINARY, by);
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

test("whoever saves, all after the salt changes: every point, the nonce, and the ciphertext of every place", async () => {
  const before = await withTwo();
  for (const pin of ["2468", "1111"]) {
    const session = await openVault(before.bytes, pin, stretch);
    const after = await saveVault(session, session.content, randomBytes);
    assert.deepEqual(after.bytes.subarray(0, 32), before.bytes.subarray(0, 32));
    let equal = 0;
    for (let at = 32; at < VAULT_BYTES; at++) equal += Number(after.bytes[at] === before.bytes[at]);
    assert.ok(Math.abs(equal - VAULT_BYTES / 256) < 200, `${equal} bytes stayed; chance alone leaves 1,024 or so`);
    for (let at = 32; at < 32 + 12 * 32; at += 32) {
      assert.equal(same(after.bytes.subarray(at, at + 32), before.bytes.subarray(at, at + 32)), false);
    }
    assert.deepEqual(await contentOf(after, "1111"), ORDINARY);
    assert.deepEqual(await contentOf(after, "2468"), REAL);
  }
});

test("after many savings in turn both PINs still open what is theirs", async () => {
  let { bytes } = await withTwo();
  for (let round = 0; round < 8; round++) {
    for (const pin of ["2468", "1111"]) {
      const session = await openVault(bytes, pin, stretch);
      ({ bytes } = await saveVault(session, utf8(`${pin} ${round}`), randomBytes));
    }
  }
  assert.deepEqual(await contentOf({ bytes }, "2468"), utf8("2468 7"));
  assert.deepEqual(await contentOf({ bytes }, "1111"), utf8("1111 7"));
});

test("a session under the second PIN cannot harm the first: it saves, sets, removes and changes PINs of its own", async () => {
  for (let round = 0; round < 4; round++) {
    let forced = await openVault((await withTwo()).bytes, "1111", stretch);
    forced = await saveVault(forced, utf8("other words"), randomBytes);
    forced = await setSecondPin(forced, "3333", utf8("tried by somebody else"), by);
    assert.deepEqual(await contentOf(forced, "3333"), utf8("tried by somebody else"));
    forced = await removeSecondPin(forced, randomBytes);
    await closed(forced, "3333");
    forced = await changePin(forced, "4444", by);
    const first = await openVault(forced.bytes, "2468", stretch);
    assert.deepEqual(first.content, REAL);
    const saved = await saveVault(first, REAL, randomBytes);
    assert.deepEqual(await contentOf(saved, "4444"), utf8("other words"));
    await closed(saved, "1111");
  }
});

test("the second PIN is replaced and removed, the third stays; removing what is not there does the same", async () => {
  const two = await withTwo();
  const third = await setSecondPin(await openVault(two.bytes, "1111", stretch), "3333", utf8("third"), by);
  const again = await setSecondPin(await openVault(third.bytes, "2468", stretch), "2222", utf8("x"), by);
  assert.deepEqual(await contentOf(again, "2222"), utf8("x"));
  assert.deepEqual(await contentOf(again, "3333"), utf8("third"));
  await closed(again, "1111");
  const gone = await removeSecondPin(await removeSecondPin(again, randomBytes), randomBytes);
  await closed(gone, "2222");
  assert.deepEqual(await contentOf(gone, "2468"), REAL);
  assert.deepEqual(await contentOf(gone, "3333"), utf8("third"));
});

test("a second PIN that was removed opens no later copy, also for who had the common element", async () => {
  const two = await withTwo();
  const gone = await removeSecondPin(two, randomBytes);
  assert.equal(two.element.equals(gone.element), false);
  assert.equal(same(await keyslotsOf(two), await keyslotsOf(gone)), false);
});

const keyslotsOf = async ({ bytes }) => bytes.subarray(32, 32 + 3 * 128);

test("one PIN has one place: another's is refused, one's own and the one to be replaced are not", async () => {
  const vault = await withTwo();
  await assert.rejects(setSecondPin(vault, "2468", ORDINARY, by), { code: "passphrase-wrong" });
  await assert.rejects(changePin(vault, "1111", by), { code: "passphrase-wrong" });
  const forced = await openVault(vault.bytes, "1111", stretch);
  await assert.rejects(setSecondPin(forced, "2468", ORDINARY, by), { code: "passphrase-wrong" });
  await assert.rejects(changePin(forced, "2468", by), { code: "passphrase-wrong" });
  assert.deepEqual(await contentOf(await setSecondPin(vault, "1111", utf8("y"), by), "1111"), utf8("y"));
  assert.deepEqual(await contentOf(await changePin(vault, "2468", by), "2468"), REAL);
});

test("a changed PIN opens, the old one does not", async () => {
  const vault = await changePin(await createVault("2468", REAL, by), "97531", by);
  assert.deepEqual(await contentOf(vault, "97531"), REAL);
  await closed(vault, "2468");
});

test("too much content is refused, a cut-off vault is named", async () => {
  const vault = await createVault("2468", REAL, by);
  await assert.rejects(saveVault(vault, new Uint8Array(CONTENT_BYTES + 1), randomBytes), { code: "content-too-large" });
  await assert.rejects(openVault(vault.bytes.subarray(1), "2468", stretch), { code: "keystore-damaged" });
});

test("whoever changes one keyslot learns from no PIN whose it was: all fail alike", async () => {
  const vault = await withTwo();
  const other = emptyVault(randomBytes);
  for (const place of [0, 1, 2]) {
    const bytes = vault.bytes.slice();
    const at = 32 + place * 128;
    bytes.set(other.subarray(at, at + 128), at);
    for (const pin of ["2468", "1111"]) await closed({ bytes }, pin);
  }
});

test("a keyslot that every secret would open is none", async () => {
  const { bytes } = await createVault("2468", REAL, by);
  const zero = new Uint8Array(32);
  zero[0] = 1;
  for (const at of [64, 96]) {
    const changed = bytes.slice();
    changed.set(zero, 32 + at);
    await closed({ bytes: changed }, "2468");
  }
});

test("digits are digits on every keyboard", () => {
  for (const typed of ["0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９"]) {
    assert.equal(unutf8(encodePin(typed)), "0123456789");
  }
});

test("words are the same words with capitals, accents, joiners, blanks or the other keyboard's letters", () => {
  const alike = [
    ["ёлка йод", "елка иод", " ЁЛКА  ЙОД ", "Елка\u00a0Йод", "е\u0308лка\tйод\n"],
    ["ўсход їжак", "Ўсход   Їжак", "усход іжак"],
    ["کتاب یک", "كتاب يك", "کتاب\u200c یك"],
    ["آب", "اب", "أب"],
    ["çay İstanbul", "CAY istanbul"],
    ["ağaş Қала", "AGAŞ қала"],
  ];
  for (const [first, ...others] of alike) {
    for (const other of others) assert.equal(unutf8(encodePin(other)), unutf8(encodePin(first)), other);
  }
  assert.notEqual(unutf8(encodePin("кот дом")), unutf8(encodePin("дом кот")));
});

test("a PIN with capitals, set when these still counted, opens its vault of before", async () => {
  const vault = await createVault("2468", REAL, { randomBytes, stretch: (_, salt) => stretch(utf8("Ёж"), salt) });
  assert.deepEqual(await contentOf(vault, "Ёж"), REAL);
  await closed(vault, "ёж");
});

test("the slow way from PIN to key is Argon2id as RFC 9106 has it, and takes the time it should", async () => {
  const started = performance.now();
  const seen = [];
  const key = await makeStretch((part) => seen.push(part))(utf8("2468"), new Uint8Array(32));
  assert.equal(key.length, 32);
  assert.ok(performance.now() - started > 50);
  assert.ok(seen.length > 1 && seen.at(-1) === 1);
});
