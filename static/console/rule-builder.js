/* The rule editor: keeps a rule, its history and the live count together.
 *
 * The page gives JSON in #rule-builder-data with the vocabulary and all words, and for each rule an
 * element [data-rule-editor] with a <textarea> in it, which is what the form sends, a place
 * [data-rule-builder], and, if the count is to be shown, [data-rule-live]. A mistake that the server
 * found stands in data-rule-error, or in the JSON where there is one rule only.
 */

import { Dragging } from "./rule-dragging.js";
import { Keys } from "./rule-keys.js";
import { Live } from "./rule-live.js";
import { at, History, inserted, key, moved, neighbour, normal, pathOf, removed, replaced } from "./rule-tree.js";
import { Rows } from "./rule-rows.js";
import { fill, h } from "./rule-values.js";

const WAIT_MS = 250;
const ASK_AGAIN_MS = 1500;

class Editor {
  constructor(page, data, name) {
    Object.assign(this, { page, name, known: data.known, words: data.words, readOnly: data.readOnly });
    this.place = page.querySelector("[data-rule-builder]");
    this.text = page.querySelector("textarea") ?? h("textarea", { value: JSON.stringify(data.rule) });
    this.rows = new Rows(this);
    this.live = new Live(this, data);
    this.canvas = h("div", { className: "rb-canvas" });
    this.jsonError = h("p", { className: "rb-error", hidden: true, role: "alert" });
    this.said = h("p", { className: "rb-said", role: "status" });
    this.place.append(this.toolbar(), this.canvas, this.said);
    this.text.after(this.jsonError);
    this.listen();
    this.begin(data.error);
  }

  begin(error) {
    let rule = { all: [] };
    let readable = true;
    try {
      rule = normal(JSON.parse(this.text.value));
    } catch {
      readable = false;
    }
    this.history = new History(rule);
    this.showJson(!readable);
    if (!readable) this.complain(this.words.badJson);
    this.draw();
    if (error) this.live.mark(error);
    this.live.ask(0);
  }

  get rule() {
    return this.history.now;
  }

  // --- changes ----------------------------------------------------------------

  /** Put a node at a path. `typed` names the field that is being typed into. */
  change(path, node, { typed = null, focus = null } = {}) {
    this.set(replaced(this.rule, path, node), typed);
    if (!typed) this.draw(focus && `${key(path)}:${focus}`);
  }

  set(rule, typed = null) {
    this.history.push(rule, typed);
    this.write();
  }

  insert(listPath, index, node) {
    this.set(inserted(this.rule, listPath, index, node));
    const slot = [...listPath, index];
    this.draw(`${key(slot)}:${"any" in node ? "mode" : "subject"}`);
  }

  duplicate(slot) {
    this.set(inserted(this.rule, slot.slice(0, -1), slot.at(-1) + 1, structuredClone(at(this.rule, slot))));
    this.draw(`${key([...slot.slice(0, -1), slot.at(-1) + 1])}:duplicate`);
  }

  wrap(slot) {
    this.set(replaced(this.rule, slot, { any: [at(this.rule, slot)] }));
    this.draw(`${key(slot)}:mode`);
  }

  /** `row`: the row itself was focused, and so will be the next one. */
  remove(slot, { row = false } = {}) {
    this.set(removed(this.rule, slot));
    const left = at(this.rule, slot.slice(0, -1)).length;
    const next = [...slot.slice(0, -1), Math.min(slot.at(-1), left - 1)];
    this.draw(left ? `${key(next)}:${row ? "" : "remove"}` : `${key(slot.slice(0, -1))}:addCondition`);
    this.say(this.words.removed);
  }

  move(slot, step, focus = step < 0 ? "up" : "down") {
    const to = neighbour(this.rule, slot, step);
    if (!to) return this.say(this.words.atTheEnd);
    return this.moveTo(slot, to, focus);
  }

  moveTo(slot, { listPath, index }, focus) {
    const node = at(this.rule, slot);
    this.set(moved(this.rule, slot, listPath, index));
    const now = pathOf(this.rule, node);
    this.draw(now && `${key(now)}:${focus}`);
    this.say(this.words.moved);
  }

  step(back) {
    const active = document.activeElement;
    const focused = active?.dataset?.control ?? (active?.dataset?.slot && `${active.dataset.slot}:`);
    if (!(back ? this.history.undo() : this.history.redo())) return;
    this.write();
    this.draw(focused);
    this.say(back ? this.words.undone : this.words.redone);
  }

