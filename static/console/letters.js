/* Previews of messages: as any customer gets them, and on the form of a template as one types. */
"use strict";

/** The form of the template on this page, if it is one that can be changed. */
function templateForm() {
  return document.querySelector(".template-columns form[id$=_form]");
}

/** What a form of words holds, with what else is asked. */
function written(more) {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(templateForm())) {
    if (typeof value === "string") asked.append(name, value);
  }
  for (const [name, value] of Object.entries(more)) asked.set(name, value);
  return asked;
}

function post(address, body) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  return fetch(address, { method: "POST", body, headers: { "X-CSRFToken": token } });
}

function fill(list, sentences) {
  list.replaceChildren(
    ...sentences.map((words) => {
      const line = document.createElement("li");
      line.append(words);
      return line;
    }),
  );
  list.hidden = !sentences.length;
}

/** Shows the message for any customer. */
class Preview {
  constructor(place) {
    this.place = place;
    this.address = place.dataset.preview;
    this.form = templateForm();
    this.form?.addEventListener("input", () => this.soon());
    place.querySelectorAll("input, select").forEach((control) => {
      control.addEventListener("input", () => this.soon());
    });
    if (document.querySelector(".template-columns")) this.ask();
  }

  control(name) {
    return this.place.querySelector(`[name=preview-${name}]`)?.value ?? "";
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), 300);
  }

  async ask(address = this.address) {
    const asked = { customer: this.control("customer"), theme: this.control("theme") };
    if (this.control("language")) asked.spoken = this.control("language");
    if (this.control("message")) asked.message = this.control("message");
    if (this.control("contact") === "shown") asked.contact = "shown"; // is noted, so it is a POST
    this.layOut();
    const number = (this.latest = (this.latest ?? 0) + 1);
    const answer = await this.request(address, asked);
    if (answer.ok && number === this.latest) this.show(await answer.json());
  }

  request(address, asked) {
    if (this.form && address === this.address) return post(address, written(asked));
    if (asked.contact) return post(address, new URLSearchParams(asked));
    return fetch(`${address}${address.includes("?") ? "&" : "?"}${new URLSearchParams(asked)}`);
  }

  of(customer) {
    this.place.querySelector("[name=preview-customer]").value = customer;
    this.ask();
  }

  part(name) {
    return this.place.querySelector(`[data-preview-${name}]`);
  }

  layOut() {
    const isText = this.control("form") === "text";
    const width = this.control("width");
    const isBoth = this.control("theme") === "both";
    for (const frame of [this.part("html"), this.part("dark")]) {
      frame.hidden = isText;
      frame.style.width = width ? `${width}px` : "";
    }
    this.part("dark").hidden = isText || !isBoth;
    this.part("html").parentElement.classList.toggle("both", isBoth && !isText);
    this.part("text").hidden = !isText;
    this.part("text").style.maxWidth = width ? `${width}px` : "";
  }

  show(message) {
    this.part("problem").textContent = message.problem ?? "";
    this.part("problem").hidden = !message.problem;
    if (message.problem) return;
    this.part("subject").textContent = message.subject;
    this.part("subject").parentElement.hidden = !message.subject;
    this.part("text").textContent = message.text;
    this.part("html").srcdoc = message.html;
    if (message.dark) this.part("dark").srcdoc = message.dark;
    fill(this.part("advice"), message.advice ?? []);
  }
}

/** Tells what the words speak of and the customers of a segment do not have. */
class Gaps {
  constructor(place, preview) {
    this.place = place;
    this.preview = preview;
    this.list = place.querySelector("ul");
    place.querySelector("select")?.addEventListener("change", (event) => this.ask(event.target.value));
    if (!place.querySelector("select")) this.ask("");
  }

  async ask(segment) {
    fill(this.list, []);
    const isForm = Boolean(this.place.querySelector("select"));
    if (isForm && !segment) return;
    const address = this.place.dataset.gaps;
    const answer = isForm ? await post(address, written({ segment })) : await fetch(address);
    if (!answer.ok) return;
    const told = await answer.json();
    fill(this.list, [...(told.gaps ?? []).map((gap) => this.line(gap)), told.good || told.problem || ""].filter(Boolean));
    this.list.classList.toggle("good", Boolean(told.good));
  }

  line(gap) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = gap.is_covered ? "gap" : "gap bad";
    button.textContent = gap.words;
    button.addEventListener("click", () => this.preview?.of(gap.customer));
    return button;
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const previews = [...document.querySelectorAll("[data-preview]")].map((place) => new Preview(place));
  document.querySelectorAll("[data-gaps]").forEach((place) => new Gaps(place, previews[0]));
  document.querySelectorAll("form.try").forEach((form) => {
    form.addEventListener("submit", () => {
      form.elements.customer.value = previews[0]?.control("customer") ?? "";
    });
  });
  document.querySelectorAll("[data-show-revision]").forEach((button) => {
    button.addEventListener("click", () => previews[0]?.ask(button.dataset.showRevision));
  });
});
