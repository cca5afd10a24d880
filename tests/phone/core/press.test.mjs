/** What lies open says nothing, what is pressed is opened by the desk, and what the desk opens is what was said. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { packKit, unpackKit } from "../../../client/phone/core/kit.js";
import { packLetter, unpackLetter } from "../../../client/phone/core/letter.js";
import { cutFile, fitPicture, sealFile, stripJpeg } from "../../../client/phone/core/media.js";
import { newBareKit, prepareKit, withContacts } from "../../../client/phone/core/prepare.js";
import { amend, Disclosure, press, Rank, withoutArrived } from "../../../client/phone/core/press.js";
import { blindingKey } from "../../../client/phone/protocol/envelope.js";
import { alertMac, checkMac } from "../../../client/phone/protocol/message.js";
import { openEnvelope, privateKey } from "../../../client/phone/protocol/opening.js";
import { newReplyBlock } from "../../../client/phone/protocol/reply-block.js";
import {
  b64,
  concat,
  digest,
  LETTER_BYTES,
  PARCEL_BYTES,
  Purpose,
  u32,
  unb64,
  unutf8,
  utf8,
  WEEK_SECONDS,
} from "../../../client/phone/protocol/wire.js";
import { organisation } from "../card.mjs";
import { seededBytes } from "../random.mjs";

const NOW = 1_795_168_800_000;
const SECONDS = NOW / 1_000;
const PROFILE = { name: "Иванова Анна Сергеевна", tell: "мама +7 900 000-00-00", consent: { help: true, store: true } };
const PLACE = { lat: 5_575_000, lon: 3_761_000, accuracy: 20, age: 5 };
const randomBytes = seededBytes("press");
const org = await organisation({ now: SECONDS });
const mother = await privateKey(randomBytes(32));
const contact = {
  key: mother.public,
  mailbox: randomBytes(32),
  relays: ["https://two.example"],
  mac: randomBytes(32),
  text: "Аня задержана. Позвони адвокату.",
  wake: { relay: "https://two.example", sealed: "w".repeat(1_430) },
  later: Disclosure.PLACE,
};
const { block, keep } = await newReplyBlock({ relays: org.card.relays, until: SECONDS + 86_400, randomBytes });
const kit = await prepareKit({
  card: org.card,
  facts: PROFILE,
  reply: block,
  contacts: [contact],
  now: NOW,
  randomBytes,
});

test("one press: the fresh letter first, this week's prepared letter, and the contact's two", async () => {
  const { letters } = await press(kit, { facts: { stage: "van", place: PLACE }, now: NOW, randomBytes });
  assert.deepEqual(letters.map(({ rank }) => rank).sort(), [Rank.FRESH, Rank.READY, Rank.CONTACT, Rank.PLACE]);
  assert.ok(letters.every(({ envelope }) => envelope.length === LETTER_BYTES));
  const fresh = await org.open(letters.find(({ rank }) => rank === Rank.FRESH).envelope, [org.weekly[0]]);
  assert.deepEqual(fresh.message.facts, { stage: "van", place: PLACE });
  assert.equal(fresh.message.kind, "amend");
  const ready = await org.open(letters.find(({ rank }) => rank === Rank.READY).envelope, [org.weekly[0]]);
  assert.deepEqual(ready.message.facts, PROFILE);
  assert.deepEqual(ready.message.reply, block);
  assert.equal(ready.message.kind, "report");
  assert.equal(ready.message.case, fresh.message.case);
  assert.deepEqual([ready.message.seq, fresh.message.seq], [0, 1]);
});

test("what was sealed in advance goes even when nothing can be sealed at the moment of the press", async () => {
  const broken = { ...kit, desk: { ...kit.desk, weekly: kit.desk.weekly.map(() => new Uint8Array(3)) } };
  const pressed = await press(broken, { facts: { stage: "van" }, now: NOW, randomBytes });
  assert.deepEqual(pressed.letters.map(({ rank }) => rank).sort(), [Rank.READY, Rank.CONTACT]);
  assert.equal(pressed.kit, broken);
  await assert.rejects(press({ ...broken, ready: [] }, { facts: { stage: "van" }, now: NOW, randomBytes }));
});

test("the commitment that goes along is the one the desk computes", async () => {
  const { letters } = await press(kit, { facts: { stage: "van" }, now: NOW, randomBytes });
  const opened = await org.open(letters[0].envelope);
  assert.equal(b64(opened.commitment), b64(letters[0].commitment));
});

test("each published week has its own prepared letter, and any other time the last resort's", async () => {
  for (const [i, key] of [org.weekly[0], org.weekly[1], org.weekly[2], org.last].entries()) {
    const { letters } = await press(kit, { facts: { stage: "van" }, now: NOW + i * WEEK_SECONDS * 1_000, randomBytes });
    for (const rank of [Rank.FRESH, Rank.READY]) {
      const { envelope } = letters.find((letter) => letter.rank === rank);
      assert.ok(await org.open(envelope, [key]));
    }
  }
});

test("a clock after the card's weeks, or before the card was signed, seals to the last resort", async () => {
  const reopened = unpackKit(packKit(kit));
  for (const now of [NOW + 365 * 86_400_000, NOW - 365 * 86_400_000, NOW - 86_400_000, NOW - 1_000, 0]) {
    const { letters } = await press(reopened, { facts: { stage: "van" }, now, randomBytes });
    for (const letter of letters.filter(({ rank }) => rank <= Rank.READY)) {
      assert.ok(await org.open(letter.envelope, [org.last]), `${now}`);
    }
  }
});

test("nothing of the profile is readable in the kit, and no key that opens anything", () => {
  const bytes = Buffer.from(packKit(kit));
  const secrets = [
    PROFILE.name,
    "Иванова",
    PROFILE.tell,
    contact.text,
    org.card.name,
    keep.mailbox,
    keep.key,
    keep.secret,
  ];
  for (const secret of secrets) {
    for (const form of [secret, Buffer.from(secret).toString("base64").slice(0, -4), encodeURIComponent(secret)]) {
      assert.equal(bytes.includes(form), false);
    }
    assert.equal(bytes.includes(Buffer.from(secret, "utf16le")), false);
  }
  for (const raw of [contact.mac, unb64(keep.key), unb64(keep.mailbox), unb64(keep.secret), mother.seed]) {
    assert.equal(bytes.includes(raw), false);
    assert.equal(bytes.includes(b64(raw)), false);
  }
  assert.ok(bytes.includes(b64(org.card.mailbox)), "the search finds what is there");
});

test("a kit comes back from its bytes as it was", () => {
  assert.deepEqual(unpackKit(packKit(kit)), kit);
});

test("beside each letter that waits lies its blinding key, and one from before is read without", async () => {
  const { letters } = await press(kit, { facts: {}, now: NOW, randomBytes });
  for (const letter of letters) {
    const known = letter.rank === Rank.READY || letter.rank === Rank.FRESH;
    if (known) assert.deepEqual(letter.blind, blindingKey((await org.open(letter.envelope)).salt));
    const record = packLetter(letter);
    const { unsealed, ...stored } = letter;
    assert.deepEqual(unpackLetter(record), stored);
    if (unsealed) assert.ok(!Buffer.from(record).includes(Buffer.from(unsealed.content)), "in memory only");
    const end = 4 + new DataView(record.buffer).getUint32(0);
    const { beside, ...before } = JSON.parse(unutf8(record.subarray(4, end)));
    assert.deepEqual(beside, [b64(letter.blind), [], null]);
    const head = utf8(JSON.stringify(before));
    assert.equal(unpackLetter(concat(u32(head.length), head, record.subarray(end))).blind, null);
  }
});

test("what has arrived lies here no more, and is not handed out again", async () => {
  const first = await press(kit, { facts: { stage: "van" }, now: NOW, randomBytes });
  const ready = first.letters.find(({ rank }) => rank === Rank.READY);
  const later = withoutArrived(first.kit, ready.id);
  assert.deepEqual(
    later.ready.map(({ contact: whose }) => whose),
    [0],
  );
  const second = await press(later, { facts: { stage: "station" }, now: NOW, randomBytes });
  assert.equal(
    second.letters.some(({ rank }) => rank === Rank.READY),
    false,
  );
  assert.equal(withoutArrived(later, "unknown"), later);
});

test("before a receipt every press hands out the same prepared letters", async () => {
  const ids = async () =>
    (await press(kit, { facts: {}, now: NOW, randomBytes })).letters
      .filter(({ rank }) => rank === Rank.READY)
      .map(({ id }) => id);
  assert.deepEqual(await ids(), await ids());
});

test("the contact reads the alert, and knows by the pair's key whom it comes from", async () => {
  const { letters } = await press(kit, { facts: { place: PLACE }, now: NOW, randomBytes });
  const address = { purpose: Purpose.CONTACT, recipient: mother.recipient, mailbox: contact.mailbox };
  const alert = await openEnvelope(letters.find(({ rank }) => rank === Rank.CONTACT).envelope, [mother], address);
  assert.equal(alert.fields.text, contact.text);
  checkMac(alertMac(contact.mac, address, LETTER_BYTES, alert.salt, alert.header), alert.body);
  const placed = await openEnvelope(letters.find(({ rank }) => rank === Rank.PLACE).envelope, [mother], address);
  assert.deepEqual(placed.fields.place, PLACE);
  const { open } = alert.fields.keys;
  checkMac(alertMac(unb64(open), address, LETTER_BYTES, placed.salt, placed.header), placed.body);
  assert.notEqual(open, kit.caseKey, "one contact's key is not another's");
});

test("each session speaks to a contact under the key that the letter sealed in advance names", async () => {
  const sessions = { pin: randomBytes(32), forced: randomBytes(32) };
  const named = await withContacts(kit, [contact], { sessions, now: NOW, randomBytes });
  const address = { purpose: Purpose.CONTACT, recipient: mother.recipient, mailbox: contact.mailbox };
  for (const [name, key] of [...Object.entries(sessions), ["open", null]]) {
    const { letters } = await press(named, { facts: {}, key, now: NOW, randomBytes });
    const read = (/** @type {number} */ of) =>
      openEnvelope(letters.find(({ rank }) => rank === of).envelope, [mother], address);
    const [{ fields }, placed] = [await read(Rank.CONTACT), await read(Rank.PLACE)];
    checkMac(alertMac(unb64(fields.keys[name]), address, LETTER_BYTES, placed.salt, placed.header), placed.body);
    assert.equal(new Set(Object.values(fields.keys)).size, 3);
  }
});

