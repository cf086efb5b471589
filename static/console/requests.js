/* A request's form: its definition of ready while one writes, and what somebody else wrote. */
"use strict";

const PAUSE_MS = 400;

/** Keeps the list beside the form as what is written so far would be judged. */
function watchReadiness(form) {
  const place = form.querySelector("[data-ready-list]");
  let waiting = 0, asked = 0;
  const ask = async () => {
    const number = ++asked;
    try {
      const answer = await fetch(form.dataset.ready, { method: "POST", body: new FormData(form) });
      if (answer.ok && number === asked) place.innerHTML = await answer.text();
    } catch { /* the server is away; saving will say so */ }
  };
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, PAUSE_MS); });
}

/** `<button data-take="FIELD" data-value="…">` puts what somebody else wrote into the field. */
function offerToTake(button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.take);
    field.value = button.dataset.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    button.closest("[data-clash]").remove();
    field.focus();
  });
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("form[data-ready]").forEach(watchReadiness);
  document.querySelectorAll("[data-take]").forEach(offerToTake);
});
