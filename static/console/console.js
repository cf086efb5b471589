/* What all our screens share: progress of jobs, copying, a question before what cannot be undone. */
"use strict";

const POLL_MS = 1000;

/** Keeps one `<div data-job="ID">` up to date until the job is over.
 *  With `data-job-then="reload"` the page is loaded again at the end. */
class JobBar {
  constructor(place) {
    this.place = place;
    this.over = ["done", "failed"].includes(place.dataset.jobStatus);
    this.bar = document.createElement("progress");
    this.words = document.createElement("span");
    place.classList.add("job");
    place.setAttribute("role", "status");
    place.append(this.bar, this.words);
    this.ask(this.over);
  }

  async ask(wasOver) {
    try {
      const answer = await fetch(`/api/v1/jobs/${this.place.dataset.job}/`, {
        headers: { Accept: "application/json", "Accept-Language": document.documentElement.lang },
      });
      if ([401, 403, 404].includes(answer.status)) return; // it is not ours to see
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const job = await answer.json();
      this.show(job);
      if (!job.is_over) setTimeout(() => this.ask(false), POLL_MS);
      else if (!wasOver && this.place.dataset.jobThen === "reload") location.reload();
    } catch {
      setTimeout(() => this.ask(wasOver), POLL_MS * 5); // the server is away or busy; it may come back
    }
  }

  show(job) {
    this.bar.max = 1;
    if (job.done_share === null && !job.is_over) this.bar.removeAttribute("value");
    else this.bar.value = job.done_share ?? 0;
    this.place.classList.toggle("failed", job.status === "failed");
    const share = job.done_share === null ? "" : ` ${Math.floor(job.done_share * 100)}%`;
    this.words.textContent = [job.status_label + share, job.error || job.note].filter(Boolean).join(" · ");
  }
}

/** `<form data-confirm="…">` asks before it is sent. */
function askBeforeSending(event) {
  const question = event.target.dataset?.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
}

const SAID_MS = 2000;

/** The text goes to the clipboard; without one (no https), the browser copies what is selected. */
async function copy(text, place) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  getSelection().selectAllChildren(place);
  if (!document.execCommand("copy")) throw new Error("not copied");
}

/** `<button data-copy="ID" data-copied="Copied" hidden>` copies the text of the element ID. */
function offerToCopy(button) {
  const words = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    const place = document.getElementById(button.dataset.copy);
    try {
      await copy(place.textContent.trim(), place);
    } catch {
      return getSelection().selectAllChildren(place); // at least one keypress away
    }
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = words; }, SAID_MS);
  });
}

/** Where a list has no columns, a line that says nothing is left out (console.css). */
function markNothing(cell) {
  if (cell.textContent.trim() === "–") cell.classList.add("nothing");
}

document.addEventListener("submit", askBeforeSending);
document.addEventListener("DOMContentLoaded", () => {
  // Unfold would write a file's name into a box that our own forms do not have.
  document.querySelectorAll(".upload input[type=file]").forEach((input) => { input.hasChangeListener = true; });
  document.querySelectorAll("#result_list .data-row > td").forEach(markNothing);
  document.querySelectorAll("[data-copy]").forEach(offerToCopy);
  document.querySelectorAll("form[data-at-once]").forEach((form) => form.requestSubmit());
  document.querySelectorAll("[data-job]").forEach((place) => new JobBar(place));
});
