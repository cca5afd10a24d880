/** Keys of replies are destroyed by a date that most relays sign, never by this phone's clock alone. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { forgetOverRoutes, isDateDue } from "../../../client/phone/app/services/session/route-expiry.js";
import { openVault } from "../../../client/phone/core/vault/vault.js";
import { b64, concat, FrameKind, jsonObject } from "../../../client/phone/protocol/wire.js";
import { organisation } from "../card.mjs";
import { Line } from "../line.mjs";
import { WholePhone } from "../whole-phone.mjs";

const ISSUED = 1_795_168_800;
const DAY = 86_400;
const RELAYS = ["https://one.example", "https://two.example", "https://three.example"];
const real = { now: Date.now, fetch: globalThis.fetch };

after(() => {
  Date.now = real.now;
  globalThis.fetch = real.fetch;
});

/** An unlocked phone whose vault holds two ways of earlier cases, over and not, and the one of its case, over too. */
async function phoneWith() {
  const world = { now: ISSUED };
  const line = new Line(RELAYS, () => world.now);
  const verifiers = RELAYS.map((origin) => line.at(origin).verifier);
  const org = await organisation({ now: ISSUED, weeks: 13, relays: RELAYS, verifiers });
  const phone = new WholePhone(ISSUED * 1_000, line);
  await phone.setUp(org.card, {});
  await phone.app.caseSession.press();
  phone.app.caseSession.stopFollowing();
  const session = await phone.unlock("");
  const wayOf = (name, until) => {
    const key = b64(phone.app.randomBytes(32));
    return { case: name, keep: { relays: RELAYS, mailbox: key, key, secret: key, until } };
  };
  const { case: current } = phone.app.caseSession.kit;
  session.content.ways = [
    wayOf("over", ISSUED - 2 * DAY),
    wayOf("open", ISSUED + DAY),
    wayOf(current, ISSUED - 9 * DAY),
  ];
  const left = () => session.content.ways.map((way) => (way.case === current ? "current" : way.case));
  const forget = () => forgetOverRoutes(phone.app, session, Math.floor(phone.now / 1_000));
  return { world, line, phone, session, left, forget };
}

test("by a date that most relays sign, a way that is over goes, from the disk too, and the case's own stays", async () => {
  const { line, phone, left, forget } = await phoneWith();
  line.at(RELAYS[2]).isUp = false;
  assert.equal(await forget(), 1);
  assert.deepEqual(left(), ["open", "current"]);
  await phone.restart();
  const { content } = await phone.unlock("");
  assert.deepEqual(content.ways.length, 2);
});

test("a clock that is ahead alone, one relay a week off, or silence destroys nothing", async () => {
  for (const trouble of ["ahead", "far", "silent", "other key"]) {
    const { line, phone, left, forget } = await phoneWith();
    if (trouble === "ahead") phone.setClock((ISSUED + 400 * DAY) * 1_000);
    if (trouble === "far") line.at(RELAYS[0]).ahead = 8 * DAY;
    if (trouble === "silent") for (const origin of RELAYS.slice(1)) line.at(origin).isUp = false;
    if (trouble === "other key")
      for (const origin of RELAYS) line.at(origin).receipt = line.newRelay("https://x.example").receipt;
    assert.equal(await forget(), 0, trouble);
    assert.deepEqual(left(), ["over", "open", "current"], trouble);
  }
});

test("what still lies there is fetched first, and a relay that signed and cannot be asked puts it off", async () => {
  const { line, left, forget } = await phoneWith();
  const { answer } = line;
  line.answer = (relay, path, init) => {
    if (path !== "/v1/collect" || relay.origin !== RELAYS[1]) return answer.call(line, relay, path, init);
    return new Response(concat(Uint8Array.of(FrameKind.LETTER), new Uint8Array(32), new Uint8Array(8_192)));
  };
  assert.equal(await forget(), 0);
  line.answer = (relay, path, init) =>
    path === "/v1/collect" && relay.origin === RELAYS[1]
      ? new Response("", { status: 500 })
      : answer.call(line, relay, path, init);
  assert.equal(await forget(), 0);
  assert.deepEqual(left(), ["over", "open", "current"]);
});

test("the date is asked for once a week, with nothing over too, whichever PIN is given", async () => {
  const { phone, session, forget, line } = await phoneWith();
  session.content.ways = [];
  assert.ok(isDateDue(phone.app, ISSUED));
  line.asked.length = 0;
  await forget();
  assert.equal(line.asked.filter((url) => url.endsWith("/v1/deposit")).length, 3);
  assert.ok(!isDateDue(phone.app, ISSUED + 6 * DAY));
  assert.ok(isDateDue(phone.app, ISSUED + 7 * DAY));
  assert.ok(isDateDue(phone.app, ISSUED - 9 * DAY), "the clock was set back");
  await phone.restart();
  assert.ok(!isDateDue(phone.app, ISSUED + 6 * DAY), "it lies open, so that no PIN asks again");
});
