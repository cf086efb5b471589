/* Moving conditions and groups by the mouse; the keyboard has its own way in rule-builder.js. */

import { unkey } from "./rule-tree.js";
import { h } from "./rule-values.js";

/** Moves conditions and groups by their handles. */
export class Dragging {
  constructor(editor) {
    this.editor = editor;
    this.from = null;
    this.line = h("div", { className: "rb-drop" });
    const { canvas } = editor;
    canvas.addEventListener("dragstart", (event) => this.start(event));
    canvas.addEventListener("dragover", (event) => this.over(event));
    canvas.addEventListener("drop", (event) => this.drop(event));
    canvas.addEventListener("dragend", () => this.end());
  }

  start(event) {
    const slot = event.target.closest?.(".rb-slot");
    if (!slot) return;
    this.from = slot;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", slot.dataset.slot);
    slot.classList.add("rb-dragged");
  }

  over(event) {
    const list = event.target.closest(".rb-list, .rb-group")?.closest(".rb-group")?.querySelector(".rb-list");
    if (!this.from || !list || this.from.contains(list)) return;
    event.preventDefault();
    const entries = [...list.children].filter((one) => one !== this.line);
    const before = entries.find((one) => event.clientY < one.getBoundingClientRect().top + one.offsetHeight / 2);
    list.insertBefore(this.line, before ?? null);
  }

  drop(event) {
    event.preventDefault();
    const list = this.line.parentElement;
    if (!this.from || !list) return;
    const after = [...list.children].filter((one) => one === this.line || one.matches(".rb-slot"));
    const to = { listPath: unkey(list.dataset.list), index: after.indexOf(this.line) };
    const slot = unkey(this.from.dataset.slot);
    this.end();
    this.editor.moveTo(slot, to, "subject");
  }

  end() {
    this.from?.classList.remove("rb-dragged");
    this.from = null;
    this.line.remove();
  }
}
