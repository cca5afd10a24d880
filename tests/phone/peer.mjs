/**
 * The other side, for tests in Python: reads one JSON object per line on stdin, answers one per line on stdout.
 *
 * Operations without a prefix use the HPKE library directly and nothing of ours, so they are an independent witness of
 * the format. Operations with `phone.` go through the phone's own modules. All bytes are base64url without padding.
 *
 *   {op: "public", seed}                                            -> {public}
 *   {op: "seal", public, info, plaintext}                           -> {sealed}       enc | ct, no suite byte
 *   {op: "open", seed, info, sealed}                                -> {plaintext}
 *   {op: "phone.seal", public, purpose, recipient, mailbox, header (object), body?, size?}
 *                                                                   -> {envelope, commitment, hash}
 *   {op: "phone.open", seeds, purpose, recipient, mailbox, envelope} -> {header (text), body, salt, commitment}
 *   {op: "phone.note_verify", note, public, kind}                   -> {text}
 *   {op: "phone.card_read", card, root?, newer_than?, at?}          -> {name, seq, root, mailbox, relays, fingerprint, key}
 *   {op: "phone.code_parse", code} / {op: "phone.code_make", root, relays} -> {root, relays} / {code}
 *   {op: "phone.receipt_check", receipt, keys, commitment, envelope_hash} -> {origin, hour}
 *   {op: "phone.message_read", header (object)}                     -> {message, other}
 *   {op: "phone.reply_mac", secret, purpose, recipient, mailbox, size, salt, header (text)} -> {mac}
 *   {op: "phone.collect", seed, origin, at, nonce, ack?, want?, wait?, cover?, commits?} -> {body (text), signature, mailbox}
 *   {op: "phone.frames", frames, commits}                           -> {frames: [{kind, envelope, commitment}]}
 *   {op: "phone.work", seed, mailbox, envelope_hash, bits}          -> {nonce}
 *
 * A refusal is answered with {error: CODE}; an `id` in the question comes back in the answer.
 */
import { randomBytes as nodeBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { cardCode, readCardCode } from "../../client/phone/protocol/code.js";
import { seal } from "../../client/phone/protocol/envelope.js";
import { collect, mailboxKey, readFrames } from "../../client/phone/protocol/mailbox.js";
import { headerOf, replyMac } from "../../client/phone/protocol/message.js";
import { readMessage } from "../../client/phone/protocol/message-reader.js";
import { verifyNote } from "../../client/phone/protocol/note.js";
import { openEnvelope, privateKey } from "../../client/phone/protocol/opening.js";
import { fingerprint, keyFor, readCard } from "../../client/phone/protocol/organisation.js";
import { checkReceipt } from "../../client/phone/protocol/receipt.js";
import { b64, concat, digest, LETTER_BYTES, unb64, unutf8, utf8 } from "../../client/phone/protocol/wire.js";
import { doWork } from "../../client/phone/protocol/work.js";
import { fromPackages } from "./from-phone.mjs";

const [{ CipherSuite, HkdfSha256 }, { XWing }, { Chacha20Poly1305 }] = await Promise.all(
  ["@hpke/core", "@hpke/hybridkem-x-wing", "@hpke/chacha20poly1305"].map(fromPackages),
);
const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });
const ENC = 1_120;
const randomBytes = (count) => new Uint8Array(nodeBytes(count));

const plain = {
  async public({ seed }) {
    const { publicKey } = await suite.kem.generateKeyPairDerand(unb64(seed));
    return { public: b64(new Uint8Array(await suite.kem.serializePublicKey(publicKey))) };
  },
  async seal({ public: open, info, plaintext }) {
    const recipientPublicKey = await suite.kem.deserializePublicKey(unb64(open));
    const { enc, ct } = await suite.seal({ recipientPublicKey, info: unb64(info) }, unb64(plaintext));
    return { sealed: b64(concat(new Uint8Array(enc), new Uint8Array(ct))) };
  },
  async open({ seed, info, sealed }) {
    const { privateKey: recipientKey } = await suite.kem.generateKeyPairDerand(unb64(seed));
    const data = unb64(sealed);
    const opened = await suite.open({ recipientKey, enc: data.slice(0, ENC), info: unb64(info) }, data.slice(ENC));
    return { plaintext: b64(new Uint8Array(opened)) };
  },
};

