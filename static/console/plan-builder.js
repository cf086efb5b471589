/* The editor of a campaign's plan: steps in their order, with ways inside branches and splits.
 *
 * The page gives JSON in #plan-builder-data (what there is to choose from, words, addresses), and
 * an element [data-plan-editor] with the <textarea> that the form sends, a place
 * [data-plan-builder], and [data-plan-said], in which the plan is read back as the server says it.
 */

import { open as openRule } from "./rule-builder.js";
import { at, History, inserted, key, removed, replaced } from "./rule-tree.js";
import { fill, h, select } from "./rule-values.js";

const WAIT_MS = 300;
const MAIL = "email"; // the channel of a message that names none
const KINDS = ["message", "wait", "branch", "split", "task", "exit"];
const UNITS = { minutes: 1, hours: 60, days: 1440 };

class PlanEditor {
  constructor(page, data) {
    Object.assign(this, { page, known: data.known, words: data.words, checkUrl: data.checkUrl });
    this.text = page.querySelector("textarea");
    this.said = page.querySelector("[data-plan-said]");
    this.spoken = h("p", { className: "rb-said", role: "status" });
    this.canvas = h("div", { className: "pb-canvas" });
    let plan = [];
    try {
      plan = JSON.parse(this.text.value || "[]");
    } catch {
      this.text.hidden = false;
    }
    page.querySelectorAll(":scope > .rb-error").forEach((one) => one.remove()); // said at its step
    this.history = new History(Array.isArray(plan) ? plan : []);
    page.querySelector("[data-plan-builder]").append(this.toolbar(), this.canvas, this.spoken);
    this.text.addEventListener("input", () => this.onJson());
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
    this.draw();
    this.check(0);
  }

  get plan() {
    return this.history.now;
  }

  // --- changes ----------------------------------------------------------------

  set(plan, mark = null) {
    this.history.push(plan, mark);
    this.write();
  }

  write() {
    this.text.value = JSON.stringify(this.plan, null, 2);
    this.text.dispatchEvent(new Event("change", { bubbles: true })); // the form was touched
    this.refresh();
    this.check(WAIT_MS);
  }

  /** Other fields of the step at a path; what is undefined is taken out. */
  change(path, fields, { typed = null, focus = null } = {}) {
    const step = { ...at(this.plan, path), ...fields };
    for (const name of Object.keys(step)) if (step[name] === undefined) delete step[name];
    this.set(replaced(this.plan, path, step), typed && `${key(path)}:${typed}`);
    if (!typed) this.draw(focus && `${key(path)}:${focus}`);
  }

  add(listPath, index, kind) {
    this.set(inserted(this.plan, listPath, index, this.fresh(kind)));
    this.draw(`${key([...listPath, index])}:first`);
  }

  remove(path) {
    this.set(removed(this.plan, path));
    const list = path.slice(0, -1);
    const left = at(this.plan, list).length;
    this.draw(left ? `${key([...list, Math.min(path.at(-1), left - 1)])}:remove` : `${key(list)}:add`);
    this.say(this.words.removed);
  }

  /** One place up or down; from the end of a way out of it. */
  move(path, by) {
    const list = path.slice(0, -1);
    const index = path.at(-1) + by;
    const step = at(this.plan, path);
    const without = removed(this.plan, path);
    let to = null;
    if (index >= 0 && index <= at(without, list).length) to = [...list, index];
    else if (list.length) {
      const around = this.around(path);
      to = [...around.slice(0, -1), around.at(-1) + (by < 0 ? 0 : 1)];
    }
    if (!to) return this.say(this.words.atTheEnd);
    this.set(inserted(without, to.slice(0, -1), to.at(-1), step));
    this.draw(`${key(to)}:${by < 0 ? "up" : "down"}`);
    return this.say(this.words.moved);
  }

  /** The path of the step that a way belongs to. */
  around(path) {
    const list = path.slice(0, -1);
    return list.at(-1) === "steps" ? list.slice(0, -3) : list.slice(0, -1);
  }

