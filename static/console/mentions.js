/* Offers names while one writes “@” into a box: `<textarea data-mentions="ID of the names">`. */
"use strict";

const MOST_OFFERED = 6;

class Mentions {
  constructor(box, names, number) {
    this.box = box;
    this.names = names;
    this.offered = [];
    this.at = 0; // which of the offered ones is chosen
    this.list = document.createElement("ul");
    this.list.className = "mentions";
    this.list.id = `mentions-${number}`;
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    box.after(this.list);
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-controls", this.list.id);
    box.setAttribute("autocomplete", "off");
    box.addEventListener("input", () => this.look());
    box.addEventListener("click", () => this.look());
    box.addEventListener("blur", () => this.show([]));
    box.addEventListener("keydown", (event) => this.key(event));
  }

  /** What stands between the last “@” and the caret; null where no name is begun. */
  begun() {
    const before = this.box.value.slice(0, this.box.selectionStart);
    const found = /(?:^|[^A-Za-z0-9_.+-])@([\w.@+-]*)$/.exec(before);
    return found ? found[1].toLowerCase() : null;
  }

  look() {
    const begun = this.begun();
    if (begun === null) return this.show([]);
    const fits = this.names.filter((name) => name.toLowerCase().startsWith(begun));
    const isWhole = fits.length === 1 && fits[0].toLowerCase() === begun;
    return this.show(isWhole ? [] : fits.slice(0, MOST_OFFERED));
  }

  show(offered) {
    this.offered = offered;
    this.at = 0;
    this.list.hidden = !offered.length;
    this.list.replaceChildren(...offered.map((name, number) => this.row(name, number)));
    this.mark();
  }

  row(name, number) {
    const row = document.createElement("li");
    row.id = `${this.list.id}-${number}`;
    row.setAttribute("role", "option");
    row.textContent = `@${name}`;
    row.addEventListener("mousedown", (event) => { event.preventDefault(); this.take(name); });
    return row;
  }

  mark() {
    [...this.list.children].forEach((row, number) => row.setAttribute("aria-selected", String(number === this.at)));
    if (this.offered.length) this.box.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (!this.offered.length || event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      this.at = (this.at + steps[event.key] + this.offered.length) % this.offered.length;
      this.mark();
    } else if (event.key === "Enter" || event.key === "Tab") {
      this.take(this.offered[this.at]);
    } else if (event.key === "Escape") {
      this.show([]);
    } else {
      return;
    }
    event.preventDefault();
  }

  /** Puts the name in the place of what was begun, with a blank behind it. */
  take(name) {
    const end = this.box.selectionStart, start = end - this.begun().length;
    this.box.setRangeText(`${name} `, start, end, "end");
    this.show([]);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-mentions]").forEach((box, number) => {
    const names = document.getElementById(box.dataset.mentions);
    if (names) new Mentions(box, JSON.parse(names.textContent), number);
  });
});