const phone = {
  async "phone.seal"({ public: key, header, body = "", size = LETTER_BYTES, ...to }) {
    const letter = {
      header: headerOf(header),
      body: unb64(body),
      key: unb64(key),
      address: addressOf(to),
      randomBytes,
      size,
    };
    const { envelope, commitment } = await seal(letter);
    return { envelope: b64(envelope), commitment: b64(commitment), hash: b64(digest(envelope)) };
  },
  async "phone.open"({ seeds, envelope, ...to }) {
    const keys = await Promise.all(seeds.map((seed) => privateKey(unb64(seed))));
    const opened = await openEnvelope(unb64(envelope), keys, addressOf(to));
    const { body, salt, commitment } = opened;
    return { header: unutf8(opened.header), body: b64(body), salt: b64(salt), commitment: b64(commitment) };
  },
  "phone.note_verify"({ note, public: key, kind }) {
    return { text: verifyNote(unb64(note), unb64(key), kind).text };
  },
  "phone.card_read"({ card, root, newer_than = -1, at = 0 }) {
    const read = readCard(unb64(card), { root: root ? unb64(root) : undefined, newerThan: newer_than });
    const { name, seq, relays } = read;
    const keys = { root: b64(read.root), mailbox: b64(read.mailbox), key: b64(keyFor(read, at)) };
    return { name, seq, relays, ...keys, fingerprint: fingerprint(read.root) };
  },
  "phone.code_parse"({ code }) {
    const { root, relays } = readCardCode(code);
    return { root: b64(root), relays };
  },
  "phone.code_make"({ root, relays }) {
    return { code: cardCode({ root: unb64(root), relays }) };
  },
  "phone.receipt_check"({ receipt, keys, commitment, envelope_hash }) {
    const known = keys.map((key) => unb64(key));
    const { origin, hour } = checkReceipt(unb64(receipt), known, unb64(commitment), unb64(envelope_hash));
    return { origin, hour };
  },
  "phone.message_read"({ header }) {
    return readMessage(header);
  },
  "phone.reply_mac"({ secret, size, salt, header, ...to }) {
    return { mac: b64(replyMac(unb64(secret), addressOf(to), size, unb64(salt), utf8(header))) };
  },
  "phone.collect"({ seed, origin, nonce, ack = [], op, id, ...asked }) {
    const key = mailboxKey(unb64(seed));
    const request = { ...asked, nonce: unb64(nonce), ack: ack.map((hash) => unb64(hash)) };
    const { body, signature } = collect(key, origin, request);
    return { body: unutf8(body), signature: b64(signature), mailbox: b64(key.id) };
  },
  "phone.frames"({ frames, commits }) {
    const shown = ({ kind, envelope, commitment }) => ({
      kind,
      envelope: b64(envelope),
      commitment: commitment && b64(commitment),
    });
    return { frames: readFrames(unb64(frames), { commits }).map(shown) };
  },
  async "phone.work"({ seed, mailbox, envelope_hash, bits }) {
    const task = { seed: unb64(seed), mailbox: unb64(mailbox), envelopeHash: unb64(envelope_hash) };
    return { nonce: b64(await doWork(task, bits, async () => {})) };
  },
};

const OPERATIONS = new Map(Object.entries({ ...plain, ...phone }));

function addressOf({ purpose, recipient, mailbox }) {
  return { purpose, recipient: unb64(recipient), mailbox: unb64(mailbox) };
}

async function answer(question) {
  const operation = OPERATIONS.get(question.op);
  if (!operation) return { error: "no-such-op" };
  try {
    return await operation(question);
  } catch (error) {
    return { error: error.code ?? error.constructor.name };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  const id = "id" in question ? { id: question.id } : {};
  process.stdout.write(`${JSON.stringify({ ...id, ...(await answer(question)) })}\n`);
}