  undo(back) {
    if (!(back ? this.history.undo() : this.history.redo())) return;
    this.write();
    this.draw();
    this.say(back ? this.words.undone : this.words.redone);
  }

  fresh(kind) {
    const step = { key: this.freeKey(kind), kind };
    if (kind === "message") {
      const channel = this.known.channels[0]?.value ?? MAIL;
      return { ...step, channel, template: this.onlyTemplate(channel) };
    }
    if (kind === "wait") return { ...step, minutes: 1440 };
    if (kind === "branch") return { ...step, rule: { all: [] }, yes: [], no: [] };
    if (kind === "split") return { ...step, arms: ["a", "b"].map((name) => ({ key: name, weight: 50, steps: [] })) };
    if (kind === "task") return { ...step, title: "", team: this.known.teams[0]?.value, days: 3 };
    return step;
  }

  freeKey(kind) {
    const taken = new Set(this.all().map(({ step }) => step.key));
    let n = 1;
    while (taken.has(`${kind}${n}`)) n += 1;
    return `${kind}${n}`;
  }

  /** All steps with their paths, in reading order. */
  all(steps = this.plan, path = []) {
    return steps.flatMap((step, index) => {
      const here = [...path, index];
      return [{ step, path: here }, ...this.ways(step, here).flatMap((way) => this.all(way.steps, way.path))];
    });
  }

  ways(step, path) {
    const sides = "never" in step ? ["yes", "no", "never"] : ["yes", "no"];
    if (step.kind === "branch") return sides.map((way) => ({ head: this.words[way], steps: step[way] ?? [], path: [...path, way] }));
    if (step.kind === "split") return (step.arms ?? []).map((arm, n) => ({ arm, n, steps: arm.steps ?? [], path: [...path, "arms", n, "steps"] }));
    return [];
  }

  templates(channel) {
    return this.known.templates.filter((one) => one.channel === channel);
  }

  /** What goes without saying; of several one has to choose, or the first would be sent unseen. */
  onlyTemplate(channel) {
    const some = this.templates(channel);
    return some.length === 1 ? some[0].value : null;
  }

  // --- what is seen -------------------------------------------------------------

  draw(focus = null) {
    this.canvas.replaceChildren(this.list(this.plan, []));
    this.canvas.querySelectorAll("[data-rule-editor]").forEach(openRule);
    this.refresh();
    this.mark(this.problem);
    if (!focus) return;
    const control = this.canvas.querySelector(`[data-control="${CSS.escape(focus)}"]`);
    (control ?? this.canvas.querySelector("select, button"))?.focus();
  }

  list(steps, path) {
    const rows = steps.map((step, index) => this.row(step, [...path, index]));
    const empty = steps.length ? null : h("p", { className: "rb-empty", textContent: path.length ? this.words.emptyWay : this.words.empty });
    return h("div", { className: "pb-list" }, h("ol", { className: "pb-steps" }, ...rows), empty, this.adder(path, steps.length));
  }

  adder(path, index) {
    const options = [{ value: "", label: `+ ${this.words.addStep}` }, ...KINDS.map((kind) => ({ value: kind, label: this.words.kinds[kind] }))];
    return select({ "aria-label": this.words.addStep, "data-control": `${key(path)}:add`, onchange: (event) => event.target.value && this.add(path, index, event.target.value) }, options, "");
  }

  row(step, path) {
    const name = key(path);
    const icon = (text, title, act, what) => h("button", { type: "button", className: "rb-icon", textContent: text, title, "aria-label": title, "data-control": `${name}:${what}`, onclick: act });
    const controls = this[step.kind] ? this[step.kind](step, path) : [];
    const head = h("div", { className: "pb-head" },
      h("strong", { className: "pb-kind", textContent: this.words.kinds[step.kind] ?? step.kind }),
      h("div", { className: "rb-controls" }, ...controls),
      h("span", { className: "rb-actions" },
        icon("↑", this.words.up, () => this.move(path, -1), "up"),
        icon("↓", this.words.down, () => this.move(path, 1), "down"),
        icon("×", this.words.remove, () => this.remove(path), "remove")));
    const ways = this.ways(step, path).map((way) => h("section", { className: "pb-way" }, this.wayHead(step, path, way), this.list(way.steps, way.path)));
    const rule = step.kind === "branch" && "rule" in step ? this.rule(step, path) : null;
    return h("li", { className: "pb-step", tabIndex: -1, "data-path": name, "data-kind": step.kind }, head, rule, ways.length ? h("div", { className: "pb-ways" }, ...ways) : null, h("p", { className: "rb-error", hidden: true, role: "alert" }));
  }

