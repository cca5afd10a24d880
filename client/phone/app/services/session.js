/** What is unlocked: the vault's content, and everything that needs it. */
/** @import { Card } from "../../protocol/organisation.js" */
/** @import { PreparedContact } from "../../core/prepare.js" */
/** @import { Recipient, Kit } from "../../core/press.js" */
/** @import { Stretch, Vault } from "../../core/vault/vault.js" */
/** @import { RandomBytes } from "../../protocol/wire.js" */
/** @import { App, ReceivedReply, ReplyRoute } from "../app.js" */

import { prepareKit } from "../../core/prepare.js";
import { makeStretch } from "../../core/vault/pin.js";
import { changePin, createVault, openVault, removeSecondPin, saveVault, setSecondPin } from "../../core/vault/vault.js";
import { noteKeyText } from "../../protocol/note.js";
import { newReplyBlock } from "../../protocol/reply-block.js";
import { jsonObject, utf8 } from "../../protocol/wire.js";
import { VAULT } from "../app.js";
import { findWords } from "../ui/i18n.js";
import { isBegun } from "./case.js";

const VERSION = 1;
// What the screens show of a content. The bytes of a vault hold no such mark outside of it (`core/vault/vault.md`, *What
// comes next*).
const ALARM = "alarm";
const NOTES = "notes";
const WAYS = 40; // as many answers as are looked for at once
const ANSWER_SECONDS = 90 * 86_400; // how long an answer may take
const REPLY_RELAYS = 8; // the most a reply block names

/** @typedef {{ v: number, kind: string, name: string, seq: number, hasPin: boolean, facts: Record<string, any>, ways: ReplyRoute[],
 *    answers: ReceivedReply[] }} Content */
/** Of contacts, once there are some: `contacts` the book (`../contacts.js`), `sms` what is written for those without
 *  the app, `wake` what contacts were told of ringing here. */
/** Of the decoy. @typedef {{ v: number, kind: string, notes: { at: number, text: string }[] }} Notes */
/** @typedef {(done: number) => void} OnProgress */

/** Seal and store the kit and the vault of the first visit. Without a PIN the vault is there all the same and holds
 *  nothing personal. @param {App} app @param {Record<string, any>} draft @param {OnProgress} progress */
export async function setUpPhone(app, { card, facts = {}, pin = "", decoy = "" }, progress) {
  const hasPin = pin !== "";
  const { kit, routes } = await sealedKit(app, card, facts, hasPin);
  const content = {
    v: VERSION,
    kind: ALARM,
    name: hasPin ? card.name : "",
    seq: card.seq,
    hasPin,
    facts: hasPin ? facts : {},
    ways: routes,
    answers: [],
  };
  const steps = decoy ? 2 : 1;
  const by = (/** @type {number} */ step) => ({
    randomBytes: app.randomBytes,
    stretch: makeStretch((part) => progress((step + part) / steps)),
  });
  const vault = await createVault(pin, packed(content), by(0));
  const whole = decoy ? await setSecondPin(vault, decoy, packed(ordinary()), by(1)) : vault;
  app.useKit(kit);
  app.hasPin = hasPin;
  await app.keepKit(kit);
  await app.put(VAULT, whole.bytes);
}

/** @param {App} app @param {Card} card @param {Record<string, any>} facts @param {boolean} hasPin
 *  @param {PreparedContact[]} [contacts] @returns {Promise<{ kit: Kit, routes: ReplyRoute[] }>} */
async function sealedKit(app, card, facts, hasPin, contacts = []) {
  const now = Date.now();
  const reply = hasPin ? await newReplyRoute(app, card.relays) : null;
  const kit = await prepareKit({
    card,
    facts,
    reply: reply?.block ?? null,
    contacts,
    now,
    randomBytes: app.randomBytes,
  });
  return { kit, routes: reply ? [{ case: kit.case, keep: reply.keep }] : [] };
}

/** Draw a reply block that names the first of these relays, good for 90 days. @param {App} app
 *  @param {string[]} relays */
export function newReplyRoute(app, relays) {
  const until = Math.floor(Date.now() / 1_000) + ANSWER_SECONDS;
  return newReplyBlock({ relays: relays.slice(0, REPLY_RELAYS), until, randomBytes: app.randomBytes });
}

/** @param {object} content */
function packed(content) {
  return utf8(JSON.stringify(content));
}

/** What the decoy shows when nothing was written into it. @returns {Notes} */
function ordinary() {
  const now = Date.now();
  const day = 86_400_000;
  return {
    v: VERSION,
    kind: NOTES,
    notes: findWords("notes.examples").map((/** @type {string} */ text, /** @type {number} */ i) => ({
      at: now - (i * 3 + 1) * day,
      text,
    })),
  };
}

/** Return a card as far as sealing needs it, from what lies open. @param {Recipient} desk @returns {Card} */
export function restoreCard(desk) {
  const log = desk.keys.map((open) => noteKeyText({ name: "relay", public: open }));
  const unsaid = {
    name: "",
    seq: 0,
    issued: 0,
    expires: 0,
    graceDays: 0,
    languages: [],
    sms: null,
    signed: new Uint8Array(),
  };
  return { ...unsaid, ...desk, log };
}

