/** What is known of contacts and done with them, from the ground. */

export { passOn, sayWake, sealTo } from "../contact-mail.js";
export { Post } from "../contact-post.js";
export {
  addContact,
  alertsOf,
  codeOf,
  contactsFor,
  digitsCodeFor,
  digitsFor,
  endsSoon,
  forgetAlert,
  isUnderDuress,
  Later,
  markRead,
  newOffer,
  offerCode,
  openOffers,
  readBook,
  relaysFor,
  remove,
  rename,
  setAnswers,
  setLater,
  setSeized,
  setText,
  stateOf,
  verify,
} from "../contacts.js";
export { withContacts } from "../prepare.js";
export { askWake, sealWake } from "../wake.js";
