/** Answers to this phone: where they may go, and opening them. One fresh mailbox and key for every message that
 *  asks. */
/** @import { ReplyBlock, Reply } from "./message.js" */
/** @import { Frame } from "./mailbox.js" */
/** @import { RandomBytes } from "./wire.js" */

import { BadMessage, TocsinError } from "./errors.js";
import { mailboxKey } from "./mailbox.js";
import { checkMac, replyMac } from "./message.js";
import { readMessage } from "./message-reader.js";
import { openEnvelope, privateKey } from "./opening.js";
import { b64, Purpose, SEED_BYTES, same, unb64 } from "./wire.js";

/** The private half of a reply block; it belongs into the vault and nowhere else. Seeds and secret are b64.
 *  @typedef {{ relays: string[], mailbox: string, key: string, secret: string, until: number }} ReplyKeep */

/** Draw a fresh mailbox, key and secret for one reply; `block` goes out, `keep` stays. Specified in `keys/message.md`,
 *  *Reply block*. @param {{ relays: string[], until: number, randomBytes: RandomBytes }} asked `until` in Unix seconds
 *  @returns {Promise<{ block: ReplyBlock, keep: ReplyKeep }>} */
export async function newReplyBlock({ relays, until, randomBytes }) {
  const [mailbox, key, secret] = [randomBytes(SEED_BYTES), randomBytes(SEED_BYTES), randomBytes(SEED_BYTES)];
  const id = b64(mailboxKey(mailbox).id);
  const { public: open } = await privateKey(key);
  /** @type {[string, string][]} */
  const pairs = relays.map((url) => [url, id]);
  return {
    block: { relays: pairs, key: b64(open), secret: b64(secret), until },
    keep: { relays, mailbox: b64(mailbox), key: b64(key), secret: b64(secret), until },
  };
}

/** Return the mailbox to collect from. @param {ReplyKeep} keep */
export function replyMailbox(keep) {
  return mailboxKey(unb64(keep.mailbox, SEED_BYTES));
}

/** Open one frame. `commitmentIsRight` is false when the relay passed on another commitment than the letter's own.
 *  @param {Frame} frame @param {ReplyKeep} keep
 *  @returns {Promise<{ message: Reply, other: Record<string, any>, commitmentIsRight: boolean }>} @throws {NotForUs}
 *  @throws {BadPlaintext} @throws {NotAuthentic} @throws {BadMessage} @throws {UnknownVersion} */
export async function openReply({ envelope, commitment }, keep) {
  const key = await privateKey(unb64(keep.key, SEED_BYTES));
  const address = { purpose: Purpose.REPLY, recipient: key.recipient, mailbox: replyMailbox(keep).id };
  const opened = await openEnvelope(envelope, [key], address);
  const secret = unb64(keep.secret, SEED_BYTES);
  checkMac(replyMac(secret, address, envelope.length, opened.salt, opened.header), opened.body);
  const { message, other } = readMessage(opened.fields);
  if (message.kind !== "reply") throw new BadMessage("$.kind");
  const commitmentIsRight = commitment === null || same(commitment, opened.commitment);
  return { message: /** @type {Reply} */ (message), other, commitmentIsRight };
}

/** Open every frame that opens; the others are counted, never thrown away in silence. @param {Frame[]} frames
 *  @param {ReplyKeep} keep */
export async function openReplies(frames, keep) {
  const replies = [];
  const bad = [];
  for (const frame of frames) {
    try {
      replies.push({ frame, ...(await openReply(frame, keep)) });
    } catch (error) {
      if (!(error instanceof TocsinError)) throw error;
      bad.push({ frame, code: error.code });
    }
  }
  return { replies, bad };
}
