/** Print the functions and imports of JavaScript modules: reads their paths from stdin, one a line; writes JSON. */

import { readFileSync } from "node:fs";
import { readModule } from "../../../client/phone/build/module-reader.mjs";

const paths = readFileSync(0, "utf8").split("\n").filter(Boolean);
const outlines = paths.map((path) => [path, readModule(readFileSync(path, "utf8"))]);
process.stdout.write(JSON.stringify(Object.fromEntries(outlines)));
