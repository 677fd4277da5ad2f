// The timeline of a recording: which moment is shown, what is marked, and going elsewhere. Hidden on a running floor.

import { $, h, setText, sign } from "./dom.js";
import { currentLanguage, duration, number, t } from "./i18n.js";
import { tell } from "./live.js";
import * as say from "./phrases.js";
import { on, state } from "./state.js";

/** While the slider is dragged, a moment is asked for so often at most. */
const SEEK_EVERY_MS = 80;
/** Marks nearer than this share of the timeline are drawn as one. */
const TOGETHER = 0.006;
/** An alarm is gone back to from so long behind it on, so that "back" twice goes to the one before. */
const AFTER_MS = 1500;

const parts = {};
/** Where the slider is to be while it is ahead of the answer; null: where the server says. */
let wanted = null;
let askedAt = 0;
let waiting = null;
/** Where the page was; after a lost connection it goes there again. */
let was = { at: 0, end: null };
/** The marks of the timeline, earliest first: `{ at, priority, text }`. */
let marks = [];

export function startTimeline() {
  const button = (name, act) => {
    parts[name] = h("button", { id: `time-${name}`, "data-testid": `time-${name}`, onclick: act });
    return parts[name];
  };
  parts.slider = h("input", { type: "range", id: "time-slider", "data-testid": "time-slider", min: 0, step: "any",
    oninput: (e) => seek(Number(e.target.value)) });
  parts.marks = h("div", { id: "time-marks", "data-testid": "time-marks" });
  parts.speeds = h("div", { id: "time-speeds", role: "group" });
  parts.utc = h("span", { id: "time-utc", "data-testid": "time-utc" });
  parts.position = h("span", { id: "time-position", class: "quiet", "data-testid": "time-position" });
  $("timeline").append(
    h("div", { class: "time-buttons" }, button("previous", () => toMark(-1)), button("back", () => step(-1)),
      button("play", playOrPause), button("on", () => step(1)), button("next", () => toMark(1))),
    h("div", { class: "time-track" }, parts.marks, parts.slider),
    h("div", { class: "time-text" }, parts.utc, parts.position), parts.speeds);
  document.addEventListener("keydown", key, true);
  on("timeline", show);
  on("frame", draw);
  on("language", () => { words(); drawMarks(); draw(); });
}

// ---- Going elsewhere ----

const position = () => wanted ?? state.frame?.recorded?.position_ms ?? 0;

/** Asks for a moment; of those that come too fast, only the last. */
function seek(to) {
  if (!state.timeline) return;
  wanted = Math.round(Math.min(state.timeline.end_ms, Math.max(0, to)));
  draw();
  if (waiting !== null) return;
  const ask = () => {
    waiting = null;
    askedAt = performance.now();
    tell({ do: "seek", to_ms: wanted });
  };
  const wait = askedAt + SEEK_EVERY_MS - performance.now();
  if (wait <= 0) ask();
  else waiting = setTimeout(ask, wait);
}

const step = (seconds) => seek(position() + seconds * 1000);
const playOrPause = () => tell({ do: state.frame?.recorded?.playing ? "pause" : "play" });

/** To the next mark, or the one before. */
function toMark(way) {
  const at = position();
  const mark = way > 0 ? marks.find((m) => m.at > at + 1) : marks.findLast((m) => m.at < at - AFTER_MS);
  if (mark) seek(mark.at);
  else seek(way > 0 ? state.timeline?.end_ms ?? 0 : 0);
}

