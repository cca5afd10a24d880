/** Rounds among mailboxes: how many are asked, when and in which order hangs on nothing that a session holds. */
import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { test } from "node:test";
import { MailboxRounds, PAGES, ROUND_MS, SLOTS } from "../../../client/phone/core/mailbox-rounds.js";
import { mailboxId, mailboxKey } from "../../../client/phone/protocol/mailbox.js";
import {
  b64,
  concat,
  digest,
  domain,
  FrameKind,
  LETTER_BYTES,
  unb64,
  utf8,
} from "../../../client/phone/protocol/wire.js";
import { seededBytes } from "../random.mjs";

const NOW = 1_795_168_800_000;
const ONE = "https://one.example";
const TWO = "https://two.example";
const RTT_MS = 1_000;

const junk = (/** @type {Uint8Array} */ chance) =>
  concat(Uint8Array.of(FrameKind.LETTER), chance, Uint8Array.of(1), new Uint8Array(LETTER_BYTES - 1));

/** Rounds with this many mailboxes of their own. `answer` is the relay. */
function roundsWith(
  count,
  { fill = true, answer = () => new Uint8Array(), relays = [ONE, TWO], label = "rounds" } = {},
) {
  const randomBytes = seededBytes(label);
  const clock = { now: NOW };
  const calls = [];
  const heard = [];
  const keys = Array.from({ length: count }, (_, i) => mailboxKey(digest(utf8(`own ${i}`))));
  const own = keys.flatMap((key, i) =>
    relays.map((url) => ({
      url,
      key: () => key,
      hear: (/** @type {any[]} */ frames) => {
        heard.push({ i, at: clock.now });
        return frames.map(({ envelope }) => digest(envelope));
      },
    })),
  );
  const fetch = async (/** @type {string} */ address, /** @type {any} */ { headers, body }) => {
    const url = address.slice(0, -"/v1/collect".length);
    const { key, ...asked } = JSON.parse(new TextDecoder().decode(body));
    const signed = concat(domain("collect"), utf8(url), Uint8Array.of(0), body);
    const signer = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: key }, format: "jwk" });
    assert.ok(verify(null, signed, signer, unb64(headers["Tocsin-Signature"])), "well signed, whatever mailbox it is");
    const mailbox = b64(mailboxId(unb64(key)));
    calls.push({ at: clock.now, url, bytes: body.length, mailbox, acks: asked.ack.length });
    return new Response(await answer({ url, mailbox, ...asked }));
  };
  const by = { list: () => own, relays: () => relays, fetch, randomBytes, now: () => clock.now };
  const rounds = new MailboxRounds({ ...by, fillKey: fill ? digest(utf8("fill")) : null });
  return { rounds, clock, calls, heard, ids: keys.map(({ id }) => b64(id)) };
}

/** What somebody on the line sees. */
const seen = (/** @type {any[]} */ calls) => calls.map(({ at, url, bytes }) => [at, url, bytes]);

async function run({ rounds, clock }, minutes) {
  for (const end = clock.now + minutes * 60_000; clock.now <= end; clock.now = rounds.next) await rounds.round();
}

test("none, one, eight or more mailboxes than slots: the same calls", async () => {
  const seenWith = async (/** @type {number} */ count, /** @type {any} */ more) => {
    const all = roundsWith(count, more);
    await run(all, 5);
    return seen(all.calls);
  };
  const none = await seenWith(0, {});
  assert.equal(none.length, 6 * SLOTS * 2);
  for (const count of [1, 8, SLOTS, SLOTS + 20]) assert.deepEqual(await seenWith(count, {}), none, `${count}`);
  assert.notDeepEqual(
    await seenWith(1, { fill: false }),
    await seenWith(8, { fill: false }),
    "the fill is what does it",
  );
});

test("the same mailboxes in each round, in an order drawn by lot; a filler is as steady as a real one", async () => {
  const all = roundsWith(3);
  await run(all, 3);
  const orders = [0, 1, 2].map((i) =>
    all.calls.filter(({ at, url }) => url === ONE && at === NOW + i * ROUND_MS).map(({ mailbox }) => mailbox),
  );
  for (const order of orders) assert.deepEqual([...order].sort(), [...orders[0]].sort());
  assert.notDeepEqual(orders[0], orders[1]);
  const after = roundsWith(3, { label: "another unlocking" });
  await after.rounds.round();
  const again = after.calls.filter(({ url }) => url === ONE).map(({ mailbox }) => mailbox);
  assert.deepEqual([...again].sort(), [...orders[0]].sort(), "and after the next unlocking");
});

