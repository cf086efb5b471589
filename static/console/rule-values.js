/* The controls of one condition's value: numbers, money, dates, texts, lists. */

/** An element with properties, listeners (`on…`) and children. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.includes("-") && name !== "list") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A word of the page with its places filled: fill("{n} of {m}", {n: 1, m: 2}). */
export const fill = (words, places) =>
  words.replace(/\{(\w+)\}/g, (whole, name) => (name in places ? places[name] : whole));

const MANY = 300; // choices, of which only the chosen one is drawn before somebody looks

export function select(props, options, chosen) {
  const drawn = () => options.map((one) => choice(one, chosen));
  const flat = options.flatMap((one) => one.options ?? [one]);
  if (flat.length <= MANY) return h("select", { className: "rb-input", ...props }, ...drawn());
  const now = flat.find((one) => one.value === chosen) ?? flat[0];
  const element = h("select", { className: "rb-input", ...props }, choice(now, chosen));
  element.addEventListener("focus", () => element.replaceChildren(...drawn()), { once: true });
  return element;
}

function choice(one, chosen) {
  if (one.options) return h("optgroup", { label: one.label }, ...one.options.map((inner) => choice(inner, chosen)));
  return h("option", { value: one.value, textContent: one.label, selected: one.value === chosen });
}

const operator = (known, op) => known.operators.find((one) => one.key === op) ?? known.operators[0];

const isNumeric = (kind) => !["text", "date", "choice"].includes(kind);

/** Which kind of value a comparison of a profile or property takes: order needs numbers. */
export const kindOf = (known, kind, op) =>
  kind !== "any" ? kind : operator(known, op).ordered ? "number" : "text";

/** The condition with another operator, its value made to fit. */
export function withOperator(known, kind, leaf, op, choices = null) {
  const { value: was, ...rest } = leaf;
  const takes = operator(known, op).takes;
  if (takes === "nothing") return { ...rest, op };
  if (was === undefined && choices?.length) return { ...rest, op, value: takes === "many" ? [choices[0].key] : choices[0].key };
  const wanted = kindOf(known, kind, op);
  const values = (Array.isArray(was) ? was : [was]).map((one) => fitting(one, wanted));
  if (takes === "one") return { ...rest, op, value: values[0] };
  if (takes === "two") return { ...rest, op, value: [values[0], values[1] ?? values[0]] };
  return { ...rest, op, value: values.filter((one) => one !== "") };
}

function fitting(value, kind) {
  if (kind === "text" || kind === "choice") return value === undefined || value === null ? "" : String(value);
  if (kind === "date") return value ?? "";
  const number = Number(value);
  return Number.isFinite(number) && value !== "" ? number : 0;
}

/** The controls for the value of a comparison; `changed` gets a function from the value as it
 *  is by then to the new one. */
export function valueControls({ known, words, kind, leaf, suggestions, choices, control, changed }) {
  const takes = operator(known, leaf.op).takes;
  if (choices && takes !== "nothing") return [chosen({ words, takes, leaf, choices, control, changed })];
  const exact = kindOf(known, kind, leaf.op);
  const one = (value, name, set) => valueInput({ known, words, kind: exact, value, suggestions, ...control(name), set });
  if (takes === "nothing") return [];
  if (takes === "one") return [one(leaf.value, "value", (value) => changed(() => value))];
  if (takes === "many") return [chips({ known, words, kind: exact, values: leaf.value ?? [], suggestions, control, changed })];
  const [low, high] = leaf.value ?? [];
  return [
    one(low, "value0", (value) => changed((now) => [value, now?.[1]])),
    h("span", { className: "rb-word", textContent: words.and }),
    one(high, "value1", (value) => changed((now) => [now?.[0], value])),
  ];
}

