/**
 * A whole phone for a test in Python: JSON lines in, JSON lines out. Letters come out sealed, frames go in as they came; nothing
 * is carried by a network. Times are Unix seconds.
 */
import { createInterface } from "node:readline";
import { readCard } from "../../client/phone/protocol/organisation.js";
import { b64, unb64 } from "../../client/phone/protocol/wire.js";
import { WholePhone } from "./whole-phone.mjs";

/** @type {WholePhone} */
let phone;
const operations = {
  async setUp({ now, card, ...draft }) {
    phone = new WholePhone(now * 1_000);
    await phone.setUp(readCard(unb64(card)), draft);
  },
  async wait({ days }) {
    phone.wait(days);
  },
  async restart() {
    await phone.restart();
  },
  async unlock({ pin }) {
    await phone.unlock(pin);
  },
  async lock() {
    await phone.lock();
  },
  async kit() {
    return { kit: b64(await phone.kit()) };
  },
  async press() {
    return { letters: (await phone.press()).map(written) };
  },
  async tell({ facts }) {
    return { letters: (await phone.tell(facts)).map(written) };
  },
  async read({ envelopes }) {
    const frames = envelopes.map((envelope) => ({ envelope: unb64(envelope), commitment: null }));
    return { texts: await phone.read(frames) };
  },
};

const written = ({ envelope, commitment, mailbox }) => [envelope, commitment, mailbox].map(b64);

for await (const line of createInterface({ input: process.stdin })) {
  const { op, ...asked } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify((await operations[op](asked)) ?? {})}\n`);
}
process.exit(0);
