/** Two phones and the relays between them, honest and not: pairing, and codes that are wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addContact,
  chooseRelays,
  contactSafetyNumber,
  deriveContactKeys,
  deriveSession,
  forgetOffer,
  listOpenOffers,
  readTheirCode,
} from "../../../client/phone/core/contacts/book.js";
import { Rank, sealAlert } from "../../../client/phone/core/press.js";
import { cardCode, pairCode, readPairCode } from "../../../client/phone/protocol/code.js";
import { alertMessage } from "../../../client/phone/protocol/message.js";
import { openEnvelope } from "../../../client/phone/protocol/opening.js";
import {
  beginSession,
  cardHash,
  cardLetter,
  deriveOwn,
  deriveRendezvous,
  newPairingOffer,
  pairKeys,
  shareLetter,
} from "../../../client/phone/protocol/pairing.js";
import { b64, Purpose, unutf8, utf8 } from "../../../client/phone/protocol/wire.js";
import {
  EAST,
  fc,
  NORTH,
  pairedPeople,
  people,
  publicCard,
  randomBytes,
  SOUTH,
  TEXT,
  tell,
} from "../contacts-people.mjs";
import { atLength } from "../length.mjs";
import { DAY, NOW, scanEachOther } from "../post.mjs";

const STEPS = fc.array(
  fc.constantFrom(
    "anna",
    "boris",
    "drop",
    "keep",
    "replay",
    "noise",
    "down",
    "up",
    "day",
    "swap",
    "share",
    "forge",
    "lost",
  ),
  { maxLength: 14 },
);

async function happen(step, anna, boris, relays, film) {
  if (step === "anna" || step === "boris") await { anna, boris }[step].sync();
  else if (step === "day") for (const who of [anna, boris]) who.now += DAY;
  else if (step === "lost") anna.outbox = [];
  else if (step === "noise") {
    for (const who of [anna, boris]) {
      const meeting = await deriveSession(who.contact);
      relays.noise(SOUTH, meeting.own.address.mailbox);
      relays.noise(SOUTH, (await deriveRendezvous(meeting, true)).address.mailbox);
    }
  } else if (step === "swap") for (const letter of await film.swapped()) relays.lay(SOUTH, letter);
  else if (step === "share") relays.lay(SOUTH, await film.share(await publicCard(anna)));
  else if (step === "forge") for (const letter of await film.forged()) relays.lay(SOUTH, letter);
  else if (step === "down" || step === "up") relays.down = new Set(step === "down" ? [SOUTH] : []);
  else Object.assign(relays, { drops: step === "drop", replays: step === "replay" });
}

/** Who filmed both screens: both codes, so k0, both doors, and whatever lies there. */
async function filmOf(anna, boris) {
  const [mine, theirs] = [await deriveSession(anna.contact), await deriveSession(boris.contact)];
  const mallory = await deriveOwn(newPairingOffer({ relays: [SOUTH], now: NOW / 1_000, randomBytes }));
  const asIf = (meeting) => ({ ...meeting, own: { ...meeting.own, card: mallory.card } });
  return {
    mallory,
    /** Their own card at both doors. */
    swapped: async () => [await cardLetter(asIf(mine), randomBytes), await cardLetter(asIf(theirs), randomBytes)],
    /** Alerts with every key that follows from the film. */
    forged: async () => {
      const message = alertMessage(
        { case: b64(randomBytes(16)), seq: 0, at: 1 },
        { type: "safe", text: "ложь" },
        randomBytes,
      );
      const ownShare = pairKeys(theirs, theirs.own.half.secret);
      const keys = [mine.k0, ownShare.sending, ownShare.receiving];
      const cards = [await publicCard(anna), await publicCard(boris)];
      return Promise.all(cards.flatMap((card) => keys.map((key) => sealAlert(card, key, message, randomBytes))));
    },
    /** A share of their own, as if from Boris. */
    share: async (card) => {
      const half = { ...theirs.own.half, share: randomBytes(32) };
      return shareLetter({ ...theirs, own: { ...theirs.own, half } }, card, null, randomBytes);
    },
  };
}

