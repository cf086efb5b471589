/* The rule editor of a segment: keeps the rule, its history and the live count together.
 *
 * The page gives: a <textarea name="rule"> that is what the form sends, a
 * <div id="rule-builder">, and JSON in #rule-builder-data with the vocabulary and all words.
 */

import { at, History, inserted, key, moved, neighbour, normal, pathOf, removed, replaced } from "./rule-tree.js";
import { Rows } from "./rule-rows.js";
import { fill, h } from "./rule-values.js";

const WAIT_MS = 250;

class Editor {
  constructor(place, data) {
    Object.assign(this, { place, known: data.known, words: data.words, readOnly: data.readOnly });
    this.text = document.querySelector("textarea[name=rule]") ?? h("textarea", { value: JSON.stringify(data.rule) });
    this.rows = new Rows(this);
    this.live = new Live(this, data);
    this.canvas = h("div", { className: "rb-canvas" });
    this.jsonError = h("p", { className: "rb-error", hidden: true, role: "alert" });
    this.said = h("p", { className: "rb-said", role: "status" });
    place.append(this.toolbar(), this.canvas, this.said);
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

  remove(slot) {
    this.set(removed(this.rule, slot));
    const left = at(this.rule, slot.slice(0, -1)).length;
    const next = [...slot.slice(0, -1), Math.min(slot.at(-1), left - 1)];
    this.draw(left ? `${key(next)}:remove` : `${key(slot.slice(0, -1))}:addCondition`);
    this.say(this.words.removed);
  }

  move(slot, step) {
    const to = neighbour(this.rule, slot, step);
    if (!to) return this.say(this.words.atTheEnd);
    return this.moveTo(slot, to, step < 0 ? "up" : "down");
  }

  moveTo(slot, { listPath, index }, focus) {
    const node = at(this.rule, slot);
    this.set(moved(this.rule, slot, listPath, index));
    const now = pathOf(this.rule, node);
    this.draw(now && `${key(now)}:${focus}`);
    this.say(this.words.moved);
  }

  step(back) {
    const focused = document.activeElement?.dataset?.control;
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
    const control = this.place.querySelector(`[data-control="${CSS.escape(focus)}"]`);
    (control ?? this.canvas.querySelector("select, button"))?.focus();
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
    return h("div", { className: "rb-toolbar" }, ...(this.readOnly ? [] : [this.undoButton, this.redoButton]), this.jsonButton);
  }

  // --- keyboard, JSON, dragging ---------------------------------------------------

  listen() {
    this.place.addEventListener("keydown", (event) => this.onKey(event));
    this.text.addEventListener("input", () => this.onJson());
    this.text.setAttribute("aria-label", this.words.json);
    if (!this.readOnly) new Dragging(this);
  }

  onKey(event) {
    const slot = event.target.closest(".rb-slot")?.dataset.slot;
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault(); // would send the form
    if (this.readOnly) return;
    if (event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key) && slot) {
      event.preventDefault();
      this.move(unkey(slot), event.key === "ArrowUp" ? -1 : 1);
    }
    const letter = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && (letter === "z" || letter === "y")) {
      event.preventDefault();
      this.step(letter === "z" && !event.shiftKey);
    }
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

const unkey = (text) => text.split(".").map((step) => (/^\d+$/.test(step) ? Number(step) : step));

/** Moves conditions and groups by their handles. */
class Dragging {
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

/** Asks the server what the rule comes to: one question at a time, the newest wins. */
class Live {
  constructor(editor, data) {
    Object.assign(this, { editor, words: data.words, data, answer: null, error: null });
    this.numbers = new Intl.NumberFormat(document.documentElement.lang || undefined);
    this.shares = new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
    this.panel = document.getElementById("rule-live");
  }

  part(name) {
    return this.panel.querySelector(`[data-live=${name}]`);
  }

