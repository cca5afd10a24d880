/** The phone reads what Python wrote: every case of every vector file the phone has to do with. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isPublicAddress } from "../../../client/phone/core/contacts/public-address.js";
import { nameKeys } from "../../../client/phone/core/press.js";
import { judgeDate } from "../../../client/phone/core/trusted-date.js";
import { relayAddress } from "../../../client/phone/protocol/address.js";
import { readCardCode } from "../../../client/phone/protocol/code.js";
import { blindingKey } from "../../../client/phone/protocol/envelope.js";
import { TocsinError } from "../../../client/phone/protocol/errors.js";
import { collect, mailboxKey } from "../../../client/phone/protocol/mailbox.js";
import { caseId, checkMac, replyMac, saidMac } from "../../../client/phone/protocol/message.js";
import { readMessage, readObject } from "../../../client/phone/protocol/message-reader.js";
import { noteKeyText, parseNoteKey, verifyNote } from "../../../client/phone/protocol/note.js";
import { openEnvelope, privateKey } from "../../../client/phone/protocol/opening.js";
import { fingerprint, keyFor, readCard } from "../../../client/phone/protocol/organisation.js";
import { checkReceipt } from "../../../client/phone/protocol/receipt.js";
import { b64, digest, PARCEL_BYTES, Purpose, unb64, unutf8, utf8 } from "../../../client/phone/protocol/wire.js";
import { doWork, weighs } from "../../../client/phone/protocol/work.js";
import { fromPackages, vectors } from "../from-phone.mjs";

const { hkdf } = await fromPackages("@noble/hashes/hkdf.js");
const { hmac } = await fromPackages("@noble/hashes/hmac.js");
const { sha256 } = await fromPackages("@noble/hashes/sha2.js");

const CHECKS = {
  async xwing({ seed, public: open }) {
    assert.equal(b64((await privateKey(unb64(seed))).public), open);
  },
  async envelope({ seeds, purpose, recipient, mailbox, envelope, header, body, commitment }) {
    const keys = await Promise.all(seeds.map((seed) => privateKey(unb64(seed))));
    const address = { purpose, recipient: unb64(recipient), mailbox: unb64(mailbox) };
    const opened = await openEnvelope(unb64(envelope), keys, address);
    assert.equal(unutf8(opened.header), header);
    assert.equal(b64(opened.body), body);
    assert.equal(b64(opened.commitment), commitment);
  },
  date({ now, known_keys, hours, agreeing, needed, confirmed, contradicted }) {
    const found = hours.map((hour, i) => [`https://${i}.example`, typeof hour === "string" ? null : hour]);
    const check = judgeDate(now, Object.fromEntries(found), known_keys);
    assert.deepEqual([check.agreeing, check.needed], [agreeing, needed]);
    assert.deepEqual([check.isConfirmed, check.isContradicted], [confirmed, contradicted]);
  },
  address({ address }) {
    assert.equal(relayAddress(address), address);
  },
  note({ note, public: open, kind, text, verifier }) {
    assert.equal(verifyNote(unb64(note), unb64(open), kind).text, text);
    assert.equal(b64(parseNoteKey(verifier).public), open);
    assert.equal(noteKeyText(parseNoteKey(verifier)), verifier);
  },
  chain({ root_seed, mailbox_seed, last_resort, first, last_week, chain_key, weeks = [] }) {
    if (root_seed) {
      const derive = (info) => b64(hkdf(sha256, unb64(root_seed), undefined, info, 32));
      assert.equal(derive(utf8("tocsin/1/mailbox-seed\0")), mailbox_seed);
      for (const [number, seed] of last_resort) {
        const info = new Uint8Array([...utf8("tocsin/1/last-resort\0"), ...new Uint8Array(8)]);
        new DataView(info.buffer).setBigUint64(info.length - 8, BigInt(number));
        assert.equal(derive(info), seed);
      }
      return;
    }
    const step = (key, name) => hmac(sha256, key, utf8(`tocsin/1/${name}`));
    let [key, week] = [unb64(chain_key), first ?? weeks[0].week];
    const begin = week;
    for (const expected of weeks) {
      for (; week < expected.week; week += 1) key = step(key, "next");
      assert.equal(b64(key), expected.chain_key);
      assert.equal(b64(step(key, "week")), expected.seed);
      // a past week lives until 35 days after its end, a week to come if a card has published it
      const from = Math.max(begin, week - 5);
      const to = last_week ? Math.min(last_week, week + 12) : week;
      const kept = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
      assert.deepEqual(kept, expected.kept);
    }
  },
  card({ card, root, newer_than, seq, called, mailbox, relays, fingerprint: digits, key_for = [], ...more }) {
    const read = readCard(unb64(card), { root: unb64(root), newerThan: newer_than });
    if (more.sms_key) {
      assert.equal(read.lastResortNumber, more.last_resort_number);
      assert.equal(b64(read.smsKey), more.sms_key);
      assert.deepEqual(read.logKeys.map(b64), more.log_keys);
      assert.deepEqual(read.witnessKeys.map(b64), more.witness_keys);
    }
    assert.equal(read.seq, seq);
    if (called) assert.equal(read.name, called);
    if (mailbox) assert.equal(b64(read.mailbox), mailbox);
    if (relays) assert.deepEqual(read.relays, relays);
    if (digits) assert.equal(fingerprint(read.root), digits);
    for (const { at, key_hash, last_resort } of key_for) {
      assert.equal(b64(digest(keyFor(read, at))), key_hash);
      assert.equal(keyFor(read, at) === read.lastResort, last_resort);
    }
  },
  code({ code, root, relays }) {
    const read = readCardCode(code);
    assert.equal(b64(read.root), root);
    assert.deepEqual(read.relays, relays);
  },
  stranger({ address, public: open }) {
    assert.equal(relayAddress(address), address);
    assert.equal(isPublicAddress(address), open);
  },
  receipt({ receipt, verifier, commitment, envelope_hash, hour, origin }) {
    const keys = [parseNoteKey(verifier).public];
    const read = checkReceipt(utf8(receipt), keys, unb64(commitment), unb64(envelope_hash));
    assert.equal(read.hour, hour);
    assert.equal(read.origin, origin);
  },
  message({ header, text, other }) {
    const read = readMessage(text === undefined ? header : readObject(text));
    assert.deepEqual(read.other, other);
    for (const [name, value] of Object.entries(header)) {
      if (!(name in other)) assert.deepEqual(read.message[name], value);
    }
  },
  case({ what, blind, secret, case: id, key, root, derived, mailbox, size, salt, header, mac }) {
    if (what === "id") assert.equal(caseId(unb64(secret)), id);
    else if (what === "blind") assert.equal(b64(blindingKey(unb64(salt))), blind);
    else if (what === "key") {
      const kit = { case: id, caseKey: key, desk: { root: unb64(root) } };
      const sessions = { pin: unb64(key), forced: unb64(key) };
      assert.deepEqual(nameKeys(/** @type {any} */ (kit), sessions), { pin: derived, forced: derived, open: derived });
    } else {
      const address = { purpose: Purpose.REPORT, recipient: unb64(root), mailbox: unb64(mailbox) };
      checkMac(saidMac(unb64(key), address, size, unb64(salt), utf8(header)), unb64(mac));
    }
  },
  reply({ secret, public: open, mailbox, size, salt, header, mac }) {
    const address = { purpose: Purpose.REPLY, recipient: digest(unb64(open)), mailbox: unb64(mailbox) };
    checkMac(replyMac(unb64(secret), address, size, unb64(salt), utf8(header)), unb64(mac));
  },
  async work({ seed, mailbox, envelope_hash, bits, nonce, weighs: weight }) {
    const task = { seed: unb64(seed), mailbox: unb64(mailbox), envelopeHash: unb64(envelope_hash) };
    assert.equal(b64(await doWork(task, bits, async () => {})), nonce);
    assert.equal(weighs(task, unb64(nonce)), weight);
  },
};

