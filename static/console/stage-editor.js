/* The form of a stage set: stages are added, left out and put in order; a rule's editor opens when
 * somebody looks at it. What stands on the page, in its order, is what the form sends.
 */

import { open } from "./rule-builder.js";

const form = document.querySelector("[data-stage-form]");
const rows = form.querySelector("[data-stage-rows]");
const said = form.querySelector("[data-stage-said]");

function say(name) {
  said.textContent = said.dataset[name];
}

/** Open the rule's editor once its details are shown. */
function watch(row) {
  const details = row.querySelector("[data-stage-details]");
  const show = () => details.open && open(row.querySelector("[data-stage-rule]"));
  details.addEventListener("toggle", show);
  show();
}

function move(row, step) {
  const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  const focused = document.activeElement;
  if (step < 0) other.before(row);
  else other.after(row);
  focused?.focus();
  touch("moved");
}

function remove(row) {
  if (rows.children.length < 2) return;
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  next.querySelector("[data-stage-remove]").focus();
  touch("removed");
}

function add() {
  rows.append(form.querySelector("[data-stage-new]").content.cloneNode(true));
  const row = rows.lastElementChild;
  watch(row);
  const level = row.querySelector("[name=stage_level]");
  level.value = Math.min(99, Math.max(...[...rows.querySelectorAll("[name=stage_level]")].map((one) => Number(one.value) || 0)));
  row.querySelector("[name=stage_name]").focus();
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

function touch(words) {
  say(words);
  form.dispatchEvent(new Event("change", { bubbles: true })); // the form was touched
}

rows.addEventListener("click", (event) => {
  const row = event.target.closest("[data-stage-row]");
  if (event.target.closest("[data-stage-up]")) move(row, -1);
  if (event.target.closest("[data-stage-down]")) move(row, 1);
  if (event.target.closest("[data-stage-remove]")) remove(row);
});

rows.addEventListener("keydown", (event) => {
  const inRule = event.target.closest("[data-stage-rule]");
  if (inRule || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  move(event.target.closest("[data-stage-row]"), event.key === "ArrowUp" ? -1 : 1);
});

form.querySelector("[data-stage-add]").addEventListener("click", add);
rows.querySelectorAll("[data-stage-row]").forEach(watch);
