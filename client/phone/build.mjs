/**
 * Builds the phone: ES modules in, a few minified chunks out. `node build.mjs --out DIR [ENTRY ...]`; without an entry,
 * `page/main.js`. Prints what each chunk weighs; `--json` gives the same for a program.
 *
 * The sources run as they are in Node; only the bare names in `vendor-src/` need a bundler. Everything is bundled all the
 * same: on a line with 800 ms to and fro, twenty small files cost more than they weigh.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

export const HERE = dirname(fileURLToPath(import.meta.url));
export const TARGET = "es2020"; // Chrome 80, Firefox 74, Safari 14: telephones of 2016 that still get a browser

/** Calls that the oldest browser lacks, exchanged wherever they stand, in our code and in packages; see `browser-floor.mjs`. */
export const COMPRESS = { passes: 3, global_defs: { "@Object.hasOwn": "Object.prototype.hasOwnProperty.call" } };

/** @typedef {{ file: string, entry: boolean, bytes: number, gzip: number, brotli: number, source: string | null, needs: string[], later: string[] }} Chunk */

/** @param {{ entries: string[], out: string }} what @returns {Promise<Chunk[]>} */
export async function bundle({ entries, out }) {
  const result = await build({
    entryPoints: entries.map((entry) => join(HERE, entry)),
    outdir: out,
    bundle: true,
    splitting: true,
    format: "esm",
    target: TARGET,
    minify: true,
    legalComments: "none", // the licences go into one file beside the chunks
    chunkNames: "[hash]", // a name would tell what the file is for
    write: false,
    metafile: true,
    plugins: [apart],
  });
  await mkdir(out, { recursive: true });
  await writeFile(join(out, "licences.txt"), await licences(Object.keys(result.metafile.inputs)));
  const outputs = new Map(Object.entries(result.metafile.outputs).map(([path, output]) => [basename(path), output]));
  return Promise.all(result.outputFiles.map(({ path, text }) => written(path, text, outputs.get(basename(path)))));
}

/** The KEM of a push address gets its own copy of what it shares with sealing: a file that two chunks share is in the first
 *  load whole, with what only the second of them needs. */
const apart = {
  name: "apart",
  /** @param {import("esbuild").PluginBuild} builder */
  setup(builder) {
    builder.onLoad({ filter: /vendor-src[\\/]wake\.js$/ }, async ({ path }) => {
      const alone = await build({ entryPoints: [path], bundle: true, format: "esm", target: TARGET, write: false });
      return { contents: alone.outputFiles[0].text };
    });
  },
};

/** Terser takes another 6 % off what esbuild leaves, which here is 2 KB on the line. Property names stay untouched.
 *  @param {string} path @param {string} text @param {import("esbuild").Metafile["outputs"][string] | undefined} output */
async function written(path, text, output) {
  const { code = "" } = await minify(text, { module: true, ecma: 2020, compress: COMPRESS, mangle: true });
  await writeFile(path, code);
  const imports = output?.imports ?? [];
  const named = (/** @type {string} */ kind) =>
    imports.filter((one) => one.kind === kind).map((one) => basename(one.path));
  return {
    file: basename(path),
    entry: Boolean(output?.entryPoint && !/^[A-Z0-9]{8}\.js$/.test(basename(path))),
    source: output?.entryPoint ? relative(HERE, resolve(output.entryPoint)) : null,
    ...weights(Buffer.from(code)),
    needs: named("import-statement"),
    later: named("dynamic-import"),
  };
}

/** What the authors of the bundled packages ask for: that their notice goes along.
 *  @param {string[]} inputs @returns {Promise<string>} */
async function licences(inputs) {
  const names = inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  const texts = [...new Set(names)].sort().map(async (name) => {
    const text = await readFile(join(HERE, "node_modules", name, "LICENSE"), "utf8");
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
    for (const other of chunks.find((one) => one.file === file)?.needs ?? []) needed.add(other);
  return chunks.filter(({ file }) => needed.has(file));
}

async function main() {
  const words = process.argv.slice(2);
  const at = words.indexOf("--out");
  const out = at >= 0 ? words[at + 1] : join(HERE, "dist");
  const entries = words.filter((word, i) => !word.startsWith("--") && (at < 0 || i !== at + 1));
  const asked = entries.length ? entries : ["page/main.js"];
  const chunks = await bundle({ entries: asked, out });
  if (words.includes("--json")) return console.log(JSON.stringify(chunks));
  for (const { file, bytes, gzip, brotli } of chunks) console.log(`${file}  ${bytes}  gzip ${gzip}  brotli ${brotli}`);
  for (const entry of asked) {
    const first = firstLoad(chunks, basename(entry).replace(/mjs$/, "js"));
    const sum = (/** @type {"gzip" | "brotli"} */ which) => first.reduce((all, chunk) => all + chunk[which], 0);
    console.log(`first load of ${entry}: gzip ${sum("gzip")}, brotli ${sum("brotli")}, ${first.length} files`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
