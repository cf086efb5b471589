/* The live count: asked of the server while the rule is edited, shown in the panel and the rows. */

import { fill, h } from "./rule-values.js";

/** Asks the server what the rule comes to: one question at a time, the newest wins. */
export class Live {
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
    this.panel.dataset.state = "known";
    this.show();
  }

  fail(error) {
    this.answer = null;
    this.panel.dataset.state = "refused";
    this.mark(error);
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
