// The dashboard's page in a real browser.
//
// PORTS_FILE or URL     where the dashboard is
// CHROMIUM              the browser (/usr/bin/chromium)

import fs from "node:fs";
import { chromium } from "playwright-core";
import { must } from "./check.mjs";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

/** Starts a browser with an empty page, and what is asked of the dashboard again and again. */
export async function open() {
  const url = process.env.URL ?? `http://${JSON.parse(fs.readFileSync(process.env.PORTS_FILE ?? "ports.json", "utf8")).dashboard}/`;
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 }, locale: "en-US", colorScheme: "light" });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
  const $ = (id) => page.getByTestId(id);
  return {
    url, browser, page, complaints, $, moved,
    text: (id) => $(id).innerText(),
    runState: () => $("run-state").getAttribute("data-state"),
    poses: () => page.evaluate(() => window.taktTest?.vehicles() ?? []),
  };
}

/** The vehicles that are elsewhere than they were. */
function moved(before, after) {
  const was = new Map(before.map((v) => [v.name, v]));
  return after.filter((v) => was.has(v.name) && Math.hypot(v.x - was.get(v.name).x, v.y - was.get(v.name).y) > 200);
}

/** Nothing may overflow on a laptop, a tablet and a wall screen. */
export async function fits(page) {
  for (const [width, height] of [[1366, 768], [1024, 768], [1920, 1080]]) {
    await page.setViewportSize({ width, height });
    const over = await page.evaluate(() => [document.documentElement.scrollWidth - innerWidth,
      document.documentElement.scrollHeight - innerHeight]);
    must(over.every((px) => px <= 0), `${width} x ${height}: ${over} px too much`);
  }
}
