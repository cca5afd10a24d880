/**
 * Builds the phone: ES modules in, a few minified chunks out. `node build/build.mjs --out DIR [ENTRY ...]`; without an
 * entry, `app/main.js`. Prints what each chunk weighs; `--json` gives the same for a program.
 *
 * The sources run as they are in Node; only the bare names in `vendor-src/` need a bundler. Everything is bundled all
 * the same: on a line with 800 ms to and fro, twenty small files cost more than they weigh.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, parse, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { minify } from "terser";
import { chunkNames } from "./chunks.mjs";

export const PHONE = dirname(dirname(fileURLToPath(import.meta.url)));
export const TARGET = "es2020"; // Chrome 80, Firefox 74, Safari 14: telephones of 2016 that still get a browser

/** Calls that the oldest browser lacks, exchanged wherever they stand, in our code and in packages; see
 *  `browser-floor.mjs`. */
export const COMPRESS = { passes: 3, global_defs: { "@Object.hasOwn": "Object.prototype.hasOwnProperty.call" } };

/** @typedef {{ file: string, entry: boolean, bytes: number, gzip: number, brotli: number, source: string | null,
 *    needs: string[], later: string[],
 *    modules: string[] }} Chunk `modules`: the source files in it, from the folder of the phone */

/** @param {{ entries: string[], out: string }} what @returns {Promise<Chunk[]>} */
export async function bundle({ entries, out }) {
  const build = await rolldown({
    input: entries.map((entry) => join(PHONE, entry)),
    ...INPUT,
    preserveEntrySignatures: "allow-extension",
    plugins: [separateWakeKem, locales],
  });
  const { output } = await build.generate({
    ...OUTPUT,
    entryFileNames: "[name].js",
    chunkFileNames: "[hash].js", // a name would tell what the file is for
    hashCharacters: "base36",
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ name: chunkNames(PHONE), debugName: "chunks.mjs" }],
    },
  });
  await build.close();
  const chunks = output.flatMap((part) => (part.type === "chunk" ? [part] : []));
  await mkdir(out, { recursive: true });
  await writeFile(join(out, "licences.txt"), await licences(chunks.flatMap(({ moduleIds }) => moduleIds)));
  return Promise.all(chunks.map((chunk) => written(out, chunk)));
}

/** Bundle an entry and all it ever loads into one script. @param {string} entry @param {"esm" | "iife"} format */
export async function single(entry, format) {
  const build = await rolldown({ input: join(PHONE, entry), ...INPUT, plugins: [locales] });
  const { output } = await build.generate({ ...OUTPUT, format, codeSplitting: false });
  await build.close();
  return output[0].code;
}

/** @type {import("rolldown").InputOptions} */
const INPUT = { cwd: PHONE, platform: "browser", transform: { target: TARGET }, logLevel: "warn" };
/** The licences go into one file beside the chunks. @type {import("rolldown").OutputOptions} */
const OUTPUT = { format: "esm", comments: false, minify: { compress: true, mangle: false, codegen: false } };

/** The KEM of a push address gets its own copy of what it shares with sealing: a file that two chunks share is in the
 *  first load whole, with what only the second of them needs. @type {import("rolldown").Plugin} */
const separateWakeKem = {
  name: "separate-wake-kem",
  async load(id) {
    return /vendor-src[\\/]wake\.js$/.test(id) ? single(relative(PHONE, id), "esm") : null;
  },
};

/** A file of words is one value. Its section `start` stands in the page. @type {import("rolldown").Plugin} */
const locales = {
  name: "locales",
  async load(id) {
    if (!/locales[\\/].*\.json$/.test(id)) return null;
    const { start, ...words } = JSON.parse(await readFile(id, "utf8"));
    return { code: `export default ${JSON.stringify(words)}`, moduleType: "js" };
  },
};

/** Terser takes another 6 % off what the bundler leaves, which here is 2 KB on the line. Property names stay untouched.
 *  @param {string} out @param {import("rolldown").OutputChunk} chunk @returns {Promise<Chunk>} */
async function written(out, chunk) {
  const { code = "" } = await minify(chunk.code, { module: true, ecma: 2020, compress: COMPRESS, mangle: true });
  await writeFile(join(out, chunk.fileName), code);
  const source = (/** @type {string} */ id) => relative(PHONE, id);
  return {
    file: chunk.fileName,
    entry: chunk.isEntry,
    source: chunk.facadeModuleId ? source(chunk.facadeModuleId) : null,
    ...weights(Buffer.from(code)),
    needs: chunk.imports,
    later: chunk.dynamicImports,
    modules: chunk.moduleIds.map(source),
  };
}

/** What the authors of the bundled packages ask for: that their notice goes along.
 *  @param {string[]} inputs @returns {Promise<string>} */
async function licences(inputs) {
  const names = inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  const texts = [...new Set(names)].sort().map(async (name) => {
    const text = await readFile(join(PHONE, "node_modules", name, "LICENSE"), "utf8");
    return `${name}\n\n${text.trim()}\n`;
  });
  return (await Promise.all(texts)).join("\n\n");
}

/** @param {Uint8Array} data */
export function weights(data) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  return {
    bytes: data.length,
    gzip: gzipSync(data, { level: 9 }).length,
    brotli: brotliCompressSync(data, { params }).length,
  };
}

/** The entry and everything it imports at once. @param {Chunk[]} chunks @param {string} entry @returns {Chunk[]} */
export function firstLoad(chunks, entry) {
  const needed = new Set([entry]);
  for (const file of needed)
    for (const dependency of chunks.find((chunk) => chunk.file === file)?.needs ?? []) needed.add(dependency);
  return chunks.filter(({ file }) => needed.has(file));
}

async function main() {
  const words = process.argv.slice(2);
  const at = words.indexOf("--out");
  const out = at >= 0 ? words[at + 1] : join(PHONE, "dist");
  const entries = words.filter((word, i) => !word.startsWith("--") && (at < 0 || i !== at + 1));
  const asked = entries.length ? entries : ["app/main.js"];
  const chunks = await bundle({ entries: asked, out });
  if (words.includes("--json")) return console.log(JSON.stringify(chunks));
  for (const { file, bytes, gzip, brotli } of chunks) console.log(`${file}  ${bytes}  gzip ${gzip}  brotli ${brotli}`);
  for (const entry of asked) {
    const first = firstLoad(chunks, `${parse(entry).name}.js`);
    const sum = (/** @type {"gzip" | "brotli"} */ which) => first.reduce((all, chunk) => all + chunk[which], 0);
    console.log(`first load of ${entry}: gzip ${sum("gzip")}, brotli ${sum("brotli")}, ${first.length} files`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
