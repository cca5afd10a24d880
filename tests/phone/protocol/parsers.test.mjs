/** Every parser of outside bytes gives an answer or raises an error of ours, whatever it is fed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeAnswer } from "../../../client/phone/core/deposit-result.js";
import { packKit, unpackKit } from "../../../client/phone/core/kit.js";
import { makeLetter, packLetter, unpackLetter } from "../../../client/phone/core/letter.js";
import { stripJpeg } from "../../../client/phone/core/media.js";
import { newBareKit } from "../../../client/phone/core/prepare.js";
import { relayAddress } from "../../../client/phone/protocol/address.js";
import {
  base32,
  CARD_PREFIX,
  cardCode,
  PAIR_PREFIX,
  pairCode,
  readCardCode,
  readPairCode,
} from "../../../client/phone/protocol/code.js";
import { seal } from "../../../client/phone/protocol/envelope.js";
import { TocsinError } from "../../../client/phone/protocol/errors.js";
import { readFrames } from "../../../client/phone/protocol/mailbox.js";
import { headerOf } from "../../../client/phone/protocol/message.js";
import { readMessage, readObject } from "../../../client/phone/protocol/message-reader.js";
import { parseNoteKey, readNote, verifies, verifyNote } from "../../../client/phone/protocol/note.js";
import { openEnvelope, privateKey } from "../../../client/phone/protocol/opening.js";
import { readCard } from "../../../client/phone/protocol/organisation.js";
import { readReceipt } from "../../../client/phone/protocol/receipt.js";
import {
  b64,
  concat,
  FrameKind,
  HASH_BYTES,
  jsonObject,
  LETTER_BYTES,
  PARCEL_BYTES,
  Purpose,
  SUITE,
  unb64,
  unutf8,
  utf8,
} from "../../../client/phone/protocol/wire.js";
import { organisation } from "../card.mjs";
import { fromPackages, vectors } from "../from-phone.mjs";
import { atLength } from "../length.mjs";
import { seededBytes } from "../random.mjs";

const { default: fc } = await fromPackages("fast-check");
const randomBytes = seededBytes("parsers");
const org = await organisation({ now: 1_795_168_800 });
const good = {
  note: unb64(vectors("note")[0].note),
  receipt: utf8(vectors("receipt")[0].receipt),
  envelope: unb64(vectors("envelope")[0].envelope),
  card: org.signed,
  code: vectors("code")[1].code,
  kit: packKit(newBareKit(org.card, randomBytes)),
};
const letter = makeLetter(
  { envelope: good.envelope, commitment: randomBytes(32), mailbox: randomBytes(32) },
  { relays: ["https://one.example"], added: 1 },
);
const key = await privateKey(unb64(vectors("envelope")[0].seeds[0]));
const address = { purpose: Purpose.REPLY, recipient: randomBytes(32), mailbox: randomBytes(32) };

const bytes = fc.uint8Array({ maxLength: 400 });
/** Something true with one place changed, cut or doubled: it gets further than noise does. */
const nearly = (data) =>
  fc
    .tuple(fc.nat(data.length - 1), fc.constantFrom("flip", "cut", "double", "zero"), fc.nat(255))
    .map(([at, how, value]) => {
      if (how === "cut") return data.slice(0, at);
      if (how === "double") return concat(data, data.subarray(at));
      const changed = data.slice();
      changed[at] = how === "zero" ? 0 : value;
      return changed;
    });
const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), fc.string());

