/** Whose case it is, on the phone: what lies open, what a session says, and ways for replies that do not end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KIT, VAULT } from "../../../client/phone/app/app.js";
import { openWithPin } from "../../../client/phone/app/screens/unlocked/unlock.js";
import { isBegun } from "../../../client/phone/app/services/case.js";
import { ReplyPoller } from "../../../client/phone/app/services/reply-poller.js";
import { drawReply, loadOpenRoutes } from "../../../client/phone/app/services/session/session.js";
import { packKit, unpackKit } from "../../../client/phone/core/kit.js";
import { CONTENT_BYTES } from "../../../client/phone/core/vault/vault.js";
import { caseId } from "../../../client/phone/protocol/message.js";
import { same, unb64, utf8 } from "../../../client/phone/protocol/wire.js";
import { organisation } from "../card.mjs";
import { originOf } from "../said.mjs";
import { WholePhone } from "../whole-phone.mjs";

const NOW = 1_795_168_800_000;
const PROFILE = { name: "Иванова Анна", contact: "+7 900 000-00-00" };
const PIN = "271828";
const DECOY = "314159";

/** @param {Record<string, any>} draft */
async function phoneWith(draft) {
  const phone = new WholePhone(NOW);
  const org = await organisation({ now: NOW / 1_000 });
  await phone.setUp(org.card, { facts: PROFILE, ...draft });
  const open = (/** @type {any[]} */ letters) => Promise.all(letters.map(({ envelope }) => org.open(envelope)));
  return { phone, org, open };
}

/** @param {any} phone */
const bytesOf = async (phone) => Buffer.from(await phone.kit());

test("with a PIN the secret of the case is in the sealed letters and nowhere else", async () => {
  const { phone, open } = await phoneWith({ pin: PIN });
  const kit = await bytesOf(phone);
  const [fresh, ready] = await open(await phone.press());
  assert.deepEqual([ready.message.kind, ready.message.facts.name], ["report", PROFILE.name]);
  const secret = ready.fields.case_secret;
  assert.equal(caseId(unb64(secret)), ready.message.case);
  assert.equal(fresh.fields.case_secret, undefined);
  const session = await phone.unlock(PIN);
  const lying = [kit, await bytesOf(phone), Buffer.from(JSON.stringify(session.content))];
  for (const bytes of lying) {
    assert.equal(bytes.includes(secret), false);
    assert.equal(bytes.includes(Buffer.from(unb64(secret))), false);
  }
  assert.ok(kit.includes(ready.message.case), "the search finds what is there");
});

test("before a press without a PIN there is no case, no secret and no letter", async () => {
  const { phone, open } = await phoneWith({ isLeftOpen: false });
  const before = unpackKit(await phone.kit());
  assert.deepEqual([before.case, before.ready, before.open?.facts], ["", [], {}]);
  assert.equal((await bytesOf(phone)).includes(PROFILE.name), false);
  const session = await phone.unlock("");
  assert.deepEqual(session.content.ways, []);
  await phone.lock();
  const letters = await open(await phone.press());
  assert.equal(letters.length, 1);
  const [{ message, fields }] = letters;
  assert.deepEqual([message.kind, message.facts.name], ["report", undefined]);
  assert.equal(caseId(unb64(fields.case_secret)), message.case);
  assert.ok(message.reply);
  assert.equal((await bytesOf(phone)).includes(fields.case_secret), false, "the kit keeps no secret of a case");
});

test("who its owner is goes with a press without a PIN when that was left open, and only then", async () => {
  const { phone, open } = await phoneWith({ isLeftOpen: true });
  const [{ message }] = await open(await phone.press());
  assert.deepEqual([message.facts.name, message.facts.stage], [PROFILE.name, "unknown"]);
  const [later] = await open(await phone.press());
  assert.deepEqual([later.message.kind, later.message.facts.name], ["amend", undefined]);
});

