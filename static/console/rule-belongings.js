/* Conditions about what customers belong to: stages, segments, tags, lists, shares, consents. */

import { h } from "./rule-values.js";

// Ways to stand to a segment, and the kind of condition that each one makes.
const WAYS = ["segment", "entered", "left"];

/** The controls of a condition that is none about traits, profiles or events. */
export function belonging(controls, slot, node, set) {
  const { words, known } = controls;
  if ("stage" in node) return stage(controls, slot, node, set);
  if ("tag" in node) return [controls.record(slot, "tag", { label: words.tag, some: known.tags, now: node.tag, changed: (tag) => set(() => ({ tag }), { focus: "tag" }) })];
  if ("list" in node) return [controls.record(slot, "list", { label: words.list, some: known.lists, now: node.list, changed: (list) => set(() => ({ list }), { focus: "list" }) })];
  if ("random" in node) return random(controls, slot, node, set);
  if ("consent" in node) return consent(controls, slot, node, set);
  return segment(controls, slot, node, set);
}

// --- stages ----------------------------------------------------------------------

function stage(controls, slot, node, set) {
  return [boxes(controls, slot, node, set), ...howLong(controls, slot, node, set)];
}

function boxes(controls, slot, node, set) {
  const { known, words } = controls;
  const stages = known.stageSets.find((one) => one.key === node.stage)?.stages ?? [];
  const toggle = (key, on) => {
    const chosen = (now) => stages.map((one) => one.key).filter((one) => (one === key ? on : now.in.includes(one)));
    set((now) => ({ ...now, in: chosen(now) }), { focus: `stage-${key}` });
  };
  const rows = stages.map((one) =>
    h(
      "label",
      { className: "rb-check" },
      h("input", { type: "checkbox", checked: node.in.includes(one.key), ...controls.control(slot, `stage-${one.key}`), onchange: (event) => toggle(one.key, event.target.checked) }),
      h("span", { textContent: one.label }),
    ),
  );
  return h("span", { className: "rb-checks", role: "group", "aria-label": words.stages }, ...rows);
}

function howLong(controls, slot, node, set) {
  const { words } = controls;
  const limited = node.days !== undefined && node.days !== null;
  const chosen = controls.pick(slot, "op", {
    label: words.howLong,
    options: ["any", ">=", "<="].map((value) => ({ value, label: words.howLongs[value] })),
    now: limited ? (node.op ?? ">=") : "any",
    changed: (op) => set(({ days, op: _was, ...rest }) => (op === "any" ? rest : { ...rest, days: days ?? 7, op }), { focus: "op" }),
  });
  if (!limited) return [chosen];
  const days = controls.number(slot, "days", { label: words.days, least: 0, now: node.days, changed: (value) => set((now) => ({ ...now, days: value ?? -1 }), controls.soft(slot, "days")) });
  return [controls.together(chosen, days, controls.word(words.daysUnit))];
}

// --- segments --------------------------------------------------------------------

function segment(controls, slot, node, set) {
  const { words, known } = controls;
  const way = WAYS.find((one) => one in node);
  const offered = WAYS.filter((one) => one === way || known.kinds.includes(one));
  const made = (kind, id, days) => (kind === "segment" ? { segment: id } : { [kind]: id, days: days ?? 7 });
  const verb = controls.pick(slot, "way", {
    label: words.way,
    options: offered.map((value) => ({ value, label: words.ways[value] })),
    now: way,
    changed: (value) => set((now) => made(value, now[way], now.days), { focus: "way" }),
  });
  const which = controls.record(slot, way, { label: words.segment, some: known.segments, now: node[way], changed: (id) => set((now) => made(way, id, now.days), { focus: way }) });
  if (way === "segment") return [verb, which];
  const days = controls.number(slot, "days", { label: words.days, now: node.days ?? 7, changed: (value) => set((now) => ({ ...now, days: value ?? 0 }), controls.soft(slot, "days")) });
  return [verb, which, controls.together(controls.word(words.inTheLast), days, controls.word(words.daysUnit))];
}

// --- shares and consents -----------------------------------------------------------

function random(controls, slot, node, set) {
  const { words } = controls;
  const percent = controls.number(slot, "random", { label: words.percent, now: node.random, changed: (value) => set((now) => ({ ...now, random: value ?? 0 }), controls.soft(slot, "random")) });
  const seed = controls.input(slot, "seed", {
    label: words.seedHelp,
    title: words.seedHelp,
    now: node.seed ?? "",
    changed: (text) => set(({ seed: _was, ...rest }) => (text ? { ...rest, seed: text } : rest), controls.soft(slot, "seed")),
  });
  return [controls.together(percent, controls.word("%")), controls.together(controls.word(words.seed), seed)];
}

function consent(controls, slot, node, set) {
  const { words, known } = controls;
  if (known.purposes.length < 2) return [];
  const [usual] = known.purposes;
  return [
    controls.word(words.purpose),
    controls.pick(slot, "purpose", {
      label: words.purpose,
      options: known.purposes.map((one) => ({ value: one.key, label: one.label })),
      now: node.purpose ?? usual.key,
      changed: (value) => set(({ purpose: _was, ...rest }) => (value === usual.key ? rest : { ...rest, purpose: value }), { focus: "purpose" }),
    }),
  ];
}