const PARSERS = {
  readNote: [fc.oneof(bytes, nearly(good.note)), (data) => readNote(data)],
  verifyNote: [
    fc.oneof(bytes, nearly(good.note)),
    (data) => verifyNote(data, unb64(vectors("note")[0].public), "tocsin/1/pack"),
  ],
  parseNoteKey: [fc.oneof(text, fc.anything(), nearly(utf8(vectors("note")[0].verifier)).map(String)), parseNoteKey],
  readCard: [fc.oneof(bytes, nearly(good.card)), (data) => readCard(data)],
  readReceipt: [fc.oneof(bytes, nearly(good.receipt)), readReceipt],
  readCardCode: [
    fc.oneof(
      text,
      text.map((tail) => CARD_PREFIX + tail),
      bytes.map((data) => CARD_PREFIX + base32(data)),
    ),
    readCardCode,
  ],
  readPairCode: [
    fc.oneof(
      text,
      text.map((tail) => PAIR_PREFIX + tail),
      bytes.map((data) => PAIR_PREFIX + base32(data)),
    ),
    readPairCode,
  ],
  readFrames: [fc.tuple(bytes, fc.boolean()), ([data, commits]) => readFrames(data, { commits })],
  relayAddress: [
    fc.oneof(
      text,
      fc.anything(),
      fc.webUrl(),
      text.map((tail) => `https://${tail}`),
    ),
    relayAddress,
  ],
  unb64: [fc.oneof(text, fc.anything()), (data) => unb64(data)],
  jsonObject: [fc.oneof(bytes, fc.json().map(utf8)), jsonObject],
  readMessage: [
    fc.oneof(
      fc.object(),
      fc.record(
        {
          v: fc.constant(1),
          kind: fc.constantFrom("report", "amend", "parcel", "alert", "reply", "toString", "__proto__"),
        },
        { noNullPrototype: true },
      ),
    ),
    readMessage,
  ],
  unpackLetter: [fc.oneof(bytes, nearly(packLetter(letter))), unpackLetter],
  unpackKit: [fc.oneof(bytes, nearly(good.kit)), unpackKit],
  stripped: [
    fc.oneof(
      bytes,
      bytes.map((data) => concat(Uint8Array.of(0xff, 0xd8), data)),
    ),
    stripJpeg,
  ],
  judge: [
    fc.record({
      status: fc.nat(599),
      retryAfter: fc.option(text),
      body: fc.oneof(bytes, fc.json().map(utf8), nearly(good.receipt)),
    }),
    (answer) => judgeAnswer(letter, [randomBytes(32)], answer),
  ],
};

for (const [name, [input, parse]] of Object.entries(PARSERS)) {
  test(`${name} returns or refuses`, () => {
    fc.assert(
      fc.property(input, (data) => {
        try {
          parse(data);
        } catch (error) {
          if (!(error instanceof TocsinError)) throw error;
        }
      }),
      { numRuns: atLength(300, 10_000) },
    );
  });
}

test("a message with any one field replaced is read or refused", () => {
  for (const { header } of vectors("message")) {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(header)), fc.anything(), (field, value) => {
        try {
          readMessage({ ...header, [field]: value });
        } catch (error) {
          if (!(error instanceof TocsinError)) throw error;
        }
      }),
      { numRuns: atLength(50, 2_000) },
    );
  }
});

test("an envelope of noise, or with any one byte changed, is refused with a code", async () => {
  await fc.assert(
    fc.asyncProperty(nearly(good.envelope), async (data) => {
      const { purpose, recipient, mailbox, envelope } = vectors("envelope")[0];
      const where = { purpose, recipient: unb64(recipient), mailbox: unb64(mailbox) };
      if (b64(data) === envelope) return;
      await assert.rejects(openEnvelope(data, [key], where), TocsinError);
    }),
    { numRuns: atLength(50, 2_000) },
  );
  const noise = concat(Uint8Array.of(SUITE), randomBytes(PARCEL_BYTES - 1));
  await assert.rejects(openEnvelope(noise, [key], address), { code: "envelope-not-for-us" });
});

test("frames come apart as they were put together", () => {
  const [small, large, commitment] = [randomBytes(LETTER_BYTES), randomBytes(PARCEL_BYTES), randomBytes(HASH_BYTES)];
  const page = (...between) =>
    concat(
      ...[
        [FrameKind.LETTER, small],
        [FrameKind.FILLER, small],
        [FrameKind.PARCEL, large],
      ].flatMap(([kind, envelope]) => [Uint8Array.of(kind), ...between, envelope]),
    );
  for (const commits of [true, false]) {
    const frames = readFrames(commits ? page(commitment) : page(), { commits });
    assert.deepEqual(
      frames.map(({ kind }) => kind),
      [1, 0, 2],
    );
    assert.deepEqual(frames[2].envelope, large);
    assert.deepEqual(frames[0].commitment, commits ? commitment : null);
  }
  assert.throws(() => readFrames(page().subarray(0, 9_000)), { code: "malformed" });
});

