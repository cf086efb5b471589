/* Draws a rule: groups inside groups, and a row of controls for each condition. */

import { at, isGroup, joint, key, negate, turned } from "./rule-tree.js";
import { fill, h, kindOf, select, valueControls, withOperator } from "./rule-values.js";

const MODES = { all: ["all", false], any: ["any", false], notAll: ["all", true], none: ["any", true] };

/** Draws the rule that `editor` holds and calls it back. The editor offers `known`, `words`,
 *  `readOnly`, `change(path, node, options)` and the moves of a slot. */
export class Rows {
  constructor(editor) {
    this.editor = editor;
    this.known = editor.known;
    this.words = editor.words;
    this.places = new Map();
  }

  draw(rule) {
    this.places.clear();
    return this.group([], rule, { root: true });
  }

  /** What belongs to one slot and is filled in later: its count and its error. */
  place(slot, element) {
    const count = h("span", { className: "rb-count", "aria-hidden": "true" });
    const error = h("p", { className: "rb-error", hidden: true, id: `rb-error-${key(slot)}` });
    this.places.set(key(slot), { element, count, error });
    return { count, error };
  }

  group(slot, entry, { root = false } = {}) {
    const { node, negated } = turned(entry);
    const listPath = [...slot, ...(negated ? ["not"] : []), joint(node)];
    const list = node[joint(node)];
    const element = h("div", {
      className: root ? "rb-group rb-root" : "rb-group rb-slot",
      role: "group",
      "data-slot": key(slot),
      "aria-label": root ? this.words.rule : this.words.group,
    });
    const { count, error } = this.place(slot, element);
    const rows = list.map((part, index) => this.entry([...listPath, index], part, list.length));
    element.append(
      h("div", { className: "rb-head" }, root ? null : this.handle(), this.mode(slot, node, negated, root), count, root ? null : this.actions(slot, true)),
      error,
      h("div", { className: "rb-list", "data-list": key(listPath) }, ...(rows.length ? rows : [this.nothing(root, node)])),
      this.editor.readOnly ? "" : this.adders(listPath, list.length),
    );
    return element;
  }

  entry(slot, entry, of) {
    return isGroup(turned(entry).node) ? this.group(slot, entry) : this.row(slot, entry, of);
  }

  nothing(root, node) {
    const words = root ? this.words.emptyRule : joint(node) === "all" ? this.words.emptyAll : this.words.emptyAny;
    return h("p", { className: "rb-empty", textContent: words });
  }

  mode(slot, node, negated, root) {
    const now = Object.keys(MODES).find((one) => MODES[one][0] === joint(node) && MODES[one][1] === negated);
    const offered = Object.keys(MODES).filter((one) => !root || !MODES[one][1]);
    return select(
      {
        "aria-label": this.words.mode,
        ...this.control(slot, "mode"),
        onchange: (event) => {
          const [kind, no] = MODES[event.target.value];
          const now = turned(at(this.editor.rule, slot)).node;
          this.editor.change(slot, negate({ [kind]: now[joint(now)] }, no), { focus: "mode" });
        },
      },
      offered.map((value) => ({ value, label: this.words.modes[value] })),
      now,
    );
  }

  adders(listPath, index) {
    const add = (node, name) =>
      h("button", {
        type: "button",
        className: "button rb-add",
        textContent: this.words[name],
        "data-control": `${key(listPath)}:${name}`,
        onclick: () => this.editor.insert(listPath, index, node()),
      });
    return h(
      "div",
      { className: "rb-adders" },
      add(() => this.defaultLeaf(this.firstSubject()), "addCondition"),
      add(() => ({ any: [this.defaultLeaf(this.firstSubject())] }), "addGroup"),
    );
  }

  // --- one condition ---------------------------------------------------------

