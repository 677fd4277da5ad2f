// What is late, blocked, waiting or starving: found anew at each frame, the worst first.

import { duration, number, t } from "./i18n.js";
import * as say from "./phrases.js";
import { isFinal, isLate, lateness, state, tagged, waitedMs } from "./state.js";

/** A vehicle that waits for so long where others pass is worth a look. */
const BLOCKED_MS = 20000;
/** An order that no vehicle has, so long before its deadline, is worth a look. */
const DUE_MS = 120000;

/** How a vehicle is to be seen: "stopped", "paused", "blocked" or "normal". */
export function vehicleLook(id, vehicle) {
  if (!vehicle.linked || vehicle.fault !== 0 || vehicle.mode === "emergency_stop") return "stopped";
  const wait = tagged(vehicle.wait)[0];
  if (["link", "position", "fault"].includes(wait)) return "stopped";
  if (vehicle.paused) return "paused";
  return vehicle.wait !== "none" && !state.frame.paused && waitedMs(id) > BLOCKED_MS ? "blocked" : "normal";
}

/** Has a line run out of what this buffer holds? */
export const isStarving = (buffer, pieces) => buffer.role === "consume" && pieces === 0;

/**
 * Is a buffer low: below half of what it reorders at? (At the reorder level itself a call-off is on its way, which is
 * how it should be.)
 */
export const isLow = (buffer, pieces) => buffer.role === "consume" && pieces * 2 < buffer.threshold;

/** All that needs attention: `{ key, priority, title, why, thing }`. */
export function attention() {
  if (!state.frame || !state.floor) return [];
  const found = [...starving(), ...vehicles(), ...doors(), ...orders(), ...low()];
  const order = { high: 0, medium: 1, low: 2, info: 3 };
  return found.sort((a, b) => order[a.priority] - order[b.priority]);
}

function* starving() {
  for (const [id, buffer] of state.floor.buffers.entries()) {
    if (!isStarving(buffer, state.frame.stock[id])) continue;
    yield {
      key: `starving-${id}`, priority: "high",
      title: t("attention.starving", { station: say.stationName(buffer.station) }),
      why: t("attention.starving_why", { material: say.materialName(buffer.material) }),
      thing: { type: "station", id: buffer.station },
    };
  }
}

function* low() {
  for (const [id, buffer] of state.floor.buffers.entries()) {
    const pieces = state.frame.stock[id];
    if (!isLow(buffer, pieces) || pieces === 0) continue;
    yield {
      key: `low-${id}`, priority: "low",
      title: t("attention.low", { station: say.stationName(buffer.station) }),
      why: t("attention.low_why", { pieces, capacity: buffer.capacity, material: say.materialName(buffer.material) }),
      thing: { type: "station", id: buffer.station },
    };
  }
}

function* vehicles() {
  for (const [id, vehicle] of state.frame.vehicles.entries()) {
    const name = say.vehicleName(id);
    const thing = { type: "vehicle", id };
    const look = vehicleLook(id, vehicle);
    const why = say.vehicleWhy(id, vehicle);
    if (look === "stopped" && !state.frame.notice) {
      yield { key: `vehicle-${id}`, priority: "high", title: t("attention.stopped", { name }), why, thing };
    } else if (look === "blocked") {
      yield { key: `vehicle-${id}`, priority: "medium", title: t("attention.blocked", { name }), why, thing };
    } else if (look === "paused") {
      const title = t("attention.vehicle_paused", { name });
      yield { key: `vehicle-${id}`, priority: "info", title, why: t("attention.vehicle_paused_why"), thing };
    }
    const lowest = state.floor.kinds[state.floor.vehicles[id].kind].low_permille / 2;
    if (lowest > 0 && vehicle.linked && vehicle.battery < lowest && vehicle.activity !== "charging") {
      const n = number(vehicle.battery / 10);
      yield {
        key: `battery-${id}`, priority: "medium", thing,
        title: t("attention.battery", { name }), why: t("attention.battery_why", { n }),
      };
    }
  }
}

function* doors() {
  for (const [id, door] of state.frame.doors.entries()) {
    if (door !== "fault") continue;
    const name = state.floor.doors[id].name;
    yield { key: `door-${id}`, priority: "high", title: t("attention.door", { name }), why: "", thing: null };
  }
}

function* orders() {
  const open = [...state.orders.values()].filter((o) => !isFinal(o) && o.deadline_ms !== null);
  open.sort((a, b) => a.deadline_ms - b.deadline_ms);
  for (const order of open) {
    const ends = { from: say.stationName(order.from), to: say.stationName(order.to) };
    const thing = { type: "order", id: order.id };
    const time = duration(Math.abs(lateness(order)));
    const key = `order-${order.id}`;
    if (isLate(order)) {
      const why = t("attention.late_why", { ...ends, time });
      yield { key, priority: "medium", title: t("attention.late", { id: order.id }), why, thing };
    } else if (order.state === "open" && lateness(order) > -DUE_MS) {
      const why = t("attention.due_why", { ...ends, time });
      yield { key, priority: "low", title: t("attention.due", { id: order.id }), why, thing };
    }
  }
}
