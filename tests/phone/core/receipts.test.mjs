/** The phone's receipts: sealed while it is locked, in the vault afterwards, and along with later messages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chooseReceipts,
  isWorthKeeping,
  markCarried,
  openReceipts,
  RECORD_BYTES,
  receiptKey,
  sealReceipt,
  storeInVault,
} from "../../../client/phone/core/receipts.js";
import { factsMessage, headerOf } from "../../../client/phone/protocol/message.js";
import { readMessage } from "../../../client/phone/protocol/message-reader.js";
import { jsonObject, unutf8, utf8 } from "../../../client/phone/protocol/wire.js";

const randomBytes = (size) => crypto.getRandomValues(new Uint8Array(size));
const CASE = "A".repeat(22);
const own = (receipt, carried = 0, caseId = CASE) => ({ case: caseId, receipt, carried });

test("a receipt that came while the phone was locked is read with the vault's seed and with nothing else", async () => {
  const seed = randomBytes(32);
  const key = await receiptKey(seed);
  const text = "tocsin/1/receipt\nhttps://relay.example\n...\n\n— relay.example AAAA\n";
  const [record, again] = await Promise.all([1, 2].map(() => sealReceipt(key, CASE, utf8(text), randomBytes)));
  assert.equal(record.length, RECORD_BYTES);
  assert.notDeepEqual(record, again);
  assert.ok(!unutf8(record.map((byte) => byte & 127)).includes("receipt"));
  const cut = record.slice(0, -1);
  assert.deepEqual(await openReceipts(seed, [randomBytes(RECORD_BYTES), record, cut, new Uint8Array()]), [own(text)]);
  assert.deepEqual(await openReceipts(randomBytes(32), [record]), []);
});

test("a record tells nothing by its size, and what no message could carry is not kept", async () => {
  const key = await receiptKey(randomBytes(32));
  const sizes = await Promise.all(
    [1, 300, 1_024].map((size) => sealReceipt(key, CASE, utf8("x".repeat(size)), randomBytes)),
  );
  assert.deepEqual(new Set(sizes.map(({ length }) => length)), new Set([RECORD_BYTES]));
  assert.equal(await sealReceipt(key, CASE, utf8("x".repeat(1_025)), randomBytes), null);
});

test("only what went to the organisation as a message is kept: no piece of a photo, nothing of a contact", () => {
  const mailbox = randomBytes(32);
  const letter = (size, to = mailbox) => ({ envelope: new Uint8Array(size), mailbox: to });
  assert.ok(isWorthKeeping(letter(8_192), { mailbox }));
  assert.ok(!isWorthKeeping(letter(65_536), { mailbox }));
  assert.ok(!isWorthKeeping(letter(8_192, randomBytes(32)), { mailbox }));
});

test("the vault has each receipt once, keeps what it knew of it, and a bounded number", () => {
  const content = storeInVault({ profile: "p", receipts: [own("a", 1)] }, [own("a"), own("b"), own("b")]);
  assert.deepEqual(content, { profile: "p", receipts: [own("a", 1), own("b")] });
  const many = storeInVault(
    {},
    Array.from({ length: 50 }, (_, number) => own(`${number}`)),
  );
  assert.equal(many.receipts.length, 32);
  assert.equal(many.receipts.at(-1).receipt, "49");
});

test("a message carries eight at most of its own case, those that none carried first, each in two messages", () => {
  const foreign = own("other", 0, "B".repeat(22));
  let receipts = [own("twice", 2), own("once", 1), foreign, ...Array.from({ length: 9 }, (_, n) => own(`${n}`))];
  const first = chooseReceipts(receipts, CASE, 5_000);
  assert.deepEqual(first, ["0", "1", "2", "3", "4", "5", "6", "7"]);
  receipts = markCarried(receipts, first);
  assert.deepEqual(chooseReceipts(receipts, CASE, 5_000).slice(0, 2), ["8", "once"]);
  const all = [1, 2, 3].reduce((now) => markCarried(now, chooseReceipts(now, CASE, 5_000)), receipts);
  assert.deepEqual(chooseReceipts(all, CASE, 5_000), []);
});

test("they never need more room than there is, and the header that has them is read", () => {
  const receipts = Array.from({ length: 8 }, (_, number) => own(`${number}\n${"—".repeat(100)}`));
  const place = { case: CASE, seq: 1, at: 1 };
  const header = (content) => headerOf(factsMessage("amend", place, content, randomBytes));
  const bare = header({}).length;
  for (const room of [0, 14, 400, 1_000, 5_000]) {
    const chosen = chooseReceipts(receipts, CASE, room);
    const whole = header({ receipts: chosen });
    assert.ok(whole.length - bare <= room, `${whole.length - bare} bytes in ${room}`);
    assert.deepEqual(readMessage(jsonObject(whole)).message.receipts, chosen);
    if (room === 5_000) assert.equal(chosen.length, 8);
  }
});
