/** An organisation for tests: card, seeds, and the desk that opens. */

import { readMessage } from "../../client/phone/protocol/message-reader.js";
import { noteKeyText } from "../../client/phone/protocol/note.js";
import { openEnvelope, privateKey } from "../../client/phone/protocol/opening.js";
import { readCard } from "../../client/phone/protocol/organisation.js";
import { b64, Purpose, weekOf } from "../../client/phone/protocol/wire.js";
import { getPublicKey } from "../../client/phone/vendor-src/crypto.js";
import { seededBytes } from "./random.mjs";
import { signNote } from "./relay.mjs";

/** @param {{ now: number, weeks?: number, relays?: string[], verifiers?: string[], changes?: Record<string, unknown> }}
 *  asked */
export async function organisation({ now, weeks = 3, relays = ["https://one.example"], verifiers = [], changes = {} }) {
  const randomBytes = seededBytes("organisation");
  const rootSeed = randomBytes(32);
  const root = getPublicKey(rootSeed);
  const keys = await Promise.all(Array.from({ length: weeks + 1 }, () => privateKey(randomBytes(32))));
  const [last, ...weekly] = keys;
  const fields = {
    name: "Мемориал",
    root: b64(root),
    seq: 1,
    issued: now,
    expires: now + weeks * 604_800,
    relays,
    mailbox: b64(randomBytes(32)),
    week: weekOf(now),
    weekly: weekly.map((key) => b64(key.public)),
    last_resort: b64(last.public),
    grace_days: 35,
    languages: ["ru"],
    log: verifiers,
    ...changes,
  };
  const signed = signNote(`tocsin/1/card\n${JSON.stringify(fields)}\n`, "tocsin/card", rootSeed);
  const card = readCard(signed, { root });
  const address = { purpose: Purpose.REPORT, recipient: root, mailbox: card.mailbox };
  return {
    card,
    signed,
    weekly,
    last,
    address,
    /** @param {Uint8Array} envelope */
    async open(envelope, using = keys) {
      const opened = await openEnvelope(envelope, using, address);
      return { ...opened, ...readMessage(opened.fields) };
    },
  };
}

/** @param {{ origin: string, public: Uint8Array }} relay */
export function verifierOf(relay) {
  return noteKeyText({ name: new URL(relay.origin).host, public: relay.public });
}