  wayHead(step, path, { head, arm, n }) {
    if (!arm) return h("h4", { textContent: head });
    const arms = (change) => this.change(path, { arms: step.arms.map((one, at) => (at === n ? { ...one, ...change } : one)) }, { typed: `arm${n}` });
    const drop = step.arms.length > 2 ? h("button", { type: "button", className: "rb-icon", textContent: "×", "aria-label": this.words.removeWay, title: this.words.removeWay, onclick: () => this.change(path, { arms: step.arms.filter((_, at) => at !== n) }) }) : null;
    return h("div", { className: "rb-controls" },
      h("input", { className: "rb-input pb-name", value: arm.key, maxLength: 16, "aria-label": this.words.wayName, oninput: (event) => arms({ key: event.target.value }) }),
      this.number(arm.weight, 1, 1000, this.words.weight, (weight) => arms({ weight })),
      drop);
  }

  // --- the controls of each kind --------------------------------------------------

  message(step, path) {
    const set = (fields, options) => this.change(path, fields, options);
    const through = step.channel ?? MAIL;
    const templates = this.templates(through);
    const chooses = (value, act, name) => select({ "aria-label": this.words.template, "data-control": `${key(path)}:${name}`, onchange: (event) => act(Number(event.target.value)) }, this.with(templates, value), value);
    const channel = select({ "aria-label": this.words.channel, "data-control": `${key(path)}:first`, onchange: (event) => set({ channel: event.target.value, template: this.onlyTemplate(event.target.value), variants: undefined, winner: undefined, second: undefined }, { focus: "first" }) }, this.known.channels, through);
    const what = step.variants ? step.variants.map((one, n) => this.variant(step, path, one, n, chooses)) : [chooses(step.template, (template) => set({ template }, { focus: "template" }), "template")];
    const coupon = this.known.coupons.length || step.coupon ? [select({ "aria-label": this.words.coupon, onchange: (event) => set({ coupon: event.target.value ? Number(event.target.value) : undefined }) }, [{ value: "", label: this.words.noCoupon }, ...this.known.coupons], step.coupon ?? "")] : [];
    const more = h("button", { type: "button", className: "rb-link", textContent: this.words.addVariant, onclick: () => set({ variants: this.moreVariants(step), template: undefined }) });
    const expires = h("label", { className: "rb-unit" }, h("span", { textContent: this.words.expires }), this.number(step.expires, 1, 527040, this.words.expires, (value) => set({ expires: value ?? undefined }, { typed: "expires" }), true));
    const second = this.second(step, set);
    const contest = step.variants ? this.contest(step, path) : [];
    return [channel, ...what, (step.variants?.length ?? 0) < 8 ? more : null, ...contest, ...second, ...coupon, expires].filter(Boolean);
  }

  /** Where the contact policy leads to another channel: the words for that one. */
  second(step, set) {
    const lower = step.second?.channel ?? this.known.lower[step.channel ?? MAIL];
    if (!lower) return [];
    const label = fill(this.words.second, { channel: this.known.channels.find((one) => one.value === lower)?.label ?? lower });
    const options = [{ value: "", label: this.words.noSecond }, ...this.with(this.templates(lower), step.second?.template ?? this.templates(lower)[0]?.value)];
    const choose = (event) => set({ second: event.target.value ? { channel: lower, template: Number(event.target.value) } : undefined });
    return [h("label", { className: "rb-unit" }, h("span", { textContent: label }), select({ "aria-label": label, onchange: choose }, options, step.second?.template ?? ""))];
  }

