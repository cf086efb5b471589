/* Rules as values: every function returns a new rule and leaves the old one as it was.
 *
 * A path is the list of steps from the root, as the server names them: ["all", 2, "not"].
 * A slot is the path of an entry of a group's list; what stands there may be wrapped in "not".
 */

const LEAVES = "trait profile event first last sequence stage segment entered left tag list random consent".split(" ");
const GONE = Symbol("gone");

export const key = (path) => path.join(".");
export const unkey = (text) => text.split(".").map((step) => (/^\d+$/.test(step) ? Number(step) : step));
export const at = (rule, path) => path.reduce((node, step) => node?.[step], rule);
export const joint = (node) => ("all" in node ? "all" : "any" in node ? "any" : null);
export const isGroup = (node) => joint(node) !== null;

/** The node without its "not", and whether it had one. */
export function turned(node) {
  return "not" in node ? { node: node.not, negated: true } : { node, negated: false };
}

export const negate = (node, negated) => (negated ? { not: node } : node);

/** The rule with something else at a path. */
export function replaced(rule, path, value) {
  if (!path.length) return value;
  const [step, ...rest] = path;
  const copy = Array.isArray(rule) ? [...rule] : { ...rule };
  copy[step] = replaced(rule[step], rest, value);
  return copy;
}

/** The rule with a new entry in the list at a path. */
export function inserted(rule, listPath, index, value) {
  const list = [...at(rule, listPath)];
  list.splice(index, 0, value);
  return replaced(rule, listPath, list);
}

export function removed(rule, slot) {
  const list = at(rule, slot.slice(0, -1)).filter((_, index) => index !== slot.at(-1));
  return replaced(rule, slot.slice(0, -1), list);
}

/** The rule with one entry in another place. Paths are those of the rule before the move. */
export function moved(rule, slot, listPath, index) {
  const node = at(rule, slot);
  return purged(inserted(replaced(rule, slot, GONE), listPath, index, node));
}

function purged(node) {
  if (Array.isArray(node)) return node.filter((one) => one !== GONE).map(purged);
  if (node === null || typeof node !== "object") return node;
  const [kind] = ["all", "any", "not"].filter((one) => one in node);
  if (!kind) return node;
  const inside = purged(node[kind]);
  const same = Array.isArray(inside)
    ? inside.length === node[kind].length && inside.every((one, i) => one === node[kind][i])
    : inside === node[kind];
  return same ? node : { ...node, [kind]: inside };
}

/** The place one step up or down in reading order, going into groups and out of them. */
export function neighbour(rule, slot, step) {
  const listPath = slot.slice(0, -1);
  const list = at(rule, listPath);
  const index = slot.at(-1);
  const next = list[index + step];
  if (next === undefined) return outside(rule, listPath, step);
  const { node, negated } = turned(next);
  if (!isGroup(node)) return { listPath, index: step < 0 ? index - 1 : index + 2 };
  const inner = [...listPath, index + step, ...(negated ? ["not"] : []), joint(node)];
  return { listPath: inner, index: step < 0 ? node[joint(node)].length : 0 };
}

function outside(rule, listPath, step) {
  const group = listPath.slice(0, -1);
  const slot = group.at(-1) === "not" ? group.slice(0, -1) : group;
  if (!slot.length) return null;
  return { listPath: slot.slice(0, -1), index: slot.at(-1) + (step < 0 ? 0 : 1) };
}

/** Where a node stands, found by its identity. */
export function pathOf(rule, wanted, path = []) {
  if (rule === wanted) return path;
  if (rule === null || typeof rule !== "object") return null;
  const { node, negated } = turned(rule);
  if (negated) return pathOf(node, wanted, [...path, "not"]);
  const list = joint(rule) ? rule[joint(rule)] : [];
  for (const [index, part] of list.entries()) {
    const found = pathOf(part, wanted, [...path, joint(rule), index]);
    if (found) return found;
  }
  return null;
}

/** The rule in the shape that the editor draws: a group at the root, no "not" twice over.
 *  Throws where it is no rule at all. */
export function normal(rule) {
  const tidy = tidied(rule);
  return isGroup(tidy) ? tidy : { all: [tidy] };
}

function tidied(node) {
  if (node === null || typeof node !== "object" || Array.isArray(node)) throw new TypeError();
  const kinds = ["all", "any", "not", ...LEAVES].filter((one) => one in node);
  if (kinds.length !== 1) throw new TypeError();
  const [kind] = kinds;
  if (LEAVES.includes(kind)) return node;
  if (kind !== "not") return { [kind]: node[kind].map(tidied) };
  const inner = tidied(node.not);
  return "not" in inner ? inner.not : { not: inner };
}

/** What was, what is, and what was undone. Steps with the same mark become one. */
export class History {
  constructor(now) {
    this.now = now;
    this.past = [];
    this.future = [];
    this.mark = null;
  }

  push(next, mark = null) {
    if (mark === null || mark !== this.mark) this.past.push(this.now);
    this.mark = mark;
    this.now = next;
    this.future = [];
  }

  undo() {
    if (!this.past.length) return false;
    this.future.push(this.now);
    this.now = this.past.pop();
    this.mark = null;
    return true;
  }

  redo() {
    if (!this.future.length) return false;
    this.past.push(this.now);
    this.now = this.future.pop();
    this.mark = null;
    return true;
  }
}
