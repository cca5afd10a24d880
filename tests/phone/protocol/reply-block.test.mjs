/** An answer opens only for the phone that asked, and only when it comes from who opened the report. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { newReplyBlock, openReplies, openReply, replyMailbox } from "../../../client/phone/protocol/reply-block.js";
import { b64, FrameKind, LETTER_BYTES } from "../../../client/phone/protocol/wire.js";
import { seededBytes } from "../random.mjs";
import { sealReply } from "../reply.mjs";

const randomBytes = seededBytes("replies");
const { block, keep } = await newReplyBlock({ relays: ["https://one.example"], until: 1_800_000_000, randomBytes });

const replyTo = (/** @type {any} */ to, changes = {}) => sealReply(to, changes, randomBytes);

test("an answer opens with the half that was kept", async () => {
  const { message, commitmentIsRight } = await openReply(await replyTo(block), keep);
  assert.deepEqual([message.text, message.status, commitmentIsRight], ["Адвокат едет", "lawyer", true]);
});

test("the block names the mailbox that the kept half collects from", () => {
  assert.equal(block.relays[0][1], b64(replyMailbox(keep).id));
});

test("who does not know the secret cannot answer", async () => {
  const forged = await replyTo({ ...block, secret: b64(randomBytes(32)) });
  await assert.rejects(openReply(forged, keep), { code: "message-not-authentic" });
});

test("a report under the reply's key is no reply", async () => {
  await assert.rejects(openReply(await replyTo(block, { kind: "report" }), keep), { code: "message-malformed" });
});

test("another commitment than the letter's own is marked", async () => {
  const frame = await replyTo(block);
  assert.equal((await openReply({ ...frame, commitment: randomBytes(32) }, keep)).commitmentIsRight, false);
  assert.equal((await openReply({ ...frame, commitment: null }, keep)).commitmentIsRight, true);
});

test("one bad letter does not keep the others from being read", async () => {
  const good = await replyTo(block);
  const filler = { kind: FrameKind.FILLER, envelope: randomBytes(LETTER_BYTES), commitment: randomBytes(32) };
  const forged = await replyTo({ ...block, secret: b64(randomBytes(32)) });
  const { replies, bad } = await openReplies([filler, forged, good], keep);
  assert.equal(replies.length, 1);
  assert.deepEqual(new Set(bad.map(({ code }) => code)), new Set([bad[0].code, "message-not-authentic"]));
});
