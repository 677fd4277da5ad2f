// The lists beside the floor: what needs attention, alarms, and tables of orders, vehicles and stations.

import { attention, isLow, isStarving, vehicleLook } from "./attention.js";
import { $, h, keyed, setText, sign } from "./dom.js";
import { duration, t } from "./i18n.js";
import * as say from "./phrases.js";
import { buffersOf, isFinal, isLate, lateness, on, orderOf, select, state, tagged } from "./state.js";

/** Ended orders shown below the open ones. */
const ENDED_SHOWN = 30;
/** Alarms shown that are over. */
const OVER_SHOWN = 8;
/** Time between updates of what only grows older. */
const EVERY_MS = 500;

const TABS = { orders: orderRows, vehicles: vehicleRows, stations: stationRows };
const COLUMNS = {
  orders: ["order", "route", "state", "vehicle", "deadline"],
  vehicles: ["vehicle", "doing", "wait", "battery"],
  stations: ["station", "stock"],
};
let tab = "orders";
let drawnAt = 0;
const known = new Set();

export function startLists() {
  $("attention").append(h("h2", { id: "attention-title" }), h("ul", { class: "cards", "aria-labelledby": "attention-title" }));
  $("alarms").append(h("h2", { id: "alarms-title" }), h("ul", { class: "cards", "aria-labelledby": "alarms-title" }));
  const tabs = Object.keys(TABS).map((name) => h("button", {
    role: "tab", id: `tab-${name}`, "data-testid": `tab-${name}`, "aria-controls": "table", onclick: () => show(name),
    onkeydown: (e) => turn(e, name),
  }));
  $("lists").append(h("div", { role: "tablist", class: "tabs" }, tabs),
    h("div", { id: "table", role: "tabpanel", tabindex: -1 }, h("table", {}, h("thead", {}, h("tr")), h("tbody"))));
  on("frame", () => { if (performance.now() - drawnAt > EVERY_MS) drawAll(); });
  on("orders", drawAll);
  on("select", drawAll);
  on("floor", () => { known.clear(); drawAll(); });
  on("language", drawAll);
  show(tab);
}

function turn(event, name) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const names = Object.keys(TABS);
  show(names[(names.indexOf(name) + step + names.length) % names.length]);
  $(`tab-${tab}`).focus();
}

function show(name) {
  tab = name;
  for (const other of Object.keys(TABS)) {
    $(`tab-${other}`).setAttribute("aria-selected", other === name);
    $(`tab-${other}`).tabIndex = other === name ? 0 : -1;
  }
  $("table").setAttribute("aria-labelledby", `tab-${name}`);
  $("table").querySelector("tbody").replaceChildren();
  $("table").scrollTop = 0;
  drawAll();
}

function drawAll() {
  drawnAt = performance.now();
  setText($("attention-title"), t("attention.title"));
  setText($("alarms-title"), t("alarms.title"));
  for (const name of Object.keys(TABS)) setText($(`tab-${name}`), t(`tab.${name}`));
  if (!state.frame || !state.floor) return;
  drawAttention();
  drawAlarms();
  const head = COLUMNS[tab].map((c) => h("th", { scope: "col", class: `col-${c}` }, t(`col.${c}`)));
  $("table").querySelector("thead tr").replaceChildren(...head);
  const rows = TABS[tab]();
  keyed($("table").querySelector("tbody"), rows, (r) => r.key, makeRow, updateRow);
}

function drawAttention() {
  const items = attention();
  const list = $("attention").querySelector("ul");
  $("attention").classList.toggle("calm", items.length === 0);
  if (items.length === 0) list.replaceChildren(h("li", { class: "quiet nothing" }, t("attention.none")));
  else keyed(list, items, (i) => i.key, makeCard, updateCard);
}

function drawAlarms() {
  const all = state.frame.alarms.map((alarm) => ({ alarm, ...say.alarmText(alarm) }));
  const active = all.filter((a) => a.alarm.until_ms === null);
  const rank = { high: 0, medium: 1, low: 2 };
  active.sort((a, b) => rank[a.alarm.priority] - rank[b.alarm.priority]);
  const over = all.filter((a) => a.alarm.until_ms !== null).slice(0, OVER_SHOWN);
  const now = state.frame.now_ms;
  const items = [...active, ...over].map(({ alarm, text, thing }) => ({
    key: `${JSON.stringify(alarm.kind)}-${alarm.since_ms}`, priority: alarm.priority, title: text, thing,
    why: alarm.until_ms === null ? t("alarms.since", { time: duration(now - alarm.since_ms) })
      : t("alarms.ended", { time: duration(now - alarm.until_ms) }),
    over: alarm.until_ms !== null,
  }));
  const list = $("alarms").querySelector("ul");
  if (items.length === 0) list.replaceChildren(h("li", { class: "quiet nothing" }, t("alarms.none")));
  else keyed(list, items, (i) => i.key, makeCard, updateCard);
  announce(items.filter((i) => !i.over));
  drawCounts(active);
}

