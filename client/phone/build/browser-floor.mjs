/**
 * Holds built scripts to the oldest browser that Tocsin promises: no syntax and no library call newer than that. A
 * bundler lowers syntax only; calls come from our own code and from packages. Data: `@mdn/browser-compat-data`.
 */
import { createRequire } from "node:module";
import { parse } from "acorn";

export const FLOOR = { chrome: 80 };
/** What Chrome 80 parses, regular expressions too. @type {import("acorn").Options} */
const OPTIONS = { ecmaVersion: 2020, sourceType: "module" };

// Newer, and asked for before they are called: without them the phone does something else.
const GUARDED = new Set([
  ..."getDirectory createWritable getDirectoryHandle getFileHandle removeEntry".split(" "), // store: else IndexedDB
  ..."toHex toBase64 Uint8Array.fromHex".split(" "), // @noble and qr: else their own
  "yield", // @noble: else a timer
  "navigator.share", // links: else copied by hand
  "navigator.wakeLock", // the screen goes dark
  "requestPermission", // ringing: only where push exists
  ..."createPolicy createScriptURL".split(" "), // trusted types: else the plain address
  "detect", // BarcodeDetector: else our own reading
]);
// Names of our own methods and of packages that a newer built-in object has too.
const OWN = new Set(["take", "resize"]);

/** @type {any} */ const compat = createRequire(import.meta.url)("@mdn/browser-compat-data");

/** @typedef {{ type: string, start: number, [field: string]: any }} Syntax */

/** Return the names of calls in built scripts that the oldest promised browser does not have; empty: they run there.
 *  Scripts that go together are given together: a method that one defines may be called in another.
 *  @param {string[]} scripts @returns {string[]} @throws {SyntaxError} for syntax that browser cannot parse */
export function newerCalls(scripts) {
  const programs = scripts.map((code) => /** @type {Syntax} */ (/** @type {unknown} */ (parse(code, OPTIONS))));
  /** @type {Set<string>} */ const members = new Set();
  for (const program of programs) {
    walk(program, (node) => {
      if (/^(Property|MethodDefinition)$/.test(node.type) && !node.computed) members.add(node.key.name);
    });
  }
  return [...new Set(programs.flatMap((program) => callsOf(program, members)))].sort();
}

/** @param {Syntax} program @param {Set<string>} members @returns {string[]} */
function callsOf(program, members) {
  const declared = { names: new Set(["arguments", "undefined"]), members };
  /** @type {Set<string>} */ const found = new Set();
  walk(program, (node) => {
    if (node.type === "Identifier" && node.isDeclaration) declared.names.add(node.name);
  });
  walk(program, (node) => {
    const name = newerName(node, declared);
    if (name !== null && !GUARDED.has(name.replace(/^\./, ""))) found.add(name);
  });
  return [...found];
}

/** @param {Syntax} node @param {{ names: Set<string>, members: Set<string> }} declared @returns {string | null} */
function newerName(node, declared) {
  if (node.type === "MemberExpression" && !node.computed) return newerMember(node, declared);
  if (node.type !== "Identifier" || !node.isReference || declared.names.has(node.name)) return null;
  return isNewer(globalOf(node.name)) ? node.name : null;
}

/** @param {Syntax} node @param {{ names: Set<string>, members: Set<string> }} declared @returns {string | null} */
function newerMember({ object, property: { name }, isCalled }, declared) {
  const of = object.type === "Identifier" && !declared.names.has(object.name) ? staticOf(object.name, name) : undefined;
  if (of) return isNewer(of) ? `${object.name}.${name}` : null;
  const isNew = NEWER_BUILTINS.has(name) ? !OWN.has(name) : NEWER_METHODS.has(name) && !declared.members.has(name);
  return isCalled && isNew ? `.${name}` : null;
}

/** @param {string} name */
function globalOf(name) {
  return compat.javascript.builtins[name] ?? compat.api[name] ?? compat.api.Window?.[name];
}

/** @param {string} object @param {string} property */
function staticOf(object, property) {
  const api = compat.api[object];
  return compat.javascript.builtins[object]?.[property] ?? api?.[`${property}_static`] ?? INSTANCES[object]?.[property];
}