  /** How the best of the variants is found. */
  contest(step, path) {
    const { words } = this;
    const now = step.winner;
    const put = (fields, options) => this.change(path, { winner: { ...now, ...fields } }, options);
    if (!now) {
      const begin = () => this.change(path, { winner: { by: "clicked", share: 20, least: 100, hours: 24, unclear: "best" } }, { focus: "winner" });
      return [h("button", { type: "button", className: "rb-link", textContent: words.addWinner, onclick: begin })];
    }
    const pick = (name, options, label, mark = null) => select({ "aria-label": label, "data-control": mark, onchange: (event) => put({ [name]: event.target.value }) }, Object.entries(options).map(([value, text]) => ({ value, label: text })), now[name]);
    const count = (name, min, max, label) => h("label", { className: "rb-unit" }, h("span", { textContent: label }), this.number(now[name], min, max, label, (value) => put({ [name]: value ?? min }, { typed: name })));
    return [h("span", { className: "rb-controls pb-winner", role: "group", "aria-label": words.winner },
      h("strong", { textContent: words.winner }),
      pick("by", words.winnerBy, words.winner, `${key(path)}:winner`),
      count("share", 1, 90, words.winnerShare),
      count("least", 10, 1000000, words.winnerLeast),
      count("hours", 1, 720, words.winnerHours),
      pick("unclear", words.winnerUnclear, words.winnerIfUnclear),
      h("button", { type: "button", className: "rb-icon", textContent: "×", "aria-label": words.removeWinner, title: words.removeWinner, onclick: () => this.change(path, { winner: undefined }) }))];
  }

  moreVariants(step) {
    const had = step.variants ?? [{ key: "a", template: step.template, weight: 50 }];
    const name = "abcdefgh".split("").find((one) => !had.some((other) => other.key === one));
    return [...had, { key: name, template: had[0].template, weight: 50 }];
  }

  variant(step, path, one, n, chooses) {
    const put = (fields, options) => this.change(path, { variants: step.variants.map((other, at) => (at === n ? { ...other, ...fields } : other)) }, options);
    const less = () => {
      const rest = step.variants.filter((_, at) => at !== n);
      this.change(path, rest.length > 1 ? { variants: rest } : { variants: undefined, winner: undefined, template: rest[0].template });
    };
    return h("span", { className: "rb-unit pb-variant" }, h("strong", { textContent: one.key }), chooses(one.template, (template) => put({ template }, { focus: `variant${n}` }), `variant${n}`), this.number(one.weight, 1, 1000, this.words.weight, (weight) => put({ weight }, { typed: `weight${n}` })), h("button", { type: "button", className: "rb-icon", textContent: "×", "aria-label": this.words.removeVariant, title: this.words.removeVariant, onclick: less }));
  }

  wait(step, path) {
    const set = (fields, options) => this.change(path, fields, options);
    const minutes = step.minutes ?? 0;
    const unit = Object.keys(UNITS).reverse().find((one) => minutes && minutes % UNITS[one] === 0) ?? "hours";
    const days = this.words.weekdays.map((label, n) => {
      const day = n + 1;
      const on = (step.weekdays ?? []).includes(day);
      const toggle = () => {
        const chosen = on ? step.weekdays.filter((one) => one !== day) : [...(step.weekdays ?? []), day].sort();
        set({ weekdays: chosen.length ? chosen : undefined }, { focus: `day${day}` });
      };
      return h("label", { className: "rb-check" }, h("input", { type: "checkbox", checked: on, "data-control": `${key(path)}:day${day}`, onchange: toggle }), h("span", { textContent: label }));
    });
    return [
      this.number(minutes / UNITS[unit], 0, 527040, this.words.time, (value) => set({ minutes: Math.round((value ?? 0) * UNITS[unit]) || undefined }, { typed: "minutes" }), false, `${key(path)}:first`),
      select({ "aria-label": this.words.unit, onchange: (event) => set({ minutes: Math.max(1, Math.round((minutes / UNITS[unit]) || 1)) * UNITS[event.target.value] }) }, Object.keys(UNITS).map((one) => ({ value: one, label: this.words.units[one] })), unit),
      h("label", { className: "rb-unit" }, h("span", { textContent: this.words.until }), h("input", { type: "time", className: "rb-input", value: step.at ?? "", onchange: (event) => set({ at: event.target.value || undefined }) })),
      h("span", { className: "rb-checks", role: "group", "aria-label": this.words.onDays }, ...days),
      step.at || step.weekdays ? select({ "aria-label": this.words.zone, onchange: (event) => set({ zone: event.target.value }) }, [{ value: "customer", label: this.words.theirTime }, { value: "project", label: this.words.ourTime }], step.zone ?? "customer") : null,
    ].filter(Boolean);
  }

