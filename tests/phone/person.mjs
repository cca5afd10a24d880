/**
 * A phone without a page that has contacts, for tests in Python with real relays: JSON lines in, JSON lines out. The book goes
 * through its vault between any two questions; letters leave by the page's own sender. An error answers as `{error: code}`.
 */
import { createInterface } from "node:readline";
import { Sender } from "../../client/phone/app/services/sender.js";
import {
  addContact,
  contactSafetyCode,
  listPreparedContacts,
  newOffer,
  pairState,
  readBook,
  setContactText,
  setDisclosure,
  verifyContact,
  writeOfferCode,
} from "../../client/phone/core/contacts/book.js";
import { tellContacts } from "../../client/phone/core/contacts/follow-up.js";
import { sealAlertTo, sealWakeChange } from "../../client/phone/core/contacts/mail.js";
import { SyncRunner } from "../../client/phone/core/contacts/runner.js";
import { newBareKit, withContacts } from "../../client/phone/core/prepare.js";
import { press } from "../../client/phone/core/press.js";
import { memoryStore } from "../../client/phone/core/store.js";
import { createVault, openVault, saveVault } from "../../client/phone/core/vault/vault.js";
import { TocsinError } from "../../client/phone/protocol/errors.js";
import { randomBytes } from "../../client/phone/protocol/random.js";
import { digest, jsonObject, utf8 } from "../../client/phone/protocol/wire.js";
import { organisation } from "./card.mjs";

const stretch = async (pin, salt) => digest(pin, salt); // Argon2id is not what is tried here
const sender = new Sender({
  store: memoryStore(),
  fetch: (...asked) => fetch(...asked),
  randomBytes,
  changed: () => settled(),
});
let vault = await createVault("1357", utf8("{}"), { randomBytes, stretch });
let kit = null;
const sessions = { pin: randomBytes(32), forced: randomBytes(32) };

const operations = {
  async new({ relays, label, wake }) {
    const post = await opened();
    const { offer } = await post.change((book) =>
      newOffer(book, { relays, label, wake, now: Date.now(), randomBytes }),
    );
    return { id: offer.id, code: await writeOfferCode(offer) };
  },
  async scan({ id, code, label, seen }) {
    const asked = { offer: id, text: code, label, seen, now: Date.now(), randomBytes };
    const { contact } = await (await opened()).change((book) => addContact(book, asked));
    return { contact: contact.id, digits: await contactSafetyCode(contact) };
  },
  async sync() {
    const post = await opened();
    post.hurry();
    const { paired, alerts } = await post.round();
    await quiet();
    return { paired, alerts, troubles: [...post.troubles.values()], failures: [...post.failures.values()] };
  },
  async list() {
    const { contacts } = (await opened()).book;
    return contacts.map((contact) => ({ ...contact, state: pairState(contact, Date.now()), half: null }));
  },
  async verify({ contact, said }) {
    await (await opened()).change((book) => verifyContact(book, contact, said));
    return {};
  },
  async alert({ contact, type, text, place, passed }) {
    const by = { now: Date.now(), randomBytes };
    const post = await opened();
    sender.add((await post.change((book) => sealAlertTo(book, contact, { type, text, place, passed }, by))).letters);
    return quiet();
  },
  async wake({ contact, wake }) {
    const post = await opened();
    sender.add(
      (await post.change((book) => sealWakeChange(book, contact, wake, { now: Date.now(), randomBytes }))).letters,
    );
    return quiet();
  },
  async reachable() {
    const reached = await listPreparedContacts((await opened()).book, Date.now());
    return reached.map(({ wake }) => wake);
  },
  /** Write the words, seal them, press. */
  async press({ contact, text, later, facts, session = null }) {
    const post = await opened();
    await post.change((book) => setDisclosure(setContactText(book, contact, text), contact, later));
    const now = Date.now();
    const { card } = await organisation({ now: Math.floor(now / 1_000) });
    kit = await withContacts(newBareKit(card, randomBytes), await listPreparedContacts(post.book, now), {
      sessions,
      now,
      randomBytes,
    });
    const { letters } = await press(kit, { facts, key: sessions[session] ?? null, now, randomBytes });
    sender.add(letters.filter(({ mailbox }) => mailbox !== card.mailbox));
    return quiet();
  },
  async tell({ type, facts, session = null }) {
    sender.add(
      (await tellContacts(kit, { type, facts, key: sessions[session] ?? null, now: Date.now(), randomBytes })).letters,
    );
    return quiet();
  },
};

async function opened() {
  vault = await openVault(vault.bytes, "1357", stretch);
  const save = async (book) => {
    vault = await saveVault(vault, utf8(JSON.stringify({ contacts: book })), randomBytes);
  };
  const book = readBook(jsonObject(vault.content).contacts);
  return new SyncRunner({ book, save, send: (letters) => sender.add(letters), fetch, randomBytes });
}

let settled = () => {};

/** Until every letter is at a relay. */
function quiet() {
  return new Promise((resolve) => {
    settled = () => {
      if (sender.outbox.entries.every(({ received }) => received !== null)) resolve({});
    };
    settled();
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const { op, ...asked } = JSON.parse(line);
  const answer = await operations[op](asked).catch((error) => {
    if (!(error instanceof TocsinError)) throw error;
    return { error: error.code };
  });
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
