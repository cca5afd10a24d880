/** What the phone makes of hostile inputs: JSON lines in, one outcome a line out, as `python_reader.py` has it. */
import { createInterface } from "node:readline";
import { readPack, unpackBody } from "../../client/phone/core/stations/pack.js";
import { relayAddress } from "../../client/phone/protocol/address.js";
import { cardCode, pairCode, readCardCode, readDigits, readPairCode } from "../../client/phone/protocol/code.js";
import { TocsinError } from "../../client/phone/protocol/errors.js";
import { readMessage, readObject } from "../../client/phone/protocol/message-reader.js";
import { noteKeyText, parseNoteKey, verifyNote } from "../../client/phone/protocol/note.js";
import { readPlaintext } from "../../client/phone/protocol/opening.js";
import { readCard } from "../../client/phone/protocol/organisation.js";
import { cardHash, readPairCard, readShare, spokenDigits } from "../../client/phone/protocol/pairing.js";
import { readReceipt } from "../../client/phone/protocol/receipt.js";
import { readWake } from "../../client/phone/protocol/wake.js";
import { b64, unb64 } from "../../client/phone/protocol/wire.js";

const ABOUT = "id root seq issued country source licence notice count size hash".split(" ");

/** @type {Record<string, (data: any, open: Uint8Array) => any>} */
const READERS = {
  address: relayAddress,
  bytes: (data) => b64(unb64(data, 16)),
  card(data) {
    const card = readCard(data);
    const numbers = [card.seq, card.issued, card.expires, card.week, card.graceDays];
    const keys = [card.root, card.mailbox, ...card.weekly, card.lastResort].map(b64);
    return [card.name, numbers, card.relays, keys, card.languages, card.sms, card.log];
  },
  card_code(data) {
    const code = readCardCode(data);
    return [b64(code.root), code.relays, cardCode(code)];
  },
  digits: readDigits,
  json: readObject,
  message(data) {
    const { message, other } = readMessage(readObject(data));
    return [message, other];
  },
  note(data, open) {
    const { text, signatures } = verifyNote(data, open, "tocsin/1/pack");
    return [text, signatures.map(({ name, id, signature }) => [name, b64(id), b64(signature)])];
  },
  note_key: (data) => noteKeyText(parseNoteKey(data)),
  async pack(data, open) {
    const { about } = await readPack(data, open);
    return Object.fromEntries(ABOUT.map((name) => [name, about[name]])); // what it says besides is passed over
  },
  pack_body(data) {
    const { ids, lat, lon, phones } = unpackBody(data);
    return ids.map((id, i) => [id, lat[i], lon[i], phones[i] ?? ""]);
  },
  async pair_card(data) {
    const { key, mailbox, relays, until, wake } = await readPairCard(data, cardHash(data), 1);
    return [b64(key), b64(mailbox), relays, until, wake];
  },
  pair_code(data) {
    const code = readPairCode(data);
    return [b64(code.card), b64(code.secret), code.relays, pairCode(code)];
  },
  plaintext(data) {
    const { header, body, fields } = readPlaintext(data, /** @type {any} */ (null));
    return [b64(header), b64(body), fields];
  },
  receipt(data) {
    const { origin, commitment, envelopeHash, hour } = readReceipt(data).receipt;
    return [origin, b64(commitment), b64(envelopeHash), hour];
  },
  share(data) {
    const share = readShare(readObject(data));
    return share && b64(share);
  },
  spoken: spokenDigits,
  wake(data) {
    const wake = readWake(data, ["https://relay.example"]);
    return wake && [wake.relay, wake.sealed];
  },
};

/** Names the odd spellings of a whole number, as Python does. @param {any} value @returns {any} */
function plain(value) {
  if (value instanceof Number) return ["odd", Number(value)];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

for await (const line of createInterface({ input: process.stdin })) {
  const { kind, text, bytes, open } = JSON.parse(line);
  console.log(JSON.stringify(await outcomeOf(kind, text ?? unb64(bytes), open && unb64(open))));
}

/** @param {string} kind @param {string | Uint8Array} data @param {Uint8Array} open */
async function outcomeOf(kind, data, open) {
  try {
    return ["ok", plain(await READERS[kind](data, open))];
  } catch (error) {
    return error instanceof TocsinError ? error.code : `crash: ${error}`;
  }
}
