/** Whom a second PIN shows in the place of the owner's organisation and contacts. What it takes is loaded when somebody
 *  looks. */
/** @import { Book } from "../../../core/contacts/book.js" */
/** @import { PreparedContact } from "../../../core/prepare.js" */
/** @import { App } from "../../app.js" */
/** @import { Content } from "./content.js" */

import { listReadyNames } from "./content.js";

/** Return what a second PIN calls the organisation and the contacts of the kit. @param {App} app
 *  @param {{ organisation: string, people: string[] }} [names] that its owner chose */
export async function chooseNames(app, { organisation, people } = { organisation: "", people: [] }) {
  const [{ readBook }, { matchStandIns }] = await loadStandIns();
  const ready = listReadyNames();
  const names = [...people, ...ready.people];
  const { book, standIns } = matchStandIns({ book: readBook(null), standIns: [] }, kitOf(app, names));
  return { name: organisation || ready.organisation, names, contacts: book, standIns };
}

/** Bring the stand-ins of a content in step with the open kit. @param {App} app @param {Content} content
 *  @returns {Promise<boolean>} whether that changed anything */
export async function matchContactsOf(app, content) {
  const [{ readBook }, { matchStandIns }] = await loadStandIns();
  const before = { book: readBook(content.contacts), standIns: content.standIns };
  const { book, standIns } = matchStandIns(before, kitOf(app, content.names));
  Object.assign(content, { contacts: book, standIns });
  return book !== before.book;
}

/** List those that the kit is to name. @param {App} app @param {Content} content @param {Book} book
 *  @returns {Promise<PreparedContact[]>} */
export async function listLentContacts(app, { standIns }, book) {
  const [{ listPreparedContacts }, { lendContacts }] = await loadStandIns();
  const prepared = await listPreparedContacts(book, Date.now());
  return lendContacts(prepared, { book, standIns }, app.caseSession?.kit.contacts ?? []);
}

/** @returns {Promise<[typeof import("../../../core/contacts/book.js"), typeof import("../../../core/contacts/stand-ins.js")]>} */
function loadStandIns() {
  return Promise.all([import("../../../core/contacts/book.js"), import("../../../core/contacts/stand-ins.js")]);
}

/** @param {App} app @param {string[]} names */
function kitOf({ caseSession, randomBytes }, names) {
  const { contacts = [], desk = { relays: [] } } = caseSession?.kit ?? {};
  return { contacts, relays: desk.relays, names, now: Date.now(), randomBytes };
}
