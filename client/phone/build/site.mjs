/**
 * Builds everything of the phone app that is the same for everybody, into `dist/`; `tocsin phone build` puts cards,
 * title and relays in. `npm run build`, or `node build/site.mjs --out DIR`. What comes out is listed in `bundle.json`.
 */
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { minify } from "terser";
import { FLOOR, newerCalls } from "./browser-floor.mjs";
import { bundle, COMPRESS, firstLoad, PHONE, single, weights } from "./build.mjs";

const PAGE = "app/main.js";
const MAIN = "main.js";
const FIRST_LOAD_BROTLI = 45_000; // bytes: page, scripts and words of one language; 7 s at 50 kbit/s
const PRESS = "app/services/case.js"; // comes a moment after the first screen; nothing is pressed without it

/** Beside the old one first: whoever reads that one at this moment reads all of it. @param {string} out */
export async function site(out) {
  const fresh = `${out}.${process.pid}`;
  await mkdir(fresh, { recursive: true });
  try {
    const built = await filled(fresh);
    await rm(out, { recursive: true, force: true });
    await rename(fresh, out);
    return built;
  } finally {
    await rm(fresh, { recursive: true, force: true }); // there only when something failed
  }
}

/** @param {string} out */
async function filled(out) {
  const chunks = await bundle({ entries: [PAGE], out });
  const words = await languages();
  await writeFile(join(out, "one.js"), await inOne(PAGE, "esm"));
  await writeFile(join(out, "sw.js"), await inOne("app/service-worker.js", "iife"));
  await writeFile(join(out, "style.css"), await style());
  for (const name of ["index.html", "app.webmanifest"]) await copyFile(join(PHONE, "app", name), join(out, name));
  const chunkOf = (/** @type {string} */ name) => chunks.find(({ source }) => source === `locales/${name}.json`)?.file;
  const listing = {
    main: MAIN,
    first: firstLoad(chunks, MAIN).flatMap(({ file }) => (file === MAIN ? [] : [file])),
    pressing: pressingOf(chunks).map(({ file }) => file),
    chunks: chunks.map(({ file }) => file).sort(),
    languages: Object.fromEntries(words.map(({ name }) => [name, chunkOf(name)])),
    start: Object.fromEntries(words.map(({ name, content }) => [name, flat(content.start)])),
    directions: Object.fromEntries(words.map(({ name, content }) => [name, content.dir ?? "ltr"])),
  };
  await checkBrowserFloor(out, listing.chunks);
  checkBudget(await firstLoads(out, chunks, listing));
  await writeFile(join(out, "bundle.json"), `${JSON.stringify(listing, null, 1)}\n`);
  return { chunks, listing };
}

/** Return what each language loads before anything can be pressed, in bytes of brotli: the page with a plain title and
 *  one card, the scripts, the words. @param {string} out @param {import("./build.mjs").Chunk[]} chunks
 *  @param {{ main: string, first: string[], pressing: string[], languages: Record<string, string | undefined>, start:
 *  object }} listing @returns {Promise<Record<string, number>>} */
export async function firstLoads(out, chunks, { main, first, pressing, languages, start }) {
  const brotli = (/** @type {string} */ file) => chunks.find((chunk) => chunk.file === file)?.brotli ?? 0;
  const scripts = [...new Set([main, ...first, ...pressing])].reduce((sum, file) => sum + brotli(file), 0);
  const css = await readFile(join(out, "style.css"), "utf8");
  const config = {
    title: "Notes",
    languages: Object.keys(start),
    start,
    cards: ["c0"],
    packs: ["p0"],
    worker: "sw.js",
  };
  const template = await readFile(join(out, "index.html"), "utf8");
  const html = template.replace("{{css}}", () => css).replace("{{config}}", () => JSON.stringify(config));
  const page = weights(Buffer.from(html)).brotli;
  return Object.fromEntries(
    Object.entries(languages).map(([name, file]) => [name, page + scripts + brotli(file ?? "")]),
  );
}

/** @param {Record<string, number>} loads @throws {Error} when a first load is heavier than promised */
export function checkBudget(loads) {
  const heavy = Object.entries(loads).filter(([, bytes]) => bytes > FIRST_LOAD_BROTLI);
  const list = heavy.map(([name, bytes]) => `${name} ${bytes}`).join(", ");
  if (heavy.length) throw new Error(`the first load is heavier than ${FIRST_LOAD_BROTLI} bytes of brotli: ${list}`);
}

/** @param {string} out @param {string[]} chunks
 *  @throws {Error} when the oldest promised browser could not run what was built */
async function checkBrowserFloor(out, chunks) {
  const read = (/** @type {string} */ name) => readFile(join(out, name), "utf8");
  const together = [await Promise.all(chunks.map(read)), [await read("one.js")], [await read("sw.js")]];
  const newer = [...new Set(together.flatMap(newerCalls))];
  if (newer.length) throw new Error(`newer than Chrome ${FLOOR.chrome}: ${newer.join(", ")} (see browser-floor.mjs)`);
}

/** What has to be there before anything can be pressed. @param {import("./build.mjs").Chunk[]} chunks */
function pressingOf(chunks) {
  return firstLoad(chunks, chunks.find(({ modules }) => modules.includes(PRESS))?.file ?? MAIN);
}

/** Everything in one script, also what is otherwise loaded later. The service worker's constants come from the site's
 *  build. @param {string} entry @param {"esm" | "iife"} format */
async function inOne(entry, format) {
  const options = {
    module: format === "esm",
    ecma: /** @type {const} */ (2020),
    mangle: true,
    compress: COMPRESS,
  };
  const { code = "" } = await minify(await single(entry, format), { ...options, format: { inline_script: true } });
  return code;
}

async function style() {
  const { code } = await transform(await readFile(join(PHONE, "app/style.css"), "utf8"), {
    loader: "css",
    minify: true,
  });
  return code.trim();
}

async function languages() {
  const names = (await readdir(join(PHONE, "locales"))).filter((name) => name.endsWith(".json")).sort();
  const read = async (/** @type {string} */ file) => ({
    name: file.slice(0, -".json".length),
    content: JSON.parse(await readFile(join(PHONE, "locales", file), "utf8")),
  });
  return Promise.all(names.map(read));
}

/** Keys of a section with a point between the levels. @param {any} section @param {string} [before]
 *  @returns {Record<string, string>} */
function flat(section, before = "") {
  const pairs = Object.entries(section ?? {}).flatMap(([key, value]) =>
    typeof value === "object" ? Object.entries(flat(value, `${before}${key}.`)) : [[before + key, String(value)]],
  );
  return Object.fromEntries(pairs);
}

async function main() {
  const at = process.argv.indexOf("--out");
  const out = at >= 0 ? process.argv[at + 1] : join(PHONE, "dist");
  const { chunks, listing } = await site(out);
  const first = [...new Set([...firstLoad(chunks, MAIN), ...pressingOf(chunks)])];
  for (const which of /** @type {const} */ (["bytes", "gzip", "brotli"]))
    console.log(`scripts of the first load, ${which}: ${first.reduce((sum, chunk) => sum + chunk[which], 0)}`);
  for (const [name, bytes] of Object.entries(await firstLoads(out, chunks, listing)))
    console.log(`first load in ${name}: ${bytes} of ${FIRST_LOAD_BROTLI} bytes of brotli`);
  console.log(
    `${listing.chunks.length} chunks, one file: ${weights(await readFile(join(out, "one.js"))).brotli} brotli`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
