/** Print the functions and imports of JavaScript modules: reads their paths from stdin, one a line; writes JSON.
 *  Usage: node functions_and_imports.mjs FOLDER_WITH_ACORN < PATHS */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const acorn = createRequire(`${process.argv[2]}/package.json`)("acorn");
const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
const IMPORTS = new Set(["ImportDeclaration", "ImportExpression", "ExportNamedDeclaration", "ExportAllDeclaration"]);

/** Return what a function is called where it stands: its own name, what it is assigned to, or the call it is given to. */
function nameFunction(node, parent) {
  if (node.id) return node.id.name;
  if (parent?.type === "CallExpression") return nameCall(parent);
  const target = parent?.id ?? parent?.key ?? parent?.left;
  return target?.name ?? target?.property?.name ?? `line ${node.loc.start.line}`;
}

function nameCall(call) {
  const callee = call.callee.property?.name ?? call.callee.name ?? "call";
  const [first] = call.arguments;
  return first?.type === "Literal" ? `${callee}(${first.raw})` : `${callee}(...)`;
}

function walk(node, parent, visit) {
  if (typeof node?.type === "string") visit(node, parent);
  const owner = typeof node?.type === "string" ? node : parent;
  for (const child of Object.values(node)) if (child && typeof child === "object") walk(child, owner, visit);
}

function inspect(path) {
  const source = readFileSync(path, "utf8");
  const options = { ecmaVersion: "latest", sourceType: "module", allowHashBang: true, locations: true };
  const functions = [];
  const imports = [];
  walk(acorn.parse(source, options), null, (node, parent) => {
    if (FUNCTIONS.has(node.type)) {
      functions.push([nameFunction(node, parent), node.loc.end.line - node.loc.start.line + 1]);
    }
    if (IMPORTS.has(node.type) && typeof node.source?.value === "string") imports.push(node.source.value);
  });
  return { functions, imports };
}

const paths = readFileSync(0, "utf8").split("\n").filter(Boolean);
process.stdout.write(JSON.stringify(Object.fromEntries(paths.map((path) => [path, inspect(path)]))));
