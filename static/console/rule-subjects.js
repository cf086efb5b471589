/* What a condition can be about, and the condition that one begins with. */

import { changedEvent } from "./rule-deeds.js";
import { fill } from "./rule-values.js";

const OTHERS = ["segment", "tag", "list", "random"];

/** A subject is a kind and a name: "trait:orders", "event:order_paid", "tag:". */
export class Subjects {
  constructor(known, words) {
    Object.assign(this, { known, words });
  }

  /** Everything on offer, with what is there already even if it is gone. */
  groups(now) {
    const { known, words } = this;
    const named = (kind, entries) => (this.offers(kind) ? entries.map(([name, label]) => ({ value: `${kind}:${name}`, label })) : []);
    const groups = [
      { label: words.traits, options: named("trait", known.traits.map((one) => [one.key, one.label])) },
      { label: words.events, options: named("event", known.events.map((one) => [one.name, one.label])) },
      { label: words.stages, options: named("stage", known.stageSets.map((one) => [one.key, one.label])) },
      { label: words.profile, options: named("profile", known.profile.map((one) => [one.key, one.label])) },
      { label: words.sets, options: OTHERS.filter((kind) => this.offers(kind)).map((kind) => ({ value: `${kind}:`, label: words.subjects[kind] })) },
      { label: words.consents, options: named("consent", known.channels.map((one) => [one.key, fill(words.consent, { channel: one.label })])) },
    ].filter((group) => group.options.length);
    const all = groups.flatMap((group) => group.options.map((one) => one.value));
    if (now && !all.includes(now)) groups.unshift({ value: now, label: this.gone(now) });
    return groups;
  }

  /** Whether the rule may speak of this kind, and there is something of it. */
  offers(kind) {
    const some = { segment: this.known.segments, tag: this.known.tags, list: this.known.lists }[kind];
    return this.known.kinds.includes(kind) && (!some || some.length > 0);
  }

  gone(subject) {
    const [kind, ...rest] = subject.split(":");
    return this.words.subjects[kind] ?? fill(this.words.unknown, { name: rest.join(":") });
  }

  first() {
    return this.groups(null)[0].options[0].value;
  }

  /** The condition about another subject; of one event after another the rest is kept. */
  leaf(subject, before = null) {
    const { known } = this;
    const [kind, ...rest] = subject.split(":");
    const name = rest.join(":");
    if (kind === "event" && before && subjectOf(before).startsWith("event:")) return changedEvent(before, name);
    return {
      trait: () => this.trait(known.traits.find((one) => one.key === name)),
      event: () => ({ event: name, did: true, times: 1, days: 30 }),
      stage: () => ({ stage: name, in: [known.stageSets.find((one) => one.key === name).stages[0].key] }),
      profile: () => ({ profile: name, op: "=", value: known.profile.find((one) => one.key === name)?.values[0] ?? "" }),
      segment: () => ({ segment: known.segments[0].id }),
      tag: () => ({ tag: known.tags[0].id }),
      list: () => ({ list: known.lists[0].id }),
      random: () => ({ random: 10, seed: seed() }),
      consent: () => ({ consent: name }),
    }[kind]();
  }

  trait({ key, kind, choices }) {
    if (kind === "choice") return { trait: key, op: "=", value: choices[0]?.key ?? "" };
    if (key === "recency_days") return { trait: key, op: "<=", value: 30 };
    const value = { money: 100 * 10 ** this.known.minorDigits, date: this.known.lately }[kind] ?? 1;
    return { trait: key, op: ">=", value };
  }
}

export function subjectOf(node) {
  const kind = ["trait", "profile", "event", "stage", "consent"].find((one) => one in node);
  if (kind) return `${kind}:${node[kind]}`;
  if ("sequence" in node) return `event:${node.sequence.event}`;
  if ("first" in node || "last" in node) return `event:${node.first ?? node.last}`;
  return `${["tag", "list", "random"].find((one) => one in node) ?? "segment"}:`;
}

/** A name for a random share, so that two shares are not the same customers by accident. */
const seed = () => Array.from(crypto.getRandomValues(new Uint8Array(3)), (byte) => byte.toString(16).padStart(2, "0")).join("");
