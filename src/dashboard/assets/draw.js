// Draws the floor: what stands still into a picture of its own, then what moves. Grey is normal; colour is for looking.

import { isLow, isStarving, vehicleLook } from "./attention.js";
import { buffersOf, state } from "./state.js";

/** Names are written from so many pixels a metre on. */
const NAMES_FROM = { vehicle: 9, station: 11, charger: 24 };
const FONT = "ui-sans-serif, system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', sans-serif";

let colours = null;
let still = { picture: document.createElement("canvas"), key: "" };

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { colours = null; });

/** The colours of the style sheet, so that there is one place for them. */
function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["stage", "ground", "wall", "lane", "lane-line", "ink", "quiet", "vehicle", "vehicle-line", "load", "grant",
    "plan", "bar", "bar-back", "red", "amber", "blue", "choose"];
  return Object.fromEntries(names.map((n) => [n, style.getPropertyValue(`--${n}`).trim()]));
}

/** Draws all of it; `poses` says where vehicles are now. */
export function drawScene(canvas, view, poses) {
  const ratio = window.devicePixelRatio || 1;
  const key = [canvas.width, canvas.height, view.x, view.y, view.scale, state.level, state.floor.digest, colours !== null]
    .join(" ");
  if (still.key !== key) {
    colours ??= readColours();
    drawStill(canvas, view, ratio);
    still.key = key.replace("false", "true");
  }
  const c = canvas.getContext("2d");
  c.setTransform(1, 0, 0, 1, 0, 0);
  c.drawImage(still.picture, 0, 0);
  place(c, canvas, view, ratio);
  c.lineJoin = "round";
  c.lineCap = "round";
  drawDoors(c, view);
  drawStock(c, view);
  const chosen = state.selected;
  for (const [id] of poses) if (isShown(id)) drawWay(c, view, id, poses.get(id), chosen?.type === "vehicle" && chosen.id === id);
  if (chosen?.type === "order") drawOrder(c, view, state.orders.get(chosen.id));
  for (const [id, pose] of poses) if (isShown(id)) drawVehicle(c, view, id, pose);
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  for (const [id, pose] of poses) if (isShown(id)) drawVehicleName(c, canvas, view, id, pose);
}

/** From millimetres, y up, to the canvas. */
function place(c, canvas, view, ratio) {
  const s = view.scale * ratio;
  c.setTransform(s, 0, 0, -s, canvas.width / 2 - view.x * s, canvas.height / 2 + view.y * s);
}

/** Floors of one level show all vehicles; else those whose level can be told by where they are going. */
function isShown(id) {
  if (state.floor.levels.length < 2) return true;
  const at = state.frame.vehicles[id].pose;
  const near = state.floor.nodes.reduce((best, n) => {
    const far = Math.hypot(n[0] - at[0], n[1] - at[1]);
    return far < best.far ? { far, level: n[2] } : best;
  }, { far: Infinity, level: 0 });
  return near.level === state.level;
}

// ---- What stands still ----

function drawStill(canvas, view, ratio) {
  const picture = still.picture;
  picture.width = canvas.width;
  picture.height = canvas.height;
  const c = picture.getContext("2d");
  c.fillStyle = colours.stage;
  c.fillRect(0, 0, picture.width, picture.height);
  place(c, canvas, view, ratio);
  c.lineJoin = "round";
  c.lineCap = "round";
  const { floor } = state;
  const level = floor.levels[state.level];
  c.fillStyle = colours.ground;
  c.fillRect(level.min[0], level.min[1], level.max[0] - level.min[0], level.max[1] - level.min[1]);
  drawZones(c, view);
  drawLanes(c, view);
  c.strokeStyle = colours.wall;
  c.lineWidth = Math.max(120, 2 / view.scale);
  for (const wall of floor.walls.filter((w) => w.level === state.level)) line(c, wall.points);
  drawPlaces(c, view);
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (view.scale * 1000 >= NAMES_FROM.station) drawNames(c, canvas, view);
}

function line(c, points, closed = false) {
  c.beginPath();
  points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
  if (closed) c.closePath();
  c.stroke();
}