  row(slot, entry, of) {
    const { node, negated } = turned(entry);
    const element = h("div", {
      className: "rb-row rb-slot",
      role: "group",
      "data-slot": key(slot),
      "aria-label": fill(this.words.condition, { n: slot.at(-1) + 1, of }),
    });
    const { count, error } = this.place(slot, element);
    const set = this.setter(slot);
    element.append(
      h("div", { className: "rb-controls" }, this.handle(), this.not(slot, node, negated), this.subject(slot, node, set), ...this.details(slot, node, set)),
      count,
      this.actions(slot, false) ?? "",
      error,
    );
    return element;
  }

  /** Changes what stands in a slot now: what was drawn may be older than what was typed since. */
  setter(slot) {
    return (change, options) => {
      const { node, negated } = turned(at(this.editor.rule, slot));
      this.editor.change(slot, negate(change(node), negated), options);
    };
  }

  handle() {
    if (this.editor.readOnly) return null;
    return h("span", { className: "rb-handle", draggable: true, title: this.words.drag }, icon("drag_indicator"));
  }

  not(slot, node, negated) {
    if (this.editor.readOnly && !negated) return null;
    return h("button", {
      type: "button",
      className: "rb-not",
      textContent: this.words.not,
      "aria-pressed": String(negated),
      title: this.words.notHelp,
      ...this.control(slot, "not"),
      onclick: () => this.editor.change(slot, negate(turned(at(this.editor.rule, slot)).node, !negated), { focus: "not" }),
    });
  }

  subject(slot, node, set) {
    return select(
      {
        className: "rb-input rb-subject",
        "aria-label": this.words.subject,
        ...this.control(slot, "subject"),
        onchange: (event) => set(() => this.defaultLeaf(event.target.value), { focus: "subject" }),
      },
      this.subjects(subjectOf(node)),
      subjectOf(node),
    );
  }

  /** Everything that a condition can be about, with what is there already even if it is gone. */
  subjects(now) {
    const { known, words } = this;
    const named = (kind, entries) => entries.map(([name, label]) => ({ value: `${kind}:${name}`, label }));
    const groups = [
      { label: words.traits, options: named("trait", known.traits.map((one) => [one.key, one.label])) },
      { label: words.events, options: named("event", known.events.map((one) => [one.name, one.label])) },
      { label: words.stages, options: named("stage", known.stageSets.map((one) => [one.key, one.label])) },
      { label: words.profile, options: named("profile", known.profile.map((one) => [one.key, one.key])) },
      {
        label: words.others,
        options: [
          ...(known.segments.length ? [{ value: "segment:", label: words.inSegment }] : []),
          ...named("consent", known.channels.map((one) => [one.key, fill(words.consent, { channel: one.label })])),
        ],
      },
    ].filter((group) => group.options.length);
    const all = groups.flatMap((group) => group.options.map((one) => one.value));
    if (now && !all.includes(now)) groups.unshift({ value: now, label: fill(words.unknown, { name: now.split(":")[1] }) });
    return groups;
  }

  firstSubject() {
    return this.subjects(null)[0].options[0].value;
  }

  defaultLeaf(subject) {
    const { known } = this;
    const [kind, ...rest] = subject.split(":");
    const name = rest.join(":");
    if (kind === "trait") return defaultTrait(known.traits.find((one) => one.key === name), known);
    if (kind === "event") return { event: name, did: true, times: 1, days: 30 };
    if (kind === "stage") return { stage: name, in: [known.stageSets.find((one) => one.key === name).stages[0].key] };
    if (kind === "profile") return { profile: name, op: "=", value: known.profile.find((one) => one.key === name)?.values[0] ?? "" };
    if (kind === "segment") return { segment: known.segments[0].id };
    return { consent: name };
  }

  details(slot, node, set) {
    if ("trait" in node) {
      const trait = this.known.traits.find((one) => one.key === node.trait);
      return this.comparison(slot, node, trait?.kind ?? "whole", [], set, "", trait?.unit);
    }
    if ("profile" in node) {
      const values = this.known.profile.find((one) => one.key === node.profile)?.values;
      return this.comparison(slot, node, "any", values, set);
    }
    if ("event" in node) return this.event(slot, node, set);
    if ("stage" in node) return [this.stages(slot, node, set)];
    if ("segment" in node) return [this.segment(slot, node, set)];
    return [];
  }