test("each side of a PIN, and whoever holds the phone, says what it says under a key of its own", async () => {
  const { phone, open, org } = await phoneWith({ pin: PIN, decoy: DECOY });
  const [fresh, ready] = await open(await phone.press());
  const said = (/** @type {any} */ letter) => originOf(letter, ready.fields.keys, org.address);
  assert.deepEqual([said(fresh), said(ready)], ["open", "pin"]);
  await phone.unlock(PIN);
  assert.equal(said((await open(await phone.tell({ stage: "released" })))[0]), "pin");
  await phone.lock();
  assert.equal(said((await open(await phone.tell({ people: 2 })))[0]), "open");
  await phone.unlock(DECOY);
  const [forced] = await open(await phone.tell({ stage: "released" }));
  assert.deepEqual([said(forced), forced.message.facts.coerced], ["forced", undefined]);
  await phone.lock();
  assert.equal(said((await open(await phone.press()))[0]), "forced", "until the real PIN is given");
});

test("a case shows nothing that another case of the same phone shows", async () => {
  const { phone, open } = await phoneWith({ pin: PIN });
  const [, first] = await open(await phone.press());
  const session = await phone.unlock(PIN);
  await session.reseal(session.app.practiceCard ?? (await organisation({ now: NOW / 1_000 })).card, PROFILE);
  const [, second] = await open(await phone.press());
  const values = [first, second].flatMap(({ fields }) => [
    fields.case,
    fields.case_secret,
    ...Object.values(fields.keys),
  ]);
  assert.equal(new Set(values).size, values.length);
});

test("both sessions write the same to the disk when they open and when they speak", async () => {
  const changes = [];
  for (const pin of [PIN, DECOY]) {
    const { phone } = await phoneWith({ pin: PIN, decoy: DECOY });
    await phone.press();
    await phone.restart();
    const steps = [];
    const look = async () => [await phone.store.names(), (await phone.kit()).length, await phone.store.get(VAULT)];
    let before = await look();
    for (const step of [() => phone.unlock(pin), () => phone.tell({ people: 2 }), () => phone.tell({ people: 3 })]) {
      await step();
      const after = await look();
      steps.push([after[0], after[1], same(before[2], after[2])]);
      before = after;
    }
    changes.push(steps);
  }
  assert.deepEqual(changes[0], changes[1]);
});

test("every unlocking seals the letters anew as long as no case has begun, and none afterwards", async () => {
  const { phone, open } = await phoneWith({ pin: PIN });
  const cases = [unpackKit(await phone.kit()).case];
  for (let i = 0; i < 2; i++) {
    const { content } = await phone.unlock(PIN);
    const kit = unpackKit(await phone.kit());
    assert.ok(content.ways.some((/** @type {any} */ { case: of }) => of === kit.case));
    assert.ok(content.ways.length <= 2, "what was never sent is not looked after");
    cases.push(kit.case);
    await phone.lock();
  }
  assert.equal(new Set(cases).size, 3);
  const letters = await open(await phone.press());
  assert.deepEqual(new Set(letters.map(({ message }) => message.case)), new Set([cases[2]]));
  await phone.unlock(PIN);
  assert.equal(unpackKit(await phone.kit()).case, cases[2]);
});

test("a press in the middle of sealing anew is not lost, nor what it was sealed under", async () => {
  const { phone, open } = await phoneWith({ pin: PIN });
  const session = await phone.unlock(PIN);
  const before = unpackKit(await phone.kit()).case;
  const [letters] = await Promise.all([phone.press(), session.prepareAnew()]);
  const [{ message }] = await open(letters);
  assert.equal(unpackKit(await phone.kit()).case, message.case);
  assert.ok(session.content.ways.some((/** @type {any} */ { case: of }) => of === message.case));
  assert.equal(message.case, before);
});

test("the first words after a press bring a new way for replies, once in a session", async () => {
  const { phone, open } = await phoneWith({ pin: PIN });
  const [, ready] = await open(await phone.press());
  for (const expected of [true, false]) {
    if (expected) await phone.unlock(PIN);
    const [{ message }] = await open(await phone.tell({ people: 2 }));
    assert.equal(message.reply !== null, expected);
    if (expected) assert.notEqual(message.reply.key, ready.message.reply.key);
  }
});

