// Dialogs: the rush order, questions before what is hard to take back, and word of what came of it.

import { Refused, person, setPerson, submitOrder } from "./actions.js";
import { $, h, setText } from "./dom.js";
import { has, number, t } from "./i18n.js";
import * as say from "./phrases.js";
import { buffersOf, on, select, state } from "./state.js";

const TOAST_MS = 6000;
/** What a rush order's form begins with. */
const RUSH = { quantity: 0, priority: 9, deadline_min: 10 };

/** Builds the dialog that is open once more; for a change of language. */
let again = null;

export function startDialogs() {
  $("dialog").addEventListener("close", () => { again = null; });
  on("language", () => { if ($("dialog").open) again?.(); });
}

function show(...content) {
  $("dialog").replaceChildren(...content);
  if (!$("dialog").open) $("dialog").showModal();
}

/** Tells what came of a request; resolves to what was answered, or null. */
export async function report(request, done) {
  try {
    const answer = await request;
    toast(typeof done === "function" ? done(answer) : done);
    return answer;
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    toast(t("done.failed", { problem: say.refusalText(refused) }), true);
    return null;
  }
}

function toast(text, bad = false) {
  const line = h("p", { class: bad ? "toast bad" : "toast", "data-testid": "toast" }, text);
  $("toasts").append(line);
  setTimeout(() => line.remove(), TOAST_MS);
}

function buttons(yes, testid, back = true) {
  return h("div", { class: "dialog-buttons" },
    back ? h("button", { type: "button", onclick: () => $("dialog").close(), "data-testid": "dialog-back" }, t("dialog.cancel")) : null,
    h("button", { type: "submit", class: "strong", "data-testid": testid }, yes));
}

/** A question; `act` on yes. */
export function confirm(title, text, yes, act) {
  const build = () => show(h("form", {
    onsubmit: (e) => { e.preventDefault(); $("dialog").close(); act(); },
  }, h("h2", {}, title()), h("p", {}, text()), buttons(yes(), "dialog-yes")));
  again = build;
  build();
}

export const askCancel = (id, act) => confirm(() => t("dialog.cancel_order", { id }), () => t("dialog.cancel_text"),
  () => t("do.cancel", { id }), act);

/** Asks for the name of who works here. */
export function askPerson(then) {
  const input = h("input", { id: "person-name", maxlength: 64, value: person(), autofocus: true, autocomplete: "name" });
  show(h("form", {
    onsubmit: (e) => {
      e.preventDefault();
      setPerson(input.value.trim() || "dashboard");
      $("dialog").close();
      then();
    },
  }, h("h2", {}, h("label", { for: "person-name" }, t("dialog.person"))), h("p", { class: "quiet" }, t("dialog.person_text")), input,
  buttons(t("dialog.save"), "person-save")));
}

// ---- Rush order ----

/** Opens the form of a rush order to a station; null: to be chosen. */
export function askRush(to = null) {
  const form = new RushForm(to);
  again = () => form.show();
  form.show();
}

