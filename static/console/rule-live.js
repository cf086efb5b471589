/* The live count: asked of the server while the rule is edited, shown in the panel and the rows. */

import { fill, h } from "./rule-values.js";

/** Asks the server what the rule comes to: one question at a time, the newest wins. */
export class Live {
  constructor(editor, data) {
    Object.assign(this, { editor, words: data.words, data, answer: null, error: null });
    this.numbers = new Intl.NumberFormat(document.documentElement.lang || undefined);
    this.shares = new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
    this.panel = editor.page.querySelector("[data-rule-live]");
  }

  part(name) {
    return this.panel.querySelector(`[data-live=${name}]`);
  }

  state(name) {
    if (this.panel) this.panel.dataset.state = name;
  }

  ask(wait) {
    clearTimeout(this.timer);
    this.running?.abort();
    this.error = null; // its place may be another one by now
    this.state("asking");
    this.timer = setTimeout(() => this.send(), wait);
  }

  async send() {
    this.running = new AbortController();
    const { rule } = this.editor;
    const asked = await this.fetched(rule, this.running.signal);
    if (!asked) return; // a newer question is on its way
    if (asked.ok && !asked.answer.error) this.succeed(asked.answer, rule);
    else this.fail(asked.answer.error ?? { message: asked.answer.detail ?? this.words.away });
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
    this.state("known");
    this.show();
  }

  fail(error) {
    this.answer = null;
    this.state("refused");
    this.mark(error);
  }

  mark(error) {
    this.error = error;
    this.show();
  }

  /** Fill in what is known: the panel, the count beside every row, the error at its place. */
  show() {
    this.showCounts();
    for (const place of this.editor.rows.places.values()) this.showError(place, "");
    for (const control of this.editor.canvas.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
    if (this.error?.path) this.showMistake(this.error.path.map(String), this.error.message);
    this.showPanel();
  }

  /** Beside every part how many fit it, and as a bar what share of all customers they are. */
  showCounts() {
    const answer = this.answerFor === this.editor.rule ? this.answer : null;
    const counts = new Map((answer?.parts ?? []).map((one) => [one.path.join("."), one.count]));
    const narrowest = this.narrowest(counts);
    for (const [slot, { element, count, number, bar }] of this.editor.rows.places) {
      const known = counts.has(slot);
      const shown = known ? this.numbers.format(counts.get(slot)) : "";
      const share = known && answer.of ? counts.get(slot) / answer.of : 0;
      number.textContent = shown;
      bar.hidden = !known;
      bar.firstChild.style.inlineSize = `${share * 100}%`;
      const bites = narrowest.has(slot);
      element.classList.toggle("rb-bites", bites);
      const told = known ? [fill(this.words.fits, { count: shown }), this.shares.format(share), bites ? this.words.bites : ""].filter(Boolean).join(" · ") : "";
      count.title = told;
      element.setAttribute("aria-description", told); // heard when the row is reached
    }
  }

  /** Of conditions that all have to hold, those that fewest customers fit. */
  narrowest(counts) {
    const lists = new Map();
    for (const slot of counts.keys()) {
      const [, list] = /^(.*\ball)\.\d+$/.exec(slot) ?? [];
      if (list && this.editor.rows.places.has(slot)) lists.set(list, [...(lists.get(list) ?? []), slot]);
    }
    const narrow = (slots) => {
      const some = slots.map((slot) => counts.get(slot));
      const least = Math.min(...some);
      return least < Math.max(...some) ? slots.filter((slot) => counts.get(slot) === least) : [];
    };
    return new Set([...lists.values()].flatMap(narrow));
  }

  showError({ element, error }, message) {
    error.textContent = message;
    error.hidden = !message;
    element.classList.toggle("rb-wrong", Boolean(message));
    if (message) element.setAttribute("aria-describedby", error.id);
    else element.removeAttribute("aria-describedby");
  }

  /** Says what is wrong at the row or group that the path leads to, or the nearest one around it,
   *  and marks the control that the rest of the path names. */
  showMistake(path, message) {
    for (let length = path.length; length >= 0; length -= 1) {
      const slot = path.slice(0, length).join(".");
      const place = this.editor.rows.places.get(slot);
      if (!place) continue;
      this.showError(place, message);
      const rest = path.slice(length).filter((step) => step !== "not");
      const names = rest.map((_, at) => rest.slice(0, rest.length - at).join(""));
      const control = [...names, "subject"].map((name) => this.editor.control(`${slot}:${name}`)).find(Boolean);
      if (rest.length) control?.setAttribute("aria-invalid", "true");
      return;
    }
  }

  /** A panel shows as much of this as it has places for. */
  showPanel() {
    const { answer, words } = this;
    if (!this.panel) return;
    this.tell("error", { textContent: this.error?.message ?? "" });
    if (!answer) return;
    const share = answer.of ? answer.count / answer.of : 0;
    const count = this.numbers.format(answer.count);
    this.tell("count", { textContent: fill(words.count, { count, of: this.numbers.format(answer.of) }) });
    this.tell("share", { textContent: this.shares.format(share) });
    this.tell("bar", { value: share });
    this.tell("sentence", { textContent: answer.sentence });
    this.tell("valueless", { textContent: answer.valueless, hidden: !answer.valueless });
    this.tell("speed", { textContent: fill(words.speed, { ms: this.numbers.format(answer.milliseconds) }) });
    this.part("sample")?.replaceChildren(...answer.sample.map((one) => this.person(one)));
    this.tell("nobody", { hidden: answer.count > 0 });
    this.tell("people", { hidden: answer.count === 0 });
  }

  tell(name, changes) {
    Object.assign(this.part(name) ?? {}, changes);
  }

  person(one) {
    if (!this.data.customerUrl) return h("li", { textContent: one.name });
    return h("li", {}, h("a", { href: this.data.customerUrl.replace("/0/", `/${one.id}/`), textContent: one.name }));
  }
}
