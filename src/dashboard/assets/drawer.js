// The drawer: one chosen thing, what it is doing, why, and what a person can do now.

import { cancelOrder, pauseVehicle } from "./actions.js";
import { isStarving } from "./attention.js";
import { askCancel, askRush, report } from "./dialogs.js";
import { $, h } from "./dom.js";
import { duration, number, t } from "./i18n.js";
import * as say from "./phrases.js";
import { buffersOf, isCancellable, isFinal, isLate, on, orderOf, select, state } from "./state.js";

/** Time between updates; faster could not be read. */
const EVERY_MS = 400;
let drawnAt = 0;
/** What had the focus before the drawer opened. */
let before = null;
let drawn = "";

export function startDrawer() {
  on("select", open);
  on("orders", draw);
  on("language", () => { drawn = ""; draw(); });
  on("frame", () => { if (performance.now() - drawnAt > EVERY_MS) draw(); });
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape" && state.selected && !$("dialog").open) close();
  });
}

function open() {
  drawn = "";
  if (!state.selected) {
    $("drawer").hidden = true;
    return;
  }
  if ($("drawer").hidden) before = document.activeElement;
  $("drawer").hidden = false;
  draw();
  $("drawer").querySelector("h2")?.focus({ preventScroll: true });
}

function close() {
  select(null);
  before?.isConnected && before.focus();
}

function draw() {
  drawnAt = performance.now();
  if (!state.selected || !state.frame) return;
  const make = { vehicle: vehicleParts, order: orderParts, station: stationParts }[state.selected.type];
  const parts = make(state.selected.id);
  if (state.floor.recorded) parts.actions = parts.actions.filter((a) => a.look);
  // Drawn again only when it says something else, so that buttons stay under fingers and focus.
  const said = JSON.stringify(parts, (key, value) => (typeof value === "function" ? undefined : value));
  if (said === drawn) return;
  drawn = said;
  const focused = document.activeElement?.dataset?.testid;
  $("drawer").replaceChildren(...render(parts));
  $("drawer").setAttribute("aria-label", parts.title);
  if (focused) $("drawer").querySelector(`[data-testid="${focused}"]`)?.focus();
}

function render({ title, doing, why, warn, actions, hint, sections }) {
  const buttons = actions.map((a) => h("button", { class: a.strong ? "strong" : "", "data-testid": a.testid, onclick: a.act }, a.text));
  return [
    h("div", { class: "drawer-head" }, h("h2", { tabindex: -1 }, title),
      h("button", { class: "close", "aria-label": t("drawer.close"), title: t("drawer.close"), onclick: close,
        "data-testid": "drawer-close" }, "✕")),
    h("h3", {}, t("drawer.doing")), h("p", { class: "doing", "data-testid": "drawer-doing" }, doing),
    h("h3", {}, t("drawer.why")), h("p", { class: warn ? "why warn-edge" : "why", "data-testid": "drawer-why" }, why),
    ...(state.floor.recorded && !actions.length ? []
      : [h("h3", {}, t("drawer.can")), h("div", { class: "actions" }, buttons, hint ? h("p", { class: "quiet" }, hint) : null)]),
    ...sections.flatMap(({ name, rows, links }) => [h("h3", {}, name),
      rows ? h("dl", {}, rows.flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, text)])) : null,
      links ? h("ul", { class: "links" }, links.map((l) => h("li", {}, h("button", { onclick: l.act }, h("b", {}, l.text), " ", l.more)))) : null,
    ]),
  ].filter(Boolean);
}

const show = (type, id) => () => select({ type, id });

function vehicleParts(id) {
  const vehicle = state.frame.vehicles[id];
  const name = say.vehicleName(id);
  const order = orderOf(vehicle);
  const kind = state.floor.kinds[state.floor.vehicles[id].kind];
  const act = (paused) => () => report(pauseVehicle(name, paused), t(paused ? "done.pause" : "done.resume", { name }));
  const actions = [vehicle.paused
    ? { text: t("do.resume", { name }), strong: true, testid: "vehicle-resume", act: act(false) }
    : { text: t("do.pause", { name }), testid: "vehicle-pause", act: act(true) }];
  if (order !== null) actions.push({ text: t("do.show_order", { id: order }), testid: "show-order", look: true, act: show("order", order) });
  const rows = [
    [t("data.kind"), kind.name], [t("data.mode"), t(`mode.${vehicle.mode}`)],
    [t("data.speed"), `${number(vehicle.speed / 1000, 1)} ${t("unit.m_s")}`],
    [t("data.battery"), say.percent(vehicle.battery)],
    [t("data.load"), t(vehicle.loaded ? "data.loaded" : "data.empty")],
    [t("data.distance"), say.metres(vehicle.distance_mm)],
    [t("data.heard"), t("data.ago", { time: vehicle.age_ms < 1000 ? `< 1 ${t("unit.s")}` : duration(vehicle.age_ms) })],
  ];
  if (vehicle.fault) rows.push([t("data.fault"), String(vehicle.fault)]);
  return {
    title: t("vehicle.title", { name }), doing: say.vehicleDoing(vehicle), why: say.vehicleWhy(id, vehicle),
    warn: !vehicle.linked || vehicle.fault !== 0, actions, sections: [{ name: t("drawer.data"), rows }],
  };
}

