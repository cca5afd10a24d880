/** A text message as a link that opens it in the phone's own app. Pure. */
/** @import { Short } from "./sms-store.js" */

/** Write a link that opens this message in the phone's own app. iPhones want an ampersand where the standard has a
 *  question mark. @param {Short} short @returns {string} */
export function buildSmsLink({ number, text }, agent = navigator.userAgent) {
  return `sms:${number}${/iPhone|iPad|iPod/.test(agent) ? "&" : "?"}body=${encodeURIComponent(text)}`;
}

/** Read a phone number as people write it. @param {string} typed @returns {string} @throws when it is no number */
export function readNumber(typed) {
  const plain = typed
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (mark) => String(mark.charCodeAt(0) & 15))
    .replace(/[\s().\u200e\u200f\u2010-\u2015-]/g, "");
  if (!/^\+?\d{3,15}$/.test(plain)) throw { reason: "number" };
  return plain;
}