test("codes come back as they were written, in capitals and digits that a QR code packs tightly", () => {
  const relay = fc.constantFrom("https://relay.example", `http://${"b".repeat(56)}.onion`, "https://r.example:8443/t");
  const data = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const few = fc.uniqueArray(relay, { minLength: 1, maxLength: 2 }); // two onions would not fit
  fc.assert(
    fc.property(data, data, few, (root, more, relays) => {
      const written = cardCode({ root, relays });
      assert.match(written, /^[0-9A-Z $%*+./:-]{1,262}$/);
      assert.deepEqual(readCardCode(written), { root, relays });
      const pair = { card: root, secret: more.subarray(0, 16), relays: relays.slice(0, 1) };
      const again = readPairCode(pairCode(pair));
      assert.deepEqual(
        [b64(again.card), b64(again.secret), again.relays],
        [b64(pair.card), b64(pair.secret), pair.relays],
      );
    }),
  );
  assert.throws(() => cardCode({ root: randomBytes(32), relays: Array(9).fill("https://relay.example") }), {
    code: "code-too-long",
  });
});

test("an error tells a code, and never what was in the bytes", () => {
  const secret = "Иванова Анна";
  for (const [, parse] of Object.values(PARSERS)) {
    for (const data of [utf8(secret), secret, { v: 1, kind: secret }, { v: 1, kind: "report", id: secret }]) {
      try {
        parse(data);
      } catch (error) {
        if (error instanceof TocsinError) assert.equal(`${error.message}${error.detail}`.includes(secret), false);
      }
    }
  }
});

test("base64url has one spelling", () => {
  for (const text of ["AB", "A", "AA==", "A A", "A+", "A/", "AAAB\n"])
    assert.throws(() => unb64(text), { code: "malformed" });
  assert.deepEqual(unb64("AA"), Uint8Array.of(0));
});

test("a kit with bytes too many or too few is refused", () => {
  for (const data of [concat(good.kit, Uint8Array.of(0)), good.kit.subarray(0, -1)]) {
    assert.throws(() => unpackKit(data), { code: "malformed" });
  }
});

test("a key of small order signs nothing, as in libsodium", () => {
  const identity = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));
  assert.equal(verifies(identity, utf8("anything"), concat(identity, new Uint8Array(32))), false);
});

test("a public key that makes everybody share a secret, or is none, is refused", async () => {
  const good = (await privateKey(randomBytes(32))).public;
  const lowOrder = concat(good.subarray(0, 1_184), new Uint8Array(32));
  const outOfRange = concat(new Uint8Array(1_184).fill(0xff), good.subarray(1_184));
  for (const bad of [lowOrder, outOfRange, good.subarray(1), new Uint8Array()]) {
    await assert.rejects(seal({ header: utf8("{}"), key: bad, address, randomBytes }), { code: "malformed" });
  }
});

test("a header nested deeper than anybody needs is refused, one level less is read", async () => {
  const recipient = await privateKey(randomBytes(32));
  const nested = async (depth) => {
    const header = utf8(`${'{"a":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`);
    const { envelope } = await seal({ header, key: recipient.public, address, randomBytes });
    return openEnvelope(envelope, [recipient], address);
  };
  assert.ok(await nested(64));
  await assert.rejects(nested(65), { code: "plaintext-header" });
});

test("half a surrogate pair goes out as U+FFFD, also in a name; a backslash before such letters stays", () => {
  const header = headerOf({ text: "\ud800Анна🚐\udc00", "\udfff": ["\ud83d"], path: "\\ud800 \\\\udfff" });
  const expected = { text: "\ufffdАнна🚐\ufffd", "\ufffd": ["\ufffd"], path: "\\ud800 \\\\udfff" };
  assert.deepEqual(readObject(header), expected);
  assert.deepEqual(JSON.parse(unutf8(header)), expected);
});
