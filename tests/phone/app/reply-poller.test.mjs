/** Replies on an unlocked phone: they come with the rounds, are forgotten once read, and belong to one PIN. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ReplyPoller } from "../../../client/phone/app/services/reply-poller.js";
import { MailboxRounds } from "../../../client/phone/core/mailbox-rounds.js";
import { newReplyBlock } from "../../../client/phone/protocol/reply-block.js";
import { b64, digest, ID_BYTES, LETTER_BYTES } from "../../../client/phone/protocol/wire.js";
import { NOW, Relays } from "../post.mjs";
import { seededBytes } from "../random.mjs";
import { sealReply } from "../reply.mjs";

const ONE = "https://one.example";
const TWO = "https://two.example";
Date.now = () => NOW;

/** A session that waits for one reply, and relays that have it. */
async function waiting() {
  const randomBytes = seededBytes("replies");
  const relays = new Relays();
  const { block, keep } = await newReplyBlock({ relays: [ONE, TWO], until: NOW / 1_000 + 1_000, randomBytes });
  const id = b64(randomBytes(ID_BYTES));
  const ways = [{ case: id, keep }];
  const kit = { case: id, seq: 2, ready: [] };
  /** @type {any} */ const app = { fetch: relays.fetch, randomBytes, replyRoutes: [], caseSession: { kit } };
  const session = { content: { ways }, key: randomBytes(32) };
  const open = () => {
    const replies = new ReplyPoller(app);
    const by = {
      list: () => replies.mailboxes(),
      relays: () => [ONE, TWO],
      fillKey: digest(session.key),
      now: Date.now,
    };
    const rounds = new MailboxRounds({ ...by, fetch: relays.fetch, randomBytes });
    Object.assign(app, { session, mail: replies, contactPoller: rounds });
    return { replies, rounds };
  };
  const mailbox = /** @type {any} */ (block.relays[0])[1];
  const lay = async (/** @type {Record<string, any>} */ changes) => {
    const frame = await sealReply(block, { case: id, ...changes }, randomBytes);
    for (const url of [ONE, TWO]) relays.box(url, mailbox).set(b64(digest(frame.envelope)), frame);
  };
  const left = () => [ONE, TWO].map((url) => relays.box(url, mailbox).size);
  return { app, session, ways, open, lay, left, relays };
}

test("a reply comes with the next round, is shown at once, and stays at the relays until it was read", async () => {
  const { open, lay, left } = await waiting();
  const { replies, rounds } = open();
  let shown = 0;
  replies.changed = () => {
    shown = replies.come.size;
  };
  await lay({});
  await rounds.round();
  assert.deepEqual([shown, [...replies.come.values()].map(({ text }) => text), left()], [1, ["Адвокат едет"], [1, 1]]);
  await replies.forget();
  assert.equal(rounds.next, Number.NEGATIVE_INFINITY, "the next round is due at once and takes the words along");
  await rounds.round();
  assert.deepEqual([replies.come.size, left()], [0, [0, 0]]);
});

test("what was read is shown no second time by a relay that gives it again", async () => {
  const { open, lay, left } = await waiting();
  const { replies, rounds } = open();
  const id = b64(new Uint8Array(ID_BYTES));
  await lay({ id });
  await rounds.round();
  await replies.forget();
  await lay({ id });
  await rounds.round();
  assert.deepEqual([replies.come.size, left()], [0, [0, 0]]);
});

test("a session that was locked before the round still lets the relays forget what was read", async () => {
  const { app, open, lay, left } = await waiting();
  const { replies, rounds } = open();
  await lay({});
  await rounds.round();
  Object.assign(app, { session: null, mail: null, contactPoller: null });
  await replies.forget();
  assert.deepEqual(left(), [0, 0]);
});

test("what came while the page was hidden is not read yet: locking leaves it at the relays", async () => {
  const { app, open, lay, left } = await waiting();
  const { replies, rounds } = open();
  await lay({});
  /** @type {any} */ (globalThis).document = { visibilityState: "hidden" };
  await rounds.round();
  /** @type {any} */ (globalThis).document = { visibilityState: "visible" };
  Object.assign(app, { session: null, mail: null, contactPoller: null });
  await replies.forget();
  assert.deepEqual(left(), [1, 1]);
  delete (/** @type {any} */ (globalThis).document);
});

test("what does not open is acknowledged, as in any mailbox, and a way whose letters never left is not asked for", async () => {
  const { app, open, ways, relays, left } = await waiting();
  const { replies, rounds } = open();
  const [{ url }] = replies.mailboxes();
  const { id: mailbox } = await replies.mailboxes()[0].key();
  relays.lay(url, { envelope: relays.randomBytes(LETTER_BYTES), commitment: relays.randomBytes(32), mailbox });
  await rounds.round();
  assert.deepEqual([replies.come.size, left()], [0, [0, 0]]);
  Object.assign(ways[0], { isPrepared: true });
  app.caseSession.kit = { ...app.caseSession.kit, seq: 1, ready: [{ contact: null }] };
  assert.deepEqual(replies.routes(), []);
});

test("what one PIN waits for is not looked for under another, though the page is the same", async () => {
  const { app, ways, open } = await waiting();
  app.replyRoutes = ways; // of a press in this page, before there was a PIN
  const { replies } = open();
  assert.equal(replies.routes().length, 1);
  app.session = { content: { ways: [] }, key: new Uint8Array(32) };
  assert.deepEqual(new ReplyPoller(app).routes(), []);
  app.session = null;
  assert.equal(new ReplyPoller(app).routes().length, 1);
});
