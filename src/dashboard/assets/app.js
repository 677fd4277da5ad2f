// The page: starts its parts, and keeps the bar at the top.

import { pauseFloor, person } from "./actions.js";
import { askPerson, askRush, confirm, report, startDialogs } from "./dialogs.js";
import { $, setText } from "./dom.js";
import { startDrawer } from "./drawer.js";
import { apply, currentLanguage, duration, setLanguage, t } from "./i18n.js";
import { startKpis } from "./kpis.js";
import { startLists } from "./lists.js";
import { ageMs, connect, drop, retryInMs } from "./live.js";
import { shown, startMap } from "./map.js";
import * as say from "./phrases.js";
import { on, state } from "./state.js";
import { startTimeline } from "./timeline.js";

function drawBar() {
  setText($("rush"), t("app.rush"));
  setText($("language"), t("app.language"));
  $("language").title = t("app.language_title");
  setText($("person"), person());
  $("person").title = t("app.person_title");
  const live = state.link === "live";
  const paused = Boolean(state.frame?.paused);
  setText($("pause-floor"), t(paused ? "app.resume" : "app.pause"));
  $("pause-floor").classList.toggle("strong", paused);
  for (const id of ["rush", "pause-floor"]) $(id).disabled = !live;
  // Nothing can be changed in a recording, and its timeline says what time it is.
  const recorded = Boolean(state.floor?.recorded);
  for (const id of ["rush", "pause-floor", "person", "clock"]) $(id).hidden = recorded;
  const run = !live ? (state.link === "lost" ? "lost" : "connecting") : paused ? "paused" : state.frame.notice ? "notice"
    : recorded ? "recorded" : "running";
  $("run-state").dataset.state = run;
  setText($("run-state"), run === "notice" ? say.noticeText(state.frame.notice) : t(`run.${run}`));
  const title = [state.floor?.name, recorded ? t("run.recorded") : null, "Takt"];
  document.title = title.filter(Boolean).join(" · ");
  drawClock();
}

function drawClock() {
  if (!state.frame) return;
  const { now_ms } = state.frame;
  setText($("clock"), `${say.clock(now_ms)} · ${t("app.up", { time: duration(now_ms) })}`);
}

/** Says that what is seen is old, how old, and when it is tried again. */
function drawLost() {
  const live = state.link === "live";
  document.body.classList.toggle("stale", !live);
  $("lost").hidden = live;
  if (live) return;
  const age = ageMs();
  const old = age === null ? t("lost.never") : t("lost.text", { age: duration(age) });
  const wait = retryInMs();
  setText($("lost"), `${old} ${wait > 500 ? t("lost.retry", { time: duration(wait) }) : t("lost.now")}`);
}

function askPause() {
  const paused = !state.frame?.paused;
  const [what, done] = paused ? ["pause", "done.floor_pause"] : ["resume", "done.floor_resume"];
  confirm(() => t(`dialog.${what}`), () => t(`dialog.${what}_text`), () => t(`app.${what}`),
    () => report(pauseFloor(paused), t(done)));
}

startDialogs();
startMap();
startKpis();
startLists();
startDrawer();
startTimeline();
$("rush").addEventListener("click", () => askRush());
$("pause-floor").addEventListener("click", askPause);
$("person").addEventListener("click", () => askPerson(drawBar));
$("language").addEventListener("click", () => setLanguage(currentLanguage() === "en" ? "zh" : "en"));
on("language", () => { drawBar(); drawLost(); });
on("link", () => { drawBar(); drawLost(); });
on("frame", drawBar);
apply();
connect();

// For tests: where vehicles are drawn now, in mm; and a cut of the connection.
window.taktTest = {
  drop,
  vehicles: () => [...shown()].map(([id, [x, y]]) => ({ name: say.vehicleName(id), x, y })),
};
