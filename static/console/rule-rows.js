/* Draws a rule: groups inside groups, and a row of controls for each condition. */

import { belonging } from "./rule-belongings.js";
import { Controls, icon } from "./rule-controls.js";
import { deed } from "./rule-deeds.js";
import { Subjects, subjectOf } from "./rule-subjects.js";
import { at, isGroup, joint, key, negate, turned } from "./rule-tree.js";
import { fill, h } from "./rule-values.js";

const MODES = { all: ["all", false], any: ["any", false], notAll: ["all", true], none: ["any", true] };

/** Draws the rule that `editor` holds and calls it back. The editor offers `known`, `words`,
 *  `readOnly`, `change(path, node, options)` and the moves of a slot. */
export class Rows {
  constructor(editor) {
    Object.assign(this, { editor, known: editor.known, words: editor.words, places: new Map() });
    this.controls = new Controls(editor);
    this.subjects = new Subjects(editor.known, editor.words);
  }

  draw(rule) {
    this.places.clear();
    return this.group([], rule, { root: true });
  }

  /** What belongs to one slot and is filled in later: its count with a bar, and its error. */
  place(slot, element) {
    const number = h("span", { className: "rb-number-of" });
    const bar = h("span", { className: "rb-bar" }, h("span"));
    const count = h("span", { className: "rb-count", "aria-hidden": "true" }, number, bar);
    const error = h("p", { className: "rb-error", hidden: true, id: `${this.editor.name}-error-${key(slot)}` });
    this.places.set(key(slot), { element, count, number, bar, error });
    return { count, error };
  }

  // --- groups ------------------------------------------------------------------

  group(slot, entry, { root = false } = {}) {
    const { node, negated } = turned(entry);
    const listPath = [...slot, ...(negated ? ["not"] : []), joint(node)];
    const list = node[joint(node)];
    const element = h("div", {
      className: root ? "rb-group rb-root" : "rb-group rb-slot",
      role: "group",
      tabIndex: root ? null : 0,
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
    const offered = Object.keys(MODES).filter((one) => !root || !MODES[one][1]);
    return this.controls.pick(slot, "mode", {
      label: this.words.mode,
      options: offered.map((value) => ({ value, label: this.words.modes[value] })),
      now: Object.keys(MODES).find((one) => MODES[one][0] === joint(node) && MODES[one][1] === negated),
      changed: (value) => {
        const [kind, no] = MODES[value];
        const now = turned(at(this.editor.rule, slot)).node;
        this.editor.change(slot, negate({ [kind]: now[joint(now)] }, no), { focus: "mode" });
      },
    });
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
    const first = () => this.subjects.leaf(this.subjects.first());
    return h("div", { className: "rb-adders" }, add(first, "addCondition"), add(() => ({ any: [first()] }), "addGroup"));
  }

  // --- one condition ---------------------------------------------------------

  row(slot, entry, of) {
    const { node, negated } = turned(entry);
    const element = h("div", {
      className: "rb-row rb-slot",
      role: "group",
      tabIndex: 0,
      "data-slot": key(slot),
      "aria-label": fill(this.words.condition, { n: slot.at(-1) + 1, of }),
    });
    const { count, error } = this.place(slot, element);
    const set = this.setter(slot);
    element.append(
      h("div", { className: "rb-controls" }, this.handle(), this.not(slot, negated), this.subject(slot, node, set), ...this.details(slot, node, set)),
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

  not(slot, negated) {
    if (this.editor.readOnly && !negated) return null;
    return h("button", {
      type: "button",
      className: "rb-not",
      textContent: this.words.not,
      "aria-pressed": String(negated),
      title: this.words.notHelp,
      ...this.controls.control(slot, "not"),
      onclick: () => this.editor.change(slot, negate(turned(at(this.editor.rule, slot)).node, !negated), { focus: "not" }),
    });
  }

  subject(slot, node, set) {
    const now = subjectOf(node);
    return this.controls.pick(slot, "subject", {
      label: this.words.subject,
      className: "rb-input rb-subject",
      options: this.subjects.groups(now),
      now,
      changed: (value) => set((leaf) => this.subjects.leaf(value, leaf), { focus: "subject" }),
    });
  }

  details(slot, node, set) {
    const { controls, known } = this;
    if ("trait" in node) {
      const { kind = "whole", unit, choices, open } = known.traits.find((one) => one.key === node.trait) ?? {};
      return controls.comparison(slot, node, { kind, set, unit, choices: open ? null : choices, suggestions: open ? choices.map((one) => one.key) : [] });
    }
    if ("profile" in node) {
      const suggestions = known.profile.find((one) => one.key === node.profile)?.values;
      return controls.comparison(slot, node, { kind: "any", set, suggestions });
    }
    return subjectOf(node).startsWith("event:") ? deed(controls, slot, node, set) : belonging(controls, slot, node, set);
  }

  // --- what can be done with a slot -------------------------------------------

  actions(slot, isAGroup) {
    if (this.editor.readOnly) return null;
    const { controls, editor } = this;
    const button = (name, symbol, act) => controls.button(name, symbol, act, controls.control(slot, name));
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
}
