import assert from "node:assert/strict";
import { test } from "node:test";
import { buildSmsLink, readNumber } from "../../../client/phone/app/services/sms-address.js";
import { fromPackages } from "../from-phone.mjs";

const { default: fc } = await fromPackages("fast-check");

const short = { number: "+70001112233", text: "Меня задержали. 100% & ?body=" };

test("a message opens in the phone's own app, on both kinds of phone", () => {
  const android = buildSmsLink(short, "Mozilla/5.0 (Linux; Android 9)");
  assert.ok(android.startsWith("sms:+70001112233?body="));
  assert.ok(buildSmsLink(short, "Mozilla/5.0 (iPhone; CPU iPhone OS 15_0)").startsWith("sms:+70001112233&body="));
  assert.equal(decodeURIComponent(android.split("?body=")[1]), short.text);
});

test("a text says nothing to the address but itself", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const [, body] = buildSmsLink({ number: "+70001112233", text }, "").split("?body=");
      assert.doesNotMatch(body, /[&?#]/);
      assert.equal(decodeURIComponent(body), text);
    }),
  );
});

test("a number is taken as people write it, in Persian digits too", () => {
  for (const typed of [
    "+7 (000) 111-22-33",
    " +7\u00a0000\u2011111.22.33 ",
    "+\u06f7\u06f0\u06f0\u06f0\u06f1\u06f1\u06f1\u06f2\u06f2\u06f3\u06f3",
  ])
    assert.equal(readNumber(typed), "+70001112233");
  assert.equal(readNumber("102"), "102");
});

test("what is no number is refused", () => {
  for (const typed of ["", "12", "anna", "+7000?body=x", "1234567890123456", "+"])
    assert.throws(() => readNumber(typed), { reason: "number" }, typed);
});