  branch(step, path) {
    const before = this.all().filter((one) => key(one.path) !== key(path));
    const earlier = before.slice(0, this.all().findIndex((one) => key(one.path) === key(path)));
    const deeds = earlier.flatMap(({ step: one }) => {
      const name = this.nameOf(one);
      if (one.kind === "message") return ["opened", "clicked"].map((deed) => ({ value: `${deed} ${one.key}`, label: fill(this.words[deed], { name }) }));
      return one.kind === "task" ? [{ value: `done ${one.key}`, label: fill(this.words.done, { name }) }] : [];
    });
    const now = step.did ? `${step.did.deed} ${step.did.step}` : "";
    const choose = (event) => {
      const [deed, of] = event.target.value.split(" ");
      const never = deed === "opened" || deed === "clicked" ? step.never : undefined;
      this.change(path, deed ? { did: { deed, step: of }, rule: undefined, never } : { rule: { all: [] }, did: undefined, never }, { focus: "first" });
    };
    const toggle = (event) => this.change(path, { never: event.target.checked ? [] : undefined }, { focus: "never" });
    const own = ["opened", "clicked"].includes(step.did?.deed) ? [h("label", { className: "rb-check" }, h("input", { type: "checkbox", checked: "never" in step, "data-control": `${key(path)}:never`, onchange: toggle }), h("span", { textContent: this.words.neverOwn }))] : [];
    return [select({ "aria-label": this.words.asks, "data-control": `${key(path)}:first`, onchange: choose }, [{ value: "", label: this.words.byRule }, ...deeds], now), ...own];
  }

  nameOf(step) {
    if (step.kind === "task") return step.title || step.key;
    const first = step.variants ? step.variants[0].template : step.template;
    return this.known.templates.find((one) => one.value === first)?.label ?? step.key;
  }

  rule(step, path) {
    const text = h("textarea", { className: "rb-json", hidden: true, value: JSON.stringify(step.rule) });
    const keep = () => {
      try {
        this.change(path, { rule: JSON.parse(text.value) }, { typed: "rule" });
      } catch {
        // what is half typed is no rule yet
      }
    };
    text.addEventListener("change", keep);
    return h("div", { className: "rb-main pb-rule", "data-rule-editor": true }, h("div", { "data-rule-builder": true }), text);
  }

  split() {
    return [h("span", { className: "quiet", textContent: this.words.byChance })];
  }

  task(step, path) {
    const set = (fields, options) => this.change(path, fields, options);
    const who = [...this.known.teams.map((one) => ({ value: `team ${one.value}`, label: one.label })), ...this.known.staff.map((one) => ({ value: `owner ${one.value}`, label: one.label }))];
    const now = step.owner ? `owner ${step.owner}` : `team ${step.team}`;
    const choose = (event) => {
      const [kind, number] = event.target.value.split(" ");
      set({ owner: undefined, team: undefined, [kind]: Number(number) });
    };
    return [
      h("input", { className: "rb-input pb-title", value: step.title ?? "", maxLength: 160, placeholder: this.words.title, "aria-label": this.words.title, "data-control": `${key(path)}:first`, oninput: (event) => set({ title: event.target.value }, { typed: "title" }) }),
      select({ "aria-label": this.words.who, onchange: choose }, who, now),
      h("label", { className: "rb-unit" }, h("span", { textContent: this.words.dueIn }), this.number(step.days ?? 3, 0, 366, this.words.dueIn, (days) => set({ days: days ?? 0 }, { typed: "days" }))),
      select({ "aria-label": this.words.howMany, onchange: (event) => set({ each: event.target.value === "each" ? undefined : false }) }, [{ value: "each", label: this.words.each }, { value: "all", label: this.words.forAll }], step.each === false ? "all" : "each"),
      select({ "aria-label": this.words.duty, onchange: (event) => set({ duty: event.target.value || undefined }) }, Object.entries(this.words.duties).map(([value, label]) => ({ value, label })), step.duty ?? ""),
    ];
  }