test("a phone without a profile presses too", async () => {
  const bare = newBareKit(org.card, randomBytes);
  const first = await press(bare, { facts: { stage: "van" }, now: NOW, randomBytes });
  assert.equal(first.letters.length, 1);
  assert.equal((await org.open(first.letters[0].envelope)).message.kind, "report");
  const more = await amend(first.kit, { content: { facts: { minors: 2 } }, now: NOW, randomBytes });
  const { message } = await org.open(more.letters[0].envelope);
  assert.deepEqual([message.kind, message.seq, message.facts], ["amend", 1, { minors: 2 }]);
});

test("a practice press says so in every message", async () => {
  const trial = await prepareKit({ card: org.card, facts: PROFILE, practice: true, now: NOW, randomBytes });
  const { letters } = await press(trial, { facts: { stage: "free" }, now: NOW, randomBytes });
  for (const letter of letters) assert.equal((await org.open(letter.envelope)).message.practice, true);
});

test("a profile longer than a letter is refused while there is time to shorten it", async () => {
  const facts = { account: "о".repeat(LETTER_BYTES) };
  await assert.rejects(prepareKit({ card: org.card, facts, now: NOW, randomBytes }), { code: "content-too-large" });
});

test("a photo arrives in pieces, byte for byte", async () => {
  const photo = randomBytes(150_000);
  const cut = cutFile(photo, "image/jpeg", randomBytes);
  const sent = await sealFile(kit, cut, { now: NOW, randomBytes });
  const opened = await Promise.all(sent.letters.map(({ envelope }) => org.open(envelope)));
  assert.deepEqual(opened[0].message.parcels, [cut.ref]);
  const pieces = opened.slice(1).sort((a, b) => a.message.i - b.message.i);
  assert.ok(sent.letters.slice(1).every(({ envelope }) => envelope.length === PARCEL_BYTES));
  assert.equal(b64(digest(concat(...pieces.map(({ body }) => body)))), cut.ref.sha256);
  assert.deepEqual(
    pieces.map(({ message }) => message.of),
    Array(3).fill(cut.ref.id),
  );
  assert.deepEqual(
    new Set(opened.map(({ message }) => message.seq)),
    new Set([kit.seq]),
    "one sending, one place in the case",
  );
  assert.equal(sent.kit.seq, kit.seq + 1);
});