for (const order of ["ababab", "bababa", "aabbaabba", "bbaaabab"]) {
  test(`a pairing finishes by itself whoever comes first: ${order}`, async () => {
    const [anna, boris] = people();
    await scanEachOther(anna, boris);
    for (const who of order) await { a: anna, b: boris }[who].sync();
    assert.deepEqual([anna.state, boris.state], ["paired", "paired"]);
    const [ours, theirs] = [await deriveContactKeys(anna.contact), await deriveContactKeys(boris.contact)];
    assert.deepEqual([ours.sending, ours.receiving], [theirs.receiving, theirs.sending]);
    assert.equal(await contactSafetyNumber(anna.contact), await contactSafetyNumber(boris.contact));
    const sent = anna.relays.deposited.length;
    for (const who of [anna, boris, anna, boris]) {
      who.now += 2 * DAY;
      await who.sync();
    }
    assert.equal(anna.relays.deposited.length, sent, "a finished pairing has nothing more to say");
  });
}

test("without a network at the table nothing is lost", async () => {
  const [anna, boris, relays] = people();
  relays.down = new Set([NORTH, SOUTH, EAST]);
  await scanEachOther(anna, boris);
  for (const who of [anna, boris, anna]) await who.sync();
  assert.deepEqual([anna.state, [...anna.post.failures.values()]], ["waiting", ["network", "network", "network"]]);
  relays.down = new Set();
  for (let i = 0; i < 3; i++) for (const who of [anna, boris]) await who.sync();
  assert.deepEqual([anna.state, boris.state, anna.post.failures.size], ["paired", "paired", 0]);
});

test("a page closed right after each scan pairs all the same: what it had not sent is said again", async () => {
  const [anna, boris] = people();
  await scanEachOther(anna, boris);
  for (const who of [anna, boris]) {
    await who.sync();
    who.relays.letters.clear();
  }
  for (const minutes of [11, 22, 33]) {
    for (const who of [anna, boris, anna, boris]) {
      who.now = NOW + minutes * 60_000;
      await who.sync();
    }
  }
  assert.deepEqual([anna.state, boris.state], ["paired", "paired"]);
});

test("one may look for days before the other has scanned", async () => {
  const [anna, boris] = people();
  const [mine, theirs] = [await anna.offer(), await boris.offer()];
  await anna.add(mine, theirs.text, "Борис");
  for (let day = 0; day < 5; day++) {
    anna.now = NOW + day * DAY;
    await anna.sync();
  }
  boris.now = anna.now;
  await boris.add(theirs, mine.text, "Anna");
  for (const who of [boris, anna, boris, anna]) await who.sync();
  assert.deepEqual([anna.state, boris.state], ["paired", "paired"]);
});

test("while both look at the screen the next round is seconds away, later it is not", async () => {
  const [anna, boris] = people();
  await scanEachOther(anna, boris);
  assert.equal((await anna.post.round()).next, 3_000);
  assert.equal(
    (await anna.sync()).next,
    60_000,
    "a page that was opened later hurries nothing: it would tell of the pairing",
  );
  for (const who of [boris, anna, boris, anna]) await who.sync();
  assert.equal((await anna.post.round()).next, 60_000);
});

test("a clock set back does not end the looking", async () => {
  const [anna] = await pairedPeople();
  anna.open();
  anna.now = NOW + 10 * DAY;
  await anna.post.round();
  anna.now = NOW;
  assert.ok((await anna.post.round()).next <= 3_600_000);
});

test("whatever relays do on the way, a pairing ends right once they are honest, and never wrong", async () => {
  await fc.assert(
    fc.asyncProperty(STEPS, async (steps) => {
      const [anna, boris, relays] = people(steps.join());
      await scanEachOther(anna, boris);
      const film = await filmOf(anna, boris);
      for (const step of steps) await happen(step, anna, boris, relays, film);
      Object.assign(relays, { drops: false, replays: false, down: new Set() });
      for (let i = 0; i < 4; i++) {
        for (const who of [anna, boris]) who.now += DAY;
        for (const who of [anna, boris, anna]) await who.sync();
      }
      const [ours, theirs] = [await deriveContactKeys(anna.contact), await deriveContactKeys(boris.contact)];
      assert.deepEqual([ours.sending, ours.receiving], [theirs.receiving, theirs.sending]);
      const swapped = anna.contact.swapped || boris.contact.swapped;
      assert.ok(!swapped || steps.includes("swap"));
      await tell(anna, { type: "detained", text: TEXT });
      await boris.sync();
      assert.deepEqual([anna.book.alerts.length, boris.book.alerts.map(({ text }) => text)], [0, [TEXT]]);
    }),
    { numRuns: atLength(8, 200) },
  );
});

