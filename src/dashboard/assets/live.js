// The connection: fetches the floor, opens the WebSocket, and comes back by itself when it is lost.

import { begin, emit, setTimeline, state, take } from "./state.js";

/** A live connection sends eight frames a second; silence for so long is a loss. */
const SILENT_MS = 3000;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 10000;

let socket = null;
let retryMs = RETRY_MIN_MS;
/** When the next attempt is made, by `performance.now()`; null while one is under way. */
let retryAt = null;

/** Says something to the server; only that of a recording listens. */
export function tell(what) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(what));
}

export function connect() {
  attempt();
  setInterval(watch, 500);
}

/** Milliseconds since the last frame came; null before the first. */
export function ageMs() {
  return state.frame ? performance.now() - state.frame.arrived : null;
}

/** Milliseconds until the next attempt. */
export function retryInMs() {
  return retryAt === null ? 0 : Math.max(0, retryAt - performance.now());
}

async function attempt() {
  retryAt = null;
  try {
    const answer = await fetch("/api/floor", { signal: AbortSignal.timeout(SILENT_MS) });
    if (!answer.ok) throw new Error(`the floor: status ${answer.status}`);
    open(await answer.json());
  } catch {
    lost();
  }
}

function open(floor) {
  const opened = new WebSocket(`ws://${location.host}/api/live`);
  socket = opened;
  opened.begun = performance.now();
  let first = true;
  opened.onmessage = (message) => {
    if (socket !== opened) return;
    // The old picture stays, greyed, until there is a new one.
    if (first) begin(floor);
    first = false;
    retryMs = RETRY_MIN_MS;
    const frame = JSON.parse(message.data);
    if (frame.timeline) return setTimeline(frame.timeline);
    if (frame.problem) return console.error(frame.problem);
    const was = state.link;
    state.link = "live";
    take(frame);
    if (was !== "live") emit("link");
  };
  opened.onclose = () => {
    if (socket === opened) lost();
  };
}

/** Cuts the connection, as a bad network would. */
export function drop() {
  lost();
}

function lost() {
  const old = socket;
  socket = null;
  old?.close();
  retryAt = performance.now() + retryMs;
  retryMs = Math.min(retryMs * 1.7, RETRY_MAX_MS);
  state.link = state.frame ? "lost" : "connecting";
  emit("link");
}

function watch() {
  if (socket) {
    const heard = state.link === "live" ? state.frame.arrived : socket.begun;
    if (performance.now() - heard > SILENT_MS) lost();
  } else if (retryAt !== null && performance.now() >= retryAt) {
    attempt();
  }
  if (state.link !== "live") emit("link");
}