function drawZones(c, view) {
  for (const zone of state.floor.zones) {
    if (zone.outline.length < 3 || zone.level !== state.level) continue;
    c.strokeStyle = colours.quiet;
    c.lineWidth = 1 / view.scale;
    c.setLineDash([6 / view.scale, 5 / view.scale]);
    line(c, zone.outline, true);
    c.setLineDash([]);
  }
}

function drawLanes(c, view) {
  const { nodes, edges } = state.floor;
  const here = edges.filter(([from]) => nodes[from][2] === state.level);
  const bays = bayNodes();
  const isSpur = ([from, to]) => bays.has(from) || bays.has(to);
  c.strokeStyle = colours.lane;
  // Ways into bays are thinner than lanes. All of one width in one path: crossings do not show as darker spots.
  for (const [width, some] of [[420, here.filter(isSpur)], [1150, here.filter((e) => !isSpur(e))]]) {
    c.beginPath();
    for (const [from, to] of some) {
      c.moveTo(nodes[from][0], nodes[from][1]);
      c.lineTo(nodes[to][0], nodes[to][1]);
    }
    c.lineWidth = width;
    c.stroke();
  }
  if (view.scale * 1000 < 9) return;
  c.strokeStyle = colours["lane-line"];
  c.lineWidth = 1 / view.scale;
  for (const [from, to, twoWay] of here) {
    if (!twoWay && !isSpur([from, to])) arrow(c, nodes[from], nodes[to], 170);
  }
}

/** Nodes at which vehicles stop for something: stations, chargers, parking places. */
function bayNodes() {
  const { stations, chargers, parking } = state.floor;
  return new Set([...stations.map((s) => s.node), ...chargers.map((s) => s.node), ...parking]);
}

/** A small arrow head in the middle of a one-way lane. */
function arrow(c, from, to, size) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  if (length < 900) return;
  const [dx, dy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const [x, y] = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  line(c, [[x - size * (dx + dy), y - size * (dy - dx)], [x, y], [x - size * (dx - dy), y - size * (dy + dx)]]);
}

function drawPlaces(c, view) {
  const { nodes, parking, chargers, stations } = state.floor;
  c.strokeStyle = colours["lane-line"];
  c.lineWidth = Math.max(40, 1 / view.scale);
  for (const id of parking) if (nodes[id][2] === state.level) square(c, nodes[id], 450, false);
  for (const { node } of chargers) {
    if (nodes[node][2] !== state.level) continue;
    square(c, nodes[node], 500, false);
    const [x, y] = nodes[node];
    line(c, [[x + 60, y + 300], [x - 150, y - 40], [x + 150, y + 40], [x - 60, y - 300]]);
  }
  for (const { node } of stations) if (nodes[node][2] === state.level) {
    c.fillStyle = colours.ground;
    square(c, nodes[node], 560, true);
  }
}

function square(c, [x, y], half, filled) {
  c.beginPath();
  c.rect(x - half, y - half, 2 * half, 2 * half);
  if (filled) c.fill();
  c.stroke();
}

/** The direction from a place's lane to the place: where there is room for what belongs to it. */
function outward(node) {
  const { nodes, edges } = state.floor;
  outward.cache ??= new Map();
  const key = `${state.floor.digest}-${node}`;
  if (outward.cache.has(key)) return outward.cache.get(key);
  let [dx, dy] = [0, 0];
  for (const [from, to] of edges) {
    const other = from === node ? to : to === node ? from : null;
    if (other === null) continue;
    dx += nodes[node][0] - nodes[other][0];
    dy += nodes[node][1] - nodes[other][1];
  }
  const out = Math.abs(dx) > Math.abs(dy) ? [Math.sign(dx), 0] : [0, Math.sign(dy) || 1];
  outward.cache.set(key, out);
  return out;
}