test("with more mailboxes than slots the first are asked each time, and every other in its turn", async () => {
  const all = roundsWith(SLOTS + 20, { relays: [ONE] });
  await run(all, 6);
  const times = all.ids.map((id) => all.calls.filter(({ mailbox }) => mailbox === id).length);
  assert.ok(
    times.every((count) => count >= 1),
    times.join(),
  );
  assert.ok(times.slice(0, 8).every((count) => count === 7));
});

test("no real mailbox waits for fillers longer than one round trip", async () => {
  for (let seed = 0; seed < 5; seed++) {
    /** @type {(() => void)[]} */ const waiting = [];
    const all = roundsWith(1, {
      relays: [ONE],
      label: `order ${seed}`,
      answer: ({ mailbox, ack }) =>
        new Promise((resolve) => {
          const isReal = all.ids.includes(mailbox) && ack.length === 0;
          waiting.push(() => resolve(isReal ? junk(digest(utf8("reply"))) : new Uint8Array()));
        }),
    });
    let isOver = false;
    const ended = all.rounds.round().then(() => {
      isOver = true;
    });
    while (!isOver) {
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
      all.clock.now += RTT_MS;
      for (const answer of waiting.splice(0)) answer();
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    }
    await ended;
    assert.ok(all.heard.length === 1 && all.heard[0].at <= NOW + 2 * RTT_MS);
  }
});

test("a relay that does not answer is asked as often and at the same moments", async () => {
  const seenWith = async (/** @type {number} */ count) => {
    const answer = ({ url }) => {
      if (url === ONE) throw new TypeError("network");
      return new Uint8Array();
    };
    const all = roundsWith(count, { answer });
    await run(all, 5);
    assert.deepEqual([...all.rounds.failures], [[ONE, "network"]]);
    return seen(all.calls);
  };
  const none = await seenWith(0);
  assert.ok(none.filter(([, url]) => url === ONE).length < none.filter(([, url]) => url === TWO).length);
  assert.deepEqual(await seenWith(8), none);
});

test("a relay that lays letters into mailboxes learns by the calls neither which are real nor how many", async () => {
  const callsWith = async (/** @type {number} */ count) => {
    const chance = seededBytes("junk");
    const all = roundsWith(count, { relays: [ONE], answer: () => junk(chance(32)) });
    await all.rounds.round();
    const mailboxes = [...new Set(all.calls.map(({ mailbox }) => mailbox))];
    return mailboxes.map((id) => all.calls.filter(({ mailbox }) => mailbox === id).map(({ acks }) => acks));
  };
  const none = await callsWith(0);
  assert.deepEqual(
    none,
    Array.from({ length: SLOTS }, () => [0, ...Array.from({ length: PAGES }, () => 1)]),
  );
  assert.deepEqual(await callsWith(8), none);
});

test("what could not be stored is not acknowledged, and the rhythm goes on", async () => {
  const all = roundsWith(0, { relays: [ONE] });
  const key = mailboxKey(digest(utf8("full")));
  const hear = () => {
    throw new Error("the disk is full");
  };
  all.rounds.list = () => [{ url: ONE, key: () => key, hear }];
  const { fetch } = all.rounds.by;
  all.rounds.by.fetch = async (url, init) => {
    const isFull = String(new TextDecoder().decode(/** @type {any} */ (init.body))).includes(b64(key.public));
    const answer = await fetch(url, init);
    return isFull ? new Response(junk(digest(utf8("kept")))) : answer;
  };
  await assert.rejects(all.rounds.round(), /full/);
  assert.deepEqual([all.calls.length, all.calls.filter(({ acks }) => acks > 0).length], [SLOTS, 0]);
  assert.deepEqual([all.rounds.next, all.rounds.failures.size], [NOW + ROUND_MS, 0]);
});

test("fifty phones behind one address, hurried twice in a minute, stay within a relay's limit", () => {
  const limit = 6_000; // calls a minute from one address: relay/http.md, *Lanes*
  assert.ok(50 * SLOTS * (60_000 / ROUND_MS + 2) <= limit);
});