  // --- what is seen -------------------------------------------------------------

  draw(focus = null) {
    this.canvas.replaceChildren(this.rows.draw(this.rule));
    this.refresh();
    this.live.show();
    if (!focus) return;
    (this.control(focus) ?? this.canvas.querySelector("select, button"))?.focus();
  }

  /** The control of a slot by its name, or the row itself if that is empty: "all.0:days". */
  control(name) {
    const row = name.endsWith(":") ? `[data-slot="${CSS.escape(name.slice(0, -1))}"]` : `[data-control="${CSS.escape(name)}"]`;
    return this.place.querySelector(row);
  }

  refresh() {
    this.undoButton.disabled = this.readOnly || !this.history.past.length;
    this.redoButton.disabled = this.readOnly || !this.history.future.length;
  }

  /** Into the form's field, and to the server for the count. */
  write({ text = true } = {}) {
    if (text) this.text.value = JSON.stringify(this.rule, null, 2);
    this.text.dispatchEvent(new Event("change", { bubbles: true })); // the form was touched
    this.complain("");
    this.refresh?.();
    this.live.ask(WAIT_MS);
  }

  say(words) {
    this.said.textContent = words;
  }

  complain(words) {
    this.jsonError.textContent = words;
    this.jsonError.hidden = !words;
  }

  showJson(shown) {
    this.text.hidden = !shown;
    this.text.readOnly = this.readOnly;
    this.jsonButton.setAttribute("aria-pressed", String(shown));
    this.jsonButton.textContent = shown ? this.words.hideJson : this.words.showJson;
  }

  toolbar() {
    const { words } = this;
    const button = (text, title, act) => h("button", { type: "button", className: "button", textContent: text, title, onclick: act });
    this.undoButton = button(`↶ ${words.undo}`, "Ctrl+Z", () => this.step(true));
    this.redoButton = button(`↷ ${words.redo}`, "Ctrl+Shift+Z", () => this.step(false));
    this.jsonButton = button(words.showJson, "", () => this.showJson(this.text.hidden));
    const help = h("details", { className: "rb-keys" }, h("summary", { textContent: words.keyboard }), h("ul", {}, ...words.keys.map((line) => h("li", { textContent: line }))));
    return h("div", { className: "rb-toolbar" }, ...(this.readOnly ? [] : [this.undoButton, this.redoButton]), this.jsonButton, this.readOnly ? null : help);
  }

  // --- keyboard, JSON, dragging ---------------------------------------------------

  listen() {
    this.text.addEventListener("input", () => this.onJson());
    this.text.setAttribute("aria-label", this.words.json);
    this.keys = new Keys(this);
    if (!this.readOnly) this.dragging = new Dragging(this);
  }

  onJson() {
    try {
      this.history.push(normal(JSON.parse(this.text.value)), "json");
    } catch {
      return this.complain(this.words.badJson);
    }
    this.write({ text: false });
    return this.draw();
  }
}

/** Says in the page's facts when the workers have computed the members of a saved rule. */
async function waitForMembers(place, { segment, segmentUrl, words }) {
  const response = await fetch(segmentUrl, { headers: { Accept: "application/json" } }).catch(() => null);
  const now = response?.ok ? await response.json() : null;
  if (!now || (now.is_stale && !now.failure)) {
    setTimeout(() => waitForMembers(place, { segment, segmentUrl, words }), ASK_AGAIN_MS);
    return;
  }
  const size = new Intl.NumberFormat(document.documentElement.lang || undefined).format(now.size ?? 0);
  place.textContent = now.failure ? fill(words.failed, { why: now.failure }) : fill(words.computed, { size, day: now.data_as_of });
  place.dataset.computed = now.failure ? "failed" : "yes";
}

let opened = 0;

/** Opens the editor in an element [data-rule-editor], also in one that came into the page later. */
export function open(page) {
  if (page.dataset.opened) return;
  page.dataset.opened = "yes";
  const data = JSON.parse(document.getElementById("rule-builder-data").textContent);
  const error = page.dataset.ruleError ? JSON.parse(page.dataset.ruleError) : opened ? null : data.error;
  new Editor(page, { ...data, error }, `rule-${(opened += 1)}`);
}

function begin() {
  document.querySelectorAll("[data-rule-editor]").forEach(open);
  const waiting = document.querySelector("[data-computed=no]");
  if (waiting) waitForMembers(waiting, JSON.parse(document.getElementById("rule-builder-data").textContent));
}

begin();