/** Open the stored vault. @param {App} app @param {string} pin @param {OnProgress} progress @returns {Promise<Session>}
 *  @throws {WrongPassphrase} */
export async function unlockVault(app, pin, progress) {
  const bytes = (await app.store.get(VAULT)) ?? new Uint8Array();
  return new Session(app, await openVault(bytes, pin, makeStretch(progress)));
}

/** Tell whether a PIN was chosen. Nothing on the phone says so; the empty one is tried. @param {App} app */
export async function hasPin(app) {
  app.hasPin ??= await unlockVault(app, "", () => {}).then(
    () => false,
    () => true,
  );
  return app.hasPin;
}

export class Session {
  /** @param {App} app @param {Vault} vault */
  constructor(app, vault) {
    this.app = app;
    this.vault = vault;
    /** @type {any} */
    this.content = jsonObject(vault.content);
    this.content.kind ??= "notes" in this.content ? NOTES : ALARM; // of before
    this.duress = this.content.kind === NOTES;
    /** @type {Promise<unknown>} */
    this.saving = Promise.resolve();
    this.isOver = false;
  }

  /** @returns {Promise<boolean>} whether it is stored */
  save() {
    if (this.isOver) return Promise.resolve(false); // another session has the vault now
    return this.#inTurn(async () => {
      this.vault = await saveVault(this.vault, packed(this.content), this.app.randomBytes);
      return this.app.put(VAULT, this.vault.bytes);
    });
  }

  /** One after the other, or an older content could be written last, and a new PIN lost. @template Result
   *  @param {() => Promise<Result>} step @returns {Promise<Result>} */
  #inTurn(step) {
    const ended = this.saving.then(step);
    this.saving = ended.catch(() => {});
    return ended;
  }

  /** Ends when what was to be saved is saved. */
  close() {
    this.isOver = true;
    return this.saving;
  }

  /** @param {string} pin @param {OnProgress} progress */
  async changePin(pin, progress) {
    await this.#changeVault((vault, by) => changePin(vault, pin, by), progress);
    this.content.hasPin = true;
    this.app.hasPin = true;
    await this.save();
  }

  /** @param {string} pin @param {OnProgress} progress */
  async setDecoy(pin, progress) {
    await this.#changeVault((vault, by) => setSecondPin(vault, pin, packed(ordinary()), by), progress);
    await this.save();
  }

  /** Does the same whether or not there is a second PIN. */
  async removeDecoy() {
    await this.#changeVault((vault, { randomBytes }) => removeSecondPin(vault, randomBytes));
    await this.save();
  }

  /** @param {(vault: Vault, by: { randomBytes: RandomBytes, stretch: Stretch }) => Promise<Vault>} change
   *  @param {OnProgress} [progress] */
  async #changeVault(change, progress) {
    const by = { randomBytes: this.app.randomBytes, stretch: makeStretch(progress) };
    await this.#inTurn(async () => {
      this.vault = await change(this.vault, by);
    });
  }

  /** Into the letters of the next press; when the case has begun, to the desk as well.
   *  @param {Record<string, any>} facts */
  async changeProfile(facts) {
    const { caseSession } = this.app;
    if (this.content.hasPin) this.content.facts = facts;
    if (caseSession && isBegun(caseSession.kit)) await caseSession.tell({ facts });
    else if (caseSession) await this.reseal(restoreCard(caseSession.kit.desk), facts);
    await this.save();
  }

  /** A new case: letters sealed anew, with the newest card when it can be had. */
  async renew() {
    const { caseSession } = this.app;
    if (!caseSession) return;
    const { fetchFirstCard } = await import("./card-fetch.js");
    const { root, relays } = caseSession.kit.desk;
    const card = await fetchFirstCard(this.app, { root, relays }, this.content.seq).catch(() => null);
    if (card) Object.assign(this.content, { seq: card.seq, name: this.content.hasPin ? card.name : "" });
    await this.reseal(card ?? restoreCard(caseSession.kit.desk), this.content.facts);
    await this.save();
    return card !== null;
  }

  /** Those that the press tells; what they need is loaded only when there are some.
   *  @returns {Promise<PreparedContact[]>} */
  async contacts() {
    if (!this.content.contacts?.contacts.length) return [];
    const { listPreparedContacts, readBook } = await import("../../core/contacts/book.js");
    return listPreparedContacts(readBook(this.content.contacts), Date.now());
  }

  /** @param {Card} card @param {Record<string, any>} facts */
  async reseal(card, facts) {
    const { kit, routes } = await sealedKit(this.app, card, facts, this.content.hasPin, await this.contacts());
    this.content.ways = [...this.content.ways, ...routes].slice(-WAYS);
    this.app.useKit(kit);
    await this.app.keepKit(kit);
  }
}
