/**
 * An examiner with the source guesses about 200 vaults (60 in `make test`): which PIN was given, who saved in between, which places are in
 * use. On half of them it learns which measure tells most, on the other half it guesses. The same examiner is then
 * given vaults of the form of before, and is right: it is no blind one.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  changePin,
  createVault,
  openVault,
  removeSecondPin,
  saveVault,
  setSecondPin,
  VAULT_BYTES,
} from "../../../client/phone/core/vault/vault.js";
import { digest, utf8 } from "../../../client/phone/protocol/wire.js";
import { Point } from "../../../client/phone/vendor-src/crypto.js";
import { atLength } from "../length.mjs";
import { seededBytes } from "../random.mjs";
import { oldRefill, oldVault, readOld } from "./old-vault.mjs";

const VAULTS = atLength(60, 200);
const HALF = VAULTS / 2;
// At chance more than 26 of 30 guesses are right, or more than 71 of 100, less than once in 100,000 times (binomial, one
// half). The seeds are fixed.
const LUCKY = atLength(26, 71);
const SURE = atLength(25, 98);
const NOTES = utf8(JSON.stringify({ v: 1, notes: [{ at: 1, text: "молоко, хлеб, позвонить в поликлинику" }] }));
const stretch = async (pin, salt) => digest(pin, salt);
const [FIRST, SECOND] = ["2468", "1111"];
const HEAD = 32 + 3 * 128;

/** What an examiner can number about bytes: their mean, how often the commonest stands there, bits, and pairs. */
function statistics(name, bytes) {
  const counts = new Array(256).fill(0);
  let [sum, bits, pairs] = [0, 0, 0];
  for (const [at, byte] of bytes.entries()) {
    counts[byte]++;
    sum += byte;
    bits += byte & 1;
    pairs += Number(at > 0 && bytes[at - 1] === byte);
  }
  const chi = counts.reduce((all, count) => all + (count - bytes.length / 256) ** 2, 0);
  return {
    [`${name}: mean`]: sum / bytes.length,
    [`${name}: chi`]: chi,
    [`${name}: low bits`]: bits / bytes.length,
    [`${name}: pairs`]: pairs,
    [`${name}: zeros`]: counts[0],
  };
}

/** The regions of a copy, also those that only whoever guesses at the form would cut out. */
function regions(bytes) {
  const cut = { salt: bytes.subarray(0, 32), outer: bytes.subarray(HEAD) };
  for (const place of [0, 1, 2]) {
    cut[`keyslot ${place}`] = bytes.subarray(32 + place * 128, 32 + (place + 1) * 128);
    const third = Math.floor((VAULT_BYTES - 32) / 3);
    cut[`third ${place}`] = bytes.subarray(32 + place * third, 32 + (place + 1) * third);
  }
  return cut;
}

/** One copy without a PIN. */
function measureCopy(bytes) {
  const measures = { length: bytes.length };
  for (const [name, region] of Object.entries(regions(bytes))) Object.assign(measures, statistics(name, region));
  for (const place of [0, 1, 2]) measures[`keyslot ${place}: is one`] = Number(isKeyslot(bytes, place));
  return measures;
}

/** Four points of the curve whose sum lies in the group of prime order. */
function isKeyslot(bytes, place) {
  try {
    const points = [0, 1, 2, 3].map((number) => 32 + place * 128 + number * 32);
    return points
      .map((at) => Point.fromBytes(bytes.slice(at, at + 32)))
      .reduce((sum, point) => sum.add(point), Point.ZERO)
      .isTorsionFree();
  } catch {
    return false;
  }
}

/** Two copies without a PIN: how many bytes of each region stayed. */
function measureTwo(before, after) {
  const measures = { ...measureCopy(after) };
  const old = regions(before);
  for (const [name, region] of Object.entries(regions(after))) {
    measures[`${name}: stayed`] = region.reduce((sum, byte, at) => sum + Number(byte === old[name][at]), 0);
  }
  return measures;
}

/** One copy and a PIN: all that the session holds, and whether its own secrets open or resemble anything else. */
async function measureOpen(bytes, pin) {
  const vault = await openVault(bytes, pin, stretch);
  const measures = { place: vault.place, next: vault.next, step: (vault.next - vault.place + 3) % 3 };
  measures.members = Object.keys(vault).length;
  measures.length = vault.content.length;
  const others = { own: vault.place, next: vault.next, third: 3 - vault.place - vault.next };
  for (const [name, place] of Object.entries(others)) {
    const slot = vault.slots[place];
    Object.assign(measures, statistics(`slot ${name}`, slot));
    const keyslot = vault.keyslots[place].flatMap((point) => [...point.toBytes()]);
    Object.assign(measures, statistics(`keyslot ${name}`, Uint8Array.from(keyslot)));
    for (const key of [vault.key, vault.element.toBytes(), digest(vault.key)]) {
      measures[`keys ${name}`] = (measures[`keys ${name}`] ?? 0) + Number(slot[40] === key[40 % 32]);
    }
  }
  return measures;
}

/** Two copies and a PIN: whether each slot below the outer ciphertext stayed, from the PIN's own place on. */
async function measureTwoOpen(before, after, pin) {
  const [old, now] = [await openVault(before, pin, stretch), await openVault(after, pin, stretch)];
  const stayed = (place) => Number(Buffer.compare(old.slots[place], now.slots[place]) === 0);
  return { own: stayed(now.place), next: stayed(now.next), third: stayed(3 - now.place - now.next) };
}