test("a card put in the place of theirs is refused, said, and does not end the search", async () => {
  const [anna, boris, relays] = people();
  await scanEachOther(anna, boris);
  for (const letter of await (await filmOf(anna, boris)).swapped()) relays.lay(SOUTH, letter);
  await anna.sync();
  assert.equal(anna.contact.swapped, true);
  assert.equal(anna.post.troubles.get(anna.contact.id), "pair-card-swapped");
  assert.equal(anna.contact.card, null);
  for (const who of [boris, anna, boris, anna]) await who.sync();
  assert.deepEqual([anna.state, boris.state, anna.post.troubles.size], ["paired", "paired", 0]);
});

test("who filmed both codes reads no alert and forges none, whatever is sent and in whatever order", async () => {
  const [anna, boris, relays] = people();
  await scanEachOther(anna, boris);
  const film = await filmOf(anna, boris);
  await anna.sync();
  await boris.sync();
  const card = await publicCard(anna);
  for (let i = 0; i < 5; i++) relays.lay(NORTH, await film.share(card));
  for (const who of [anna, boris, anna, boris]) await who.sync();
  assert.deepEqual([anna.state, boris.state], ["paired", "paired"]);
  for (const key of [new Uint8Array(32), (await deriveSession(anna.contact)).k0]) {
    const message = alertMessage(
      { case: b64(randomBytes(16)), seq: 0, at: 1 },
      { type: "safe", text: "ложь" },
      randomBytes,
    );
    relays.lay(NORTH, await sealAlert(card, key, message, randomBytes));
  }
  await tell(boris, { type: "detained", text: TEXT });
  await anna.sync();
  await anna.sync();
  assert.deepEqual(
    anna.came.map(({ text }) => text),
    [TEXT],
  );
  const doors = [
    await deriveRendezvous(await deriveSession(anna.contact), true),
    await deriveRendezvous(await deriveSession(anna.contact), false),
  ];
  for (const { envelope, mailbox } of relays.deposited.filter(({ rank }) => rank === Rank.CONTACT)) {
    for (const { key } of [...doors, film.mallory]) {
      const address = { purpose: Purpose.CONTACT, recipient: key.recipient, mailbox };
      await assert.rejects(openEnvelope(envelope, [key], address), { code: "envelope-not-for-us" });
    }
  }
});

test("twenty false shares are believed by nobody, and no more than sixteen are answered", async () => {
  const [anna, boris, relays] = people();
  await scanEachOther(anna, boris);
  const film = await filmOf(anna, boris);
  await anna.sync();
  await boris.sync();
  await anna.sync();
  const card = await publicCard(anna);
  for (let i = 0; i < 20; i++) relays.lay(NORTH, await film.share(card));
  await anna.sync();
  assert.equal(anna.contact.progress.answered.length, 16);
  assert.equal(anna.contact.progress.share, null);
  for (const who of [boris, anna, boris]) await who.sync();
  assert.deepEqual([anna.state, boris.state], ["paired", "paired"]);
  assert.equal(anna.contact.progress.share, boris.contact.half.share);
});

test("every wrong code has its own error", async () => {
  const [anna, boris] = people();
  const [mine, theirs] = [await anna.offer(), await boris.offer()];
  const wrong = {
    "code-own": mine.text,
    "code-other-kind": cardCode({ root: randomBytes(32), relays: [NORTH] }),
    "code-cut": theirs.text.slice(0, -5),
    "code-malformed": "hello",
  };
  for (const [code, text] of Object.entries(wrong)) {
    await assert.rejects(readTheirCode(anna.book, text), { code });
    await assert.rejects(anna.add(mine, text, "Борис"), { code });
  }
  await assert.rejects(readTheirCode(anna.book, `TOCSIN:1:D:${"1".repeat(60)}`), { code: "code-other-kind" });
  await assert.rejects(readTheirCode(anna.book, `${theirs.text.slice(0, -1)}1`), { code: "code-malformed" });
  const { id } = await anna.add(mine, theirs.text, "Борис");
  await assert.rejects(readTheirCode(anna.book, theirs.text), { code: "code-known", contact: id });
  await assert.rejects(readTheirCode(anna.book, mine.text), { code: "code-own" }, "one's own that is spent");
  const next = await anna.offer();
  await assert.rejects(anna.add(next, (await boris.offer({ fresh: true })).text, "Борис"), { code: "label-taken" });
  await assert.rejects(anna.add({ id: "none" }, (await boris.offer()).text, "Б"), { code: "offer-missing" });
  anna.now = boris.now = NOW + 36 * DAY;
  await assert.rejects(anna.add(next, (await boris.offer()).text, "Б"), { code: "code-expired" });
});