test("a PIN that is chosen later takes what lay open, and nobody who copied the vault speaks with it", async () => {
  const { phone, open, org } = await phoneWith({ isLeftOpen: true });
  const early = await phone.unlock("");
  const copied = early.content.keys.pin;
  await early.changePin(PIN, () => {});
  await phone.restart();
  assert.equal((await bytesOf(phone)).includes(PROFILE.name), false);
  const session = await phone.unlock(PIN);
  assert.notEqual(session.content.keys.pin, copied);
  assert.equal(session.content.facts.name, PROFILE.name);
  await phone.lock();
  const [, ready] = await open(await phone.press());
  assert.deepEqual([ready.message.facts.name, originOf(ready, ready.fields.keys, org.address)], [PROFILE.name, "pin"]);
});

test("a PIN that is chosen after the press keeps the case ours: a new way for replies shows its secret", async () => {
  const { phone, open } = await phoneWith({});
  const [begun] = await open(await phone.press());
  await phone.restart();
  await (await phone.unlock("")).changePin(PIN, () => {});
  await phone.restart();
  await phone.unlock(PIN);
  const [{ message, fields }] = await open(await phone.tell({ people: 2 }));
  assert.ok(message.reply);
  assert.deepEqual([fields.case, fields.case_secret], [begun.fields.case, begun.fields.case_secret]);
});

/** Let the next reading of the vault, a PIN being typed, wait until it is told to go on. @param {any} phone */
function slowVault(phone) {
  const { get } = phone.store;
  let go = () => {};
  const gate = new Promise((resolve) => {
    go = () => resolve(undefined);
  });
  phone.store.get = async (/** @type {string} */ name) => {
    const bytes = await get.call(phone.store, name);
    if (name !== VAULT) return bytes;
    phone.store.get = get;
    await gate;
    return bytes;
  };
  return () => go();
}

test("a press without a PIN while the vault is opening keeps the private half of its way for replies", async () => {
  const { phone, open } = await phoneWith({});
  const goOn = slowVault(phone);
  const unlocking = phone.unlock("");
  const [{ message }] = await open(await phone.press());
  goOn();
  await unlocking;
  await phone.restart();
  const { content } = await phone.unlock("");
  assert.deepEqual(
    content.ways.map((/** @type {any} */ route) => [route.case, Boolean(route.secret)]),
    [[message.case, true]],
  );
});

test("of two sealings at once neither drops the way for replies that the kit names", async () => {
  const { phone } = await phoneWith({ pin: PIN });
  const session = await phone.unlock(PIN);
  await Promise.all([session.prepareAnew(), session.prepareAnew()]);
  const { case: id } = unpackKit(await phone.kit());
  await phone.restart();
  const { content } = await phone.unlock(PIN);
  assert.ok(content.ways.some((/** @type {any} */ route) => route.case === id));
});

test("an unlocking that ends after its screen was left opens nothing", async () => {
  /** @type {any} */ (globalThis).navigator ??= {}; // without locks: one page
  const { phone } = await phoneWith({ pin: PIN, decoy: DECOY });
  for (const [shown, isOpen] of [
    ["start", false],
    ["unlock", true],
  ]) {
    phone.app.shown = "unlock";
    const goOn = slowVault(phone);
    const opening = openWithPin(phone.app, DECOY, () => {});
    phone.app.shown = shown;
    goOn();
    await opening;
    assert.equal(Boolean(phone.app.session), isOpen);
    await phone.lock();
  }
  await phone.lock();
});

/** Fill a content to the last bytes. @param {any} session */
async function fillVault(session) {
  const room = CONTENT_BYTES - utf8(JSON.stringify(session.content)).length;
  session.content.answers = [{ id: "1", at: 0, text: "x".repeat(room - 60), status: "" }];
  await session.save();
}

