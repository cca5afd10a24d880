/** What is unlocked: the vault's content, and everything that needs it. */
/** @import { Card } from "../../protocol/organisation.js" */
/** @import { Facts } from "../../protocol/message.js" */
/** @import { ReplyKeep } from "../../protocol/reply-block.js" */
/** @import { PreparedContact } from "../../core/prepare.js" */
/** @import { Recipient, Kit } from "../../core/press.js" */
/** @import { OwnReceipt } from "../../core/receipts.js" */
/** @import { Stretch, Vault } from "../../core/vault/vault.js" */
/** @import { RandomBytes } from "../../protocol/wire.js" */
/** @import { App, ReceivedReply, ReplyRoute } from "../app.js" */

import { newBareKit, prepareKit } from "../../core/prepare.js";
import { chooseReceipts, markCarried, receiptKey, storeInVault } from "../../core/receipts.js";
import { makeStretch } from "../../core/vault/pin.js";
import { changePin, createVault, openVault, removeSecondPin, saveVault, setSecondPin } from "../../core/vault/vault.js";
import { LETTER_ROOM } from "../../protocol/envelope.js";
import { factsMessage, headerOf } from "../../protocol/message.js";
import { noteKeyText } from "../../protocol/note.js";
import { newReplyBlock } from "../../protocol/reply-block.js";
import { b64, domain, HASH_BYTES, jsonObject, mac, SEED_BYTES, same, unb64, utf8 } from "../../protocol/wire.js";
import { VAULT } from "../app.js";
import { findWords } from "../ui/i18n.js";
import { isBegun } from "./case.js";
import { loadReceipts } from "./own-receipts.js";

const VERSION = 1;
// What the screens show of a content. The bytes of a vault hold no such mark outside of it (`core/vault/vault.md`, *What
// comes next*).
const ALARM = "alarm";
const NOTES = "notes";
const ATTEMPTS = 3; // at sealing anew, when the contacts change meanwhile
const WAYS = 40; // as many answers as are looked for at once
const ANSWER_SECONDS = 90 * 86_400; // how long an answer may take
const REPLY_RELAYS = 8; // the most a reply block names
const SESSION = domain("session");

/** The keys of both sessions (b64): what is said under the PIN, and under the one for being forced.
 *  @typedef {{ pin: string, forced: string }} SessionKeys */
/** @typedef {{ v: number, kind: string, name: string, seq: number, hasPin: boolean, facts: Record<string, any>,
 *    ways: ReplyRoute[], answers: ReceivedReply[], keys: SessionKeys, receiptSeed: string, receipts?: OwnReceipt[]
 *    }} Content */
/** Of contacts, once there are some: `contacts` the book (`../contacts.js`), `sms` what is written for those without
 *  the app, `wake` what contacts were told of ringing here. */
/** Of the decoy. @typedef {{ v: number, kind: string, notes: { at: number, text: string }[], key?: string }} Notes */
/** @typedef {(done: number) => void} OnProgress */

/** Seal and store the kit and the vault of the first visit. Without a PIN nothing is sealed in advance; the vault is
 *  there all the same, for replies, and who the person is stays only if they leave it open.
 *  @param {App} app @param {Record<string, any>} draft @param {OnProgress} progress */
export async function setUpPhone(app, { card, facts = {}, isLeftOpen = false, pin = "", decoy = "" }, progress) {
  const hasPin = pin !== "";
  const keys = drawKeys(app);
  const prepared = hasPin ? await sealedKit(app, card, facts, keys) : null;
  const content = {
    v: VERSION,
    kind: ALARM,
    name: hasPin ? card.name : "",
    seq: card.seq,
    hasPin,
    facts: hasPin ? facts : {},
    ways: prepared?.routes ?? [],
    answers: [],
    keys,
    receiptSeed: b64(app.randomBytes(SEED_BYTES)),
  };
  const steps = decoy ? 2 : 1;
  const by = (/** @type {number} */ step) => ({
    randomBytes: app.randomBytes,
    stretch: makeStretch((part) => progress((step + part) / steps)),
  });
  const vault = await createVault(pin, packed(content), by(0));
  const whole = decoy ? await setSecondPin(vault, decoy, packed(ordinary(keys.forced)), by(1)) : vault;
  const bare = prepared?.kit ?? openKit(app, card, isLeftOpen ? facts : {}, vault);
  const kit = { ...bare, receiptKey: await receiptKey(unb64(content.receiptSeed)) };
  app.hasPin = hasPin;
  await app.put(VAULT, whole.bytes); // before the kit: what it sends brings keys for replies that lie here
  app.useKit(kit);
  await app.keepKit(kit);
}