test("a code nobody answered for five weeks, and a card past its time, are over and say so", async () => {
  const [anna, boris] = people();
  const [mine, theirs] = [await anna.offer(), await boris.offer()];
  await anna.add(mine, theirs.text, "Борис");
  await anna.sync();
  anna.now = NOW + 36 * DAY;
  const sent = anna.relays.deposited.length;
  await anna.sync();
  assert.deepEqual([anna.state, anna.post.troubles.get(anna.contact.id)], ["expired", "code-expired"]);
  assert.equal(anna.relays.deposited.length, sent);
});

test("face to face the same code is shown until somebody's was put to it, by link each has their own", async () => {
  const [anna] = people();
  const first = await anna.offer();
  assert.equal((await anna.offer()).id, first.id);
  const mother = await anna.offer({ label: "Мама" });
  assert.equal((await anna.offer()).id, first.id);
  assert.notEqual((await anna.offer({ fresh: true })).id, first.id);
  assert.deepEqual(
    listOpenOffers(anna.book, NOW).map(({ label }) => label),
    ["Мама", ""],
  );
  await assert.rejects(anna.offer({ label: "Мама" }), { code: "label-taken" });
  assert.equal(forgetOffer(anna.book, mother.id).offers.length, 1);
});

test("a code carries what fits, and an onion only when there is room", () => {
  const onion = `http://${"a".repeat(56)}.onion`;
  assert.deepEqual(chooseRelays([onion, NORTH]), [NORTH, onion]);
  assert.deepEqual(chooseRelays([onion, NORTH, SOUTH, EAST, NORTH]), [NORTH, SOUTH, EAST]);
  assert.throws(() => chooseRelays([]), { code: "relays-missing" });
  assert.throws(() => chooseRelays([`https://${"a".repeat(60)}.${"b".repeat(60)}.example`]), { code: "code-too-long" });
});

test("a code that leads inside is refused whatever was agreed to, and one to another relay is asked for once", async () => {
  const [anna] = people("strangers");
  const code = (...relays) => pairCode({ card: randomBytes(32), secret: randomBytes(16), relays });
  const add = async (text, label, otherRelay) => {
    const { id: offer } = await anna.offer();
    return anna.post.change((book) =>
      addContact(book, { offer, text, label, seen: true, otherRelay, ...anna.by(), relays: ["http://127.0.0.1:9"] }),
    );
  };
  for (const inside of ["http://localhost", "https://192.168.0.1", "https://[fd00::1]", "https://nas.lan"]) {
    for (const others of [[], [NORTH], [EAST]]) {
      await assert.rejects(add(code(...others, inside), "x", true), { code: "relay-local" });
    }
  }
  await assert.rejects(add(code(NORTH, EAST), "x"), { code: "relay-foreign", relays: [EAST] });
  assert.equal(anna.book.contacts.length, 0);
  await add(code("http://127.0.0.1:9"), "our own, inside");
  await add(code(EAST), "agreed", true);
  await add(code(NORTH, EAST), "not asked again");
});

test("a card names no relay that neither code named", async () => {
  for (const [named, relays] of [
    [[NORTH, "https://10.0.0.1"], [NORTH]],
    [["https://10.0.0.1"], null],
  ]) {
    const [anna, , post] = people("card of a stranger");
    const half = newPairingOffer({ relays: [NORTH], now: NOW / 1_000, randomBytes });
    const honest = await deriveOwn(half);
    const card = utf8(JSON.stringify({ ...JSON.parse(unutf8(honest.card)), relays: named }));
    const own = { ...honest, card, code: { ...honest.code, card: cardHash(card) } };
    const offer = await anna.offer();
    await anna.add(offer, pairCode(own.code), "Boris");
    const session = beginSession(own, readPairCode(offer.text));
    post.lay(NORTH, await cardLetter(session, randomBytes));
    await anna.sync();
    assert.deepEqual(anna.contact.card?.relays ?? null, relays);
    if (!relays) assert.deepEqual([...anna.post.troubles.values()], ["pair-card-malformed"]);
  }
});
