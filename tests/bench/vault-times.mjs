/** Times the phone's vault in Node, in milliseconds of processor, as JSON. See vault.py. */
import { randomBytes as draw } from "node:crypto";
import { drawElement, renewKeyslot } from "../../client/phone/core/vault/keyslots.js";
import { makeStretch } from "../../client/phone/core/vault/pin.js";
import { openSlot, sealSlot } from "../../client/phone/core/vault/sealed-slot.js";
import { createVault, openVault, saveVault, setSecondPin, VAULT_BYTES } from "../../client/phone/core/vault/vault.js";
import { digest, domain, utf8 } from "../../client/phone/protocol/wire.js";

const randomBytes = (count) => new Uint8Array(draw(count));
const quick = async (pin, salt) => digest(pin, salt);
const CHUNK_BYTES = 31; // what a point can carry
const KIB = 1_024;

/** The median of the processor's time, which other programs on this computer lengthen less than the clock's.
 *  @param {number} rounds @param {() => unknown} act */
async function median(rounds, act) {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    await act();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1_000);
  }
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)];
}

/** Renew a content of this size as universal ElGamal would: one unit pair for all, two multiplications a chunk. */
function renewContent(bytes) {
  const [unitMasked, unitBase, masked, base] = [1, 2, 3, 4].map(() => drawElement(randomBytes));
  for (let at = 0; at < bytes; at += CHUNK_BYTES) {
    const number = BigInt(`0x${Buffer.from(randomBytes(31)).toString("hex")}`);
    masked.add(unitMasked.multiply(number));
    base.add(unitBase.multiply(number));
  }
}

const by = { randomBytes, stretch: quick };
const vault = await setSecondPin(await createVault("2468", utf8("a"), by), "1111", utf8("b"), by);
const keyslot = vault.keyslots[0];
const key = randomBytes(32);
const plain = new Uint8Array(VAULT_BYTES);
const sealed = await sealSlot(key, domain("bench"), plain, { randomBytes });

const times = {
  "baseline: seal and open 256 KiB with ChaCha20-Poly1305": await median(9, async () => {
    await sealSlot(key, domain("bench"), plain, { randomBytes });
    await openSlot(sealed, key, domain("bench"));
  }),
  "PIN to key, Argon2id": await median(3, () => makeStretch()(utf8("2468"), randomBytes(32))),
  "opening, without Argon2id": await median(9, () => openVault(vault.bytes, "2468", quick)),
  "saving": await median(9, () => saveVault(vault, utf8("c"), randomBytes)),
  "of it: one keyslot renewed": await median(9, () => renewKeyslot(keyslot, vault.element, randomBytes)),
};
for (const kib of [16, 32, 64]) {
  times[`not done: one content of ${kib} KiB renewed without its key`] = await median(1, () => renewContent(kib * KIB));
}
process.stdout.write(JSON.stringify(times));
