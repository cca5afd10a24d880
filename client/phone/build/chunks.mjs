/**
 * Which modules travel together. A module goes with the first group one of whose modules imports it, directly or not;
 * what no group names gets a chunk of its own. Twelve small files cost twelve headers and compress worse.
 */
import { join } from "node:path";

/** In this order. `screens` is what later screens share. @type {Record<string, string[]>} */
const GROUPS = {
  page: ["app/main.js"],
  press: ["app/services/case.js", "app/services/sender.js", "core/kit.js"],
  screens: [
    "app/services/contacts-access.js",
    "app/services/sms-store.js",
    "app/ui/dates.js",
    "app/ui/fields.js",
    "app/ui/locale-parts.js",
    "app/ui/qr-scanner.js",
    "core/vault/pin-text.js",
  ],
  setup: ["organisation", "scan", "profile", "pins", "names", "finish"].map((name) => `app/screens/setup/${name}.js`),
  status: [
    ...["status", "station", "text", "photo", "voice", "replies"].map((name) => `app/screens/press/${name}.js`),
    "core/contacts/follow-up.js",
  ],
  unlocked: ["home", "unlock", "notes"].map((name) => `app/screens/unlocked/${name}.js`),
  vault: [
    "app/services/session/session.js",
    "app/services/session/set-up.js",
    "app/services/reply-poller.js",
    "app/services/upkeep.js",
  ],
  contacts: [
    ...["alert", "alerts", "contact", "forward-reply", "list", "pair-link", "pair-scan", "prepared-message"],
    ...["safety-number", "sms"],
  ]
    .map((name) => `app/screens/contacts/${name}.js`)
    .concat("app/services/contact-poller.js"),
};
const ENTRY = GROUPS.page[0];

/** Return the function that names the chunk of a module, or null for one of its own.
 *  @param {string} phone the folder of the phone @returns {import("rolldown").CodeSplittingNameFunction} */
export function chunkNames(phone) {
  /** @type {Map<string, string> | undefined} */ let names;
  return (id, context) => {
    names ??= namesOf(phone, context);
    return names.get(id) ?? null;
  };
}

/** @param {string} phone @param {import("rolldown").ChunkingContext} context @returns {Map<string, string>} */
function namesOf(phone, context) {
  /** @type {Map<string, string>} */ const names = new Map();
  for (const [name, roots] of Object.entries(GROUPS)) {
    const open = roots.map((root) => join(phone, root)).filter((id) => context.getModuleInfo(id));
    for (const id of open) {
      if (names.has(id)) continue;
      names.set(id, name);
      open.push(...(context.getModuleInfo(id)?.importedIds ?? []));
    }
  }
  names.delete(join(phone, ENTRY)); // the page names this file
  return names;
}