class RushForm {
  constructor(to) {
    this.values = { from: null, to, pair: "", ...RUSH };
    // Made once: however often it is sent, it is one order.
    this.clientId = `dashboard-${crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`}`;
    this.deadlineMs = null;
    this.problems = {};
    if (to !== null) this.suggest();
  }

  /** Where what this station uses up comes from, the emptiest first. */
  suggest() {
    const asks = buffersOf(this.values.to).filter(({ b }) => b.role === "consume")
      .sort((x, y) => x.n / x.b.capacity - y.n / y.b.capacity)[0];
    if (!asks) return;
    this.values.from = state.floor.buffers[asks.b.other].station;
    this.values.pair = `${asks.b.other} ${asks.id}`;
  }

  /** Buffers of the two stations that hold the same material. */
  pairs() {
    const at = (station) => (station === null ? [] : buffersOf(station));
    const give = at(this.values.from).filter(({ b }) => b.role !== "consume" && b.role !== "sink");
    const takes = at(this.values.to).filter(({ b }) => b.role !== "produce" && b.role !== "source");
    return give.flatMap((g) => takes.filter((s) => s.b.material === g.b.material).map((s) => [g, s]));
  }

  show() {
    this.stations = (name) => h("select", {
      id: `rush-${name}`, "data-testid": `rush-${name}`,
      onchange: (e) => { this.values[name] = e.target.value === "" ? null : Number(e.target.value); this.chosen(name); },
    }, h("option", { value: "" }, t("dialog.choose")), state.floor.stations.map((s, id) =>
      h("option", { value: id, selected: this.values[name] === id }, s.name)));
    const pairs = this.pairs();
    if (!pairs.some(([g, s]) => `${g.id} ${s.id}` === this.values.pair)) this.values.pair = pairs.length ? `${pairs[0][0].id} ${pairs[0][1].id}` : "";
    const material = h("select", { id: "rush-pair", onchange: (e) => { this.values.pair = e.target.value; } },
      pairs.map(([g, s]) => h("option", { value: `${g.id} ${s.id}`, selected: `${g.id} ${s.id}` === this.values.pair },
        say.materialName(g.b.material))),
      h("option", { value: "", selected: this.values.pair === "" }, t("dialog.any")));
    const amount = (name, hint) => h("input", {
      id: `rush-${name}`, "data-testid": `rush-${name}`, inputmode: "numeric", value: this.values[name], autocomplete: "off",
      placeholder: hint, oninput: (e) => { this.values[name] = e.target.value; },
    });
    this.send = buttons(t("dialog.submit"), "rush-submit");
    this.problem = h("p", { class: "problem whole", role: "alert", "data-testid": "rush-problem" });
    show(h("form", { class: "rush-form", novalidate: true, onsubmit: (e) => { e.preventDefault(); this.submit(); } },
      h("h2", {}, t("dialog.rush")),
      this.field("from", t("dialog.from"), this.stations("from")), this.field("to", t("dialog.to"), this.stations("to")),
      this.field("pair", t("dialog.material"), material),
      this.field("quantity", t("dialog.quantity"), amount("quantity"), t("dialog.quantity_hint")),
      this.field("priority", t("dialog.priority"), amount("priority")),
      this.field("deadline_min", t("dialog.deadline"), amount("deadline_min"), t("dialog.deadline_hint")),
      this.problem, this.send));
    this.tell();
  }

  field(name, label, control, hint) {
    control.setAttribute("aria-describedby", `problem-${name}`);
    return h("div", { class: "field" }, h("label", { for: control.id }, label, hint ? h("small", {}, ` ${hint}`) : null), control,
      h("p", { class: "problem", id: `problem-${name}`, "data-testid": `problem-${name}`, role: "alert" }));
  }

  chosen(name) {
    delete this.problems[name];
    if (name === "to" && this.values.from === null) this.suggest();
    const focused = document.activeElement?.id;
    this.show();
    if (focused) $(focused)?.focus();
  }

  /** What is wrong, as far as the page can tell. */
  check() {
    const { values } = this;
    const problems = {};
    for (const end of ["from", "to"]) if (values[end] === null) problems[end] = t("problem.missing");
    if (values.from !== null && values.from === values.to) problems.to = t("problem.same_station");
    const whole = (name, min, max, empty) => {
      const text = String(values[name]).trim();
      if (text === "" && empty) return;
      if (!/^\d+$/.test(text)) problems[name] = t("problem.not_number");
      else if (Number(text) < min || Number(text) > max) problems[name] = t("problem.out_of_range", { min, max: number(max) });
    };
    whole("quantity", 0, 1000000, false);
    whole("priority", 0, 9, false);
    whole("deadline_min", 1, 7 * 24 * 60, true);
    const into = values.pair && state.floor.buffers[Number(values.pair.split(" ")[1])];
    if (!problems.quantity && into && into.role !== "sink" && Number(values.quantity) > into.capacity) {
      problems.quantity = t("problem.too_many", { n: number(into.capacity) });
    }
    return problems;
  }

  /** Writes the problems beside the fields. */
  tell(whole = "") {
    for (const name of ["from", "to", "pair", "quantity", "priority", "deadline_min"]) {
      setText($(`problem-${name}`), this.problems[name] ?? "");
      const control = $(`rush-${name}`);
      control.toggleAttribute("aria-invalid", name in this.problems);
    }
    setText(this.problem, whole);
    const first = Object.keys(this.problems)[0];
    if (first) $(`rush-${first}`).focus();
  }

  async submit() {
    this.problems = this.check();
    this.tell();
    if (Object.keys(this.problems).length) return;
    const { values } = this;
    const [from, to] = values.pair ? values.pair.split(" ").map(Number) : [null, null];
    const minutes = String(values.deadline_min).trim();
    this.deadlineMs ??= minutes === "" ? 0 : state.frame.now_ms + Number(minutes) * 60000;
    const button = this.send.querySelector("[type=submit]");
    button.disabled = true;
    setText(button, t("dialog.sending"));
    try {
      const { order } = await submitOrder({
        client_id: this.clientId,
        pickup_station: say.stationName(values.from), pickup_buffer: from === null ? "" : say.bufferName(from),
        drop_station: say.stationName(values.to), drop_buffer: to === null ? "" : say.bufferName(to),
        quantity: Number(values.quantity), priority: Number(values.priority), deadline_ms: this.deadlineMs,
      });
      $("dialog").close();
      toast(t("done.order", { id: order }));
      select({ type: "order", id: order });
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      this.refused(refused);
      button.disabled = false;
      setText(button, t("dialog.submit"));
    }
  }

  refused(refused) {
    const ours = { pickup_station: "from", drop_station: "to", pickup_buffer: "pair", drop_buffer: "pair",
      quantity: "quantity", priority: "priority", deadline_ms: "deadline_min" };
    // An answer means that it was not accepted: the next try may have another deadline.
    if (refused.code !== "no_answer") this.deadlineMs = null;
    this.problems = {};
    const rest = [];
    for (const { field, code, problem } of refused.fields) {
      const text = has(`problem.${code}`) ? t(`problem.${code}`) : problem;
      if (ours[field]) this.problems[ours[field]] = text;
      else rest.push(text);
    }
    this.tell(refused.fields.length ? rest.join(" ") : say.refusalText(refused));
  }
}
