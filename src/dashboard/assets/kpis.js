// Key figures: each with its unit, its target and its way over time.

import { $, h, setText } from "./dom.js";
import { duration, number, t } from "./i18n.js";
import { plot } from "./plot.js";
import { on, state } from "./state.js";

/** The tiles: `value` from the frame, `sample` for the plot, `bad` where one must look. */
const TILES = [
  {
    key: "throughput", unit: () => t("unit.per_h"), value: () => number(last()?.throughput_per_h ?? 0),
    sample: (s) => s.throughput_per_h, scale: 10,
    note: (k) => t("kpi.throughput_note", { n: number(k.orders_done) }),
  },
  {
    key: "starvation", unit: () => t("unit.s"), value: () => number((last()?.starvation_ms ?? 0) / 1000, 1),
    sample: (s) => s.starvation_ms / 1000, scale: 5, target: () => 0,
    targetText: () => t("kpi.target", { value: `0 ${t("unit.s")}` }), bad: () => (last()?.starvation_ms ?? 0) > 0,
    note: (k) => t("kpi.starvation_note", { time: duration(k.starvation_ms) }),
  },
  {
    key: "late", unit: () => t("unit.orders"), value: () => number(last()?.late ?? 0),
    sample: (s) => s.late, scale: 5, target: () => 0, targetText: () => t("kpi.target", { value: 0 }),
    bad: () => (last()?.late ?? 0) > 0, note: (k) => t("kpi.late_note", { n: number(k.orders_late) }),
  },
  {
    key: "open", unit: () => t("unit.orders"), value: (k) => number(k.orders_open), sample: (s) => s.open, scale: 10,
    note: () => t("kpi.open_note", { n: number([...state.orders.values()].filter((o) => o.state === "open").length) }),
  },
  {
    key: "utilisation", unit: () => t("unit.percent"), value: () => number((last()?.utilisation_permille ?? 0) / 10),
    sample: (s) => s.utilisation_permille / 10, scale: 100,
    note: (k) => t("kpi.utilisation_note", { n: number(k.utilisation_permille / 10) }),
  },
  {
    key: "cycle", unit: () => t("unit.us"), value: (k) => (state.floor.recorded ? "–" : number(k.execution_us[1])),
    sample: (s) => s.execution_p99_us, scale: 10,
    targetText: () => t("kpi.limit", { value: `${number(state.floor.cycle_us)} ${t("unit.us")}` }),
    // The limit is far above what is normal; it is drawn once the line comes near.
    target: () => (Math.max(...state.samples.map((s) => s.execution_p99_us)) > state.floor.cycle_us / 10
      ? state.floor.cycle_us : null),
    bad: (k) => k.execution_us[1] > state.floor.cycle_us,
    note: (k) => (state.floor.recorded ? t("kpi.not_recorded")
      : t("kpi.cycle_note", { max: number(k.execution_us[2]), misses: number(k.misses) })),
  },
];

const last = () => state.samples.at(-1);
const tiles = new Map();

export function startKpis() {
  for (const tile of TILES) {
    const parts = {
      name: h("h2"), value: h("span", { class: "value" }), unit: h("span", { class: "unit" }),
      target: h("span", { class: "target-text" }), plot: h("div", { class: "plot-box" }),
      top: h("span", { class: "axis-top" }), span: h("span", { class: "axis-span" }), note: h("span", { class: "note" }),
    };
    const element = h("article", { class: "kpi", "data-testid": `kpi-${tile.key}` },
      h("div", { class: "kpi-head" }, parts.name, parts.target),
      h("div", { class: "kpi-body" },
        h("div", { class: "kpi-number" }, parts.value, " ", parts.unit),
        h("div", { class: "kpi-plot" }, parts.plot, parts.top)),
      h("div", { class: "kpi-foot quiet" }, parts.note, parts.span));
    tiles.set(tile, { element, ...parts });
    $("kpis").append(element);
  }
  on("samples", drawAll);
  on("language", drawAll);
  on("orders", numbers);
}

function drawAll() {
  if (!state.frame) return;
  numbers();
  for (const [tile, parts] of tiles) {
    setText(parts.name, t(`kpi.${tile.key}`));
    setText(parts.unit, tile.unit());
    setText(parts.target, tile.targetText?.() ?? "");
    const points = state.samples.map((s) => [s.at_ms, tile.sample(s)]);
    const label = `${t(`kpi.${tile.key}`)}, ${tile.unit()}`;
    const drawn = plot(points, { target: tile.target?.() ?? null, scale: tile.scale, label });
    parts.plot.replaceChildren(drawn.picture);
    setText(parts.top, drawn.top);
    setText(parts.span, points.length > 1 ? t("kpi.span", { time: duration(drawn.spanMs) }) : t("kpi.no_data"));
  }
}

function numbers() {
  if (!state.frame) return;
  for (const [tile, parts] of tiles) {
    setText(parts.value, tile.value(state.frame.kpis));
    setText(parts.note, tile.note(state.frame.kpis));
    parts.element.classList.toggle("bad", Boolean(tile.bad?.(state.frame.kpis)));
  }
}