  comparison(slot, node, kind, suggestions, set, prefix = "", unit = "") {
    const { known, words } = this;
    const control = (name) => this.control(slot, prefix + name);
    return [
      select(
        {
          "aria-label": words.comparison,
          ...control("op"),
          onchange: (event) => set((now) => withOperator(known, kind, now, event.target.value), { focus: `${prefix}op` }),
        },
        known.operators.map((one) => ({ value: one.key, label: kind === "date" ? one.dateLabel : one.label })),
        node.op,
      ),
      ...valueControls({
        known,
        words,
        kind,
        leaf: node,
        suggestions,
        control,
        changed: (change, options) =>
          set((now) => ({ ...now, value: change(now.value) }), this.soft(slot, `${prefix}value`, options, prefix)),
      }),
      unit && kindOf(known, kind, node.op) !== "money" && "value" in node ? h("span", { className: "rb-word", textContent: unit }) : null,
    ];
  }

  /** A change by typing: it is one step of undo, and nothing is drawn anew under the cursor. */
  soft(slot, name, options = {}, prefix = "") {
    if (options.drawn) return { focus: prefix + options.focus };
    return { typed: `${key(slot)}:${name}` };
  }

  event(slot, node, set) {
    const { words } = this;
    const times = node.times ?? 1;
    const days = node.days ?? null;
    const wheres = node.where ?? [];
    return [
      select(
        { "aria-label": words.didOrNot, ...this.control(slot, "did"), onchange: (event) => set((now) => ({ ...now, did: event.target.value === "did" }), { focus: "did" }) },
        [{ value: "did", label: words.did }, { value: "not", label: words.didNot }],
        node.did === false ? "not" : "did",
      ),
      h("span", { className: "rb-word", textContent: words.atLeast }),
      this.number(slot, "times", times, words.times, (value) => set((now) => ({ ...now, times: value }), this.soft(slot, "times"))),
      h("span", { className: "rb-word", textContent: words.timesUnit }),
      select(
        { "aria-label": words.window, ...this.control(slot, "window"), onchange: (event) => set((now) => ({ ...now, days: event.target.value === "days" ? 30 : null }), { focus: "window" }) },
        [{ value: "days", label: words.inTheLast }, { value: "ever", label: words.ever }],
        days === null ? "ever" : "days",
      ),
      ...(days === null
        ? []
        : [
            this.number(slot, "days", days, words.days, (value) => set((now) => ({ ...now, days: value }), this.soft(slot, "days"))),
            h("span", { className: "rb-word", textContent: words.daysUnit }),
          ]),
      this.wheres(slot, wheres, set),
    ];
  }

  number(slot, name, value, label, changed) {
    const input = h("input", {
      type: "number",
      className: "rb-input rb-whole",
      min: 1,
      value: value ?? "",
      "aria-label": label,
      ...this.control(slot, name),
      oninput: () => changed(input.value === "" ? 0 : Number(input.value)),
    });
    return input;
  }

  wheres(slot, wheres, set) {
    const { words } = this;
    const rows = wheres.map((where, index) => this.where(slot, where, index, set));
    const add = h("button", {
      type: "button",
      className: "rb-link",
      textContent: words.addProperty,
      ...this.control(slot, "addWhere"),
      onclick: () =>
        set((now) => ({ ...now, where: [...(now.where ?? []), { property: "", op: "=", value: "" }] }), {
          focus: `where${wheres.length}property`,
        }),
    });
    return h("div", { className: "rb-wheres" }, ...rows, this.editor.readOnly ? "" : add);
  }

