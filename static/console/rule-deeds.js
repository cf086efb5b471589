/* Conditions about what customers did: how often and when, how long ago, and what came then. */

import { icon } from "./rule-controls.js";
import { h } from "./rule-values.js";

const DEED = { did: true, times: 1, days: 30 };
// Which kind of condition each verb makes, so that only those are offered that may be used.
const VERBS = { did: "event", didNot: "event", first: "first", last: "last", then: "sequence", thenNot: "sequence" };

function verbOf(node) {
  if ("sequence" in node) return node.did === false ? "thenNot" : "then";
  if ("event" in node) return node.did === false ? "didNot" : "did";
  return "first" in node ? "first" : "last";
}

const eventOf = (node) => node.event ?? node.sequence?.event ?? node.first ?? node.last;

/** The same condition about another event; conditions on the old one's properties go. */
export function changedEvent(node, event) {
  if ("sequence" in node) return { ...node, sequence: { event } };
  if (!("event" in node)) return { ...node, [verbOf(node)]: event };
  const { where: _gone, ...rest } = node;
  return { ...rest, event };
}

/** The condition with another verb: the event, its properties and the days stay. */
function withVerb(node, verb, known) {
  const event = eventOf(node);
  const where = node.where ?? node.sequence?.where;
  const step = { event, ...(where?.length ? { where } : {}) };
  if (verb === "first" || verb === "last") return { [verb]: event, op: verb === "last" ? ">" : "<=", value: 30 };
  if (verb === "did" || verb === "didNot") return { ...DEED, ...("event" in node ? node : { ...step, days: node.days ?? 30 }), did: verb === "did" };
  const then = node.then ?? { event: known.events.find((one) => one.name !== event)?.name ?? event };
  return { sequence: step, then, did: verb === "then", hours: node.hours ?? 24, days: node.days ?? 30 };
}

/** The controls of a condition about an event. */
export function deed(controls, slot, node, set) {
  const { words, known } = controls;
  const now = verbOf(node);
  const offered = Object.keys(VERBS).filter((verb) => verb === now || known.kinds.includes(VERBS[verb]));
  const verb = controls.pick(slot, "did", {
    label: words.didOrNot,
    options: offered.map((value) => ({ value, label: words.verbs[value] })),
    now,
    changed: (value) => set((leaf) => withVerb(leaf, value, known), { focus: "did" }),
  });
  if ("sequence" in node) return [verb, ...sequence(controls, slot, node, set)];
  if ("event" in node) return [verb, ...times(controls, slot, node, set)];
  return [verb, ...daysSince(controls, slot, node, set)];
}

function daysSince(controls, slot, node, set) {
  return controls.comparison(slot, node, { kind: "whole", set, unit: controls.words.daysAgo, labels: controls.known.agoLabels });
}

function times(controls, slot, node, set) {
  const { words } = controls;
  return [
    controls.together(
      controls.word(words.atLeast),
      controls.number(slot, "times", { label: words.times, now: node.times ?? 1, changed: (value) => set((now) => ({ ...now, times: value ?? 0 }), controls.soft(slot, "times")) }),
      controls.word(words.timesUnit),
    ),
    ...when(controls, slot, node, set),
    wheres(controls, slot, node, "", (change, options) => set(change, options)),
  ];
}

// --- when -----------------------------------------------------------------------

function windowOf(node) {
  if ("since" in node || "until" in node) return "dates";
  if (node.days === null || node.days === undefined) return "ever";
  return node.ago ? "ago" : "days";
}

function withWindow(node, window, known) {
  const { days, ago: _ago, since: _since, until: _until, ...rest } = node;
  if (window === "ever") return rest;
  if (window === "dates") return { ...rest, since: known.lately, until: known.today };
  return { ...rest, days: days ?? 30, ...(window === "ago" ? { ago: 30 } : {}) };
}

function when(controls, slot, node, set) {
  const { words, known } = controls;
  const now = windowOf(node);
  const window = controls.pick(slot, "window", {
    label: words.window,
    options: ["days", "ago", "dates", "ever"].map((value) => ({ value, label: words.windows[value] })),
    now,
    changed: (value) => set((leaf) => withWindow(leaf, value, known), { focus: "window" }),
  });
  const number = (name, label) =>
    controls.number(slot, name, { label, now: node[name], changed: (value) => set((leaf) => ({ ...leaf, [name]: value ?? 0 }), controls.soft(slot, name)) });
  const date = (name, label) =>
    controls.input(slot, name, { type: "date", label, now: node[name], changed: (value) => set((leaf) => dated(leaf, name, value), controls.soft(slot, name)) });
  if (now === "ever") return [window];
  if (now === "dates") return [window, date("since", words.since), controls.together(controls.word(words.to), date("until", words.until))];
  const days = number("days", words.days);
  if (now === "days") return [controls.together(window, days, controls.word(words.daysUnit))];
  return [controls.together(window, days, controls.word(words.daysThatEnded)), controls.together(number("ago", words.ago), controls.word(words.daysAgo))];
}

