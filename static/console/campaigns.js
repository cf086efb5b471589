/* The screens of campaigns: a bar that moves while mails leave, and the preview of a mail. */
"use strict";

const SECONDS_BETWEEN_LOOKS = 1;
const MOVING = ["sending"];

/** Keeps the numbers of a campaign up to date while it is being sent. */
class SendingBar {
  constructor(place) {
    this.place = place;
    this.bar = place.querySelector("progress");
    this.numbers = new Intl.NumberFormat(document.documentElement.lang || undefined);
    if (MOVING.includes(place.dataset.status)) this.look();
  }

  async look() {
    let pause = SECONDS_BETWEEN_LOOKS;
    try {
      const answer = await fetch(this.place.dataset.progress, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const now = await answer.json();
      this.show(now);
      if (now.status !== this.place.dataset.status) {
        location.reload(); // other buttons are open now
        return;
      }
    } catch {
      pause *= 5; // the server is away; it may come back
    }
    setTimeout(() => this.look(), pause * 1000);
  }

  show(now) {
    this.bar.value = now.done_share;
    this.place.querySelectorAll("[data-count]").forEach((one) => {
      const count = now[one.dataset.count];
      one.textContent = this.numbers.format(count);
      if (count) one.closest(".counts > div")?.removeAttribute("hidden");
    });
  }
}

/** Shows the mail for any customer; on the form of a template, the words as they are typed. */
class MailPreview {
  constructor(place) {
    this.place = place;
    this.words = ["subject", "body"].map((name) => document.getElementById(`id_${name}`));
    this.isEditor = Boolean(document.querySelector(".template-columns"));
    for (const field of this.words.filter(Boolean)) field.addEventListener("input", () => this.soon());
    place.querySelectorAll("input, select").forEach((control) => {
      control.addEventListener("input", () => this.soon());
    });
    if (this.isEditor) this.ask();
  }

  control(name) {
    return this.place.querySelector(`[name=preview-${name}]`)?.value ?? "";
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), 300);
  }

  async ask() {
    const asked = new URLSearchParams({ customer: this.control("customer"), theme: this.control("theme") });
    const isLook = this.control("contact") === "shown"; // is noted, so it is a POST
    if (isLook) asked.set("contact", "shown");
    const address = this.place.dataset.preview;
    this.layOut();
    const request = this.isEditor || isLook ? this.post(address, asked) : fetch(`${address}?${asked}`);
    const number = (this.latest = (this.latest ?? 0) + 1);
    const answer = await request;
    if (answer.ok && number === this.latest) this.show(await answer.json());
  }

  post(address, asked) {
    const [subject, body] = this.words.map((field) => field?.value ?? field?.textContent);
    asked.set("subject", subject ?? this.place.dataset.subject ?? "");
    asked.set("body", body ?? this.place.dataset.body ?? "");
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    return fetch(address, { method: "POST", body: asked, headers: { "X-CSRFToken": token } });
  }

  part(name) {
    return this.place.querySelector(`[data-preview-${name}]`);
  }

  layOut() {
    const isText = this.control("form") === "text";
    const width = this.control("width");
    this.part("html").hidden = isText;
    this.part("html").style.width = width ? `${width}px` : "";
    this.part("text").hidden = !isText;
    this.part("text").style.maxWidth = width ? `${width}px` : "";
  }

  show(mail) {
    this.part("problem").textContent = mail.problem ?? "";
    this.part("problem").hidden = !mail.problem;
    if (mail.problem) return;
    this.part("subject").textContent = mail.subject;
    this.part("text").textContent = mail.text;
    this.part("html").srcdoc = mail.html;
  }
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-progress]").forEach((place) => new SendingBar(place));
  document.querySelectorAll("[data-preview]").forEach((place) => new MailPreview(place));
});