  where(slot, where, index, set) {
    const { words } = this;
    const prefix = `where${index}`;
    const change = (next, options) =>
      set((now) => ({ ...now, where: now.where.map((one, i) => (i === index ? next(one) : one)) }), options);
    const name = h("input", {
      type: "text",
      className: "rb-input",
      value: where.property,
      placeholder: words.property,
      "aria-label": words.property,
      autocomplete: "off",
      ...this.control(slot, `${prefix}property`),
      oninput: () => change((now) => ({ ...now, property: name.value }), this.soft(slot, `${prefix}property`)),
    });
    const remove = h("button", {
      type: "button",
      className: "rb-icon",
      "aria-label": words.removeProperty,
      onclick: () => set((now) => ({ ...now, where: now.where.filter((_, i) => i !== index) }), { focus: "addWhere" }),
    }, icon("close"));
    return h(
      "div",
      { className: "rb-where" },
      h("span", { className: "rb-word", textContent: words.where }),
      name,
      ...this.comparison(slot, where, "any", [], change, prefix).filter(Boolean),
      this.editor.readOnly ? null : remove,
    );
  }

  stages(slot, node, set) {
    const stages = this.known.stageSets.find((one) => one.key === node.stage)?.stages ?? [];
    const toggle = (stage, on) => {
      const chosen = (now) => stages.map((one) => one.key).filter((one) => (one === stage ? on : now.in.includes(one)));
      set((now) => ({ ...now, in: chosen(now) }), { focus: `stage-${stage}` });
    };
    const boxes = stages.map((stage) =>
      h(
        "label",
        { className: "rb-check" },
        h("input", { type: "checkbox", checked: node.in.includes(stage.key), ...this.control(slot, `stage-${stage.key}`), onchange: (event) => toggle(stage.key, event.target.checked) }),
        h("span", { textContent: stage.label }),
      ),
    );
    return h("span", { className: "rb-checks", role: "group", "aria-label": this.words.stages }, ...boxes);
  }

  segment(slot, node, set) {
    const options = this.known.segments.map((one) => ({ value: String(one.id), label: one.name }));
    if (!options.some((one) => one.value === String(node.segment)))
      options.unshift({ value: String(node.segment), label: fill(this.words.unknown, { name: `#${node.segment}` }) });
    return select(
      { "aria-label": this.words.segment, ...this.control(slot, "segment"), onchange: (event) => set(() => ({ segment: Number(event.target.value) }), { focus: "segment" }) },
      options,
      String(node.segment),
    );
  }

  // --- what can be done with a slot -------------------------------------------

  actions(slot, isAGroup) {
    if (this.editor.readOnly) return null;
    const { words, editor } = this;
    const button = (name, symbol, act) =>
      h(
        "button",
        { type: "button", className: "rb-icon", title: words[name], "aria-label": words[name], ...this.control(slot, name), onclick: act },
        icon(symbol),
      );
    return h(
      "div",
      { className: "rb-actions" },
      button("up", "arrow_upward", () => editor.move(slot, -1)),
      button("down", "arrow_downward", () => editor.move(slot, 1)),
      button("duplicate", "content_copy", () => editor.duplicate(slot)),
      isAGroup ? null : button("wrap", "data_object", () => editor.wrap(slot)),
      button("remove", "delete", () => editor.remove(slot)),
    );
  }

  /** How a control is found again after the rule was drawn anew. */
  control(slot, name) {
    return { "data-control": `${key(slot)}:${name}`, disabled: this.editor.readOnly };
  }
}

/** One of the symbols of Unfold's own font. */
const icon = (name) => h("span", { className: "material-symbols-outlined", "aria-hidden": "true", textContent: name });

function subjectOf(node) {
  const kind = ["trait", "profile", "event", "stage", "consent"].find((one) => one in node);
  return kind ? `${kind}:${node[kind]}` : "segment:";
}

function defaultTrait(trait, known) {
  const value = { money: 100 * 10 ** known.minorDigits, date: known.lately }[trait.kind] ?? 1;
  return trait.key === "recency_days"
    ? { trait: trait.key, op: "<=", value: 30 }
    : { trait: trait.key, op: ">=", value };
}
