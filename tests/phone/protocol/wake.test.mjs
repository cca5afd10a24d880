/** A phone's push address, sealed for one relay and told to one contact; every vector as Python reads it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { askWakeOffer } from "../../../client/phone/core/relay-reads.js";
import { readPairCode } from "../../../client/phone/protocol/code.js";
import { TocsinError } from "../../../client/phone/protocol/errors.js";
import { openEnvelope } from "../../../client/phone/protocol/opening.js";
import {
  beginSession,
  deriveOwn,
  newPairingOffer,
  pairKeys,
  readPairCard,
} from "../../../client/phone/protocol/pairing.js";
import {
  offerIn,
  readWake,
  readWakeLetter,
  sealWake,
  WAKE_BYTES,
  wakeLetter,
} from "../../../client/phone/protocol/wake.js";
import { b64, concat, domain, LETTER_BYTES, unb64, utf8 } from "../../../client/phone/protocol/wire.js";
import { fromPackages, vectors } from "../from-phone.mjs";
import { seededBytes } from "../random.mjs";

const { default: fc } = await fromPackages("fast-check");
const { CipherSuite, HkdfSha256 } = await fromPackages("@hpke/core");
const { Chacha20Poly1305 } = await fromPackages("@hpke/chacha20poly1305");
const { DhkemX25519HkdfSha256 } = await fromPackages("@hpke/dhkem-x25519");

const NOW = 1_795_168_800;
const RELAY = "https://relay.example";
const ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc:def";
const randomBytes = seededBytes("wake");
const hpke = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Chacha20Poly1305(),
});
const relayKeys = await hpke.kem.deriveKeyPair(randomBytes(32));
const key = new Uint8Array(await hpke.kem.serializePublicKey(relayKeys.publicKey));
const vapid = Uint8Array.of(4, ...new Uint8Array(64));
const hosts = [
  "fcm.googleapis.com",
  "updates.push.services.mozilla.com",
  "*.push.apple.com",
  "*.notify.windows.com",
  "localhost:8443",
];
const offer = { relay: RELAY, key, vapid, hosts };
const INFO = { wake_key: b64(key), vapid: b64(vapid), push_hosts: hosts, origin: RELAY, later: 1 };

async function openAtRelay(text, origin) {
  const sealed = unb64(text.split(" ")[1], WAKE_BYTES);
  const info = concat(domain("wake"), utf8(origin));
  const enc = sealed.subarray(0, 32);
  return new Uint8Array(await hpke.open({ recipientKey: relayKeys.privateKey, enc, info }, sealed.subarray(32)));
}

const CHECKS = {
  async text({ text, relays, wake }) {
    const read = readWake(text, relays);
    assert.deepEqual(read && [read.relay, read.sealed], wake);
  },
  async letter({ half, code, share, envelope, n, wake }) {
    const seeds = Object.fromEntries(["kem", "mailbox", "secret", "share"].map((name) => [name, unb64(half[name])]));
    const own = await deriveOwn({ ...half, ...seeds });
    const keys = pairKeys(beginSession(own, readPairCode(code)), unb64(share));
    const opened = await openEnvelope(unb64(envelope), [own.key], own.address);
    assert.deepEqual(readWakeLetter(keys, own.address, opened, LETTER_BYTES), { n, wake });
  },
};

for (const vector of vectors("wake").filter(({ what }) => what in CHECKS)) {
  test(`wake: ${vector.what}: ${vector.name}`, async () => {
    assert.equal(await outcomeOf(() => CHECKS[vector.what](vector)), vector.expect);
  });
}

test("the relay it was sealed for opens it, no other does, and its length says nothing", async () => {
  const long = `https://wns2-par02p.notify.windows.com/w/?token=${"x".repeat(900)}`;
  for (const endpoint of [ENDPOINT, long]) {
    const text = await sealWake(endpoint, offer, randomBytes);
    assert.equal(text.length, RELAY.length + 1 + 1_430);
    assert.deepEqual(readWake(text, [RELAY]), { relay: RELAY, sealed: text.split(" ")[1] });
    const plaintext = await openAtRelay(text, RELAY);
    const length = plaintext[0] * 256 + plaintext[1];
    assert.equal(new TextDecoder().decode(plaintext.subarray(2, 2 + length)), endpoint);
    assert.ok(plaintext.subarray(2 + length).every((byte) => byte === 0));
    await assert.rejects(openAtRelay(text, "https://other.example"));
  }
  assert.notEqual(await sealWake(ENDPOINT, offer, randomBytes), await sealWake(ENDPOINT, offer, randomBytes));
});

test("a browser whose push service the relay does not call is told so", async () => {
  const good = [
    "https://updates.push.services.mozilla.com/wpush/v2/x",
    "https://web.push.apple.com/x",
    "https://fcm.googleapis.com:443/x",
    "https://localhost:8443/x",
  ];
  for (const endpoint of good) assert.ok(await sealWake(endpoint, offer, randomBytes));
  const bad = {
    "wake-host": [
      "https://push.example/x",
      "https://push.apple.com/x",
      "https://fcm.googleapis.com:8443/x",
      "https://localhost/x",
      "https://xfcm.googleapis.com/x",
    ],
    "wake-endpoint": [
      "http://fcm.googleapis.com/x",
      "",
      "https://fcm.googleapis.com/a b",
      "https://fcm.googleapis.com/а",
    ],
    "wake-too-long": [`https://fcm.googleapis.com/${"x".repeat(1_000)}`],
  };
  for (const [code, endpoints] of Object.entries(bad)) {
    for (const endpoint of endpoints) await assert.rejects(sealWake(endpoint, offer, randomBytes), { code });
  }
});

test("a relay that does not ring, or says it badly, is no offer", async () => {
  assert.deepEqual(offerIn(RELAY, utf8(JSON.stringify(INFO))), offer);
  const bad = [{}, { ...INFO, wake_key: b64(key.subarray(1)) }, { ...INFO, vapid: 1 }, { ...INFO, push_hosts: "x" }];
  for (const info of bad) assert.equal(offerIn(RELAY, utf8(JSON.stringify(info))), null);
  for (const text of ["", "[]", "null"]) assert.equal(offerIn(RELAY, utf8(text)), null);
});

test("the relay is asked by one bare call", async () => {
  const asked = [];
  const fetch = async (url, init) => {
    asked.push([url, init.method, init.credentials]);
    return new Response(JSON.stringify(INFO), { status: asked.length === 1 ? 200 : 503 });
  };
  assert.deepEqual(await askWakeOffer(RELAY, fetch), offer);
  assert.equal(await askWakeOffer(RELAY, fetch), null);
  assert.deepEqual(asked[0], [`${RELAY}/v1/relay`, "GET", "omit"]);
  await assert.rejects(
    askWakeOffer(RELAY, async () => {
      throw new TypeError();
    }),
    { reason: "network" },
  );
});

test("a contact believes the change of the other, and nobody else's", async () => {
  const [anna, boris] = await twoSides();
  const card = await readPairCard(boris.own.card, anna.code.card, NOW);
  const change = { share: boris.own.half.share, wake: await sealWake(ENDPOINT, offer, randomBytes), n: NOW };
  const { envelope } = await wakeLetter(anna, card, change, randomBytes);
  const opened = await openEnvelope(envelope, [boris.own.key], boris.own.address);
  const keys = pairKeys(boris, anna.own.half.share);
  assert.deepEqual(readWakeLetter(keys, boris.own.address, opened, LETTER_BYTES), { n: NOW, wake: change.wake });
  for (const [wrongKeys, address] of [
    [{ ...keys, receiving: keys.sending }, boris.own.address],
    [keys, anna.own.address],
  ]) {
    assert.throws(() => readWakeLetter(wrongKeys, address, opened, LETTER_BYTES), { code: "message-not-authentic" });
  }
  assert.equal(readWakeLetter(keys, boris.own.address, { ...opened, fields: { kind: "alert" } }, LETTER_BYTES), null);
});

test("whatever stands on a card or in a relay's answer, it is read", async () => {
  await fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.string(), fc.constant(undefined)), (value) => {
      readWake(value, [RELAY]);
      offerIn(RELAY, utf8(JSON.stringify({ ...INFO, wake_key: value, push_hosts: [value] })));
    }),
  );
});

async function twoSides() {
  const anna = await deriveOwn(newPairingOffer({ relays: [RELAY], now: NOW, randomBytes }));
  const boris = await deriveOwn(newPairingOffer({ relays: ["https://other.example"], now: NOW, randomBytes }));
  return [beginSession(anna, boris.code), beginSession(boris, anna.code)];
}

async function outcomeOf(check) {
  try {
    await check();
    return "ok";
  } catch (error) {
    if (error instanceof TocsinError) return error.code;
    throw error;
  }
}