/** Space plays and pauses, arrows go a second or ten, unless what has the focus uses these keys itself. */
function key(event) {
  if (!state.timeline || event.altKey || event.ctrlKey || event.metaKey || $("dialog").open) return;
  const { target } = event;
  const ours = $("timeline").contains(target);
  const seconds = (event.shiftKey ? 10 : 1) * ({ ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0);
  if (event.key === " ") {
    if (target.closest("button, select, input:not([type=range])")) return;
    playOrPause();
  } else if (seconds !== 0) {
    if (!ours && target.closest("#map, [role=tab], select, input")) return;
    step(seconds);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

// ---- What is seen ----

function show() {
  wanted = null;
  $("timeline").hidden = state.timeline === null;
  if (!state.timeline) return;
  parts.slider.max = state.timeline.end_ms;
  parts.speeds.replaceChildren(...state.timeline.speeds.map((times) => h("button", {
    "data-testid": `time-speed-${times}`, "data-times": times, onclick: () => tell({ do: "speed", times }),
  }, `${times}×`)));
  marks = findMarks();
  words();
  drawMarks();
  if (was.end === state.timeline.end_ms && was.at > 0) seek(was.at);
  was.end = state.timeline.end_ms;
}

function words() {
  const texts = { previous: "⇤", back: "◂", on: "▸", next: "⇥" };
  for (const [name, text] of Object.entries(texts)) {
    setText(parts[name], text);
    parts[name].title = t(`time.${name}`);
    parts[name].setAttribute("aria-label", t(`time.${name}`));
  }
  parts.slider.setAttribute("aria-label", t("time.slider"));
  parts.speeds.setAttribute("aria-label", t("time.speed"));
  parts.speeds.title = t("time.speed");
  $("timeline").setAttribute("aria-label", t("time.title"));
}

function draw() {
  const recorded = state.frame?.recorded;
  if (!state.timeline || !recorded) return;
  // The server has come to where the slider is, or nobody asks any more.
  if (wanted !== null && waiting === null && Math.abs(recorded.position_ms - wanted) < 1) wanted = null;
  const at = wanted ?? recorded.position_ms;
  was.at = at;
  if (Number(parts.slider.value) !== at) parts.slider.value = at;
  const utc = utcText(utcAt(at));
  parts.slider.setAttribute("aria-valuetext", utc);
  setText(parts.utc, utc);
  setText(parts.position, t("time.position", { time: clock(at), end: clock(state.timeline.end_ms) }));
  setText(parts.play, recorded.playing ? "❚❚" : "▶");
  const what = t(recorded.playing ? "time.pause" : "time.play");
  parts.play.title = what;
  parts.play.setAttribute("aria-label", what);
  parts.play.dataset.playing = recorded.playing;
  for (const button of parts.speeds.children) {
    button.setAttribute("aria-pressed", Number(button.dataset.times) === recorded.speed);
  }
}

/** The life that a position belongs to. */
const lifeAt = (at) => state.timeline.lives.findLast((life) => life.from_ms <= at) ?? state.timeline.lives[0];

function utcAt(at) {
  const life = lifeAt(at);
  return life.from_utc_ms + at - life.from_ms;
}

const utcText = (ms) => `${new Date(ms).toISOString().replace("T", " ").slice(0, 21)} UTC`;

/** Hours, minutes and seconds: `1:02:03`. */
function clock(ms) {
  const s = Math.floor(ms / 1000);
  const two = (n) => String(n).padStart(2, "0");
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

// ---- Marks ----

/** Alarms, and where lives begin and end. */
function findMarks() {
  const { alarms, lives } = state.timeline;
  const found = alarms.map((alarm) => ({ at: alarm.at_ms, priority: alarm.priority, text: () => say.alarmText(alarm).text }));
  for (const [i, life] of lives.entries()) {
    if (i > 0) found.push({ at: life.from_ms, priority: "life", text: () => t("time.restart", { epoch: life.epoch }) });
    if (!life.ended) found.push({ at: life.to_ms, priority: "life", text: () => t("time.cut", { epoch: life.epoch }) });
  }
  return found.sort((a, b) => a.at - b.at);
}

const RANK = { high: 3, medium: 2, low: 1, life: 0 };

function drawMarks() {
  if (!state.timeline) return;
  const end = Math.max(1, state.timeline.end_ms);
  const groups = [];
  for (const mark of marks) {
    const last = groups.at(-1);
    // Lives are lines, alarms are signs: they do not hide each other.
    const near = groups.findLast((g) => (g[0].priority === "life") === (mark.priority === "life"));
    if (last && near && (mark.at - near[0].at) / end < TOGETHER) near.push(mark);
    else groups.push([mark]);
  }
  parts.marks.replaceChildren(...groups.map((group) => {
    const worst = group.reduce((a, b) => (RANK[b.priority] > RANK[a.priority] ? b : a));
    const more = group.length > 1 ? ` ${t("time.more", { n: number(group.length - 1) })}` : "";
    const button = h("button", {
      class: `mark ${worst.priority}`, tabindex: -1, "data-testid": `mark-${worst.priority}`,
      title: `${utcText(utcAt(worst.at))} · ${worst.text()}${more}`, onclick: () => seek(worst.at),
    }, worst.priority === "life" ? null : sign(worst.priority));
    button.style.left = `${(worst.at / end) * 100}%`;
    return button;
  }));
  const { alarms, alarms_left_out: left, step_ms } = state.timeline;
  const notes = [t("time.step", { time: step_ms < 1000 ? `${number(step_ms / 1000, 1)} ${t("unit.s")}` : duration(step_ms) })];
  if (left) notes.push(t("time.left_out", { n: number(alarms.length), left: number(left) }));
  parts.position.title = notes.join(" ");
  parts.position.lang = currentLanguage();
}
