/** Reading a module of JavaScript without running it: its functions and what it imports. */
import { parse } from "acorn";

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
const IMPORTS = new Set(["ImportDeclaration", "ImportExpression", "ExportNamedDeclaration", "ExportAllDeclaration"]);
const TYPE = /@import\s[^*]*?from\s+"(\.[^"]+)"|import\("(\.[^"]+)"\)/g;

/** A function is its name and its lines; an import is what stands between the quotes, and `types` are those of JSDoc.
 *  @typedef {{ functions: [string, number][], imports: string[], types: string[] }} Outline */

/** Return the functions and imports of a module. @param {string} code @returns {Outline} @throws {SyntaxError} */
export function readModule(code) {
  /** @type {Outline} */ const outline = { functions: [], imports: [], types: [] };
  const onComment = (/** @type {boolean} */ isBlock, /** @type {string} */ text) => {
    if (isBlock) for (const [, named, inline] of text.matchAll(TYPE)) outline.types.push(named ?? inline);
  };
  walk(
    parse(code, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true, locations: true, onComment }),
    null,
    (/** @type {any} */ node, /** @type {any} */ parent) => {
      const { start, end } = node.loc;
      if (FUNCTIONS.has(node.type)) outline.functions.push([nameFunction(node, parent), end.line - start.line + 1]);
      if (IMPORTS.has(node.type) && typeof node.source?.value === "string") outline.imports.push(node.source.value);
    },
  );
  return outline;
}

/** @param {any} node @param {any} parent @param {(node: any, parent: any) => void} visit */
function walk(node, parent, visit) {
  const isNode = typeof node.type === "string";
  if (isNode) visit(node, parent);
  for (const child of Object.values(node)) {
    if (child && typeof child === "object") walk(child, isNode ? node : parent, visit);
  }
}

/** Return what a function is called where it stands: its own name, what it is assigned to, or the call it is given to.
 *  @param {any} node @param {any} parent @returns {string} */
function nameFunction(node, parent) {
  if (node.id) return node.id.name;
  if (parent?.type === "CallExpression") return nameCall(parent);
  const target = parent?.id ?? parent?.key ?? parent?.left;
  return target?.name ?? target?.property?.name ?? `line ${node.loc.start.line}`;
}

/** @param {any} call */
function nameCall(call) {
  const callee = call.callee.property?.name ?? call.callee.name ?? "call";
  const [first] = call.arguments;
  return first?.type === "Literal" ? `${callee}(${first.raw})` : `${callee}(...)`;
}
