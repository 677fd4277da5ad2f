// The floor plan as a map: what part is seen, moving it by mouse, touch and keyboard, and what a click means.

import { drawScene } from "./draw.js";
import { $, h, setText } from "./dom.js";
import { t } from "./i18n.js";
import { on, select, state } from "./state.js";

/** Pictures a second; enough for vehicles at 2 m/s, and kind to the machine that also controls. */
const FRAME_MS = 33;
/** Vehicles are drawn so long after what was heard, so that there are two frames to draw between. */
const BEHIND_MS = 220;
/** Of a recording the same, in times the usual time between two frames. */
const BEHIND = 1.2;
/** Where a recording goes faster, vehicles are not drawn between frames: they would cut corners. */
const BETWEEN_MS = 2500;
/** Part of the stage left free around the whole floor. */
const MARGIN = 0.02;
/** Height kept for the legend below it. */
const LEGEND_PX = 32;
/** Pixels within which a press and its release are a click. */
const CLICK_PX = 5;

/** Middle of the view in mm, and pixels per mm. */
const view = { x: 0, y: 0, scale: 0.02, touched: false };
/** Controller time minus local time, as the frames tell. */
let offset = null;
let drawnAt = 0;
const pointers = new Map();
let pressed = null;

export function startMap() {
  const canvas = $("map");
  const tool = (id, text, act) => h("button", { id, onclick: act }, text);
  $("map-tools").append(
    tool("zoom-in", "+", () => zoom(1.3)), tool("zoom-out", "−", () => zoom(1 / 1.3)), tool("zoom-fit", "⤢", fit),
    h("select", { id: "level", onchange: (e) => { state.level = Number(e.target.value); fit(); } }));
  canvas.addEventListener("wheel", wheel, { passive: false });
  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", (e) => pointers.delete(e.pointerId));
  canvas.addEventListener("keydown", key);
  new ResizeObserver(() => { resize(); if (!view.touched) fit(); }).observe(canvas);
  on("floor", () => { levels(); offset = null; if (!view.touched) fit(); });
  on("frame", synchronise);
  on("language", words);
  requestAnimationFrame(tick);
}

function words() {
  $("map").setAttribute("aria-label", t("map.label"));
  for (const [id, text] of [["zoom-in", "map.in"], ["zoom-out", "map.out"], ["zoom-fit", "map.fit"], ["level", "map.level"]]) {
    $(id).title = t(text);
    $(id).setAttribute("aria-label", t(text));
  }
  const items = ["base", "route", "loaded", "blocked", "paused", "stopped"];
  $("legend").replaceChildren(...items.map((i) => h("span", {}, h("i", { class: `key-${i}` }), t(`legend.${i}`))));
}

function levels() {
  const { levels } = state.floor;
  $("level").hidden = levels.length < 2;
  $("level").replaceChildren(...levels.map((l, i) => h("option", { value: i, selected: i === state.level }, l.name)));
  setText($("floor-name"), state.floor.name);
}

/** The whole level in the middle. */
export function fit() {
  if (!state.floor) return;
  const { min, max } = state.floor.levels[state.level];
  const { clientWidth: width, clientHeight: height } = $("map");
  view.x = (min[0] + max[0]) / 2;
  view.y = (min[1] + max[1]) / 2;
  const room = height - LEGEND_PX;
  view.scale = Math.min(width / (max[0] - min[0]), room / (max[1] - min[1])) * (1 - 2 * MARGIN);
  view.y -= LEGEND_PX / 2 / view.scale;
  view.touched = false;
}

function resize() {
  const canvas = $("map");
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
}

/** The floor's point under a point of the canvas. */
function floorPoint(x, y) {
  const { clientWidth, clientHeight } = $("map");
  return [view.x + (x - clientWidth / 2) / view.scale, view.y - (y - clientHeight / 2) / view.scale];
}

function zoom(factor, x = $("map").clientWidth / 2, y = $("map").clientHeight / 2) {
  const before = floorPoint(x, y);
  view.scale = Math.min(0.4, Math.max(0.0005, view.scale * factor));
  const after = floorPoint(x, y);
  view.x += before[0] - after[0];
  view.y += before[1] - after[1];
  view.touched = true;
}

function pan(dx, dy) {
  view.x -= dx / view.scale;
  view.y += dy / view.scale;
  view.touched = true;
}

function wheel(event) {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.offsetX, event.offsetY);
}

function down(event) {
  $("map").setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
  pressed = pointers.size === 1 ? [event.offsetX, event.offsetY] : null;
}

