/** As much of a page as the screens use: elements that can be tapped, and read as one text. */

const VOLATILE = /^f\d+h?$/; // the numbers that fields are counted by

class MiniNode {
  constructor() {
    /** @type {MiniElement | null} */ this.parent = null;
  }

  remove() {
    if (this.parent) this.parent.childNodes = this.parent.childNodes.filter((child) => child !== this);
    this.parent = null;
  }
}

class MiniText extends MiniNode {
  constructor(/** @type {string} */ text) {
    super();
    this.textContent = text;
  }

  get outerHTML() {
    return this.textContent;
  }
}

export class MiniElement extends MiniNode {
  constructor(/** @type {string} */ tag) {
    super();
    this.tagName = tag.toUpperCase();
    /** @type {Map<string, string>} */ this.attributes = new Map();
    /** @type {any[]} */ this.childNodes = [];
    /** @type {Map<string, ((event: any) => unknown)[]>} */ this.listeners = new Map();
    /** @type {Record<string, string>} */ this.style = {};
    this.scrollTop = 0;
    const { attributes } = this;
    this.classList = {
      add: (/** @type {string} */ name) => this.classList.toggle(name, true),
      toggle: (/** @type {string} */ name, /** @type {boolean} */ isOn) => {
        const names = new Set((attributes.get("class") ?? "").split(" ").filter(Boolean));
        if (isOn) names.add(name);
        else names.delete(name);
        attributes.set("class", [...names].join(" "));
      },
    };
    /** @type {Record<string, string>} */
    this.dataset = new Proxy(/** @type {any} */ ({}), {
      get: (_, name) => attributes.get(`data-${String(name)}`),
      set: (_, name, value) => {
        attributes.set(`data-${String(name)}`, String(value));
        return true;
      },
    });
  }

  setAttribute(/** @type {string} */ name, /** @type {any} */ value) {
    this.attributes.set(name, String(value));
  }

  append(/** @type {any[]} */ ...children) {
    for (const child of children) {
      const node = child instanceof MiniNode ? child : new MiniText(String(child));
      node.remove();
      node.parent = this;
      this.childNodes.push(node);
    }
  }

  addEventListener(/** @type {string} */ name, /** @type {(event: any) => unknown} */ listener) {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
  }

  /** Let a person do something with this element; ends when what follows at once has ended. */
  async act(/** @type {string} */ name, event = {}) {
    const by = { target: this, preventDefault() {}, ...event };
    await Promise.all((this.listeners.get(name) ?? []).map((listener) => listener(by)));
  }

  get textContent() {
    return this.childNodes.map((child) => child.textContent).join("");
  }

  set textContent(text) {
    this.childNodes = [];
    if (text) this.append(text);
  }

  get value() {
    return this.typed ?? this.attributes.get("value") ?? "";
  }

  set value(text) {
    this.typed = String(text);
  }

  get hidden() {
    return this.attributes.has("hidden");
  }

  set hidden(isHidden) {
    if (isHidden) this.attributes.set("hidden", "");
    else this.attributes.delete("hidden");
  }

  get disabled() {
    return this.attributes.has("disabled");
  }

  set disabled(isDisabled) {
    if (isDisabled) this.attributes.set("disabled", "");
    else this.attributes.delete("disabled");
  }

  /** @returns {MiniElement[]} */
  get all() {
    return this.childNodes.flatMap((child) => (child instanceof MiniElement ? [child, ...child.all] : []));
  }

  querySelector(/** @type {string} */ tag) {
    return this.all.find(({ tagName }) => tagName === tag.toUpperCase()) ?? null;
  }

  focus() {}
  select() {}

  get outerHTML() {
    const has = [...this.attributes].filter(([, text]) => !VOLATILE.test(text));
    if (this.typed !== undefined) has.push(["typed", this.typed]);
    const head = [this.tagName.toLowerCase(), ...has.sort().map(([name, text]) => `${name}="${text}"`)].join(" ");
    return `<${head}>${this.childNodes.map((child) => child.outerHTML).join("")}</>`;
  }
}

/** Put a page in the place of the browser's. */
export function installMiniPage() {
  const events = { addEventListener() {}, removeEventListener() {} };
  const document = {
    ...events,
    documentElement: {},
    createElement: (/** @type {string} */ tag) => new MiniElement(tag),
    createElementNS: (/** @type {string} */ _, /** @type {string} */ tag) => new MiniElement(tag),
  };
  Object.assign(globalThis, events, { document, Node: MiniNode });
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true, writable: true });
}
