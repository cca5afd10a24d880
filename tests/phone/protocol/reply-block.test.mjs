/** An answer opens only for the phone that asked, and only when it comes from who opened the report. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seal } from "../../../client/phone/protocol/envelope.js";
import { headerOf, replyMac } from "../../../client/phone/protocol/message.js";
import { newReplyBlock, openReplies, openReply, replyMailbox } from "../../../client/phone/protocol/reply-block.js";
import { b64, digest, FrameKind, ID_BYTES, LETTER_BYTES, Purpose, unb64 } from "../../../client/phone/protocol/wire.js";
import { seededBytes } from "../random.mjs";

const randomBytes = seededBytes("replies");
const { block, keep } = await newReplyBlock({ relays: ["https://one.example"], until: 1_800_000_000, randomBytes });

async function replyTo({ key, secret, relays }, changes = {}) {
  const fields = {
    v: 1,
    kind: "reply",
    id: b64(randomBytes(ID_BYTES)),
    case: b64(randomBytes(ID_BYTES)),
    seq: 0,
    at: 1_795_168_800,
  };
  const header = headerOf({ ...fields, text: "Адвокат едет", status: "lawyer", reply: null, ...changes });
  const address = { purpose: Purpose.REPLY, recipient: digest(unb64(key)), mailbox: unb64(relays[0][1]) };
  const body = (salt) => replyMac(unb64(secret), address, LETTER_BYTES, salt, header);
  const { envelope, commitment } = await seal({ header, body, key: unb64(key), address, randomBytes });
  return { kind: FrameKind.LETTER, envelope, commitment };
}

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