/** Learn on the first half which measure and threshold tell most; return how many of the second half are guessed. */
function guess(samples) {
  const [learned, asked] = [samples.slice(0, HALF), samples.slice(HALF)];
  const isRight = (rule, { truth, measures }) => measures[rule.name] > rule.above === (truth === rule.says);
  const rightOf = (rule, from) => from.filter((sample) => isRight(rule, sample)).length;
  let best = { rule: null, right: -1 };
  for (const name of Object.keys(learned[0].measures)) {
    const values = [...new Set(learned.map(({ measures }) => measures[name]))].sort((a, b) => a - b);
    for (const above of [Number.NEGATIVE_INFINITY, ...values]) {
      for (const says of [true, false]) {
        const right = rightOf({ name, above, says }, learned);
        if (right > best.right) best = { rule: { name, above, says }, right };
      }
    }
  }
  return { right: rightOf(best.rule, asked), by: best.rule.name };
}

const isNoBetterThanLuck = ({ right, by }) =>
  assert.ok(right <= LUCKY && right >= HALF - LUCKY, `${right} of ${HALF} by ${by}`);
const isSure = ({ right, by }) => assert.ok(right >= SURE, `${right} of ${HALF} by ${by}`);

/** Every second truth is true, in an order drawn by lot, so that guessing one of the two is right for half. */
function truths(randomBytes) {
  const rest = Array.from({ length: VAULTS }, (_, number) => number % 2 === 0);
  const halves = [rest.slice(0, HALF), rest.slice(HALF)];
  return halves.flatMap((half) =>
    half
      .map((truth) => ({ truth, lot: Buffer.from(randomBytes(8)).readBigUInt64BE() }))
      .sort((a, b) => (a.lot < b.lot ? -1 : 1))
      .map(({ truth }) => truth),
  );
}

/** Ask about every vault. @param {string} label @param {(truth: boolean, by: object, number: number) => Promise<object>} make */
async function ask(label, make) {
  const randomBytes = seededBytes(`examiner ${label}`);
  const samples = [];
  for (const [number, truth] of truths(randomBytes).entries()) {
    samples.push({ truth, measures: await make(truth, { randomBytes, stretch }, number) });
  }
  return guess(samples);
}

/** Vaults with one PIN and with two, made once for all questions. */
const bothKinds = (async () => {
  const by = { randomBytes: seededBytes("examiner"), stretch };
  const vaults = { single: [], pair: [] };
  for (let number = 0; number < VAULTS; number++) {
    const single = await createVault(FIRST, NOTES, by);
    vaults.single.push(single);
    vaults.pair.push(await setSecondPin(await createVault(FIRST, NOTES, by), SECOND, NOTES, by));
  }
  return vaults;
})();

/** Every pair of PINs, saved once under one of the two: the bytes before and after. */
const oneSaving = (async () => {
  const { pair } = await bothKinds;
  const randomBytes = seededBytes("examiner saves");
  const savings = [];
  for (const [number, truth] of truths(randomBytes).entries()) {
    const session = await openVault(pair[number].bytes, truth ? FIRST : SECOND, stretch);
    const after = await saveVault(session, NOTES, randomBytes);
    savings.push({ truth, before: pair[number].bytes, after: after.bytes });
  }
  return savings;
})();

test("one copy and one PIN: which of the two PINs it is", async () => {
  const { pair } = await bothKinds;
  isNoBetterThanLuck(
    await ask("which", (isFirst, _, number) => measureOpen(pair[number].bytes, isFirst ? FIRST : SECOND)),
  );
});

test("one copy and the first PIN: whether there is a second", async () => {
  const { pair, single } = await bothKinds;
  isNoBetterThanLuck(
    await ask("is there", async (hasSecond, _, number) => {
      const { bytes } = (hasSecond ? pair : single)[number];
      return { ...(await measureOpen(bytes, FIRST)), ...measureCopy(bytes) };
    }),
  );
});

test("two copies and no PIN: who saved in between", async () => {
  isNoBetterThanLuck(
    guess((await oneSaving).map(({ truth, before, after }) => ({ truth, measures: measureTwo(before, after) }))),
  );
});

test("two copies and no PIN: whether words were saved, or a second PIN set or removed, or the PIN changed", async () => {
  const { single } = await bothKinds;
  isNoBetterThanLuck(
    await ask("what", async (isPlain, by, number) => {
      const before = single[number];
      const changes = [
        () => setSecondPin(before, SECOND, NOTES, by),
        () => removeSecondPin(before, by.randomBytes),
        () => changePin(before, "97531", by),
      ];
      const change = isPlain
        ? () => saveVault(before, NOTES, by.randomBytes)
        : changes[by.randomBytes(1)[0] % changes.length];
      return measureTwo(before.bytes, (await change()).bytes);
    }),
  );
});

test("what is not hidden: two copies and a PIN tell whether another PIN saved in between", async () => {
  const samples = [];
  for (const { truth, before, after } of await oneSaving) {
    samples.push({ truth, measures: await measureTwoOpen(before, after, SECOND) });
  }
  isSure(guess(samples));
});

test("the same examiner is right about the form of before: the PIN, and who saved", async () => {
  isSure(
    await ask("old which", async (isFirst, by) => {
      const { bytes, keys } = await oldVault(NOTES, by.randomBytes);
      const plain = await readOld(bytes, isFirst ? keys.real : keys.decoy);
      return { flag: plain[0], place: plain[1], ...statistics("head", plain.subarray(0, 38)) };
    }),
  );
  isSure(
    await ask("old who", async (isFirst, by) => {
      const before = await oldVault(NOTES, by.randomBytes);
      return measureTwo(before.bytes, await oldRefill(before, isFirst, by.randomBytes));
    }),
  );
});
