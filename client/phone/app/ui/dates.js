/** Dates, ages and distances, written by us: no browser has them for Belarusian, and old ones lack Kazakh. */
import { currentLanguage, findWords, localizeDigits, t } from "./i18n.js";

/** Say how long ago it was. @param {number} seconds */
export function formatAge(seconds) {
  if (seconds < 10) return t("time.now");
  if (seconds < 60) return t("time.seconds", { n: Math.floor(seconds) });
  if (seconds < 3_600) return t("time.minutes", { n: Math.floor(seconds / 60) });
  if (seconds < 86_400) return t("time.hours", { n: Math.floor(seconds / 3_600) });
  return t("time.days", { n: Math.floor(seconds / 86_400) });
}

/** Say how far it is, below a kilometre in whole metres. @param {number} metres */
export function formatDistance(metres) {
  if (metres < 1_000) return t("time.metres", { n: Math.round(metres) });
  const kilometres = metres < 10_000 ? Math.round(metres / 100) / 10 : Math.round(metres / 1_000);
  const written = String(kilometres).replace(".", t("time.point"));
  return t("time.kilometres", { value: written, n: Math.floor(kilometres) });
}

/** Say day, month, hour and minute of this phone's clock. @param {Date} when */
export function formatMoment(when) {
  const { day, month } =
    currentLanguage() === "fa" ? toPersianDate(when) : { day: when.getDate(), month: when.getMonth() };
  const time = localizeDigits(`${two(when.getHours())}:${two(when.getMinutes())}`);
  return t("time.moment", { day, month: findWords("time.months")[month], time });
}

/** @param {number} number */
function two(number) {
  return String(number).padStart(2, "0");
}

const BREAKS = [
  -61, 9, 38, 199, 426, 686, 756, 818, 1111, 1181, 1210, 1635, 2060, 2097, 2192, 2262, 2324, 2394, 2456, 3178,
];
const DAY_MS = 86_400_000;

/** Convert a date to the Persian calendar, month from 0, by the rule of 33 years with its breaks (Borkowski).
 *  @param {Date} when */
export function toPersianDate(when) {
  const today = Date.UTC(when.getFullYear(), when.getMonth(), when.getDate());
  const year = when.getFullYear() - 621;
  const began = newYear(year);
  const since = Math.round((today - (today < began ? newYear(year - 1) : began)) / DAY_MS);
  if (since < 186) return { day: (since % 31) + 1, month: Math.floor(since / 31) };
  return { day: ((since - 186) % 30) + 1, month: 6 + Math.floor((since - 186) / 30) };
}

/** The day in March a Persian year begins with. @param {number} year @returns {number} milliseconds, UTC */
function newYear(year) {
  const at = BREAKS.findIndex((breakYear) => year < breakYear);
  let leaps = -14;
  for (let i = 1; i < at; i++) {
    const jump = BREAKS[i] - BREAKS[i - 1];
    leaps += Math.floor(jump / 33) * 8 + Math.floor((jump % 33) / 4);
  }
  const jump = BREAKS[at] - BREAKS[at - 1];
  const n = year - BREAKS[at - 1];
  leaps += Math.floor(n / 33) * 8 + Math.floor(((n % 33) + 3) / 4);
  if (jump % 33 === 4 && jump - n === 4) leaps++;
  const gregorian = year + 621;
  const leapsThere = Math.floor(gregorian / 4) - Math.floor(((Math.floor(gregorian / 100) + 1) * 3) / 4) - 150;
  return Date.UTC(gregorian, 2, 20 + leaps - leapsThere);
}
