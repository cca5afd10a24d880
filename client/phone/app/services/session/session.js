/** What is unlocked: the vault's content, and everything that needs it. */
/** @import { Card } from "../../../protocol/organisation.js" */
/** @import { Facts } from "../../../protocol/message.js" */
/** @import { ReplyKeep } from "../../../protocol/reply-block.js" */
/** @import { PreparedContact } from "../../../core/prepare.js" */
/** @import { Kit } from "../../../core/press.js" */
/** @import { Stretch, Vault } from "../../../core/vault/vault.js" */
/** @import { RandomBytes } from "../../../protocol/wire.js" */
/** @import { Book } from "../../../core/contacts/book.js" */
/** @import { App, OpenCase, ReceivedReply, ReplyRoute } from "../../app.js" */
/** @import { SessionKeys } from "./content.js" */

import { newBareKit, prepareKit, restoreCard } from "../../../core/prepare.js";
import { nameKeys } from "../../../core/press.js";
import { makeStretch } from "../../../core/vault/pin.js";
import { changePin, openVault, removeSecondPin, saveVault, setSecondPin } from "../../../core/vault/vault.js";
import { newReplyBlock } from "../../../protocol/reply-block.js";
import { b64, SEED_BYTES, unb64 } from "../../../protocol/wire.js";
import { VAULT } from "../../app.js";
import { isBegun } from "../case.js";
import { drawKeys, isForcedPair, newSecondContent, packContent, readContent } from "./content.js";
import { adoptReceipts, takeReceipts } from "./own-receipts.js";
import { ANSWER_SECONDS, extendRoute } from "./reply-routes.js";
import { chooseNames, listLentContacts, matchContactsOf } from "./second-contacts.js";

const ATTEMPTS = 3; // at sealing anew, when the contacts change meanwhile
const REPLY_RELAYS = 8; // the most a reply block names
const WAYS = 40; // as many answers as are looked for at once
/** @typedef {(done: number) => void} OnProgress */

/** Return the kit of a phone without a PIN. @param {App} app @param {Card} card @param {Record<string, any>} facts who
 *  its owner is, as far as that was left open @param {Vault} vault */
export function openKit(app, card, facts, vault) {
  return newBareKit(card, app.randomBytes, { open: { facts, key: b64(vault.key) } });
}

/** @param {SessionKeys} keys */
function bytesOfKeys({ pin, forced }) {
  return { pin: unb64(pin, SEED_BYTES), forced: unb64(forced, SEED_BYTES) };
}

/** @param {App} app @param {Card} card @param {Record<string, any>} facts @param {SessionKeys} keys
 *  @param {PreparedContact[]} [contacts] @returns {Promise<{ kit: Kit, routes: ReplyRoute[] }>} */
export async function sealKit(app, card, facts, keys, contacts = []) {
  const reply = await newReplyRoute(app, card.relays);
  const kit = await prepareKit({
    card,
    facts,
    reply: reply.block,
    contacts,
    sessions: bytesOfKeys(keys),
    now: Date.now(),
    randomBytes: app.randomBytes,
  });
  return { kit, routes: [{ case: kit.case, keep: reply.keep, isPrepared: true }] };
}

/** Store the private half of a reply block of a phone without a PIN, and what shows that its case is ours. The vault of
 *  such a phone opens with a key that lies in the kit. @param {App} app @param {Kit} kit @param {ReplyKeep} keep */
export async function keepOpenRoute(app, kit, keep) {
  const route = { case: kit.case, keep, secret: kit.secret };
  app.replyRoutes.push(route);
  if (!kit.open || kit.practice) return;
  const session = await openSession(app, kit.open.key);
  if (!session || session.duress) return;
  session.adoptRoutes(kit);
  const isStored = await session.save();
  if (isStored && session.content.hasPin) app.replyRoutes = app.replyRoutes.filter((other) => other !== route);
  const unlocked = /** @type {Session | null} */ (app.session);
  if (!unlocked || unlocked === session || unlocked.duress) return;
  unlocked.adoptRoutes(kit); // unlocked meanwhile, from the bytes of before: what is written last must have both
  await unlocked.save();
}

/** Put the routes of a phone without a PIN among those of this page, as an earlier page left them.
 *  @param {App} app @param {Kit} kit */
export async function loadOpenRoutes(app, kit) {
  const session = kit.open && (await openSession(app, kit.open.key));
  const known = new Set(app.replyRoutes.map(({ keep }) => keep.mailbox));
  app.replyRoutes.push(
    ...(session?.content.ways ?? []).filter((/** @type {ReplyRoute} */ { keep }) => !known.has(keep.mailbox)),
  );
}