/** Objects of the page that are not named like their interface. @type {Record<string, any>} */
const INSTANCES = {
  crypto: compat.api.Crypto,
  document: compat.api.Document,
  navigator: compat.api.Navigator,
  performance: compat.api.Performance,
  self: compat.api.ServiceWorkerGlobalScope,
  window: compat.api.Window,
};

/** Whether a feature came after the floor. What is not known to the data is not judged. @param {any} feature */
function isNewer(feature) {
  const since = sinceChrome(feature);
  return since !== null && since > FLOOR.chrome;
}

/** @param {any} feature @returns {number | null} the version, Infinity for never, null when nothing is known */
function sinceChrome(feature) {
  const support = feature?.__compat?.support?.chrome;
  if (!support) return null;
  const versions = [support]
    .flat()
    .filter((/** @type {any} */ version) => !version.flags && !version.prefix && !version.alternative_name);
  const since = versions.map((/** @type {any} */ version) =>
    Number.parseFloat(String(version.version_added).replace("≤", "")),
  );
  const known = since.filter((/** @type {number} */ version) => !Number.isNaN(version));
  return known.length ? Math.min(...known) : Number.POSITIVE_INFINITY;
}

/** Names of methods that no object of these interfaces had at the floor: calling one is calling something newer.
 *  @param {any[]} interfaces @returns {Set<string>} */
function newerMethods(interfaces) {
  /** @type {Map<string, number>} */ const oldest = new Map();
  for (const members of interfaces) {
    for (const [name, feature] of Object.entries(/** @type {Record<string, any>} */ (members))) {
      const since = sinceChrome(feature);
      if (since !== null) oldest.set(name, Math.min(oldest.get(name) ?? Number.POSITIVE_INFINITY, since));
    }
  }
  return new Set([...oldest].filter(([, since]) => since > FLOOR.chrome).map(([name]) => name));
}

const INTERFACES = [...Object.values(compat.javascript.builtins), ...Object.values(compat.api)];
const NEWER_METHODS = newerMethods(INTERFACES);
const NEWER_BUILTINS = newerMethods(Object.values(compat.javascript.builtins));
for (const name of NEWER_BUILTINS) if (!NEWER_METHODS.has(name)) NEWER_BUILTINS.delete(name);

/** Visit every node, and mark identifiers as declarations or references, members as called.
 *  @param {Syntax} root @param {(node: Syntax) => void} visit */
function walk(root, visit) {
  const stack = [root];
  for (let node = stack.pop(); node; node = stack.pop()) {
    mark(node);
    visit(node);
    for (const child of childrenOf(node)) stack.push(child);
  }
}

/** @param {Syntax} node @returns {Syntax[]} */
function childrenOf(node) {
  return Object.values(node)
    .flat()
    .filter((child) => typeof child?.type === "string");
}

const DECLARING = new Set(["VariableDeclarator", "FunctionDeclaration", "FunctionExpression", "ClassDeclaration"]);

/** @param {Syntax} node */
function mark(node) {
  if (DECLARING.has(node.type) || node.type === "ClassExpression") declare(node.id);
  for (const parameter of node.params ?? []) declare(parameter);
  if (node.type === "CatchClause") declare(node.param);
  if (/^Import.*Specifier$/.test(node.type)) declare(node.local);
  if (node.type === "CallExpression" || node.type === "NewExpression") node.callee.isCalled = true;
  for (const [field, child] of Object.entries(node)) {
    const isName = (field === "property" || field === "key") && !node.computed && !node.shorthand;
    for (const inner of [child].flat())
      if (inner?.type === "Identifier" && !isName && field !== "label") inner.isReference = true;
  }
}

/** @param {Syntax | null} pattern */
function declare(pattern) {
  if (!pattern) return;
  if (pattern.type === "Identifier") pattern.isDeclaration = true;
  if (pattern.type === "ObjectPattern")
    for (const property of pattern.properties) declare(property.value ?? property.argument);
  if (pattern.type === "ArrayPattern") for (const element of pattern.elements) declare(element);
  if (pattern.type === "AssignmentPattern") declare(pattern.left);
  if (pattern.type === "RestElement") declare(pattern.argument);
}
