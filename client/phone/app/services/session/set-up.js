/** The first visit: what is sealed and stored when a phone is set up. */
/** @import { App } from "../../app.js" */

import { receiptKey } from "../../../core/receipts.js";
import { makeStretch } from "../../../core/vault/pin.js";
import { createVault, setSecondPin } from "../../../core/vault/vault.js";
import { b64, SEED_BYTES, unb64 } from "../../../protocol/wire.js";
import { VAULT } from "../../app.js";
import { drawKeys, newContent, newSecondContent, packContent } from "./content.js";
import { chooseNames } from "./second-contacts.js";
import { openKit, sealKit } from "./session.js";

/** Seal and store the kit and the vault of the first visit. Without a PIN nothing is sealed in advance; the vault is
 *  there all the same, for replies, and who the person is stays only if they leave it open.
 *  @param {App} app @param {Record<string, any>} draft @param {(part: number) => void} progress of the whole, from 0 to 1 */
export async function setUpPhone(app, { card, facts = {}, isLeftOpen = false, pin = "", decoy = "", names }, progress) {
  const hasPin = pin !== "";
  const keys = drawKeys(app.randomBytes);
  const prepared = hasPin ? await sealKit(app, card, facts, keys) : null;
  const content = newContent({
    name: hasPin ? card.name : "",
    seq: card.seq,
    hasPin,
    facts: hasPin ? facts : {},
    ways: prepared?.routes ?? [],
    keys,
    receiptSeed: b64(app.randomBytes(SEED_BYTES)),
  });
  const steps = decoy ? 2 : 1;
  const by = (/** @type {number} */ step) => ({
    randomBytes: app.randomBytes,
    stretch: makeStretch((part) => progress((step + part) / steps)),
  });
  const vault = await createVault(pin, packContent(content), by(0));
  const second = decoy && packContent(newSecondContent(content, await chooseNames(app, names)));
  const whole = second ? await setSecondPin(vault, decoy, second, by(1)) : vault;
  const bare = prepared?.kit ?? openKit(app, card, isLeftOpen ? facts : {}, vault);
  const kit = { ...bare, receiptKey: await receiptKey(unb64(content.receiptSeed)) };
  app.hasPin = hasPin;
  await app.put(VAULT, whole.bytes); // before the kit: what it sends brings keys for replies that lie here
  app.useKit(kit);
  await app.keepKit(kit);
}
