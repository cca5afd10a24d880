/**
 * A hook for Node's loader: PINs that are quick to try, where their cost is not what is tested.
 * Only a module that is imported after `register` sees it. The cost itself is tested on the module as it is.
 */
const COSTLY = "MEMORY_KIB = 65_536";

/** @param {string} url @param {any} context @param {(url: string, context: any) => Promise<any>} nextLoad */
export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  if (!url.endsWith("/client/phone/core/vault/pin.js")) return loaded;
  const source = String(loaded.source);
  if (!source.includes(COSTLY)) throw new Error("the cost of a PIN stands elsewhere now");
  return { ...loaded, source: source.replace(COSTLY, "MEMORY_KIB = 8") };
}
