/** A choice of slices offers those by which the chosen metric is measured. */

for (const slices of document.querySelectorAll("select[name=slice]")) {
  const metric = slices.form.elements.namedItem("metric");
  const options = [...slices.querySelectorAll("option[data-metrics]")];

  const narrow = () => {
    for (const option of options) {
      const mine = option.dataset.metrics.split(" ").includes(metric.value);
      option.hidden = option.disabled = !mine && !option.selected;
    }
    for (const group of slices.querySelectorAll("optgroup")) {
      group.hidden = [...group.children].every((option) => option.hidden);
    }
  };

  const choose = () => {
    const chosen = slices.selectedOptions[0];
    if (chosen?.dataset.metrics && !chosen.dataset.metrics.split(" ").includes(metric.value)) {
      slices.value = "";
    }
    narrow();
  };

  if (metric) {
    metric.addEventListener("change", choose);
    narrow();
  }
}