/** Return the kit of a phone without a PIN. @param {App} app @param {Card} card @param {Record<string, any>} facts who
 *  its owner is, as far as that was left open @param {Vault} vault */
function openKit(app, card, facts, vault) {
  return newBareKit(card, app.randomBytes, { open: { facts, key: b64(vault.key) } });
}

/** @param {App} app @returns {SessionKeys} */
function drawKeys(app) {
  return { pin: b64(app.randomBytes(SEED_BYTES)), forced: b64(app.randomBytes(SEED_BYTES)) };
}

/** Return the keys of both sessions from the one that opened first of all, or of its own from the other. They lie in
 *  what each session opens; a vault from before has none, and each session can make them of what it holds.
 *  @param {App} app @param {Vault} vault @param {any} content @returns {{ own: string, both: SessionKeys | null }} */
function sessionKeys(app, vault, content) {
  const made = (/** @type {Uint8Array} */ key) => b64(mac(key, SESSION));
  if (content.kind === NOTES) return { own: content.key ?? made(vault.key), both: null };
  const drawn = drawKeys(app);
  const before = vault.old?.decoy; // a second PIN of before, whose session makes its key of what it holds
  const both = content.keys ?? { ...drawn, ...(before ? { forced: made(before.key) } : {}) };
  return { own: both.pin, both };
}

/** @param {App} app @param {Card} card @param {Record<string, any>} facts @param {SessionKeys} keys
 *  @param {PreparedContact[]} [contacts] @returns {Promise<{ kit: Kit, routes: ReplyRoute[] }>} */