/** Says each new alarm aloud, once. */
function announce(items) {
  for (const item of items.filter((i) => !known.has(i.key))) {
    known.add(item.key);
    const line = h("p", {}, t("alarms.new", { text: item.title }));
    $("announce").append(line);
    setTimeout(() => line.remove(), 10000);
  }
}

function drawCounts(active) {
  const counts = ["high", "medium", "low"].map((p) => [p, active.filter((a) => a.alarm.priority === p).length]);
  $("alarm-counts").replaceChildren(...counts.map(([priority, n]) =>
    h("span", { class: n ? "count" : "count zero", title: t(`priority.${priority}`), "data-n": n }, sign(priority),
      h("span", { class: "hidden-text" }, t(`priority.${priority}`)), String(n))));
}

function makeCard(item) {
  const button = h("button", { class: "card" }, sign(item.priority),
    h("span", { class: "card-text" }, h("b"), h("span", { class: "why" })));
  return h("li", {}, button);
}

function updateCard(element, item) {
  const button = element.firstElementChild;
  element.classList.toggle("over", Boolean(item.over));
  const picture = button.querySelector("svg");
  if (!picture.classList.contains(item.priority)) picture.replaceWith(sign(item.priority));
  button.onclick = item.thing ? () => select(item.thing) : null;
  button.disabled = !item.thing;
  setText(button.querySelector("b"), item.title);
  setText(button.querySelector(".why"), item.why);
}

/** Late ones, then rush orders, then by deadline and age; ended ones below, the newest first. */
function orderRows() {
  const orders = [...state.orders.values()];
  const open = orders.filter((o) => !isFinal(o));
  const rank = (o) => (isLate(o) ? 0 : o.priority === 9 ? 1 : 2);
  open.sort((a, b) => rank(a) - rank(b) || (a.deadline_ms ?? Infinity) - (b.deadline_ms ?? Infinity) || a.id - b.id);
  const ended = orders.filter(isFinal).sort((a, b) => b.revision - a.revision).slice(0, ENDED_SHOWN);
  return [...open, ...ended].map((order) => ({
    key: `order-${order.id}`, testid: `order-row-${order.id}`, state: order.state, thing: { type: "order", id: order.id },
    over: isFinal(order),
    cells: [
      String(order.id),
      `${say.stationName(order.from)} → ${say.stationName(order.to)}`,
      t(`state.${order.state}`),
      order.vehicle === null ? "–" : say.vehicleName(order.vehicle),
      say.deadlineText(order, 1),
    ],
    marks: [order.priority === 9 && !isFinal(order) ? "rush" : "", "", order.state === "failed" ? "bad" : "", "",
      (lateness(order) ?? -1) > 0 ? "warn" : ""],
  }));
}

function vehicleRows() {
  const rank = { stopped: 0, blocked: 1, paused: 2, normal: 3 };
  const rows = state.frame.vehicles.map((vehicle, id) => {
    const look = vehicleLook(id, vehicle);
    const mark = { stopped: "bad", blocked: "warn", paused: "note", normal: "" }[look];
    return {
      key: `vehicle-${id}`, testid: `vehicle-row-${say.vehicleName(id)}`, state: look, thing: { type: "vehicle", id },
      cells: [say.vehicleName(id), say.missionText(vehicle), say.waitText(vehicle.wait), say.percent(vehicle.battery)],
      marks: ["", "", mark, ""], look: rank[look], busy: orderOf(vehicle) === null ? 1 : 0,
    };
  });
  return rows.sort((a, b) => a.look - b.look || a.busy - b.busy);
}

function stationRows() {
  const rows = state.floor.stations.map((station, id) => {
    const buffers = buffersOf(id);
    const starving = buffers.some(({ b, n }) => isStarving(b, n));
    const low = buffers.some(({ b, n }) => isLow(b, n));
    const stock = buffers.filter(({ b }) => b.threshold !== null)
      .map(({ b, n }) => `${say.materialName(b.material)} ${n}/${b.capacity}`);
    return {
      key: `station-${id}`, testid: `station-row-${station.name}`, thing: { type: "station", id },
      state: starving ? "starving" : low ? "low" : "normal", rank: starving ? 0 : low ? 1 : 2,
      cells: [station.name, stock.join(" · ") || buffers.map(({ b }) => say.materialName(b.material)).join(" · ") || "–"],
      marks: ["", starving ? "bad" : low ? "warn" : ""],
    };
  });
  return rows.sort((a, b) => a.rank - b.rank);
}

function makeRow(row) {
  const cells = row.cells.map((_, i) => h("td", { class: `col-${COLUMNS[tab][i]}` }, i === 0 ? h("button") : h("span")));
  return h("tr", { "data-testid": row.testid, onclick: () => select(row.thing) }, cells);
}

function updateRow(element, row) {
  element.dataset.state = row.state;
  element.classList.toggle("over", Boolean(row.over));
  element.classList.toggle("chosen", state.selected?.type === row.thing.type && state.selected.id === row.thing.id);
  row.cells.forEach((text, i) => {
    const inner = element.children[i].firstElementChild;
    setText(inner, text);
    inner.className = row.marks[i];
    inner.title = row.marks[i] === "rush" ? t("orders.rush") : i > 0 ? text : "";
  });
}