for (const [name, check] of Object.entries(CHECKS)) {
  for (const vector of vectors(name)) {
    test(`${name}: ${vector.name}`, async () => {
      const outcome = await outcomeOf(() => check(vector));
      assert.equal(outcome, vector.expect);
    });
  }
}

// The relay judges requests; the phone only has to write the very same ones.
for (const vector of vectors("mailbox").filter(({ expect }) => expect === "ok")) {
  test(`mailbox: ${vector.name} is written byte for byte`, () => {
    const key = mailboxKey(unb64(vector.seed));
    assert.equal(b64(key.public), vector.public);
    assert.equal(b64(key.id), vector.mailbox);
    const { nonce, ack, ...asked } = JSON.parse(vector.body);
    const request = collect(key, vector.origin, { ...asked, nonce: unb64(nonce), ack: ack.map((hash) => unb64(hash)) });
    assert.equal(unutf8(request.body), vector.body);
    assert.equal(b64(request.signature), vector.signature);
  });
}

test("the envelope vectors hold both sizes", () => {
  const sizes = new Set(vectors("envelope").map(({ envelope }) => unb64(envelope).length));
  assert.ok(sizes.has(PARCEL_BYTES) && sizes.size > 2);
});

async function outcomeOf(check) {
  try {
    await check();
    return "ok";
  } catch (error) {
    if (error instanceof TocsinError) return error.code;
    throw error;
  }
}
