/** Everything about contacts, behind the real PIN. One chunk with its own words: nobody without contacts loads it. */
import "./later.js";

export { alert } from "./alert.js";
export { alerts } from "./alerts.js";
export { contact } from "./contact.js";
export { contactsFor, readBook } from "./contacting.js";
export { contacts } from "./contacts.js";
export { digits } from "./digits.js";
export { pair } from "./pair.js";
export { pairLink, pairName } from "./pair-link.js";
export { passing } from "./passing.js";
export { learnPeople } from "./people-words.js";
export { prepared } from "./prepared.js";
export { sms } from "./sms.js";
export { Watch } from "./watch.js";