function drawNames(c, canvas, view) {
  const { nodes } = state.floor;
  c.font = `${Math.min(13, Math.max(10, view.scale * 620))}px ${FONT}`;
  c.lineWidth = 3;
  c.strokeStyle = colours.ground;
  c.fillStyle = colours.quiet;
  c.textBaseline = "middle";
  const named = (thing, far) => {
    const node = nodes[thing.node];
    if (node[2] !== state.level) return;
    const [ox, oy] = outward(thing.node);
    const x = canvas.clientWidth / 2 + (node[0] + ox * far - view.x) * view.scale;
    const y = canvas.clientHeight / 2 - (node[1] + oy * far - view.y) * view.scale;
    c.textAlign = ox === 0 ? "center" : ox > 0 ? "left" : "right";
    c.strokeText(thing.name, x, y - oy * 7);
    c.fillText(thing.name, x, y - oy * 7);
  };
  // Beyond the bars of its stock, if it has some.
  state.floor.stations.forEach((station, id) =>
    named(station, buffersOf(id).some(({ b }) => b.threshold !== null) ? 1850 : 780));
  if (view.scale * 1000 >= NAMES_FROM.charger) for (const charger of state.floor.chargers) named(charger, 650);
}

// ---- What moves ----

function drawDoors(c, view) {
  for (const [id, door] of state.floor.doors.entries()) {
    if (door.level !== state.level) continue;
    const now = state.frame.doors[id];
    const [[ax, ay], [bx, by]] = door.ends;
    // Open: rolled up at both ends. Closed: across. Moving: dashed across.
    c.strokeStyle = now === "fault" ? colours.red : colours.ink;
    c.lineWidth = Math.max(200, 3 / view.scale);
    c.setLineDash(now === "moving" ? [250, 250] : []);
    c.lineCap = "butt";
    const part = now === "open" ? 0.12 : 0.5;
    line(c, [[ax, ay], [ax + (bx - ax) * part, ay + (by - ay) * part]]);
    line(c, [[bx, by], [bx - (bx - ax) * part, by - (by - ay) * part]]);
    c.setLineDash([]);
    c.lineCap = "round";
  }
}

/** Beside each station one upright bar for each of its buffers that fills or empties, with its reorder level. */
function drawStock(c, view) {
  const { stations, nodes } = state.floor;
  const [wide, tall, gap] = [300, 1000, 130];
  if (view.scale * tall < 7) return;
  for (const [id, station] of stations.entries()) {
    const node = nodes[station.node];
    if (node[2] !== state.level) continue;
    const here = buffersOf(id).filter(({ b }) => b.threshold !== null);
    const [ox, oy] = outward(station.node);
    const width = here.length * (wide + gap) - gap;
    const x0 = node[0] + ox * (700 + width / 2) - width / 2;
    const y0 = node[1] + oy * 1200 - tall / 2;
    here.forEach(({ b: buffer, n: pieces }, i) => {
      const x = x0 + i * (wide + gap);
      const full = Math.min(1, pieces / buffer.capacity);
      const starving = isStarving(buffer, pieces);
      c.fillStyle = colours["bar-back"];
      c.fillRect(x, y0, wide, tall);
      c.fillStyle = isLow(buffer, pieces) ? colours.amber : colours.bar;
      c.fillRect(x, y0, wide, tall * full);
      c.strokeStyle = starving ? colours.red : colours["lane-line"];
      c.lineWidth = (starving ? 2.5 : 1) / view.scale;
      c.strokeRect(x, y0, wide, tall);
      const y = y0 + (tall * buffer.threshold) / buffer.capacity;
      c.strokeStyle = colours.ink;
      c.lineWidth = 1 / view.scale;
      line(c, [[x - 60, y], [x + wide + 60, y]]);
    });
    if (state.selected?.type === "station" && state.selected.id === id) {
      c.strokeStyle = colours.choose;
      c.lineWidth = 3 / view.scale;
      square(c, node, 720, false);
    }
  }
}

/** What a vehicle is granted (solid) and what it plans (dashed). */
function drawWay(c, view, id, pose, chosen) {
  const { base, route } = state.frame.vehicles[id];
  c.strokeStyle = chosen ? colours.choose : colours.plan;
  c.lineWidth = Math.max(60, (chosen ? 2 : 1.2) / view.scale);
  const end = base.at(-1) ?? [pose[0], pose[1]];
  if (route.length) {
    c.setLineDash([260, 260]);
    line(c, [end, ...route]);
    c.setLineDash([]);
  }
  if (!base.length) return;
  c.strokeStyle = chosen ? colours.choose : colours.grant;
  c.lineWidth = Math.max(140, 2.5 / view.scale);
  line(c, [[pose[0], pose[1]], ...base]);
}

