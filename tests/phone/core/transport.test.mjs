/** What the network may do to a call ends as an event of the outbox or as a reason in one word. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ANSWER_BYTES } from "../../../client/phone/core/deposit-result.js";
import { fetchCard, fetchNewerCard, pullMailbox } from "../../../client/phone/core/relay-reads.js";
import { askRelay, deposit, NoAnswer } from "../../../client/phone/core/transport.js";
import { mailboxKey } from "../../../client/phone/protocol/mailbox.js";
import { concat, LETTER_BYTES, unb64 } from "../../../client/phone/protocol/wire.js";
import { organisation, verifierOf } from "../card.mjs";
import { seededBytes } from "../random.mjs";
import { relayAt } from "../relay.mjs";

const randomBytes = seededBytes("transport");
const RELAY = relayAt("https://one.example");
const SEND = {
  type: "send",
  id: "a",
  url: RELAY.origin,
  attempt: 3,
  headers: { "Tocsin-Mailbox": "x" },
  body: new Uint8Array(3),
};
const org = await organisation({ now: 1_795_168_800 });

const always = (answer) => async () => (typeof answer === "function" ? answer() : answer);

test("a deposit is a bare POST: no cookie, no referrer, no redirect, nothing in the URL", async () => {
  let seen;
  const event = await deposit(SEND, async (url, init) => {
    seen = { url, ...init };
    return new Response("receipt", { status: 201, headers: { "Retry-After": "5" } });
  });
  assert.deepEqual([seen.url, seen.method, seen.credentials], ["https://one.example/v1/deposit", "POST", "omit"]);
  assert.deepEqual([seen.referrerPolicy, seen.redirect, seen.cache], ["no-referrer", "manual", "no-store"]);
  assert.deepEqual([event.type, event.id, event.url, event.attempt], ["answer", "a", RELAY.origin, 3]);
  assert.deepEqual([event.answer.status, event.answer.retryAfter], [201, "5"]);
});

const FAILURES = {
  network: () => {
    throw new TypeError("Failed to fetch");
  },
  redirect: () => ({ type: "opaqueredirect", status: 0 }),
  "too-long": () => new Response(new Uint8Array(ANSWER_BYTES + 1), { status: 201 }),
};
for (const [reason, answer] of Object.entries(FAILURES)) {
  test(`a deposit that ends with ${reason} is a failure with that reason`, async () => {
    const event = await deposit(SEND, always(answer));
    assert.deepEqual(event, { type: "failed", id: "a", url: RELAY.origin, attempt: 3, reason });
  });
}

test("a relay that never answers is given up", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const hanging = (_url, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const waiting = deposit(SEND, hanging);
  t.mock.timers.tick(31_000);
  assert.equal((await waiting).reason, "timeout");
});

test("a relay's own key is learned, and what is none is not", async () => {
  const known = await askRelay(
    RELAY.origin,
    always(() => Response.json({ note_key: verifierOf(RELAY) })),
  );
  assert.deepEqual(known, { type: "known", url: RELAY.origin, keys: [RELAY.public] });
  for (const bad of [{}, { note_key: "x" }, []]) {
    assert.deepEqual(
      (
        await askRelay(
          RELAY.origin,
          always(() => Response.json(bad)),
        )
      ).keys,
      [],
    );
  }
  assert.deepEqual((await askRelay(RELAY.origin, always(FAILURES.network))).keys, []);
});

test("a card is checked against the root before anybody sees it", async () => {
  const served = always(() => new Response(org.signed));
  assert.equal((await fetchCard(RELAY.origin, org.card.root, -1, served)).seq, 1);
  await assert.rejects(fetchCard(RELAY.origin, randomBytes(32), -1, served), { code: "card-other-root" });
  await assert.rejects(fetchCard(RELAY.origin, org.card.root, 2, served), { code: "card-older" });
  const none = always(() => new Response("", { status: 404 }));
  await assert.rejects(fetchCard(RELAY.origin, org.card.root, -1, none), new NoAnswer("no-card"));
});

test("a card that is known is not sent again, and an older one that is sent all the same is refused", async () => {
  const asked = [];
  const relay = async (url, { headers }) => {
    asked.push([url, headers["Tocsin-Seq"]]);
    return Number(headers["Tocsin-Seq"]) < org.card.seq
      ? new Response(org.signed)
      : new Response(null, { status: 204 });
  };
  const { root, seq } = org.card;
  assert.equal((await fetchNewerCard(RELAY.origin, root, seq - 1, relay)).seq, seq);
  assert.equal(await fetchNewerCard(RELAY.origin, root, seq, relay), null);
  assert.deepEqual(
    asked,
    [seq - 1, seq].map((number) => [`${RELAY.origin}/v1/card`, String(number)]),
  );
  const stubborn = always(() => new Response(org.signed));
  await assert.rejects(fetchNewerCard(RELAY.origin, root, seq, stubborn), { code: "card-older" });
  const none = always(() => new Response("", { status: 404 }));
  await assert.rejects(fetchNewerCard(RELAY.origin, root, seq, none), new NoAnswer("no-card"));
  const silent = always(() => new Response(null, { status: 204 }));
  await assert.rejects(fetchCard(RELAY.origin, root, -1, silent), new NoAnswer("http-204"));
});

test("a mailbox is collected from, and a wrong clock is set right once", async () => {
  const key = mailboxKey(randomBytes(32));
  const asked = [];
  const page = concat(Uint8Array.of(1), randomBytes(32), randomBytes(LETTER_BYTES));
  const fetch = async (_url, { body, headers }) => {
    const fields = JSON.parse(new TextDecoder().decode(body));
    asked.push(fields.at);
    assert.equal(unb64(headers["Tocsin-Signature"]).length, 64);
    if (fields.at === 5) return Response.json({ code: "wrong-clock", time: 1_795_168_800 }, { status: 403 });
    return new Response(page);
  };
  const frames = await pullMailbox(RELAY.origin, key, {}, { now: () => 5, randomBytes, fetch });
  assert.deepEqual([asked, frames.length], [[5, 1_795_168_800], 1]);
});

test("a refusal that is not about the clock is not repeated", async () => {
  let calls = 0;
  const fetch = async () => {
    calls += 1;
    return Response.json({ code: "bad-signature" }, { status: 403 });
  };
  const by = { now: () => 5, randomBytes, fetch };
  await assert.rejects(pullMailbox(RELAY.origin, mailboxKey(randomBytes(32)), {}, by), new NoAnswer("http-403"));
  assert.equal(calls, 1);
});
