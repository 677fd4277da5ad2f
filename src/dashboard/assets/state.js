// What the page knows: the floor, the newest frames, orders and samples. Everything else is drawn from here.

/** Frames kept for drawing between them. */
const FRAMES_MAX = 12;
/** Ended orders kept. */
const ENDED_MAX = 300;
/** Samples kept; one every five seconds. */
const SAMPLES_MAX = 720;

const FINAL = new Set(["completed", "cancelled", "failed"]);

export const state = {
  /** The floor's description, once it is there. */
  floor: null,
  /** Newest frame. */
  frame: null,
  /** Newest frames, oldest first, each with the local time of its arrival in `arrived`. */
  frames: [],
  /** Orders by id. */
  orders: new Map(),
  samples: [],
  /** "connecting", "live" or "lost". */
  link: "connecting",
  /** What is chosen: `{ type: "vehicle" | "order" | "station", id }`. */
  selected: null,
  /** For each vehicle since when (controller ms) it stands and waits; null: it does not. */
  waitingSince: [],
  /** Of a recording what its slider runs over; null: this is a running floor. */
  timeline: null,
  /** The level that is shown. */
  level: 0,
};

const listeners = new Map();

/** Calls `then` at each `event`: "floor", "timeline", "frame", "orders", "samples", "link", "select", "language". */
export function on(event, then) {
  if (!listeners.has(event)) listeners.set(event, []);
  listeners.get(event).push(then);
}

export function emit(event) {
  for (const then of listeners.get(event) ?? []) then();
}

/** Forgets everything that came over the last connection. */
export function begin(floor) {
  const other = state.floor !== null && state.floor.digest !== floor.digest;
  state.floor = floor;
  state.timeline = null;
  // Which buffers each station has: asked for at every picture.
  floor.buffersAt = floor.stations.map(() => []);
  floor.buffers.forEach((buffer, id) => floor.buffersAt[buffer.station].push(id));
  state.frame = null;
  forget();
  if (state.level >= floor.levels.length) state.level = 0;
  emit("floor");
  if (other) select(null);
}

/** Forgets what has come of time: the next frame brings what counts. */
function forget() {
  state.frames = [];
  state.orders = new Map();
  state.samples = [];
  state.waitingSince = state.floor.vehicles.map(() => null);
}

/** Takes in that this is a recording, and how long. */
export function setTimeline(timeline) {
  state.timeline = timeline;
  emit("timeline");
}

/** Takes a frame in. */
export function take(frame) {
  frame.arrived = performance.now();
  const before = state.frame;
  // A recording has gone to another moment.
  if (frame.reset) forget();
  if (frame.recorded) state.floor.started_utc_ms = frame.recorded.started_utc_ms;
  state.frame = frame;
  state.frames.push(frame);
  if (state.frames.length > FRAMES_MAX) state.frames.shift();
  if (frame.waiting_since) state.waitingSince = frame.waiting_since;
  else frame.vehicles.forEach((vehicle, i) => {
    if (vehicle.wait === "none" || vehicle.speed > 0) state.waitingSince[i] = null;
    else state.waitingSince[i] ??= frame.now_ms;
  });
  if (frame.orders) {
    for (const order of frame.orders) state.orders.set(order.id, order);
    forgetEnded();
  }
  if (frame.samples) {
    state.samples.push(...frame.samples);
    state.samples.splice(0, state.samples.length - SAMPLES_MAX);
  }
  emit("frame");
  if (frame.orders) emit("orders");
  if (frame.samples || !before) emit("samples");
}

function forgetEnded() {
  const ended = [...state.orders.values()].filter(isFinal).sort((a, b) => a.revision - b.revision);
  for (const order of ended.slice(0, Math.max(0, ended.length - ENDED_MAX))) state.orders.delete(order.id);
}

export const isFinal = (order) => FINAL.has(order.state);

/** May it still be cancelled? Not once the load is being touched. */
export const isCancellable = (order) => ["waiting", "open", "assigned"].includes(order.state);

/** How late an order is, or was at its end, in ms; negative: time left; null: it has no deadline. */
export function lateness(order) {
  if (order.deadline_ms === null) return null;
  return (order.ended_ms ?? state.frame?.now_ms ?? 0) - order.deadline_ms;
}

export const isLate = (order) => (lateness(order) ?? -1) > 0;

/** How long a vehicle has stood and waited, for whatever, in ms. */
export function waitedMs(vehicle) {
  const since = state.waitingSince[vehicle] ?? null;
  return since !== null && state.frame ? state.frame.now_ms - since : 0;
}

/** A tagged value as `[tag, content]`: `"idle"` and `{ "to_drop": 7 }` alike. */
export function tagged(value) {
  return typeof value === "string" ? [value, null] : Object.entries(value)[0];
}

/** The order that a vehicle works on, or null. */
export function orderOf(vehicle) {
  const [what, id] = tagged(vehicle.mission);
  return ["to_pickup", "loading", "to_drop", "unloading"].includes(what) ? id : null;
}

/** The buffers of a station, each with its id and the pieces in it now: `{ id, b, n }`. */
export const buffersOf = (station) =>
  state.floor.buffersAt[station].map((id) => ({ id, b: state.floor.buffers[id], n: state.frame.stock[id] }));

export function select(thing) {
  state.selected = thing;
  emit("select");
}