test("an empty file is one empty piece", () => {
  assert.deepEqual(
    cutFile(new Uint8Array(), "text/plain", randomBytes).pieces.map(({ length }) => length),
    [0],
  );
});

test("a picture is made smaller, never larger, and keeps its shape", () => {
  assert.deepEqual(fitPicture(4_000, 3_000), { width: 1_600, height: 1_200 });
  assert.deepEqual(fitPicture(640, 480), { width: 640, height: 480 });
  assert.deepEqual(fitPicture(1, 100_000), { width: 1, height: 1_600 });
});

test("camera, place and comments are taken out of a JPEG, the picture stays", () => {
  const segment = (marker, text) => concat(Uint8Array.of(0xff, marker, 0, text.length + 2), utf8(text));
  const table = segment(0xdb, "quantisation");
  const jfif = segment(0xe0, "JFIF");
  const scan = concat(Uint8Array.of(0xff, 0xda, 0, 2), utf8("picture Exif"), Uint8Array.of(0xff, 0xd9));
  const start = Uint8Array.of(0xff, 0xd8);
  const jpeg = concat(
    start,
    jfif,
    segment(0xe1, "Exif GPS 55.75"),
    segment(0xfe, "by Anna"),
    segment(0xed, "IPTC"),
    table,
    scan,
  );
  assert.deepEqual(stripJpeg(jpeg), concat(start, jfif, table, scan));
  assert.throws(() => stripJpeg(jpeg.subarray(0, 30)), { code: "malformed" });
  assert.throws(() => stripJpeg(utf8("GIF89a")), { code: "malformed" });
});
