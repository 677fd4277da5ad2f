// A small plot over time: a line, its area, the target drawn in, the greatest value and the span written on the axes.

import { svg } from "./dom.js";
import { number } from "./i18n.js";

const WIDTH = 200;
const HEIGHT = 44;

/**
 * `points` are `[at_ms, value]`, oldest first. `target` is drawn as a dashed line; `digits` for the axis; `scale` is
 * the least value at the top.
 */
export function plot(points, { target = null, scale = 1, digits = 0, label }) {
  const top = niceTop(Math.max(scale, target ?? 0, ...points.map((p) => p[1])));
  const [begin, end] = points.length ? [points[0][0], points.at(-1)[0]] : [0, 1];
  const x = (at) => ((at - begin) / Math.max(1, end - begin)) * WIDTH;
  const y = (value) => HEIGHT - 1 - (value / top) * (HEIGHT - 2);
  const line = points.map(([at, value], i) => `${i ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const picture = svg("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none",
    role: "img", "aria-label": label });
  picture.append(svg("path", { class: "axis", d: `M0 ${HEIGHT - 0.5}H${WIDTH}` }));
  if (line) {
    picture.append(svg("path", { class: "area", d: `${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z` }));
    picture.append(svg("path", { class: "line", d: line }));
  }
  if (target !== null) picture.append(svg("path", { class: "target", d: `M0 ${y(target)}H${WIDTH}` }));
  return { picture, top: number(top, digits), spanMs: end - begin };
}

/** The next round number: 1, 2, 3, 4, 5, 6, 8, 10, 20 … */
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((n) => n * power).find((top) => top >= value * 0.999);
}
