// Fields for a model's parameters, drawn from its rules, and what was put into them.

import { facts, make, Refused, say, texts } from "./asking.js";

/** Draw the fields of a model into `root`, keeping what was put into those that both models have. */
export function showParameters(root, model, prefix) {
  const kept = new Map([...root.querySelectorAll("[name]")].map((input) => [input.name, input.value]));
  const rules = facts.models[model]?.parameters ?? [];
  root.replaceChildren(...rules.map((rule) => field(rule, `${prefix}-${rule.name}`)));
  for (const input of root.querySelectorAll("[name]")) if (kept.has(input.name)) input.value = kept.get(input.name);
}

/** The parameters that were given, by name. Throws Refused for what is no JSON where it must be. */
export function readParameters(root) {
  const given = {};
  for (const input of root.querySelectorAll("[name]")) {
    const value = input.value.trim();
    if (!value) continue;
    const { kind } = input.dataset;
    if (kind === "number" || kind === "integer") given[input.name] = Number(value);
    else if (kind === "boolean") given[input.name] = value === "true";
    else if (kind === "json") given[input.name] = parsed(input.name, value);
    else given[input.name] = value;
  }
  return given;
}

function parsed(name, value) {
  try {
    return JSON.parse(value);
  } catch {
    throw new Refused(say("badJson", { name }));
  }
}

function field(rule, id) {
  const help = rule.help ? make("span", { class: "hint", id: `${id}-help` }, rule.help) : null;
  const common = { class: "input", id, name: rule.name, "data-kind": rule.kind, "aria-describedby": help && help.id };
  return make("div", { class: "field" }, make("label", { for: id }, rule.label), control(rule, common), help);
}

function control(rule, common) {
  const standard = rule.default === null ? texts.modelDefault : String(rule.default);
  if (rule.kind === "boolean") return choice(common, standard, [["true", texts.on], ["false", texts.off]]);
  if (rule.options.length) return choice(common, standard, rule.options.map((option) => [option, option]));
  if (rule.kind === "json") return make("textarea", { ...common, rows: 1, placeholder: "[ ]" });
  if (rule.kind === "text") return make("input", { ...common, placeholder: standard });
  const range = { min: rule.minimum, max: rule.maximum, step: rule.kind === "integer" ? 1 : "any" };
  return make("input", { ...common, type: "number", placeholder: standard, ...range });
}

function choice(common, standard, options) {
  const all = [["", standard], ...options];
  return make("select", common, ...all.map(([value, label]) => make("option", { value }, label)));
}