  ask(wait) {
    clearTimeout(this.timer);
    this.running?.abort();
    this.error = null; // its place may be another one by now
    this.panel.dataset.state = "asking";
    this.timer = setTimeout(() => this.send(), wait);
  }

  async send() {
    this.running = new AbortController();
    const { rule } = this.editor;
    const asked = await this.fetched(rule, this.running.signal);
    if (!asked) return; // a newer question is on its way
    if (asked.ok) this.succeed(asked.answer, rule);
    else this.fail(asked.answer);
  }

  /** The server's answer to a rule; null when the question was called off. */
  async fetched(rule, signal) {
    try {
      const response = await fetch(this.data.previewUrl, {
        method: "POST",
        signal,
        headers: {
          "Content-Type": "application/json",
          Accept: "application/json",
          "Accept-Language": document.documentElement.lang,
          "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "",
        },
        body: JSON.stringify({ rule, segment: this.data.segment }),
      });
      return { ok: response.ok, answer: await response.json() };
    } catch (problem) {
      return problem.name === "AbortError" ? null : { ok: false, answer: {} };
    }
  }

  succeed(answer, rule) {
    this.answer = answer;
    this.answerFor = rule;
    this.error = null;
    this.panel.dataset.state = "known";
    this.show();
  }

  fail(answer) {
    this.answer = null;
    this.panel.dataset.state = "refused";
    this.mark({ path: answer.path ?? null, message: answer.rule?.[0] ?? answer.detail ?? this.words.away });
  }

  mark(error) {
    this.error = error;
    this.show();
  }

  /** Fill in what is known: the panel, the count beside every row, the error at its row. */
  show() {
    const parts = this.answerFor === this.editor.rule ? this.answer?.parts : null;
    const counts = new Map((parts ?? []).map((one) => [one.path.join("."), one.count]));
    for (const [slot, place] of this.editor.rows.places) {
      place.count.textContent = counts.has(slot) ? this.numbers.format(counts.get(slot)) : "";
      place.count.title = counts.has(slot) ? fill(this.words.fits, { count: this.numbers.format(counts.get(slot)) }) : "";
      this.showError(place, "");
    }
    const wrong = this.error?.path && this.nearest(this.error.path.map(String));
    if (wrong) this.showError(wrong, this.error.message);
    this.showPanel();
  }

  showError({ element, error }, message) {
    error.textContent = message;
    error.hidden = !message;
    element.classList.toggle("rb-wrong", Boolean(message));
    if (message) element.setAttribute("aria-describedby", error.id);
    else element.removeAttribute("aria-describedby");
  }

  /** The row or group that a path leads to, or the nearest one around it. */
  nearest(path) {
    for (let length = path.length; length >= 0; length -= 1) {
      const found = this.editor.rows.places.get(path.slice(0, length).join("."));
      if (found) return found;
    }
    return null;
  }

  showPanel() {
    const { answer } = this;
    this.part("error").textContent = this.error?.message ?? "";
    if (!answer) return;
    const share = answer.of ? answer.count / answer.of : 0;
    this.part("count").textContent = fill(this.words.count, { count: this.numbers.format(answer.count), of: this.numbers.format(answer.of) });
    this.part("share").textContent = this.shares.format(share);
    this.part("bar").value = share;
    this.part("sentence").textContent = answer.sentence;
    this.part("speed").textContent = fill(this.words.speed, { ms: this.numbers.format(answer.milliseconds) });
    this.part("sample").replaceChildren(...answer.sample.map((one) => this.person(one)));
    this.part("nobody").hidden = answer.count > 0;
    this.part("people").hidden = answer.count === 0;
  }

  person(one) {
    if (!this.data.customerUrl) return h("li", { textContent: one.name });
    return h("li", {}, h("a", { href: this.data.customerUrl.replace("/0/", `/${one.id}/`), textContent: one.name }));
  }
}

const data = document.getElementById("rule-builder-data");
const place = document.getElementById("rule-builder");
if (data && place) new Editor(place, JSON.parse(data.textContent));
