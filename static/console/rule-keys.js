/* The keyboard's way through a rule: rows are walked with arrows, entered, moved and removed. */

import { unkey } from "./rule-tree.js";

const STEPS = { ArrowUp: -1, ArrowDown: 1 };

/** Listens for `editor`. A row that is focused itself has keys of its own; inside a control the
 *  arrows and Delete are the control's. */
export class Keys {
  constructor(editor) {
    this.editor = editor;
    editor.place.addEventListener("keydown", (event) => this.pressed(event));
  }

  pressed(event) {
    const slot = event.target.closest(".rb-slot");
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault(); // would send the form
    if (event.key === "Escape" && slot && slot !== event.target) return this.done(event, () => slot.focus());
    if (slot && slot === event.target && !event.altKey && this.onRow(event, slot)) return undefined;
    return this.editor.readOnly ? undefined : this.change(event, slot);
  }

  /** Whether the key meant the row itself. */
  onRow(event, slot) {
    const { editor } = this;
    const way = {
      ArrowUp: () => this.walk(slot, -1),
      ArrowDown: () => this.walk(slot, 1),
      Enter: () => slot.querySelector(".rb-controls select, .rb-head select")?.focus(),
      ...(editor.readOnly ? {} : { Delete: () => editor.remove(unkey(slot.dataset.slot), { row: true }), Backspace: () => editor.remove(unkey(slot.dataset.slot), { row: true }) }),
    }[event.key];
    if (way) this.done(event, way);
    return Boolean(way);
  }

  walk(slot, step) {
    const rows = [...this.editor.canvas.querySelectorAll(".rb-slot")];
    rows[rows.indexOf(slot) + step]?.focus();
  }

  change(event, slot) {
    const { editor } = this;
    if (event.altKey && event.key in STEPS && slot)
      return this.done(event, () => editor.move(unkey(slot.dataset.slot), STEPS[event.key], slot === event.target ? "" : undefined));
    const letter = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && (letter === "z" || letter === "y"))
      return this.done(event, () => editor.step(letter === "z" && !event.shiftKey));
    return undefined;
  }

  done(event, act) {
    event.preventDefault();
    act();
  }
}