/** From where to where a chosen order goes. */
function drawOrder(c, view, order) {
  if (!order) return;
  const ends = [order.from, order.to].map((s) => state.floor.nodes[state.floor.stations[s].node]);
  c.strokeStyle = colours.choose;
  c.lineWidth = 2.5 / view.scale;
  for (const end of ends) square(c, end, 720, false);
  c.setLineDash([10 / view.scale, 7 / view.scale]);
  line(c, ends);
  c.setLineDash([]);
}

function outline(c, points) {
  c.beginPath();
  points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
  c.closePath();
}

function drawVehicle(c, view, id, pose) {
  const vehicle = state.frame.vehicles[id];
  const kind = state.floor.kinds[state.floor.vehicles[id].kind];
  const shape = vehicle.loaded ? kind.footprint_loaded : kind.footprint;
  const look = vehicleLook(id, vehicle);
  const mark = { stopped: colours.red, blocked: colours.amber, paused: colours.blue }[look];
  const [xs, ys] = [shape.map((p) => p[0]), shape.map((p) => p[1])];
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  c.save();
  c.translate(pose[0], pose[1]);
  c.rotate(pose[2] / 1000);
  outline(c, shape);
  c.fillStyle = colours.vehicle;
  c.fill();
  c.lineWidth = (mark ? 3 : 1.2) / view.scale;
  c.strokeStyle = mark ?? colours["vehicle-line"];
  c.stroke();
  // The front is the light wedge.
  c.beginPath();
  c.moveTo(right - 60, (low + high) / 2);
  c.lineTo(right - 260, high - 120);
  c.lineTo(right - 260, low + 120);
  c.closePath();
  c.fillStyle = colours["vehicle-line"];
  c.fill();
  if (vehicle.loaded) {
    c.fillStyle = colours.load;
    c.fillRect(left + 130, low + 130, right - left - 480, high - low - 260);
  }
  if (mark) drawMark(c, look, mark, view, (high - low) / 2);
  if (state.selected?.type === "vehicle" && state.selected.id === id) {
    c.strokeStyle = colours.choose;
    c.lineWidth = 2.5 / view.scale;
    c.beginPath();
    c.arc((left + right) / 2, 0, Math.hypot(right - left, high - low) / 2 + 5 / view.scale, 0, 7);
    c.stroke();
  }
  c.restore();
}

/** The look again as a shape, for those who don't see the colour: cross, hourglass, two bars. */
function drawMark(c, look, colour, view, room) {
  const r = Math.max(Math.min(room * 0.75, 280), 4 / view.scale);
  c.strokeStyle = colour;
  c.lineWidth = Math.max(90, 2.5 / view.scale);
  const lines = {
    stopped: [[[-r, -r], [r, r]], [[-r, r], [r, -r]]],
    blocked: [[[-r, r], [r, r], [-r, -r], [r, -r], [-r, r]]],
    paused: [[[-r, r / 2], [r, r / 2]], [[-r, -r / 2], [r, -r / 2]]],
  }[look];
  for (const points of lines) line(c, points);
}

function drawVehicleName(c, canvas, view, id, pose) {
  const chosen = state.selected?.type === "vehicle" && state.selected.id === id;
  if (view.scale * 1000 < NAMES_FROM.vehicle && !chosen) return;
  const x = canvas.clientWidth / 2 + (pose[0] - view.x) * view.scale;
  const y = canvas.clientHeight / 2 - (pose[1] - view.y) * view.scale;
  const far = Math.max(9, view.scale * 700);
  c.font = `600 ${Math.min(13, Math.max(10, view.scale * 560))}px ${FONT}`;
  c.textAlign = "left";
  c.textBaseline = "middle";
  c.lineWidth = 3;
  c.strokeStyle = colours.ground;
  c.fillStyle = colours.ink;
  const name = state.floor.vehicles[id].name;
  c.strokeText(name, x + far * 0.62, y - far);
  c.fillText(name, x + far * 0.62, y - far);
}
