/** A page that prints: its button opens the browser's dialogue. */

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}