async function sealedKit(app, card, facts, keys, contacts = []) {
  const reply = await newReplyRoute(app, card.relays);
  const kit = await prepareKit({
    card,
    facts,
    reply: reply.block,
    contacts,
    sessions: { pin: unb64(keys.pin, SEED_BYTES), forced: unb64(keys.forced, SEED_BYTES) },
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
  await session.save();
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

/** What the decoy shows when nothing was written into it. @param {string} key of its session @returns {Notes} */
function ordinary(key) {
  const now = Date.now();
  const day = 86_400_000;
  return {
    v: VERSION,
    kind: NOTES,
    key,
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
    const { own, both } = sessionKeys(app, vault, this.content);
    if (both) this.content.keys = both;
    else this.content.key = own;
    /** What this session speaks with; null without a PIN: whoever holds the phone says the same. */
    this.key = this.duress || this.content.hasPin ? unb64(own, SEED_BYTES) : null;
    this.hasBroughtReply = false;
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

  /** Store replies to be read again; those with the same id are replaced. @param {ReceivedReply[]} replies
   *  @throws {TooMuchContent} when they do not fit @throws {{ reason: string }} when the store is broken */
  async storeReplies(replies) {
    const before = this.content.answers;
    const come = replies.map(({ id, at, text, status }) => ({ id, at, text, status }));
    const ids = new Set(come.map(({ id }) => id));
    this.content.answers = [...before.filter((/** @type {ReceivedReply} */ { id }) => !ids.has(id)), ...come];
    await this.#saveOrRestore({ answers: before });
  }

  /** @param {Record<string, any>} before what stands in the content again when nothing was stored
   *  @throws {{ reason: string }} when the store is broken */
  async #saveOrRestore(before) {
    let isStored = false;
    try {
      isStored = await this.save();
    } finally {
      if (!isStored) Object.assign(this.content, before); // else no later saving would fit either
    }
    if (!isStored) throw { reason: "store-broken" };
  }

  /** @param {string} pin @param {OnProgress} progress */
  async changePin(pin, progress) {
    const isFirst = !this.duress && !this.content.hasPin;
    await this.#changeVault((vault, by) => changePin(vault, pin, by), progress);
    this.content.hasPin = true;
    this.app.hasPin = true;
    if (isFirst) await this.closeKit();
    await this.save();
  }

  /** What lay open without a PIN goes behind it, and the keys of the sessions are drawn anew. */
  async closeKit() {
    this.content.keys = drawKeys(this.app);
    this.key = unb64(this.content.keys.pin, SEED_BYTES);
    this.app.key = this.key;
    const { caseSession } = this.app;
    if (!caseSession) return;
    this.content.facts = caseSession.kit.open?.facts ?? {};
    await this.adoptReceipts(b64(this.app.randomBytes(SEED_BYTES))).catch(() => {}); // whoever copied the vault has the old one
    await caseSession.replaceKit(async (kit) => ({ ...kit, open: null }));
    if (!isBegun(caseSession.kit)) await this.reseal(restoreCard(caseSession.kit.desk), this.content.facts);
  }

  /** @param {string} pin @param {OnProgress} progress */
  async setDecoy(pin, progress) {
    await this.#changeVault(
      (vault, by) => setSecondPin(vault, pin, packed(ordinary(this.content.keys?.forced ?? this.content.key)), by),
      progress,
    );
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

  /** Into the letters of the next press; when the case has begun, to the desk as well. Without a PIN it stays on the
   *  phone only if it is left open. @param {Record<string, any>} facts @param {boolean} [isLeftOpen] */
  async changeProfile(facts, isLeftOpen = false) {
    const { caseSession } = this.app;
    if (this.content.hasPin) this.content.facts = facts;
    const kept = this.content.hasPin || isLeftOpen ? facts : {};
    if (caseSession && isBegun(caseSession.kit)) await caseSession.tell({ facts });
    else if (caseSession) await this.reseal(restoreCard(caseSession.kit.desk), kept);
    await this.save();
  }

  /** Draw a new way for replies with the first words of this session: the one that came with the press may have been
   *  sealed half a year before; and the receipts for earlier words. Both sessions write the vault then. @param {Kit} kit
   *  @param {Partial<Facts>} content they go along with @returns {Promise<Partial<Facts> | null>} */
  async bringReply(kit, content) {
    if (this.hasBroughtReply || !isBegun(kit) || kit.practice) return null;
    this.hasBroughtReply = true;
    if (this.duress || !this.content.hasPin) {
      const carried = this.duress ? null : this.#takeReceipts(kit, content);
      await this.save();
      return carried;
    }
    const { block, keep } = await newReplyRoute(this.app, kit.desk.relays);
    await this.#storeRoute({ case: kit.case, keep }); // what could not be stored could not be read
    const brought = { reply: block, ...this.proofOf(kit) };
    return { ...brought, ...this.#takeReceipts(kit, { ...content, ...brought }) };
  }

  /** Choose the receipts that go along with these words, as many as fit into their letter. @param {Kit} kit
   *  @param {Partial<Facts>} content @returns {Partial<Facts>} */
  #takeReceipts({ case: id, seq }, content) {
    const own = this.content.receipts ?? [];
    const message = factsMessage("amend", { case: id, seq, at: Date.now() }, content, this.app.randomBytes);
    const receipts = chooseReceipts(own, id, LETTER_ROOM - HASH_BYTES - headerOf(message).length);
    this.content.receipts = markCarried(own, receipts);
    return receipts.length ? { receipts } : {};
  }

  /** Move what came while the phone was locked into the vault, and let the kit seal to this vault's key.
   *  @param {string} [seed] the one that opens it from now on, b64 */
  async adoptReceipts(seed = this.content.receiptSeed ?? b64(this.app.randomBytes(SEED_BYTES))) {
    const { caseSession, store } = this.app;
    if (this.duress || !caseSession) return;
    const { receipts, receiptSeed } = this.content;
    const come = receiptSeed ? await loadReceipts(store, unb64(receiptSeed)) : [];
    this.content = Object.assign(this.content, storeInVault(this.content, come), { receiptSeed: seed });
    await this.#saveOrRestore({ receipts, receiptSeed });
    const key = await receiptKey(unb64(seed));
    const known = caseSession.kit.receiptKey;
    if (!known || !same(known, key)) await caseSession.replaceKit(async (kit) => ({ ...kit, receiptKey: key }));
  }

  /** Put those routes of a case that this page drew, and the vault lacks, into the content. @param {Kit} kit */
  adoptRoutes({ case: id }) {
    const stored = new Set(this.content.ways.map((/** @type {ReplyRoute} */ { keep }) => keep.mailbox));
    const drawn = this.app.replyRoutes.filter((route) => route.case === id && !stored.has(route.keep.mailbox));
    this.content.ways = [...this.content.ways, ...drawn].slice(-WAYS);
  }

  /** @param {ReplyRoute} route @throws {TooMuchContent} @throws {{ reason: string }} when the store is broken */
  async #storeRoute(route) {
    const before = this.content.ways;
    this.content.ways = [...before, route].slice(-WAYS);
    await this.#saveOrRestore({ ways: before });
  }

  /** Destroy the keys of these ways; both sessions write the vault then. @param {ReplyRoute[]} over
   *  @param {number} now in Unix seconds: when the date was asked for */
  async forgetRoutes(over, now) {
    const gone = new Set(over.map(({ keep }) => keep.mailbox));
    const ways = this.content.ways?.filter((/** @type {ReplyRoute} */ { keep }) => !gone.has(keep.mailbox));
    Object.assign(this.content, { datedAt: now, ...(ways && { ways }) });
    await this.save();
  }

  /** What shows that a case is ours that began when there was no PIN. @param {Kit} kit @returns {Partial<Facts>} */
  proofOf(kit) {
    const known = (/** @type {ReplyRoute} */ route) => route.case === kit.case && route.secret;
    const secret = kit.secret ?? this.content.ways.find(known)?.secret;
    return secret ? { case_secret: secret } : {};
  }

  /** Seal the letters of a press anew as long as no case has begun, so that the way for replies in them is of this
   *  unlocking; a press in between goes first. */
  async prepareAnew() {
    const { caseSession } = this.app;
    // A press without a PIN, while the vault was opening, wrote its route into the bytes of before.
    if (caseSession && !this.duress && !this.content.hasPin) this.adoptRoutes(caseSession.kit);
    await this.adoptReceipts().catch(() => {}); // a full vault keeps nothing else back
    if (!caseSession || this.duress || isBegun(caseSession.kit)) {
      const begun = caseSession?.kit.case;
      const mark = (/** @type {ReplyRoute} */ route) =>
        route.isPrepared && route.case === begun ? extended(route) : route;
      if (!this.duress) this.content.ways = this.content.ways.map(mark);
      await this.save(); // in both sessions
      return;
    }
    if (!this.content.hasPin && caseSession.kit.open) return; // there a press draws its own
    for (let i = 0; i < ATTEMPTS; i++) {
      const old = caseSession.kit;
      const kit = await this.sealAnew(
        restoreCard(old.desk),
        this.content.hasPin ? this.content.facts : old.open?.facts,
      );
      if (!(await this.save())) return;
      let isReplaced = false;
      await caseSession.replaceKit(async (now) => {
        isReplaced = now === old && this.app.session === this;
        return isReplaced ? kit : now;
      });
      if (isReplaced || isBegun(caseSession.kit)) return;
    }
  }

  /** A new case: letters sealed anew, with the newest card when it can be had. */
  async renew() {
    const { caseSession } = this.app;
    if (!caseSession) return;
    const { findNewerCard } = await import("../../core/newest-card.js");
    const { root, relays, seq } = caseSession.kit.desk;
    const known = { root, relays, seq: Math.max(seq, this.content.seq ?? 0) };
    const { card, problem } = await findNewerCard(known, this.app.fetch);
    if (card) Object.assign(this.content, { seq: card.seq, name: this.content.hasPin ? card.name : "" });
    const { hasPin, facts } = this.content;
    await this.reseal(card ?? restoreCard(caseSession.kit.desk), hasPin ? facts : caseSession.kit.open?.facts);
    await this.save();
    return !problem;
  }

  /** What is sealed in advance goes to the keys of a card that came by itself. @param {Card} card */
  async useNewCard(card) {
    if (!this.duress) Object.assign(this.content, { seq: card.seq, name: this.content.hasPin ? card.name : "" });
    await this.prepareAnew(); // saves, in both sessions
  }

  /** Those that the press tells; what they need is loaded only when there are some.
   *  @returns {Promise<PreparedContact[]>} */
  async contacts() {
    if (!this.content.contacts?.contacts.length) return [];
    const { listPreparedContacts, readBook } = await import("../../core/contacts/book.js");
    return listPreparedContacts(readBook(this.content.contacts), Date.now());
  }

  /** @param {Card} card @param {Record<string, any>} [facts] */
  async reseal(card, facts) {
    const kit = await this.sealAnew(card, facts);
    await this.save(); // before the kit: what it sends brings keys for replies that lie here
    this.app.useKit(kit);
    await this.app.keepKit(kit);
  }

  /** Return a kit for a new case, and put the private half of its reply block among the routes; those of letters that
   *  were sealed in advance and never left go. @param {Card} card @param {Record<string, any>} [facts]
   *  @returns {Promise<Kit>} */
  async sealAnew(card, facts = {}) {
    const now = this.app.caseSession?.kit;
    const { hasPin, keys } = this.content;
    const phone = { renewed: now?.renewed, receiptKey: now?.receiptKey };
    if (!hasPin) return { ...openKit(this.app, card, facts, this.vault), ...phone };
    const { kit, routes } = await sealedKit(this.app, card, facts, keys, await this.contacts());
    const earlier = this.content.ways.flatMap((/** @type {ReplyRoute} */ route) => {
      if (route.case !== now?.case) return route.isPrepared ? [] : [route];
      return [isBegun(now) ? extended(route) : route];
    });
    this.content.ways = [...earlier, ...routes].slice(-WAYS);
    return { ...kit, ...phone };
  }
}

/** A case that has begun is looked after for as long as a new one would be. @param {ReplyRoute} route
 *  @returns {ReplyRoute} */
function extended({ keep, ...route }) {
  const until = Math.max(keep.until, Math.floor(Date.now() / 1_000) + ANSWER_SECONDS);
  return { ...route, isPrepared: false, keep: { ...keep, until } };
}