/** One of the words of a choice, or several of them. */
function chosen({ words, takes, leaf, choices, control, changed }) {
  const now = Array.isArray(leaf.value) ? leaf.value : [leaf.value];
  const gone = now.filter((value) => !choices.some((one) => one.key === value)).map((value) => ({ key: value, label: fill(words.unknown, { name: value }) }));
  const all = [...gone, ...choices];
  if (takes === "one") {
    const options = all.map((one) => ({ value: one.key, label: one.label }));
    return select({ "aria-label": words.value, ...control("value"), onchange: (event) => changed(() => event.target.value, { drawn: true, focus: "value" }) }, options, leaf.value);
  }
  const box = ({ key, label }) => {
    const toggle = (on) => changed((was) => all.map((one) => one.key).filter((one) => (one === key ? on : was.includes(one))), { drawn: true, focus: `value-${key}` });
    return h("label", { className: "rb-check" }, h("input", { type: "checkbox", checked: now.includes(key), ...control(`value-${key}`), onchange: (event) => toggle(event.target.checked) }), h("span", { textContent: label }));
  };
  return h("span", { className: "rb-checks", role: "group", "aria-label": words.value }, ...all.map(box));
}

let lists = 0;

function valueInput({ known, words, kind, value, suggestions, set, ...props }) {
  const scale = kind === "money" ? 10 ** known.minorDigits : 1;
  const numeric = isNumeric(kind);
  const input = h("input", {
    className: `rb-input rb-${kind === "choice" ? "text" : kind}`,
    type: kind === "date" ? "date" : numeric ? "number" : "text",
    step: kind === "money" ? 1 / scale : kind === "number" ? "any" : null,
    value: value === null || value === undefined ? "" : numeric ? value / scale : value,
    "aria-label": words.value,
    autocomplete: "off",
    oninput: () => set(numeric ? parsed(input.value, scale) : input.value),
    ...props,
  });
  if (!numeric && kind !== "date" && suggestions?.length) return withSuggestions(input, suggestions);
  if (kind === "money") return h("span", { className: "rb-unit" }, input, h("span", { textContent: known.currency }));
  return input;
}

/** Whole minor units from what was typed: 12.345 becomes what the server can refuse in words. */
function parsed(text, scale) {
  if (text === "") return null;
  return scale === 1 ? Number(text) : Number((Number(text) * scale).toFixed(4));
}

function withSuggestions(input, suggestions) {
  const id = `rb-list-${(lists += 1)}`;
  input.setAttribute("list", id);
  const list = h("datalist", { id }, ...suggestions.map((value) => h("option", { value })));
  return h("span", { className: "rb-unit" }, input, list);
}

/** Several values: each with a button that takes it out, and a field that adds one. */
function chips({ known, words, kind, values, suggestions, control, changed }) {
  const numeric = isNumeric(kind);
  const scale = kind === "money" ? 10 ** known.minorDigits : 1;
  const read = (text) => (numeric ? parsed(text, scale) : text);
  const shown = (value) => (numeric ? String(value / scale) : value);
  const add = () => {
    const value = read(input.value.trim());
    if (value === null || value === "" || values.includes(value)) return;
    changed(() => [...values, value], { drawn: true, focus: "value" });
  };
  let drawnAway = false;
  const input = h("input", {
    className: "rb-input",
    type: kind === "date" ? "date" : numeric ? "number" : "text",
    step: numeric ? "any" : null,
    placeholder: words.addValue,
    "aria-label": words.addValue,
    autocomplete: "off",
    onkeydown: (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      drawnAway = true;
      add();
    },
    onblur: () => drawnAway || add(),
    ...control("value"),
  });
  const known_ = values.map((value) =>
    h(
      "span",
      { className: "rb-chip" },
      shown(value),
      h("button", {
        type: "button",
        textContent: "×",
        "aria-label": fill(words.removeValue, { value: shown(value) }),
        onclick: () => changed(() => values.filter((one) => one !== value), { drawn: true, focus: "value" }),
      }),
    ),
  );
  const left = (suggestions ?? []).filter((one) => !values.includes(one));
  return h("span", { className: "rb-chips" }, ...known_, left.length ? withSuggestions(input, left) : input);
}
