import assert from "node:assert/strict";
import { before, test } from "node:test";

/** @type {any} */ (globalThis).document = { documentElement: {} };
const { formatAge, formatDistance, formatMoment, toPersianDate } = await import(
  "../../../client/phone/app/ui/dates.js"
);
const { loadWords, useLanguage, t } = await import("../../../client/phone/app/ui/i18n.js");

before(() => use("ru"));

/** @param {string} code */
async function use(code) {
  useLanguage(code, {});
  await loadWords();
}

test("an age is said in the largest whole unit", async () => {
  await use("ru");
  assert.equal(formatAge(3), "только что");
  assert.equal(formatAge(21), "21 секунду назад");
  assert.equal(formatAge(125), "2 минуты назад");
  assert.equal(formatAge(11 * 60), "11 минут назад");
  assert.equal(formatAge(5 * 3_600), "5 часов назад");
  assert.equal(formatAge(22 * 86_400), "22 дня назад");
});

test("distances below a kilometre are whole metres, and above rounded", async () => {
  await use("ru");
  assert.equal(formatDistance(56.4), "56 м");
  assert.equal(formatDistance(1_234), "1,2 км");
  assert.equal(formatDistance(23_400), "23 км");
  await use("en");
  assert.equal(formatDistance(1_234), "1.2 km");
});

test("a date is written in each language by us", async () => {
  const when = new Date(2026, 10, 5, 7, 4);
  const written = {
    ru: "5 ноября, 07:04",
    en: "5 November, 07:04",
    uk: "5 листопада, 07:04",
    be: "5 лістапада, 07:04",
  };
  for (const [code, text] of Object.entries({ ...written, kk: "5 қараша, 07:04", fa: "۱۴ آبان، ۰۷:۰۴" })) {
    await use(code);
    assert.equal(formatMoment(when), text);
  }
});

test("the Persian calendar is the one of Intl, day by day over sixty years", () => {
  const intl = new Intl.DateTimeFormat("en-u-ca-persian", { day: "numeric", month: "numeric", timeZone: "UTC" });
  for (let at = Date.UTC(1990, 0, 1); at < Date.UTC(2050, 0, 1); at += 86_400_000) {
    const utc = new Date(at);
    const parts = Object.fromEntries(intl.formatToParts(utc).map(({ type, value }) => [type, Number(value)]));
    const local = new Date(utc.getUTCFullYear(), utc.getUTCMonth(), utc.getUTCDate(), 12);
    assert.deepEqual(toPersianDate(local), { day: parts.day, month: parts.month - 1 }, utc.toISOString());
  }
});

test("Persian numbers are Persian digits", async () => {
  await use("fa");
  assert.equal(formatAge(125), "۲ دقیقه پیش");
  assert.equal(formatDistance(1_234), "۱٫۲ کیلومتر");
});

test("a number whose form a language has no words for is said all the same", () => {
  useLanguage("ru", { unread: { one: "{n} новое", few: "{n} новых", many: "{n} новых" } });
  assert.equal(t("start.unread", { n: 1.5 }), "1.5 новых");
  useLanguage("uk", { unread: { one: "1", few: "2", many: "5" } });
  assert.equal(t("start.unread", { n: 1.5 }), "5");
});
