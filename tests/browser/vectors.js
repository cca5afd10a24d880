/** The phone's own modules in a browser, for the tests in Python: checks one vector, seals one letter. */
import { readCardCode } from "../../client/phone/protocol/code.js";
import { seal } from "../../client/phone/protocol/envelope.js";
import { collect, mailboxKey } from "../../client/phone/protocol/mailbox.js";
import { checkMac, headerOf, replyMac } from "../../client/phone/protocol/message.js";
import { parseNoteKey, verifyNote } from "../../client/phone/protocol/note.js";
import { openEnvelope, privateKey } from "../../client/phone/protocol/opening.js";
import { fingerprint, keyFor, readCard } from "../../client/phone/protocol/organisation.js";
import { readMessage, readObject } from "../../client/phone/protocol/message-reader.js";
import { checkReceipt } from "../../client/phone/protocol/receipt.js";
import { b64, digest, LETTER_BYTES, Purpose, unb64, unutf8, utf8 } from "../../client/phone/protocol/wire.js";
import { doWork } from "../../client/phone/protocol/work.js";

const addressOf = ({ purpose, recipient, mailbox }) => ({
  purpose,
  recipient: unb64(recipient),
  mailbox: unb64(mailbox),
});

/** Each gives what it read; what the vector says of it must be the same. */
const READ = {
  async xwing({ seed }) {
    return { public: b64((await privateKey(unb64(seed))).public) };
  },
  async envelope({ seeds, envelope, ...to }) {
    const keys = await Promise.all(seeds.map((seed) => privateKey(unb64(seed))));
    const { header, body, commitment } = await openEnvelope(unb64(envelope), keys, addressOf(to));
    return { header: unutf8(header), body: b64(body), commitment: b64(commitment) };
  },
  note({ note, public: key, kind, verifier }) {
    return { text: verifyNote(unb64(note), unb64(key), kind).text, public: b64(parseNoteKey(verifier).public) };
  },
  card({ card, root, newer_than, key_for = [] }) {
    const read = readCard(unb64(card), { root: unb64(root), newerThan: newer_than });
    const keys = key_for.map(({ at }) => {
      const key = keyFor(read, at);
      return { at, key_hash: b64(digest(key)), last_resort: key === read.lastResort };
    });
    return { seq: read.seq, relays: read.relays, fingerprint: fingerprint(read.root), key_for: keys };
  },
  code({ code }) {
    const { root, relays } = readCardCode(code);
    return { root: b64(root), relays };
  },
  receipt({ receipt, verifier, commitment, envelope_hash }) {
    const keys = [parseNoteKey(verifier).public];
    const { hour, origin } = checkReceipt(utf8(receipt), keys, unb64(commitment), unb64(envelope_hash));
    return { hour, origin };
  },
  message({ header, text }) {
    return { other: readMessage(text === undefined ? header : readObject(text)).other };
  },
  reply({ secret, public: key, mailbox, size, salt, header, mac }) {
    const address = { purpose: Purpose.REPLY, recipient: digest(unb64(key)), mailbox: unb64(mailbox) };
    checkMac(replyMac(unb64(secret), address, size, unb64(salt), utf8(header)), unb64(mac));
    return {};
  },
  async work({ seed, mailbox, envelope_hash, bits }) {
    const task = { seed: unb64(seed), mailbox: unb64(mailbox), envelopeHash: unb64(envelope_hash) };
    return { nonce: b64(await doWork(task, bits, async () => {})) };
  },
  mailbox({ seed, origin, body }) {
    const { at, nonce, ack, ...asked } = JSON.parse(body);
    const wanted = { ...asked, at, nonce: unb64(nonce), ack: ack.map((hash) => unb64(hash)) };
    const key = mailboxKey(unb64(seed));
    return { mailbox: b64(key.id), signature: b64(collect(key, origin, wanted).signature) };
  },
};

async function check(kind, vector) {
  try {
    return { outcome: "ok", read: await READ[kind](vector) };
  } catch (error) {
    return { outcome: error.code ?? String(error), read: {} };
  }
}

async function sealed({ public: key, header, ...to }) {
  const randomBytes = (count) => crypto.getRandomValues(new Uint8Array(count));
  const letter = {
    header: headerOf(header),
    body: new Uint8Array(),
    key: unb64(key),
    address: addressOf(to),
    randomBytes,
    size: LETTER_BYTES,
  };
  const { envelope, commitment } = await seal(letter);
  return { envelope: b64(envelope), commitment: b64(commitment) };
}

globalThis.vectors = { check, sealed };