/** @param {App} app @param {string} key of the vault, which costs nothing to use @returns {Promise<Session | null>} */
async function openSession(app, key) {
  if (app.session) return /** @type {Session} */ (app.session);
  const bytes = (await app.store.get(VAULT).catch(() => null)) ?? new Uint8Array();
  const vault = await openVault(bytes, "", async () => unb64(key, SEED_BYTES)).catch(() => null);
  return vault && new Session(app, vault);
}

/** Draw a new way for replies to a case that a message can show to be ours, its private half on the disk first: a block
 *  that nothing vouches for would dispute the case. Both sessions write the vault then.
 *  @param {App} app @param {Kit} kit @returns {Promise<Partial<Facts> | null>}
 *  @throws {TooMuchContent} @throws {{ reason: string }} when the store is broken */
export async function drawReply(app, kit) {
  const session = /** @type {Session | null} */ (app.session);
  if (session) session.hasBroughtReply = true;
  const proof = proofOf(app, kit);
  const hasPin = session?.content.hasPin;
  if (!(proof.case_secret || (hasPin && kit.named))) {
    await session?.save();
    return null;
  }
  const { block, keep } = await newReplyRoute(app, kit.desk.relays);
  if (session && hasPin) await session.storeRoute({ case: kit.case, keep });
  else await keepOpenRoute(app, { ...kit, secret: proof.case_secret }, keep);
  return session?.duress ? null : { reply: block, ...proof }; // under force nothing vouches for it
}

/** What shows that a case is ours that began when there was no PIN. @param {App} app @param {Kit} kit
 *  @returns {Partial<Facts>} */
function proofOf({ session, replyRoutes }, kit) {
  const known = (/** @type {ReplyRoute} */ route) => route.case === kit.case && route.secret;
  const secret = kit.secret ?? [...(session?.content.ways ?? []), ...replyRoutes].find(known)?.secret;
  return secret ? { case_secret: secret } : {};
}

/** Draw a reply block that names the first of these relays, good for 90 days. @param {App} app
 *  @param {string[]} relays */
