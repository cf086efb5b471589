/* The controls that conditions are made of, each with the name by which it is found again. */

import { key } from "./rule-tree.js";
import { h, select, valueControls, withOperator } from "./rule-values.js";

/** Makes controls for an `editor`, which offers `known`, `words` and `readOnly`.
 *
 *  A control is named by what it changes, as the server names the place of a mistake: the path
 *  below the condition, joined. `set(change, options)` puts the changed condition in its place;
 *  what was drawn may be older than what was typed since, so `change` gets it as it is by then. */
export class Controls {
  constructor(editor) {
    Object.assign(this, { editor, known: editor.known, words: editor.words });
  }

  control(slot, name) {
    return { "data-control": `${key(slot)}:${name}`, disabled: this.editor.readOnly };
  }

  /** A change by typing: it is one step of undo, and nothing is drawn anew under the cursor. */
  soft(slot, name, options = {}, prefix = "") {
    if (options.drawn) return { focus: prefix + options.focus };
    return { typed: `${key(slot)}:${name}` };
  }

  word(text) {
    return text ? h("span", { className: "rb-word", textContent: text }) : null;
  }

  /** Controls and words that stay together on one line. */
  together(...some) {
    return h("span", { className: "rb-unit" }, ...some);
  }

  pick(slot, name, { label, options, now, changed, className = "rb-input" }) {
    const props = { className, "aria-label": label, ...this.control(slot, name), onchange: (event) => changed(event.target.value) };
    return select(props, options, now);
  }

  /** One of the records of a kind by its number, also when it is not there any more. */
  record(slot, name, { label, some, now, changed }) {
    const options = some.map((one) => ({ value: String(one.id), label: one.name }));
    if (!options.some((one) => one.value === String(now)))
      options.unshift({ value: String(now), label: this.words.unknown.replace("{name}", `#${now}`) });
    return this.pick(slot, name, { label, options, now: String(now), changed: (value) => changed(Number(value)) });
  }

  number(slot, name, { label, now, changed, least = 1 }) {
    return this.input(slot, name, { type: "number", className: "rb-input rb-whole", min: least, label, now, changed: (text) => changed(text === "" ? null : Number(text)) });
  }

  input(slot, name, { label, now, changed, ...props }) {
    const input = h("input", {
      type: "text",
      className: `rb-input rb-${props.type ?? "text"}`,
      value: now ?? "",
      "aria-label": label,
      autocomplete: "off",
      ...props,
      ...this.control(slot, name),
      oninput: () => changed(input.value),
    });
    return input;
  }

  /** A comparison and its value; `labels` are other words for some of the comparisons. */
  comparison(slot, node, { kind, set, suggestions = [], choices = null, prefix = "", unit = "", labels = {} }) {
    const { known, words } = this;
    const fits = (one) => (!one.ordered || kind !== "choice") && labels[one.key] !== null;
    const offered = known.operators.filter((one) => fits(one) || one.key === node.op);
    const options = offered.map((one) => ({ value: one.key, label: labels[one.key] ?? (kind === "date" ? one.dateLabel : one.label) }));
    const unitAfter = kind !== "money" && "value" in node ? this.word(unit) : null;
    const values = valueControls({
      known,
      words,
      kind,
      leaf: node,
      suggestions,
      choices,
      control: (name) => this.control(slot, prefix + name),
      changed: (change, options) => set((now) => ({ ...now, value: change(now.value) }), this.soft(slot, `${prefix}value`, options, prefix)),
    });
    return [
      this.pick(slot, `${prefix}op`, {
        label: words.comparison,
        options,
        now: node.op,
        changed: (op) => set((now) => withOperator(known, kind, now, op, choices), { focus: `${prefix}op` }),
      }),
      ...values.slice(0, -1),
      unitAfter ? this.together(values.at(-1), unitAfter) : values.at(-1),
    ];
  }

  button(name, symbol, act, props = {}) {
    return h("button", { type: "button", className: "rb-icon", title: this.words[name], "aria-label": this.words[name], onclick: act, ...props }, icon(symbol));
  }
}

/** One of the symbols of Unfold's own font. */
export const icon = (name) => h("span", { className: "material-symbols-outlined", "aria-hidden": "true", textContent: name });