test("a vault that is full keeps no word back, and what does not fit does not stay in the way of what does", async () => {
  const { phone, open } = await phoneWith({ pin: PIN });
  await phone.press();
  const session = await phone.unlock(PIN);
  await fillVault(session);
  const before = structuredClone(session.content.answers);
  const [{ message }] = await open(await phone.tell({ account: "help" }));
  assert.deepEqual([message.facts.account, message.reply], ["help", null]);
  const long = { id: "2", at: 0, text: "y".repeat(500), status: "" };
  await assert.rejects(session.storeReplies([long]), { code: "content-too-large" });
  assert.deepEqual(session.content.answers, before);
  await session.save();
  phone.store.put = async () => Promise.reject(new Error("full"));
  await assert.rejects(session.storeReplies([{ ...before[0], text: "" }]), { reason: "store-broken" });
  assert.deepEqual(session.content.answers, before);
});

test("a PIN that is set after the press takes the replies behind it at once, and both PINs are known afterwards", async () => {
  const { phone, open, org } = await phoneWith({});
  const [begun] = await open(await phone.press());
  const session = await phone.unlock("");
  phone.app.mail = new ReplyPoller(phone.app);
  await session.changePin(PIN, () => {});
  await session.setDecoy(DECOY, undefined, () => {});
  const [named] = await open(phone.letters());
  assert.deepEqual([named.fields.case, named.fields.case_secret], [begun.fields.case, begun.fields.case_secret]);
  await phone.lock();
  const routes = () => new ReplyPoller(phone.app).routes().length;
  const { kit } = phone.app.caseSession;
  assert.deepEqual([phone.app.mail, routes(), kit.open, kit.secret], [null, 0, null, undefined]);
  const origins = [];
  for (const pin of [DECOY, PIN]) {
    const { duress } = await phone.unlock(pin);
    assert.equal(routes(), duress ? 0 : 2); // of the press, and of the message that named the keys
    const [letter] = await open(await phone.tell({ stage: "released" }));
    origins.push(originOf(letter, named.fields.keys, org.address));
    await phone.lock();
  }
  assert.deepEqual(origins, ["forced", "pin"]);
});

/** Have a press come in the middle of the next sealing anew. @param {any} phone @param {any} session */
function pressWhileSealing(phone, session) {
  const { sealAnew } = session;
  session.sealAnew = async (/** @type {any[]} */ ...by) => {
    session.sealAnew = sealAnew;
    const kit = await sealAnew.apply(session, by);
    await phone.app.caseSession.press();
    phone.app.caseSession.stopFollowing();
    return kit;
  };
}

test("a press while the profile is being sealed keeps its case, and is told the profile", async () => {
  for (const change of ["changeProfile", "renew"]) {
    const { phone, open } = await phoneWith({ pin: PIN });
    const session = await phone.unlock(PIN);
    phone.app.fetch = async () => Promise.reject(new Error("no network"));
    pressWhileSealing(phone, session);
    await session[change]({ name: "B" });
    const messages = (await open(phone.letters())).map(({ message }) => message);
    const [{ case: pressed }] = messages;
    const { kit } = phone.app.caseSession;
    assert.deepEqual([kit.case, unpackKit(await phone.kit()).case, isBegun(kit)], [pressed, pressed, true]);
    if (change === "changeProfile") assert.equal(messages.at(-1).facts.name, "B");
    await phone.restart();
    const { content } = await phone.unlock(PIN);
    assert.ok(content.ways.some((/** @type {any} */ route) => route.case === pressed));
  }
});

