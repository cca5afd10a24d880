/** The wake-up: a closed app cannot ring, so a relay may knock. Off until somebody switches it on; see
 *  `keys/wake.md`. */
/** @import { App } from "../app.js" */
/** @import { WakeOffer } from "../../protocol/wake.js" */
/** @import { ContactPoller } from "./contact-poller.js" */

import { pairState } from "../../core/contacts/book.js";
import { sealWakeChange } from "../../core/contacts/mail.js";
import { askWakeOffer } from "../../core/relay-reads.js";
import { sealWake } from "../../protocol/wake.js";
import { b64, same } from "../../protocol/wire.js";

const PATIENCE_MS = 30_000; // a browser without its push service asks for it for ever

/** In the vault: what contacts were told.
 *  @typedef {{ relay: string, endpoint: string, vapid: string }} PushAnnouncement */

/** Tell whether this browser can be woken at all. @param {App} app */
export function canRing({ config }) {
  const { Notification: notices } = globalThis;
  return Boolean(config.worker && "PushManager" in globalThis && notices && notices.permission !== "denied");
}

/** Find how the first of my relays that rings does it; null: none does. @param {App} app
 *  @returns {Promise<WakeOffer | null>} @throws {NoAnswer} when none of them answers */
export async function findWakeOffer(app) {
  /** @type {unknown} */ let problem = null;
  for (const relay of app.caseSession?.kit.desk.relays ?? []) {
    try {
      const offer = await askWakeOffer(relay, app.fetch);
      if (offer) return offer;
    } catch (error) {
      problem ??= error;
    }
  }
  if (problem) throw problem;
  return null;
}

/** Ask the browser for a subscription and tell every contact; call it from a tap. @param {App} app
 *  @param {ContactPoller} poller @param {WakeOffer} offer */
export async function turnRingingOn(app, poller, offer) {
  if ((await Notification.requestPermission()) !== "granted") throw { reason: "wake-refused" };
  const { endpoint } = await subscribed(offer);
  await sealWake(endpoint, offer, app.randomBytes); // whether this relay calls that push service at all
  poller.session.content.wake = { relay: offer.relay, endpoint, vapid: b64(offer.vapid) };
  await poller.session.save();
  await tellAll(app, poller, offer);
}

/** Tell every contact, and drop the subscription. @param {App} app @param {ContactPoller} poller */
export async function turnRingingOff(app, poller) {
  delete poller.session.content.wake;
  await poller.session.save();
  await tellAll(app, poller, null);
  await (await subscription())?.unsubscribe();
}

/** Tell everybody anew when the subscription changed: push services change their addresses and browsers drop
 *  subscriptions. Who was paired since is told for the first time. @param {App} app @param {ContactPoller} poller */
export async function renewRinging(app, poller) {
  /** @type {PushAnnouncement | undefined} */ const announced = poller.session.content.wake;
  if (!announced || !canRing(app)) return;
  const untold = paired(poller).filter(({ wakeSaid }) => wakeSaid === 0);
  const current = await subscription();
  const isSame = current?.endpoint === announced.endpoint;
  if (isSame && untold.length === 0) return;
  const offer = poller.offers.get(announced.relay); // asked for at each unlocking, so no call of its own leaves here
  if (!offer) return;
  if (isSame && b64(offer.vapid) === announced.vapid) return tell(app, poller, offer, untold);
  const { endpoint } = await subscribed(offer);
  poller.session.content.wake = { relay: offer.relay, endpoint, vapid: b64(offer.vapid) };
  await poller.session.save();
  await tellAll(app, poller, offer);
}

/** @param {ContactPoller} poller */
function paired({ post }) {
  return post.book.contacts.filter((contact) => pairState(contact, Date.now()) === "paired");
}

/** @param {App} app @param {ContactPoller} poller @param {WakeOffer | null} offer */
function tellAll(app, poller, offer) {
  return tell(app, poller, offer, paired(poller));
}

/** Sealed anew for each, so that it links no two pairs. @param {App} app @param {ContactPoller} poller
 *  @param {WakeOffer | null} offer @param {import("../../core/contacts/book.js").Contact[]} contacts */
async function tell(app, poller, offer, contacts) {
  for (const { id } of contacts) {
    const { endpoint } = poller.session.content.wake ?? {};
    const text = offer ? await sealWake(endpoint, offer, app.randomBytes) : null;
    const by = { now: Date.now(), randomBytes: app.randomBytes };
    const { letters } = await poller.post.change((book) => sealWakeChange(book, id, text, by));
    app.sender.add(letters);
  }
}

/** @returns {Promise<PushSubscription | null>} */
async function subscription() {
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager.getSubscription()) ?? null;
}

/** For this relay's key; an older one made for another key goes. @param {WakeOffer} offer
 *  @returns {Promise<PushSubscription>} */
async function subscribed({ vapid }) {
  const registration = await navigator.serviceWorker.getRegistration();
  if (!registration) throw { reason: "wake-refused" };
  const current = await registration.pushManager.getSubscription();
  const key = current?.options.applicationServerKey;
  if (current && key && same(new Uint8Array(key), vapid)) return current;
  await current?.unsubscribe();
  const asked = registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: /** @type {BufferSource} */ (vapid),
  });
  const late = new Promise((_, reject) => setTimeout(reject, PATIENCE_MS));
  try {
    return await Promise.race([asked, /** @type {Promise<never>} */ (late)]);
  } catch {
    throw { reason: "wake-refused" };
  }
}
