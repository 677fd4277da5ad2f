// What the floor's words mean to people: names, states, waits and alarms as text.

import { duration, has, number, t } from "./i18n.js";
import { isFinal, isLate, lateness, orderOf, state, tagged, waitedMs } from "./state.js";

export const stationName = (id) => state.floor.stations[id]?.name ?? "?";
export const vehicleName = (id) => state.floor.vehicles[id]?.name ?? "?";
export const materialName = (id) => state.floor.materials[id] ?? "?";
export const bufferName = (id) => state.floor.buffers[id]?.name ?? "?";
export const metres = (mm) => mm >= 1e6
  ? `${number(mm / 1e6, 2)} ${t("unit.km")}` : `${number(mm / 1000)} ${t("unit.m")}`;
export const percent = (permille) => `${number(permille / 10)} ${t("unit.percent")}`;

/** The wall clock at a controller time. */
export function clock(ms, seconds = true) {
  const options = { hour: "2-digit", minute: "2-digit", hour12: false };
  if (seconds) options.second = "2-digit";
  return new Date(state.floor.started_utc_ms + ms).toLocaleTimeString(document.documentElement.lang, options);
}

/** What a vehicle waits for. */
export function waitText(wait) {
  const [what, other] = tagged(wait);
  return t(`wait.${what}`, { name: other === null ? "" : vehicleName(other) });
}

/** What a vehicle is for, in one or two words. */
export const missionText = (vehicle) => t(`mission.${missionOf(vehicle)[0]}`);

/** Its mission, and `parked` once it is where it was sent to park. */
function missionOf(vehicle) {
  const mission = tagged(vehicle.mission);
  const there = vehicle.base.length === 0 && vehicle.route.length === 0;
  return mission[0] === "parking" && there ? ["parked", null] : mission;
}

/** What a vehicle is doing, as a sentence. */
export function vehicleDoing(vehicle) {
  const [what, id] = missionOf(vehicle);
  const order = state.orders.get(id);
  const end = ["to_pickup", "loading"].includes(what) ? order?.from : order?.to;
  return t(`vehicle.${what}`, { id, place: end === undefined ? "…" : stationName(end) });
}

/** Why a vehicle does not go on, or that nothing holds it. */
export function vehicleWhy(id, vehicle) {
  if (!vehicle.linked) return t("why.link", { time: duration(vehicle.age_ms) });
  if (vehicle.paused) return t("why.paused");
  if (state.frame.paused) return t("why.floor_paused");
  if (vehicle.wait !== "none") {
    return t("why.waits", { time: duration(waitedMs(id)), what: waitText(vehicle.wait) });
  }
  return t(["idle", "parked"].includes(missionOf(vehicle)[0]) ? "why.idle" : "why.moving");
}

/** Why an order is where it is. */
export function orderWhy(order) {
  const parts = [];
  if (!isFinal(order) && isLate(order)) parts.push(t("why.order_late", { time: duration(lateness(order)) }));
  if (order.reason) parts.push(`${t(`reason.${order.reason}`)}.`);
  if (order.state === "waiting") parts.push(t("why.order_waiting"));
  else if (order.state === "open") parts.push(t("why.order_open"));
  else if (order.vehicle !== null && !isFinal(order)) {
    const vehicle = state.frame.vehicles[order.vehicle];
    const doing = orderOf(vehicle) === order.id && vehicle.wait !== "none"
      ? vehicleWhy(order.vehicle, vehicle) : vehicleDoing(vehicle);
    parts.push(t("why.order_vehicle", { name: vehicleName(order.vehicle), doing }));
  }
  return parts.join(" ") || t(`state.${order.state}`);
}

/** How an order stands to its deadline; `units` as in `duration`. */
export function deadlineText(order, units = 2) {
  const late = lateness(order);
  if (late === null) return t("orders.no_deadline");
  if (late > 0) return t("orders.late", { time: duration(late, units) });
  return isFinal(order) ? t("orders.in_time") : t("orders.left", { time: duration(-late, units) });
}

/** Where an order comes from. */
export const originText = (order) => t(`origin.${order.origin}`, { person: order.person });

/** What an alarm is about: its text, and the thing to show, if it is one that can be shown. */
export function alarmText(alarm) {
  const [what, id] = tagged(alarm.kind);
  const things = {
    vehicle_link: "vehicle", vehicle_position: "vehicle", vehicle_fault: "vehicle", vehicle_load: "vehicle",
    device_link: "device", handshake: "device", transfer: "station",
  };
  const type = things[what];
  const name = { vehicle: vehicleName, station: stationName, device: (d) => state.floor.devices[d] }[type]?.(id);
  const text = t(`alarm.${what}`, { thing: name });
  if (type !== "device") return { text, thing: type ? { type, id } : null };
  const station = state.floor.stations.findIndex((s) => s.device === id);
  return { text, thing: station < 0 ? null : { type: "station", id: station } };
}

/** What the controller says instead of running, in the page's language. */
export function noticeText(notice) {
  const waiting = notice.match(/^waiting for (\d+) vehicle/);
  return waiting ? t("run.notice", { n: waiting[1] }) : notice;
}

/** What came of a refused request. */
export const refusalText = (refused) => has(`refused.${refused.code}`) ? t(`refused.${refused.code}`) : refused.message;