  number(value, min, max, label, set, empty = false, control = null) {
    return h("input", { type: "number", className: "rb-input rb-whole", min, max, value: value ?? "", required: !empty, "aria-label": label, "data-control": control, oninput: (event) => set(event.target.value === "" ? null : Number(event.target.value)) });
  }

  /** The options, with what was chosen and is there no more. */
  with(options, value) {
    return options.some((one) => one.value === value) ? options : [{ value: value ?? "", label: this.words.choose }, ...options];
  }

  // --- reading back ---------------------------------------------------------------

  check(after) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), after);
  }

  async ask() {
    const asked = this.text.value;
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(this.checkUrl, { method: "POST", headers: { "X-CSRFToken": token, Accept: "application/json" }, body: new URLSearchParams({ plan: asked }) }).catch(() => null);
    if (!answer?.ok || asked !== this.text.value) return;
    const now = await answer.json();
    this.problem = now.error;
    this.said.textContent = now.sentence || now.error?.message || "";
    this.mark(now.error);
  }

  /** Show a mistake at the step that it is in. */
  mark(problem) {
    this.canvas.querySelectorAll(".pb-step").forEach((row) => {
      const place = row.querySelector(":scope > .rb-error");
      const is = Boolean(problem) && this.innermost(problem.path) === row.dataset.path;
      row.toggleAttribute("data-wrong", is);
      place.hidden = !is;
      place.textContent = is ? problem.message : "";
    });
  }

  innermost(path) {
    for (let end = path.length; end > 0; end -= 1) {
      const name = path.slice(0, end).join(".");
      if (this.canvas.querySelector(`[data-path="${CSS.escape(name)}"]`)) return name;
    }
    return null;
  }

  // --- keyboard, JSON ---------------------------------------------------------------

  onKey(event) {
    if (event.target.closest("[data-rule-editor]")) return;
    const row = event.target.closest(".pb-step");
    const path = row?.dataset.path.split(".").map((one) => (/^\d+$/.test(one) ? Number(one) : one));
    if (event.altKey && path && ["ArrowUp", "ArrowDown"].includes(event.key)) {
      event.preventDefault();
      this.move(path, event.key === "ArrowUp" ? -1 : 1);
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      this.undo(!event.shiftKey);
    }
  }

  onJson() {
    try {
      const plan = JSON.parse(this.text.value || "[]");
      if (Array.isArray(plan)) this.history.push(plan, "json");
    } catch {
      return;
    }
    this.draw();
    this.check(WAIT_MS);
  }

  toolbar() {
    const { words } = this;
    const button = (text, title, act) => h("button", { type: "button", className: "button", textContent: text, title, onclick: act });
    this.undoButton = button(`↶ ${words.undo}`, "Ctrl+Z", () => this.undo(true));
    this.redoButton = button(`↷ ${words.redo}`, "Ctrl+Shift+Z", () => this.undo(false));
    const json = button("JSON", "", () => {
      this.text.hidden = !this.text.hidden;
      json.setAttribute("aria-pressed", String(!this.text.hidden));
    });
    this.text.hidden = true;
    return h("div", { className: "rb-toolbar" }, this.undoButton, this.redoButton, json, h("span", { className: "quiet", textContent: words.keys }));
  }

  refresh() {
    this.undoButton.disabled = !this.history.past.length;
    this.redoButton.disabled = !this.history.future.length;
  }

  say(words) {
    this.spoken.textContent = words;
  }
}

const page = document.querySelector("[data-plan-editor]");
if (page) new PlanEditor(page, JSON.parse(document.getElementById("plan-builder-data").textContent));