test("a press while the first PIN is being set keeps its case, and replies to it lie behind the PIN", async () => {
  const { phone, open, org } = await phoneWith({ isLeftOpen: true });
  const session = await phone.unlock("");
  pressWhileSealing(phone, session);
  await session.changePin(PIN, () => {});
  const [begun, named] = await open(phone.letters());
  assert.deepEqual([begun.message.facts.name, named.message.case], [PROFILE.name, begun.message.case]);
  assert.equal(originOf(named, named.fields.keys, org.address), "pin");
  await phone.restart();
  assert.equal((await bytesOf(phone)).includes(PROFILE.name), false);
  const { content } = await phone.unlock(PIN);
  assert.ok(content.ways.filter((/** @type {any} */ route) => route.case === begun.message.case).length >= 2);
  assert.equal(phone.app.caseSession.kit.case, begun.message.case);
});

test("a PIN that could not be stored is not set, and says so", async () => {
  const { phone } = await phoneWith({ isLeftOpen: true });
  const { put } = phone.store;
  const session = await phone.unlock("");
  phone.store.put = async () => Promise.reject(new Error("full"));
  await assert.rejects(
    session.changePin(PIN, () => {}),
    { reason: "store-broken" },
  );
  await assert.rejects(
    session.setDecoy(DECOY, undefined, () => {}),
    { reason: "store-broken" },
  );
  await assert.rejects(session.removeDecoy(), { reason: "store-broken" });
  phone.store.put = put;
  assert.equal(phone.app.caseSession.kit.open.facts.name, PROFILE.name);
  await session.save();
  await phone.restart();
  await assert.rejects(phone.unlock(PIN), { code: "passphrase-wrong" });
  await phone.unlock("");
});

test("a phone that goes off while its first PIN is set loses nothing, and closes what lies open afterwards", async () => {
  for (const isPressed of [false, true]) {
    const { phone, open, org } = await phoneWith({ isLeftOpen: true });
    if (isPressed) await phone.press();
    const session = await phone.unlock("");
    const { put } = phone.store;
    phone.store.put = async (/** @type {string} */ name, /** @type {Uint8Array} */ data) => {
      await put.call(phone.store, name, data);
      if (name === VAULT) phone.store.put = async () => {}; // off
    };
    await session.changePin(PIN, () => {});
    phone.letters();
    phone.store.put = put;
    await phone.restart();
    assert.ok((await bytesOf(phone)).includes(PROFILE.name));
    const { content } = await phone.unlock(PIN);
    assert.equal(content.facts.name, PROFILE.name);
    assert.equal((await bytesOf(phone)).includes(PROFILE.name), false);
    const letters = await open([...phone.letters(), ...(await phone.press())]);
    const { keys } = letters.find(({ fields }) => fields.keys).fields;
    await phone.unlock(PIN);
    const [said] = await open(await phone.tell({ people: 2 }));
    assert.equal(originOf(said, keys, org.address), "pin");
  }
});

test("a case whose letters in advance name no keys is brought no way for replies, and what is forced says so in words", async () => {
  const { phone, open } = await phoneWith({ pin: PIN, decoy: DECOY });
  await phone.press();
  await phone.store.put(KIT, packKit({ ...unpackKit(await phone.kit()), named: false }));
  await phone.restart();
  for (const pin of [PIN, DECOY]) {
    await phone.unlock(pin);
    assert.equal(await drawReply(phone.app, phone.app.caseSession.kit), null);
    phone.app.session.hasBroughtReply = false;
    const [{ message }] = await open(await phone.tell({ people: 2 }));
    assert.deepEqual([message.reply, message.facts.coerced], [null, pin === DECOY ? true : undefined]);
    await phone.lock();
  }
  assert.equal((await open(await phone.press()))[0].message.facts.coerced, true, "until the real PIN is given");
});

test("a new way for replies on a phone without a PIN shows the secret of its case, or there is none", async () => {
  const { phone, open } = await phoneWith({});
  const [{ fields }] = await open(await phone.press());
  await phone.restart();
  const { kit } = phone.app.caseSession;
  assert.equal(await drawReply(phone.app, kit), null, "nothing is known of the secret yet");
  await loadOpenRoutes(phone.app, kit);
  assert.equal((await drawReply(phone.app, kit)).case_secret, fields.case_secret);
  await phone.restart();
  assert.equal((await phone.unlock("")).content.ways.length, 2);
});