export function newReplyRoute(app, relays) {
  const until = Math.floor(Date.now() / 1_000) + ANSWER_SECONDS;
  return newReplyBlock({ relays: relays.slice(0, REPLY_RELAYS), until, randomBytes: app.randomBytes });
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
    this.content = readContent(vault, app.randomBytes);
    /** For what is sealed, and for no screen. */
    this.duress = isForcedPair(this.content.keys);
    /** What this session speaks with; null without a PIN: whoever holds the phone says the same. */
    this.key = this.content.hasPin ? unb64(this.content.keys.pin, SEED_BYTES) : null;
    this.hasBroughtReply = false;
    /** @type {Promise<unknown>} */
    this.saving = Promise.resolve();
    /** @type {Promise<unknown>} */
    this.sealing = Promise.resolve();
    this.isOver = false;
  }

  /** From it come the mailboxes that fill rounds up; nobody else has it. Null without a PIN. */
  get fillKey() {
    return this.key;
  }

  /** @returns {Promise<boolean>} whether it is stored */
  save() {
    if (this.isOver) return Promise.resolve(false); // another session has the vault now
    return this.#inTurn(async () => {
      this.vault = await saveVault(this.vault, packContent(this.content), this.app.randomBytes);
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

  /** Store replies to be read again; those with the same id are replaced. @param {ReceivedReply[]} replies
   *  @throws {TooMuchContent} when they do not fit @throws {{ reason: string }} when the store is broken */
  async storeReplies(replies) {
    const before = this.content.answers;
    const come = replies.map(({ id, at, text, status }) => ({ id, at, text, status }));
    const ids = new Set(come.map(({ id }) => id));
    this.content.answers = [...before.filter((/** @type {ReceivedReply} */ { id }) => !ids.has(id)), ...come];
    await this.saveOrRestore({ answers: before });
  }

  /** @param {Record<string, any>} before what stands in the content again when nothing was stored
   *  @throws {{ reason: string }} when the store is broken */
  async saveOrRestore(before) {
    let isStored = false;
    try {
      isStored = await this.save();
    } finally {
      if (!isStored) Object.assign(this.content, before); // else no later saving would fit either
    }
    if (!isStored) throw { reason: "store-broken" };
  }

  /** @param {{ at: number, text: string }[]} notes @throws {TooMuchContent} when they do not fit
   *  @throws {{ reason: string }} when the store is broken */
  async changeNotes(notes) {
    const before = this.content.notes;
    this.content.notes = notes;
    await this.saveOrRestore({ notes: before });
  }

  /** With the first PIN what lay open goes behind it, and the keys of the sessions are drawn anew.
   *  @param {string} pin @param {OnProgress} progress @throws {{ reason: string }} when the store is broken */
  async changePin(pin, progress) {
    const isFirst = !this.content.hasPin;
    const laidOpen = () => this.app.caseSession?.kit.open?.facts ?? this.content.facts ?? {};
    await this.#changeVault(
      (vault, by) => changePin(vault, pin, by),
      progress,
      () => ({ hasPin: true, ...(isFirst ? { keys: drawKeys(this.app.randomBytes), facts: laidOpen() } : {}) }),
    );
    this.app.hasPin = true;
    if (!isFirst) return;
    this.key = unb64(this.content.keys.pin, SEED_BYTES);
    this.app.key = this.key;
    this.hasBroughtReply = false; // what comes to the ways of before, whoever copied the phone can read
    await this.closeKit();
  }

  /** Put what lies open in the kit behind the PIN that the vault has already: letters sealed in advance take its place,
   *  or, when a case has begun, the organisation is told the keys of the sessions. */
  async closeKit() {
    const { caseSession } = this.app;
    if (!caseSession) return;
    await adoptReceipts(this, b64(this.app.randomBytes(SEED_BYTES))).catch(() => {}); // whoever copied the vault has the old seed
    const { desk } = caseSession.kit;
    const isNew = !isBegun(caseSession.kit) && (await this.reseal(restoreCard(desk), this.content.facts));
    if (!isNew) await this.#closeCase(caseSession);
    this.adoptRoutes(caseSession.kit); // of a press in between, which stores them
    this.app.replyRoutes = [];
  }

  /** @param {OpenCase} caseSession of a case that began without a PIN */
  async #closeCase(caseSession) {
    const { kit } = caseSession;
    this.adoptRoutes(kit);
    await this.save();
    const proof = proofOf(this.app, kit);
    const named = Boolean(proof.case_secret);
    // Before the kit is closed: until it is, the next unlocking does all of this again.
    if (named) await caseSession.tell({ ...proof, keys: nameKeys(kit, bytesOfKeys(this.content.keys)) });
    await caseSession.replaceKit(async ({ secret: _, ...now }) => ({ ...now, named, open: null }));
  }

  /** Set or replace the second PIN of this one. @param {string} pin
   *  @param {{ organisation: string, people: string[] } | undefined} names @param {OnProgress} progress
   *  @throws {{ reason: string }} when the store is broken */
  async setDecoy(pin, names, progress) {
    const second = packContent(newSecondContent(this.content, await chooseNames(this.app, names)));
    await this.#changeVault((vault, by) => setSecondPin(vault, pin, second, by), progress);
  }

  /** Does the same whether or not there is a second PIN. @throws {{ reason: string }} when the store is broken */
  async removeDecoy() {
    await this.#changeVault((vault, { randomBytes }) => removeSecondPin(vault, randomBytes));
  }

  /** Change the vault and what is in it at once, on the disk first: a phone may go off at any moment.
   *  @param {(vault: Vault, by: { randomBytes: RandomBytes, stretch: Stretch }) => Promise<Vault>} change
   *  @param {OnProgress} [progress] @param {() => Record<string, any>} [more] what the content has with it
   *  @throws {{ reason: string }} when the store is broken */
  async #changeVault(change, progress, more = () => ({})) {
    const { app } = this;
    const by = { randomBytes: app.randomBytes, stretch: makeStretch(progress) };
    await this.#inTurn(async () => {
      const changed = await change(this.vault, by);
      const fields = more();
      const vault = await saveVault(changed, packContent({ ...this.content, ...fields }), app.randomBytes);
      if (this.isOver || !(await app.put(VAULT, vault.bytes))) throw { reason: "store-broken" };
      this.vault = vault;
      Object.assign(this.content, fields);
    });
  }

  /** Into the letters of the next press; when the case has begun, to the desk as well. Without a PIN it stays on the
   *  phone only if it is left open. @param {Record<string, any>} facts @param {boolean} [isLeftOpen] */
  async changeProfile(facts, isLeftOpen = false) {
    const { caseSession } = this.app;
    if (this.content.hasPin) this.content.facts = facts;
    const kept = this.content.hasPin || isLeftOpen ? facts : {};
    if (caseSession) {
      const isSealed =
        !this.isFollowing(caseSession.kit) && (await this.reseal(restoreCard(caseSession.kit.desk), kept));
      if (!isSealed) await caseSession.tell({ facts });
    }
    await this.save();
  }

  /** Bring a new way for replies with the first words of this session: the one that came with the press may have been
   *  sealed half a year before; and the receipts for earlier words. Both sessions write the vault then.
   *  @param {Kit} kit @param {Partial<Facts>} content they go along with @returns {Promise<Partial<Facts> | null>} */
  async bringReply(kit, content) {
    if (this.hasBroughtReply || !isBegun(kit) || kit.practice) return null;
    this.hasBroughtReply = true;
    const brought = this.content.hasPin ? await drawReply(this.app, kit) : null;
    if (this.duress) return brought;
    const receipts = takeReceipts(this, kit, { ...content, ...brought });
    if (!brought) await this.save();
    return { ...brought, ...receipts };
  }

  /** Start to speak: what is said from now on is said by this session. */
  begin() {
    Object.assign(this.app, { session: this, duress: this.duress, key: this.key, mail: null });
  }

  /** Bring the contacts in step with those of the open kit, where they are stand-ins. */
  async matchContacts() {
    if (this.duress && (await matchContactsOf(this.app, this.content))) await this.save();
  }

  /** List those that the kit is to name: for a stand-in, what the kit has of the contact already. @param {Book} book */
  listTold(book) {
    return listLentContacts(this.app, this.content, book);
  }

  /** List the relays that the kit is to name beside the organisation's. Under force those of the owner stay.
   *  @param {Kit | undefined} kit @param {string[]} urls where mailboxes of this session lie */
  listOtherRelays(kit, urls) {
    if (this.duress) return kit?.others ?? [];
    return [...new Set(urls)].filter((url) => !kit?.desk.relays.includes(url)).sort();
  }

  /** Tell whether the case that the kit is about is one to be looked at here. @param {Kit} kit */
  isFollowing(kit) {
    return isBegun(kit) && this.content.over !== nameMoment(kit);
  }

  /** Put those routes of a case that this page drew, and the vault lacks, into the content. @param {Kit} kit */
  adoptRoutes({ case: id }) {
    const stored = new Set(this.content.ways.map((/** @type {ReplyRoute} */ { keep }) => keep.mailbox));
    const drawn = this.app.replyRoutes.filter((route) => route.case === id && !stored.has(route.keep.mailbox));
    this.content.ways = [...this.content.ways, ...drawn].slice(-WAYS);
  }

  /** @param {ReplyRoute} route @throws {TooMuchContent} @throws {{ reason: string }} when the store is broken */
  async storeRoute(route) {
    const before = this.content.ways;
    this.content.ways = [...before, route].slice(-WAYS);
    await this.saveOrRestore({ ways: before });
  }

  /** Seal the letters of a press anew as long as no case has begun, so that the way for replies in them is of this
   *  unlocking; a press in between goes first. */
  async prepareAnew() {
    const { caseSession } = this.app;
    // A press without a PIN, while the vault was opening, wrote its route into the bytes of before.
    if (caseSession && !this.content.hasPin) this.adoptRoutes(caseSession.kit);
    if (caseSession?.kit.open && this.content.hasPin) return this.closeKit(); // the phone went off before
    await adoptReceipts(this).catch(() => {}); // a full vault keeps nothing else back
    if (!caseSession || this.isFollowing(caseSession.kit)) {
      const begun = caseSession?.kit.case;
      const mark = (/** @type {ReplyRoute} */ route) =>
        route.isPrepared && route.case === begun ? extendRoute(route) : route;
      this.content.ways = this.content.ways.map(mark);
      await this.save();
      return;
    }
    const { open, desk } = caseSession.kit;
    if (!this.content.hasPin && open) return; // there a press draws its own
    await this.#sealUntilCurrent(restoreCard(desk), this.content.hasPin ? this.content.facts : open?.facts, true);
  }

  /** A new case: letters sealed anew, with the newest card when it can be had. */
  async renew() {
    const { caseSession } = this.app;
    if (!caseSession) return;
    const { findNewerCard } = await import("../../../core/newest-card.js");
    const { root, relays, seq } = caseSession.kit.desk;
    const known = { root, relays, seq: Math.max(seq, this.content.seq ?? 0) };
    const { card, problem } = await findNewerCard(known, this.app.fetch);
    if (card) this.#adoptCard(card);
    const { hasPin, facts } = this.content;
    await this.reseal(card ?? restoreCard(caseSession.kit.desk), hasPin ? facts : caseSession.kit.open?.facts);
    await this.save();
    return !problem;
  }

  /** What the owner called the organisation under a second PIN stays. @param {Card} card */
  #adoptCard({ seq, name }) {
    this.content.seq = seq;
    if (!this.duress) this.content.name = this.content.hasPin ? name : "";
  }

  /** Those that the press tells; what they need is loaded only when there are some.
   *  @returns {Promise<PreparedContact[]>} */
  async contacts() {
    if (!this.content.contacts?.contacts.length) return [];
    const { listPreparedContacts, readBook } = await import("../../../core/contacts/book.js");
    return listPreparedContacts(readBook(this.content.contacts), Date.now());
  }

  /** Return which kit is to lie on the phone. Under force the letters of before stay, and those that were sealed now are
   *  thrown away: a press goes on saying who its owner is. The work is the same. @param {Kit} sealed @param {Kit} before
   *  @returns {Kit} */
  #kitInPlace(sealed, before) {
    return this.duress ? { ...before } : sealed;
  }

  /** Seal the letters of a new case. @param {Card} card @param {Record<string, any>} [facts]
   *  @returns {Promise<boolean>} false when a press came first: its case stays */
  reseal(card, facts) {
    return this.#sealUntilCurrent(card, facts, false);
  }

  /** Seal until nothing has come between: a kit only ever replaces the one that it was made from.
   *  @param {Card} card @param {Record<string, any> | undefined} facts @param {boolean} isStoredOnly whether a kit whose
   *  way for replies could not be stored is left @returns {Promise<boolean>} false when a press came first */
  #sealUntilCurrent(card, facts, isStoredOnly) {
    // One after the other: of two at once the second would drop the way for replies that the kit of the first names.
    const ended = this.sealing.then(() => this.#sealNext(card, facts, isStoredOnly));
    this.sealing = ended.catch(() => {});
    return ended;
  }

  /** @param {Card} card @param {Record<string, any> | undefined} facts @param {boolean} isStoredOnly */
  async #sealNext(card, facts, isStoredOnly) {
    const caseSession = /** @type {OpenCase} */ (this.app.caseSession);
    const wasBegun = isBegun(caseSession.kit);
    for (let i = 0; i < ATTEMPTS && isBegun(caseSession.kit) === wasBegun; i++) {
      const old = caseSession.kit;
      const kit = await this.sealAnew(card, facts);
      this.content.over = wasBegun ? nameMoment(old) : "";
      const isStored = await this.save(); // before the kit: what it sends brings keys for replies that lie here
      if ((isStoredOnly && !isStored) || (await this.#replaceKit(old, kit))) break;
    }
    return wasBegun || caseSession !== this.app.caseSession || !isBegun(caseSession.kit);
  }

  /** @param {Kit} old @param {Kit} kit made from it @returns {Promise<boolean>} whether the old one was still there */
  async #replaceKit(old, kit) {
    const { app } = this;
    const caseSession = /** @type {OpenCase} */ (app.caseSession);
    const next = this.#kitInPlace(kit, old);
    let isReplaced = false;
    await caseSession.replaceKit(async (now) => {
      isReplaced = now === old && app.caseSession === caseSession && !this.isOver;
      if (!isReplaced || !isBegun(old)) return isReplaced ? next : now;
      app.useKit(next); // what was said of the case before is not said of this one
      return now;
    });
    if (isReplaced && isBegun(old)) await app.keepKit(next);
    return isReplaced;
  }

  /** Return a kit for a new case, and put the private half of its reply block among the routes; those of letters that
   *  were sealed in advance and never left go. @param {Card} card @param {Record<string, any>} [facts]
   *  @returns {Promise<Kit>} */
  async sealAnew(card, facts = {}) {
    const now = this.app.caseSession?.kit;
    const { hasPin, keys } = this.content;
    const phone = { renewed: now?.renewed, dated: now?.dated, receiptKey: now?.receiptKey, others: now?.others ?? [] };
    if (!hasPin) return { ...openKit(this.app, card, facts, this.vault), ...phone };
    const { kit, routes } = await sealKit(this.app, card, facts, keys, await this.contacts());
    const earlier = this.content.ways.flatMap((/** @type {ReplyRoute} */ route) => {
      if (route.case !== now?.case) return route.isPrepared ? [] : [route];
      return [isBegun(now) ? extendRoute(route) : route];
    });
    this.content.ways = [...earlier, ...routes].slice(-WAYS);
    return { ...kit, ...phone };
  }
}

/** Name a case at this point of it: what is said next makes it another. @param {Kit} kit */
function nameMoment({ case: id, seq }) {
  return `${id} ${seq}`;
}
