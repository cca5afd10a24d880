/** `node stations.mjs PACK ROOT QUESTIONS` -> one JSON object of milliseconds. See stations.py. */
import { readFileSync } from "node:fs";
import { measure } from "./stations-times.mjs";

const [, , pack, root, asked] = process.argv;
const found = await measure(
  new Uint8Array(readFileSync(pack)),
  root,
  JSON.parse(readFileSync(asked, "utf8")),
  "quickest",
);
process.stdout.write(JSON.stringify(found));