/** A date that was emptied leaves that side open. */
function dated(node, name, value) {
  const { [name]: _was, ...rest } = node;
  return value ? { ...rest, [name]: value } : rest;
}

// --- one thing and then another ---------------------------------------------------

function sequence(controls, slot, node, set) {
  const { words } = controls;
  const step = (name) => (change, options) => set((now) => ({ ...now, [name]: change(now[name]) }), options);
  const number = (name, label) =>
    controls.number(slot, name, { label, now: node[name], changed: (value) => set((leaf) => ({ ...leaf, [name]: value ?? 0 }), controls.soft(slot, name)) });
  return [
    controls.together(controls.word(words.inTheLast), number("days", words.days), controls.word(words.daysUnit)),
    wheres(controls, slot, node.sequence, "sequence", step("sequence")),
    h(
      "div",
      { className: "rb-then" },
      controls.word(node.did === false ? words.andThenNot : words.andThen),
      thenEvent(controls, slot, node.then, step("then")),
      controls.together(controls.word(words.within), number("hours", words.hours), controls.word(words.hoursUnit)),
    ),
    wheres(controls, slot, node.then, "then", step("then")),
  ];
}

function thenEvent(controls, slot, then, set) {
  const { known, words } = controls;
  const options = known.events.map((one) => ({ value: one.name, label: one.label }));
  if (!options.some((one) => one.value === then?.event))
    options.unshift({ value: then?.event ?? "", label: words.unknown.replace("{name}", then?.event ?? "") });
  return controls.pick(slot, "thenevent", { label: words.thenEvent, options, now: then?.event, changed: (event) => set(() => ({ event }), { focus: "thenevent" }) });
}

// --- conditions on an event's properties --------------------------------------------

/** What the properties of the event in `node` have to be; `prefix` is where `node` stands. */
export function wheres(controls, slot, node, prefix, set) {
  const { words, known, editor } = controls;
  const list = node?.where ?? [];
  const offered = known.properties[node?.event] ?? [];
  const edit = (change, options) => set((now) => withWheres(now, change(now.where ?? [])), options);
  const rows = list.map((where, index) => {
    const change = (next, options) => edit((some) => some.map((one, at) => (at === index ? next(one) : one)), options);
    const drop = () => edit((some) => some.filter((_, at) => at !== index), { focus: `${prefix}addWhere` });
    return whereRow(controls, slot, where, { name: `${prefix}where${index}`, offered, change, drop });
  });
  const add = h("button", {
    type: "button",
    className: "rb-link",
    textContent: words.addProperty,
    ...controls.control(slot, `${prefix}addWhere`),
    onclick: () => edit((some) => [...some, fresh(offered[0])], { focus: `${prefix}where${list.length}property` }),
  });
  return h("div", { className: "rb-wheres" }, ...rows, editor.readOnly ? "" : add);
}

function withWheres(node, where) {
  const { where: _was, ...rest } = node;
  return where.length ? { ...rest, where } : rest;
}

const fresh = (offered) => ({ property: offered?.name ?? "", op: "=", value: offered?.kind === "number" ? 1 : offered?.kind === "boolean" ? "true" : "" });

function whereRow(controls, slot, where, { name, offered, change, drop }) {
  const { words, editor } = controls;
  const kind = offered.find((one) => one.name === where.property)?.kind;
  return h(
    "div",
    { className: "rb-where" },
    controls.word(words.where),
    ...property(controls, slot, where, { name, offered, change }),
    ...controls
      .comparison(slot, where, { kind: kind === "number" ? "number" : "any", set: change, suggestions: kind === "boolean" ? ["true", "false"] : [], prefix: name })
      .filter(Boolean),
    editor.readOnly ? null : h("button", { type: "button", className: "rb-icon", "aria-label": words.removeProperty, title: words.removeProperty, onclick: drop }, icon("close")),
  );
}

/** The properties that the event was seen with, and a field for one that it was not. */
function property(controls, slot, where, { name, offered, change }) {
  const { words } = controls;
  const isKnown = offered.some((one) => one.name === where.property);
  const typed = () =>
    controls.input(slot, offered.length ? `${name}other` : `${name}property`, {
      label: words.property,
      placeholder: words.property,
      now: where.property,
      changed: (value) => change((now) => ({ ...now, property: value }), controls.soft(slot, `${name}property`)),
    });
  if (!offered.length) return [typed()];
  const options = offered.map((one) => ({ value: one.name, label: one.label }));
  const chosen = controls.pick(slot, `${name}property`, {
    label: words.property,
    options: [...options, { value: "", label: words.otherProperty }],
    now: isKnown ? where.property : "",
    changed: (value) => change(() => fresh(offered.find((one) => one.name === value)), { focus: value ? `${name}property` : `${name}other` }),
  });
  return isKnown ? [chosen] : [chosen, typed()];
}
