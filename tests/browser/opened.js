/** For whoever holds a phone and its PIN: all that vault and kit hold, by the phone's own modules in the app's own page. */
import { unpackKit } from "../../client/phone/core/kit.js";
import { openStore } from "../../client/phone/core/store.js";
import { openVault } from "../../client/phone/core/vault/vault.js";
import { argon2idAsync } from "../../client/phone/vendor-src/argon.js";
import { b64, jsonObject, SEED_BYTES } from "../../client/phone/protocol/wire.js";

const plain = (_, value) => (value instanceof Uint8Array ? b64(value) : value);

/** @param {string} pin @param {{ m: number, t: number, p: number }} cost of Argon2id @returns {Promise<string>} JSON; bytes are b64 */
globalThis.opened = async (pin, cost) => {
  const store = await openStore({ storage: navigator.storage, indexedDB: globalThis.indexedDB });
  const vault = await openVault(await store.get("v"), pin, (text, salt) =>
    argon2idAsync(text, salt, { ...cost, dkLen: SEED_BYTES }),
  );
  return JSON.stringify({ vault: jsonObject(vault.content), kit: unpackKit(await store.get("k")) }, plain);
};