function orderParts(id) {
  const order = state.orders.get(id);
  const title = t("order.title", { id });
  if (!order) return { title, doing: t("drawer.gone"), why: "–", actions: [], sections: [] };
  const cancel = () => askCancel(id, () => report(cancelOrder(id), t("done.cancel", { id })));
  const actions = [];
  if (isCancellable(order)) actions.push({ text: t("do.cancel", { id }), testid: "order-cancel", act: cancel });
  if (order.vehicle !== null && !isFinal(order)) {
    const name = say.vehicleName(order.vehicle);
    actions.push({ text: t("do.show_vehicle", { name }), testid: "show-vehicle", look: true, act: show("vehicle", order.vehicle) });
  }
  const hint = isFinal(order) ? t("do.ended") : isCancellable(order) ? null : t("do.no_cancel");
  const end = (station, buffer) => {
    const material = buffer === null ? "" : ` · ${say.materialName(state.floor.buffers[buffer].material)}`;
    return `${say.stationName(station)}${material}`;
  };
  const rows = [
    [t("data.from"), end(order.from, order.from_buffer)], [t("data.to"), end(order.to, order.to_buffer)],
    [t("data.quantity"), order.quantity ? `${number(order.quantity)} ${t("unit.pieces")}` : t("data.one_load")],
    [t("data.priority"), `${order.priority}${order.priority === 9 ? ` (${t("orders.rush")})` : ""}`],
    [t("data.deadline"), order.deadline_ms === null ? "–" : `${say.clock(order.deadline_ms)} (${say.deadlineText(order)})`],
    [t("data.origin"), say.originText(order)],
  ];
  const steps = ["submitted", "assigned", "loaded", "ended"].filter((s) => order[`${s}_ms`] !== null)
    .map((s) => [t(`step.${s}`), say.clock(order[`${s}_ms`])]);
  const doing = order.vehicle !== null && !isFinal(order)
    ? `${t(`state.${order.state}`)} (${say.vehicleName(order.vehicle)})` : t(`state.${order.state}`);
  return {
    title, doing, why: say.orderWhy(order), warn: isLate(order) || order.state === "failed", actions, hint,
    sections: [{ name: t("drawer.data"), rows }, { name: t("drawer.steps"), rows: steps }],
  };
}

function stationParts(id) {
  const station = state.floor.stations[id];
  const buffers = buffersOf(id);
  const orders = [...state.orders.values()].filter((o) => !isFinal(o) && (o.from === id || o.to === id));
  const coming = orders.filter((o) => o.to === id).length;
  const empty = buffers.filter(({ b, n }) => isStarving(b, n)).map(({ b }) => say.materialName(b.material));
  const below = buffers.some(({ b, n }) => b.role === "consume" && n <= b.threshold);
  const supply = coming ? t("why.supplied", { n: coming }) : t("why.unsupplied");
  const why = empty.length ? `${t("why.starving", { material: empty.join(", ") })} ${supply}`
    : below || coming ? supply : buffers.some(({ b }) => b.role === "consume") ? t("why.enough") : supply;
  const level = ({ b, n }) => (b.role === "source" || b.role === "sink" ? number(n) : `${number(n)} / ${number(b.capacity)}`);
  const rows = buffers.map((x) => [say.materialName(x.b.material),
    `${level(x)} ${t("unit.pieces")} · ${t(`role.${x.b.role}`, { n: x.b.threshold })}`]);
  const sections = [{ name: t("drawer.stock"), rows }];
  if (orders.length) {
    const links = orders.map((o) => ({
      text: `${o.id}`, act: show("order", o.id),
      more: `${say.stationName(o.from)} → ${say.stationName(o.to)} · ${t(`state.${o.state}`)} · ${say.deadlineText(o)}`,
    }));
    sections.push({ name: t("drawer.orders"), links });
  }
  if (station.device !== null) {
    const up = state.frame.devices[station.device];
    sections.push({ name: t("drawer.data"), rows: [[t("data.device"),
      `${state.floor.devices[station.device]} (${t(up ? "data.up" : "data.down")})`]] });
  }
  const doing = buffers.map((x) => `${say.materialName(x.b.material)} ${level(x)}`).join(", ") || station.name;
  const actions = [{ text: t("do.rush"), strong: true, testid: "rush-here", act: () => askRush(id) }];
  return { title: t("station.title", { name: station.name }), doing, why, warn: empty.length > 0, actions, sections };
}
