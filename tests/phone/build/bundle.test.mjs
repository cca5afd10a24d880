/** The built chunks do what the sources do, hold nothing they need not, and weigh what they may. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { bundle, firstLoad } from "../../../client/phone/build/build.mjs";
import { b64, digest } from "../../../client/phone/protocol/wire.js";
import { organisation, verifierOf } from "../card.mjs";
import { seededBytes } from "../random.mjs";
import { answerOf, relayAt } from "../relay.mjs";

// Of the 45 KB of a first load; the rest is for pages, words and styles.
const PRESS_BROTLI = 31_500;
const PRESS_GZIP = 37_500;
const ENTRY = "../../tests/phone/ground-entry.mjs";
const NOW = 1_795_168_800_000;

let out;
let chunks;
let ground;

before(async () => {
  out = await mkdtemp(join(tmpdir(), "phone-"));
  chunks = await bundle({ entries: [ENTRY], out });
  ground = await import(pathToFileURL(join(out, "ground-entry.js")).href);
});
after(() => rm(out, { recursive: true }));

test("the bundle presses, sends and is believed, and the sources open what it sealed", async () => {
  const relay = relayAt("https://one.example");
  const org = await organisation({ now: NOW / 1_000, verifiers: [verifierOf(relay)] });
  const randomBytes = seededBytes("bundle");
  const { prepareKit, readCard, fingerprint } = await ground.setup();
  assert.match(fingerprint(org.card.root), /^(\d{5} ){11}\d{5}$/);
  const card = readCard(org.signed, { root: org.card.root });
  const kit = ground.unpackKit(
    ground.packKit(await prepareKit({ card, facts: { name: "Анна" }, now: NOW, randomBytes })),
  );
  const { letters } = await ground.press(kit, { facts: { stage: "van" }, now: NOW, randomBytes });
  assert.equal((await org.open(letters[0].envelope)).message.facts.stage, "van");
  let { outbox, effects } = ground.stepOutbox(
    ground.emptyOutbox(),
    { type: "add", letter: letters[0], now: NOW },
    randomBytes,
  );
  const send = effects.find(({ type }) => type === "send");
  const answer = answerOf(201, relay.receipt(send.body, letters[0].commitment));
  ({ outbox, effects } = ground.stepOutbox(outbox, { ...send, type: "answer", answer, now: NOW }, randomBytes));
  assert.deepEqual(
    effects.map(({ type }) => type),
    ["received", "finished"],
  );
  assert.equal(outbox.entries.length, 0);
});

test("the vault works in the bundle, and Argon2id is not in the first load", async () => {
  const { createVault, openVault, makeStretch } = await ground.unlocked();
  const randomBytes = seededBytes("bundle vault");
  const vault = await createVault("1357", new TextEncoder().encode("text"), { randomBytes, stretch: makeStretch() });
  assert.deepEqual((await openVault(vault.bytes, "۱۳۵۷", makeStretch())).content, vault.content);
  const first = firstLoad(chunks, "ground-entry.js").map(({ file }) => file);
  const heavy = chunks.filter(({ file, bytes }) => bytes > 10_000 && !first.includes(file));
  assert.equal(heavy.length, 1);
});

test("photos and work are there when asked for", async () => {
  const { cutFile } = await ground.files();
  assert.equal(cutFile(new Uint8Array(70_000), "image/jpeg", seededBytes("file")).ref.n, 2);
  const { doWork } = await ground.work();
  const task = { seed: new Uint8Array(16), mailbox: new Uint8Array(32), envelopeHash: new Uint8Array(32) };
  assert.equal((await doWork(task, 4, async () => {})).length, 8);
});

test("what a press takes keeps within its share of the first load", () => {
  const first = firstLoad(chunks, "ground-entry.js");
  const sum = (which) => first.reduce((all, chunk) => all + chunk[which], 0);
  assert.ok(sum("brotli") <= PRESS_BROTLI, `${sum("brotli")} bytes of brotli`);
  assert.ok(sum("gzip") <= PRESS_GZIP, `${sum("gzip")} bytes of gzip`);
});

test("no chunk is named after what it does, and none needs eval", async () => {
  for (const file of (await readdir(out)).filter((name) => name !== "licences.txt")) {
    assert.match(file, /^(ground-entry|[a-z0-9]{8})\.js$/);
    const code = await readFile(join(out, file), "utf8");
    assert.doesNotMatch(code, /\beval\(|new Function\(|WebAssembly/);
  }
});

test("the same sources build the same bytes", async () => {
  const again = await mkdtemp(join(tmpdir(), "phone-"));
  await bundle({ entries: [ENTRY], out: again });
  const hashes = async (folder) =>
    Promise.all(
      (await readdir(folder)).sort().map(async (file) => file + b64(digest(await readFile(join(folder, file))))),
    );
  assert.deepEqual(await hashes(again), await hashes(out));
  await rm(again, { recursive: true });
});

test("the notices of all bundled packages go along", async () => {
  const text = await readFile(join(out, "licences.txt"), "utf8");
  for (const name of [
    "@hpke/core",
    "@hpke/common",
    "@hpke/hybridkem-x-wing",
    "@noble/ed25519",
    "@noble/hashes",
    "mlkem",
  ]) {
    assert.ok(text.includes(name), name);
  }
  assert.ok(text.includes("MIT"));
});
