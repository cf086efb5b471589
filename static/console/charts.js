/* Draws the charts of a page with ECharts.
 *
 * A chart is <div class="plot" data-chart-id="ID"> and its option is the JSON with that id
 * (Django's json_script). The class is not "chart": Unfold takes those for canvases of its own. The option says what is drawn; colours come from the page's CSS
 * variables, so dark mode is theirs, and numbers are written in the page's language.
 * `option.unit` is {kind: "money", currency, decimals} | {kind: "share"} |
 * {kind: "difference", words} (of shares, in points: words has {} for the number) | {kind: other}.
 */
"use strict";

(() => {
  const html = document.documentElement;
  const language = html.lang || "en";
  const stillness = window.matchMedia("(prefers-reduced-motion: reduce)");

  // --- numbers ---------------------------------------------------------------

  /** Functions that write a value of this unit: in full, and short for an axis. */
  function writers(unit = {}) {
    const isDifference = unit.kind === "difference";
    const scale = isDifference ? 0.01 : 10 ** (unit.decimals ?? 0);
    const styles = {
      money: { style: "currency", currency: unit.currency },
      share: { style: "percent", maximumFractionDigits: 1 },
      difference: { maximumFractionDigits: 1, signDisplay: "exceptZero" },
    };
    const style = styles[unit.kind] ?? { maximumFractionDigits: 2 };
    const full = new Intl.NumberFormat(language, style);
    const compact = unit.kind === "share" ? {} : { notation: "compact", maximumFractionDigits: 1, minimumFractionDigits: 0 };
    const short = new Intl.NumberFormat(language, { ...style, ...compact });
    const say = (words) => (isDifference ? unit.words.replace("{}", words) : words);
    const write = (format) => (value) =>
      value === null || value === undefined || Number.isNaN(Number(value)) ? "–" : say(format.format(Number(value) / scale));
    return { full: write(full), short: write(short) };
  }

  // --- colours ---------------------------------------------------------------

  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  /** A CSS colour as ECharts understands it: it reads rgb, not oklch. */
  function rgb(color) {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = color.trim();
    pixel.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
    return `rgba(${red},${green},${blue},${alpha / 255})`;
  }

  function palette() {
    const style = getComputedStyle(html);
    const color = (name) => rgb(style.getPropertyValue(name));
    return {
      series: [1, 2, 3, 4, 5, 6].map((number) => color(`--chart-${number}`)),
      text: color("--c-quiet"),
      strong: color("--c-strong"),
      line: color("--c-line"),
      ground: color("--c-ground"),
      accent: color("--c-accent"),
      heat: [color("--heat-low"), color("--heat-high")],
      onHeat: [color("--on-heat-low"), color("--on-heat-high")],
      font: getComputedStyle(document.body).fontFamily,
    };
  }

  const dayFormat = new Intl.DateTimeFormat(language, { month: "short", day: "numeric", timeZone: "UTC" });

  /** A label that is a date is written short; the tooltip and the table have it in full. */
  function dayOrWords(label) {
    return /^\d{4}-\d\d-\d\d$/.test(label) ? dayFormat.format(new Date(label)) : label;
  }

  // --- from an option to a dressed one -----------------------------------------

  function axis(given, look, write) {
    const axisLabel = { color: look.text, hideOverlap: true, fontSize: 11 };
    const plain = { axisTick: { show: false }, axisLine: { lineStyle: { color: look.line } } };
    if (given.type === "value") {
      return {
        splitNumber: 4,
        ...given,
        axisLine: { show: false },
        axisTick: { show: false },
        splitLine: { lineStyle: { color: look.line } },
        axisLabel: { ...axisLabel, formatter: write.short },
      };
    }
    if (given.type === "category") {
      axisLabel.formatter = dayOrWords;
      if (given.inverse) Object.assign(axisLabel, { overflow: "truncate", width: 110 });
    }
    return { ...plain, splitLine: { show: false }, ...given, axisLabel: { ...axisLabel, ...given.axisLabel } };
  }

  function zoom(given, look) {
    if (given.type !== "slider") return given;
    const blend = (color, alpha) => color.replace(/[\d.]+\)$/, `${alpha})`);
    return {
      height: 22,
      bottom: 2,
      left: 8,
      right: 8,
      brushSelect: false,
      showDetail: false,
      borderColor: "transparent",
      backgroundColor: blend(look.text, 0.08),
      fillerColor: blend(look.accent, 0.16),
      handleStyle: { color: look.ground, borderColor: look.accent },
      moveHandleStyle: { color: look.accent, opacity: 0.35 },
      dataBackground: { lineStyle: { color: look.text, opacity: 0.4 }, areaStyle: { color: look.text, opacity: 0.1 } },
      selectedDataBackground: { lineStyle: { color: look.accent }, areaStyle: { color: look.accent, opacity: 0.15 } },
      ...given,
    };
  }

  const dressers = {
    line: ({ like, ...series }, look, write, number) => {
      // Not by colour alone: every second line is dashed as well; dotted is what goes with another
      // line, or comes when there are no more colours.
      const colors = look.series.length;
      const isDotted = like !== undefined || number >= colors;
      return {
        lineStyle: { width: 2, type: isDotted ? [2, 3] : number % 2 ? [6, 3] : "solid" },
        ...(like === undefined ? {} : { color: look.series[like % colors] }),
        emphasis: { focus: "series" },
        connectNulls: false,
        sampling: "lttb",
        ...series,
      };
    },
    bar: (series, look, write) => ({
      barMaxWidth: 36,
      itemStyle: { borderRadius: 3 },
      ...series,
      label: { position: "right", color: look.strong, formatter: (cell) => write.full(cell.value), ...series.label },
    }),
    heatmap: (series, look, write, number, option) => {
      const { min, max } = option.visualMap;
      const middle = min + (max - min) * 0.55;
      return {
        itemStyle: { borderColor: look.ground, borderWidth: 2, borderRadius: 5 },
        emphasis: { itemStyle: { borderColor: look.strong } },
        ...series,
        label: { show: true, fontSize: 11, formatter: (cell) => write.short(cell.value[2]) },
        labelLayout: { hideOverlap: true },
        data: series.data.map((value) => ({
          value,
          label: { color: value[2] > middle ? look.onHeat[1] : look.onHeat[0] },
        })),
      };
    },
    sankey: (series, look) => ({
      left: 4,
      right: 8,
      top: 8,
      bottom: 8,
      nodeGap: 12,
      draggable: false,
      layoutIterations: 0,
      emphasis: { focus: "adjacency" },
      lineStyle: { color: "gradient", opacity: 0.35 },
      ...series,
      label: { color: look.strong, width: 150, overflow: "truncate", formatter: (cell) => cell.data.words },
      // The last ends have their words before them, where there is room.
      levels: [{ depth: Math.max(...series.data.map((node) => node.depth)), label: { position: "left" } }],
    }),
  };

  /** What a stream or one of its ends says: names are keys, so the words are looked up. */
  function streamTooltip(option, write) {
    const words = new Map(option.series[0].data.map((node) => [node.name, node.words]));
    const safe = echarts.format.encodeHTML;
    return ({ dataType, data, value }) => {
      const said = dataType === "edge" ? `${words.get(data.source)} → ${words.get(data.target)}` : data.words;
      return `${safe(said)}<br><b>${safe(write.full(value))}</b>`;
    };
  }

  function heatTooltip(option, write) {
    const safe = echarts.format.encodeHTML;
    return (cell) => {
      const [column, row, value] = cell.value;
      return `${safe(option.yAxis.data[row])} · ${safe(option.xAxis.data[column])}<br><b>${safe(write.full(value))}</b>`;
    };
  }

  function dress(option, look) {
    const write = writers(option.unit);
    const isHeat = option.series.some((series) => series.type === "heatmap");
    const isSankey = option.series.some((series) => series.type === "sankey");
    const hasSlider = (option.dataZoom ?? []).some((one) => one.type === "slider");
    const hasLyingLabels = option.yAxis?.type === "category" && option.series.some((series) => series.label?.show);
    const hasLegend = option.legend?.show ?? option.series.length > 1;
    const hasLabelsAbove = option.series.some((series) => series.label?.show && series.label.position === "top");
    return {
      ...option,
      unit: undefined,
      animation: !stillness.matches,
      animationDuration: 300,
      color: look.series,
      textStyle: { fontFamily: look.font },
      aria: { enabled: true },
      grid: { left: 4, right: hasLyingLabels ? 52 : 14, top: hasLegend ? 38 : hasLabelsAbove ? 24 : 12, bottom: hasSlider ? 36 : 4, containLabel: true, ...option.grid },
      legend: { top: 0, left: 0, itemWidth: 18, itemHeight: 8, textStyle: { color: look.strong }, ...option.legend },
      tooltip: {
        confine: true,
        backgroundColor: look.ground,
        borderColor: look.line,
        textStyle: { color: look.strong, fontSize: 12 },
        valueFormatter: write.full,
        ...option.tooltip,
        ...(isHeat ? { formatter: heatTooltip(option, write) } : {}),
        ...(isSankey ? { formatter: streamTooltip(option, write) } : {}),
      },
      xAxis: option.xAxis && axis(option.xAxis, look, write),
      yAxis: option.yAxis && axis(option.yAxis, look, write),
      dataZoom: (option.dataZoom ?? []).map((one) => zoom(one, look)),
      visualMap: option.visualMap && { ...option.visualMap, inRange: { color: look.heat } },
      series: option.series.map((series, number) => dressers[series.type]?.(series, look, write, number, option) ?? series),
    };
  }

  // --- drawing -----------------------------------------------------------------

  class ConsoleChart {
    constructor(place) {
      this.place = place;
      this.words = (place.getAttribute("aria-label") ?? "").replace(/[.。]$/, "");
      this.option = JSON.parse(document.getElementById(place.dataset.chartId).textContent);
      // Unfold hides the page until Alpine has started, and a hidden place has no width.
      new ResizeObserver(() => this.fit()).observe(place);
    }

    fit() {
      if (!this.place.clientWidth || !this.place.clientHeight) return;
      if (this.drawing) this.drawing.resize();
      else this.begin();
    }

    begin() {
      const locale = language.toLowerCase().startsWith("zh") ? "ZH" : "EN";
      this.drawing = echarts.init(this.place, null, { locale });
      this.draw();
      this.place.dataset.chartDrawn = "yes";
    }

    draw() {
      if (!this.drawing) return;
      const zoomed = this.drawing.getOption()?.dataZoom ?? [];
      const dressed = dress(this.option, palette());
      dressed.dataZoom = dressed.dataZoom.map((one, number) => ({ ...one, start: zoomed[number]?.start, end: zoomed[number]?.end }));
      this.drawing.setOption(dressed, true);
      const summary = this.place.getAttribute("aria-label");
      if (summary && !summary.startsWith(this.words)) this.place.setAttribute("aria-label", `${this.words}. ${summary}`);
    }
  }

  const charts = [...document.querySelectorAll("[data-chart-id]")].map((place) => new ConsoleChart(place));

  let isDark = html.classList.contains("dark");
  new MutationObserver(() => {
    if (html.classList.contains("dark") === isDark) return;
    isDark = !isDark;
    charts.forEach((chart) => chart.draw());
  }).observe(html, { attributes: true, attributeFilter: ["class"] });
})();
