/* The conditions on the event that lets customers into a campaign.
 *
 * The form gives the event in #id_event and the conditions as JSON in #id_where, which is what it
 * sends; the words and what each event was seen with are in #rule-builder-data.
 */

import { Controls } from "./rule-controls.js";
import { wheres } from "./rule-deeds.js";
import { h } from "./rule-values.js";

class Conditions {
  constructor(text, event, data) {
    Object.assign(this, { text, event, known: data.known, words: data.words, readOnly: false });
    this.controls = new Controls(this);
    this.place = h("div", { className: "rb-main pb-where" });
    text.hidden = true;
    text.after(this.place);
    this.where = this.read();
    event.addEventListener("change", () => this.put([]));
    this.draw();
  }

  read() {
    try {
      const found = JSON.parse(this.text.value || "[]");
      return Array.isArray(found) ? found : [];
    } catch {
      this.text.hidden = false;
      return [];
    }
  }

  put(where, { typed = null, focus = null } = {}) {
    this.where = where;
    this.text.value = JSON.stringify(where);
    this.text.dispatchEvent(new Event("change", { bubbles: true })); // the form was touched
    if (!typed) this.draw(focus);
  }

  draw(focus = null) {
    const node = { event: this.event.value, where: this.where };
    const set = (change, options) => this.put(change({ event: this.event.value, where: this.where }).where ?? [], options);
    this.place.replaceChildren(wheres(this.controls, [], node, "", set));
    if (focus) this.place.querySelector(`[data-control="${CSS.escape(`:${focus}`)}"]`)?.focus();
  }
}

const [text, event, data] = ["id_where", "id_event", "rule-builder-data"].map((name) => document.getElementById(name));
if (text && event && data) new Conditions(text, event, JSON.parse(data.textContent));
