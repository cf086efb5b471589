/** The form of a metric: asks only for what belongs to the kind that is chosen. */

for (const form of document.querySelectorAll("[data-recipe-form]")) {
  const kind = form.elements.namedItem("kind");
  const take = form.elements.namedItem("take");

  const show = () => {
    for (const row of form.querySelectorAll("[data-field]")) {
      const kinds = row.dataset.kinds;
      const unless = row.dataset.unless && form.elements.namedItem(row.dataset.unless).value;
      const other = row.dataset.take && row.dataset.take !== take.value;
      row.hidden = Boolean(unless || other || (kinds && !kinds.split(" ").includes(kind.value)));
    }
  };
  form.addEventListener("change", show);
  show();
}
