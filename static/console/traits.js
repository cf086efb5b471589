/** The form of a trait: asks only for what belongs to the recipe that is chosen. */

for (const form of document.querySelectorAll("[data-trait-form]")) {
  const shownFor = JSON.parse(document.getElementById("trait-shown-for").textContent);
  const take = form.elements.namedItem("take");
  const word = form.elements.namedItem("word");

  const show = () => {
    for (const row of form.querySelectorAll("[data-field]")) {
      const takes = shownFor[row.dataset.field];
      let hidden = takes !== undefined && !takes.split(" ").includes(take.value);
      if (row.dataset.field === "events" && word.value) hidden = true;
      row.hidden = hidden;
    }
  };
  take.addEventListener("change", show);
  word.addEventListener("change", show);
  show();
}
