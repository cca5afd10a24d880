/** Who the person is, as far as they want to say. Every field may stay empty. */
/** @import { App } from "../../app.js" */

import { button, h } from "../../ui/dom.js";
import { field } from "../../ui/fields.js";
import { t } from "../../ui/i18n.js";

/** Name, lines, longest. @type {[string, number, number][]} */
const ASKED = [
  ["name", 1, 200],
  ["other_names", 1, 200],
  ["birth", 1, 40],
  ["contact", 1, 200],
  ["tell", 3, 500],
  ["health", 2, 300],
  ["medicines", 2, 300],
  ["dependants", 2, 300],
  ["citizenship", 1, 60],
  ["sex", 1, 40],
  ["occupation", 1, 100],
  ["languages", 1, 100],
];
const CONSENTS = ["help", "store", "statistics", "UN"];
const PUBLISH = ["no", "without_name", "with_name"];

/** Build the screen `profile`. @param {App} app @returns {Node[]} */
export function profile(app) {
  const { content } = app.session ?? {};
  const known = (content?.hasPin ? content.facts : app.caseSession?.kit.open?.facts) ?? app.draft.facts ?? {};
  const fields = ASKED.map(([name, lines, longest]) => {
    const value = [known[name] ?? ""].flat().join(", ");
    return field(name, t(`profile.${name}`), { lines, longest, value, hint: t(`profile.${name}_hint`) });
  });
  const consent = { ...(known.consent ?? {}) };
  const next = () => saved(app, { ...typed(fields), ...agreed(consent) });
  const skip = button(t(app.session ? "back" : "skip"), app.session ? "back" : "skip", () =>
    app.session ? app.go("home") : saved(app, {}),
  );
  return [
    h("h1", {}, t("profile.title")),
    h("p", {}, t("profile.more")),
    ...fields.map(({ element }) => element),
    h("h2", {}, t("profile.consent")),
    ...CONSENTS.map((name) => chosen(consent, name, [true, false], (value) => t(value ? "yes" : "no"))),
    chosen(consent, "publish", PUBLISH, (value) => t(`profile.publish_${value}`)),
    h("div", { class: "row ends" }, skip, button(t("next"), "next", next, { class: "main" })),
  ];
}

/** @param {App} app @param {Record<string, any>} facts */
async function saved(app, facts) {
  app.draft.facts = facts;
  if (!app.session) return app.go("pin");
  if (!app.session.content.hasPin && Object.keys(facts).length) return app.go("leave", facts);
  await app.session.changeProfile(facts);
  await app.go("home");
}

/** @param {ReturnType<typeof field>[]} fields */
function typed(fields) {
  /** @type {Record<string, any>} */
  const facts = {};
  for (const { value, input } of fields) {
    const text = value().trim();
    const name = /** @type {string} */ (input.dataset.field);
    if (text) facts[name] = name === "languages" ? text.split(/[,;\s]+/) : text;
  }
  return facts;
}

/** @param {Record<string, any>} consent */
function agreed(consent) {
  return Object.keys(consent).length ? { consent } : {};
}

/** @param {Record<string, any>} consent @param {string} name @param {any[]} values
 *  @param {(value: any) => string} label */
function chosen(consent, name, values, label) {
  /** @type {HTMLButtonElement[]} */
  const buttons = values.map((value) => {
    const choose = () => {
      if (consent[name] === value) delete consent[name];
      else consent[name] = value;
      for (const [i, chip] of buttons.entries()) chip.setAttribute("aria-pressed", String(consent[name] === values[i]));
    };
    const pressed = String(consent[name] === value);
    return button(label(value), "choose", choose, {
      "aria-pressed": pressed,
      data: { field: `consent.${name}`, value: String(value) },
    });
  });
  return h("fieldset", {}, h("legend", {}, t(`profile.consent_${name}`)), h("div", { class: "chips" }, ...buttons));
}