function move(event) {
  const was = pointers.get(event.pointerId);
  if (!was) return;
  const now = [event.offsetX, event.offsetY];
  const far = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
  if (pressed && far(pressed, now) < CLICK_PX) return;
  pressed = null;
  if (pointers.size === 1) pan(now[0] - was[0], now[1] - was[1]);
  if (pointers.size === 2) {
    const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
    zoom(far(now, other) / Math.max(1, far(was, other)), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    pan((now[0] - was[0]) / 2, (now[1] - was[1]) / 2);
  }
  pointers.set(event.pointerId, now);
}

function up(event) {
  pointers.delete(event.pointerId);
  if (pressed) select(thingAt(...floorPoint(...pressed)));
  pressed = null;
}

function key(event) {
  const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
  if (moves[event.key]) pan(...moves[event.key]);
  else if (event.key === "+" || event.key === "=") zoom(1.3);
  else if (event.key === "-") zoom(1 / 1.3);
  else if (event.key === "0") fit();
  else return;
  event.preventDefault();
}

/** The vehicle or station nearest to a point, within reach; null: none. */
function thingAt(x, y) {
  if (!state.frame) return null;
  const reach = Math.max(700, 12 / view.scale);
  const near = (things) => things.map((t) => ({ ...t, far: Math.hypot(t.at[0] - x, t.at[1] - y) }))
    .filter((t) => t.far < reach).sort((a, b) => a.far - b.far)[0];
  const vehicles = [...shown().entries()].map(([id, pose]) => ({ type: "vehicle", id, at: pose }));
  const stations = state.floor.stations.map((s, id) => ({ type: "station", id, at: state.floor.nodes[s.node] }));
  const here = stations.filter((s) => s.at[2] === state.level);
  const found = near(vehicles) ?? near(here);
  return found ? { type: found.type, id: found.id } : null;
}

/** Follows the controller's clock: at once if it is ahead, slowly otherwise, so that jitter is not drawn. */
function synchronise() {
  const now = state.frame.now_ms - state.frame.arrived;
  if (offset === null || now > offset || offset - now > 2000) offset = now;
  else offset += (now - offset) * 0.02;
}

/** The two frames of a recording that are drawn between now, and how far from the first to the second. */
function recordedBetween() {
  const { frames } = state;
  const last = frames.at(-1);
  const { playing, speed } = last.recorded;
  const usual = Math.max(125, state.timeline.step_ms / speed);
  const at = performance.now() - usual * BEHIND;
  const next = playing ? frames.findIndex((f) => f.arrived >= at) : -1;
  const b = next < 0 ? last : frames[next];
  const a = next > 0 ? frames[next - 1] : b;
  const far = b.recorded.at_ms - a.recorded.at_ms > BETWEEN_MS;
  return [a, b, far || a === b ? 1 : Math.min(1, Math.max(0, (at - a.arrived) / (b.arrived - a.arrived)))];
}

/** The two newest frames of a running floor around what is drawn now, and how far from the first to the second. */
function liveBetween() {
  const at = performance.now() + (offset ?? 0) - BEHIND_MS;
  const next = state.frames.findIndex((f) => f.now_ms >= at);
  const b = state.frames[next < 0 ? state.frames.length - 1 : next];
  const a = next > 0 ? state.frames[next - 1] : b;
  const part = b.now_ms > a.now_ms ? Math.min(1, Math.max(0, (at - a.now_ms) / (b.now_ms - a.now_ms))) : 1;
  return [a, b, part];
}

/** Where each vehicle with a known position is drawn now: id to `[x, y, heading in mrad]`. */
export function shown() {
  const poses = new Map();
  if (!state.frame) return poses;
  const [a, b, part] = state.frame.recorded ? recordedBetween() : liveBetween();
  b.vehicles.forEach((vehicle, id) => {
    const to = vehicle.pose;
    const from = a.vehicles[id].pose ?? to;
    if (to) poses.set(id, between(from, to, part));
  });
  return poses;
}

function between(from, to, part) {
  // The short way round; a turn is 6283 mrad.
  const turn = ((to[2] - from[2] + 3 * 3142) % 6283) - 3142;
  const near = Math.abs(turn) > 3142 ? 0 : turn;
  return [from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part, from[2] + near * part];
}

function tick(now) {
  requestAnimationFrame(tick);
  if (document.hidden || now - drawnAt < FRAME_MS - 4) return;
  drawnAt = now;
  if (state.floor && state.frame) drawScene($("map"), view, shown());
}
