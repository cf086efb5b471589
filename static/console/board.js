/* The board of requests: cards moved with the mouse or the keyboard. Every move is one of the
   buttons that the card has anyway, so that what is not allowed is not offered. */
"use strict";

const CARD = "[data-card]";
const COLUMN = "[data-status]";

class Board {
  constructor(place) {
    this.place = place;
    this.card = null;
    place.addEventListener("dragstart", (event) => this.lift(event));
    place.addEventListener("dragover", (event) => this.over(event));
    place.addEventListener("drop", (event) => this.drop(event));
    place.addEventListener("dragend", () => this.letGo());
    place.addEventListener("keydown", (event) => this.key(event));
    if (/^#card-\d+$/.test(location.hash)) this.arrive(place.querySelector(location.hash));
  }

  /** To the card that was moved. The browser goes there, too, and lets go of any focus as it does,
      so ours comes after it. */
  arrive(card) {
    const take = () => requestAnimationFrame(() => this.focus(card));
    if (document.readyState === "complete") take();
    else window.addEventListener("load", take, { once: true });
  }

  get columns() {
    return [...this.place.querySelectorAll(COLUMN)];
  }

  button(card, status) {
    return card.querySelector(`button[data-to="${status}"]`);
  }

  // --- mouse ---

  lift(event) {
    this.card = event.target.closest?.(CARD);
    if (!this.card) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", this.card.id);
    this.card.classList.add("is-dragged");
    for (const column of this.columns) {
      column.classList.toggle("may-drop", this.button(this.card, column.dataset.status) !== null);
    }
  }

  over(event) {
    const column = event.target.closest(COLUMN);
    for (const one of this.columns) one.classList.toggle("is-over", one === column && one.classList.contains("may-drop"));
    if (column?.classList.contains("may-drop")) event.preventDefault();
  }

  drop(event) {
    const column = event.target.closest(COLUMN);
    const card = this.card;
    event.preventDefault();
    this.letGo();
    if (card && column) this.button(card, column.dataset.status)?.click();
  }

  letGo() {
    this.card?.classList.remove("is-dragged");
    this.card = null;
    for (const column of this.columns) column.classList.remove("may-drop", "is-over");
  }

  // --- keyboard: arrows walk, Shift with left or right moves ---

  key(event) {
    const card = event.target.closest(CARD);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
    if (!card || !(step || down) || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.shiftKey && !step) return;
    event.preventDefault();
    if (event.shiftKey) this.move(card, step);
    else if (down) this.focus(this.beside(card, down));
    else this.focus(this.across(card, step));
  }

  focus(card) {
    card?.querySelector("a").focus();
  }

  beside(card, down) {
    return down > 0 ? card.nextElementSibling : card.previousElementSibling;
  }

  /** The card at the same height in the next column that has any. */
  across(card, step) {
    const columns = this.columns;
    const height = [...card.parentElement.children].indexOf(card);
    for (let at = columns.indexOf(card.closest(COLUMN)) + step; columns[at]; at += step) {
      const cards = columns[at].querySelectorAll(CARD);
      if (cards.length) return cards[Math.min(height, cards.length - 1)];
    }
    return null;
  }

  /** To the nearest column on that side to which it may go. */
  move(card, step) {
    const columns = this.columns;
    for (let at = columns.indexOf(card.closest(COLUMN)) + step; columns[at]; at += step) {
      const button = this.button(card, columns[at].dataset.status);
      if (button) return button.click();
    }
    return undefined;
  }
}

document.querySelectorAll("[data-board]").forEach((place) => new Board(place));
