/* The page of a campaign: a bar that moves while messages leave. */
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
    const asked = performance.now();
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
    // A server that needs long to answer is asked less often.
    setTimeout(() => this.look(), Math.max(pause * 1000, 10 * (performance.now() - asked)));
  }

  show(now) {
    if (this.bar) this.bar.value = now.done_share;
    this.place.querySelectorAll("[data-count]").forEach((one) => {
      const count = now[one.dataset.count];
      one.textContent = this.numbers.format(count);
      if (count) one.closest(".counts > div")?.removeAttribute("hidden");
    });
    document.querySelectorAll("[data-step]").forEach((one) => {
      one.textContent = now.steps[one.dataset.step] ?? one.textContent;
    });
  }
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-progress]").forEach((place) => new SendingBar(place));
});
