/** For whoever holds a phone and its PIN: all that vault and kit hold, by the phone's own modules in the app's own page. */
import { unpackKit } from "../../client/phone/kit.js";
import { openStore } from "../../client/phone/store.js";
import { openVault, stretching } from "../../client/phone/unlocked.js";
import { b64, jsonObject } from "../../client/phone/wire.js";

const plain = (_, value) => (value instanceof Uint8Array ? b64(value) : value);

/** @param {string} pin @returns {Promise<string>} JSON; bytes are b64 */
globalThis.opened = async (pin) => {
  const store = await openStore({ storage: navigator.storage, indexedDB: globalThis.indexedDB });
  const vault = await openVault(await store.get("v"), pin, stretching());
  return JSON.stringify({ vault: jsonObject(vault.content), kit: unpackKit(await store.get("k")) }, plain);
};
