// Drives the dashboard of a recording of some minutes.
//
//   takt sim --for 2m --data day1
//   takt replay --data day1 --dashboard 127.0.0.1:0 --ports-file ports.json &
//   npm install --no-save && PORTS_FILE=ports.json node recorded.mjs
//
// PORTS_FILE or URL     where the dashboard is
// CHROMIUM              the browser (/usr/bin/chromium)
// SCREENSHOT            where a picture of the page goes; none without it

import { check, must, summary, until } from "./check.mjs";
import { fits, open } from "./page.mjs";

const { url, browser, page, complaints, $, text, runState, poses, moved } = await open();

const position = async () => (await text("time-position")).split(" ")[0];
/** Moves the slider as a hand would, and waits until the page is there. */
async function slide(seconds, shown) {
  await $("time-slider").fill(String(seconds * 1000));
  await until(async () => (await position()) === shown, `the page is at ${shown}`, 5_000);
  await settled();
}
/** The picture of the chosen moment has come: two looks at it are the same. */
async function settled() {
  let before = null;
  await until(async () => {
    const now = JSON.stringify([await poses(), await text("time-utc")]);
    const same = now === before;
    before = now;
    return same;
  }, "the picture stands", 5_000);
}

await check("the page shows a recording, and nothing that changes something", async () => {
  await page.goto(url);
  await until(async () => (await runState()) !== "connecting" && (await $("timeline").isVisible()), "a timeline", 20_000);
  for (const id of ["rush-order", "pause-floor", "person"]) must(await $(id).isHidden(), `${id} is hidden`);
  must((await position()) === "0:00:00", "it begins at the beginning");
});

let there = [];
await check("vehicles are elsewhere at another time, and the same at the same", async () => {
  await slide(60, "0:01:00");
  must((await runState()) === "recorded", "the run's state says that it is a recording");
  must((await text("time-utc")).endsWith(" UTC"), "the time is UTC");
  there = await poses();
  must(there.length > 5, "vehicles are drawn");
  await slide(100, "0:01:40");
  must(moved(there, await poses()).length >= 2, "two vehicles are elsewhere");
  await slide(60, "0:01:00");
  must(JSON.stringify(await poses()) === JSON.stringify(there), "back where they were");
  must((await page.locator("[data-testid^=order-row-]").count()) > 0, "orders of that time are listed");
});

await check("keys go a second or ten, and play", async () => {
  await page.keyboard.press("ArrowRight");
  await until(async () => (await position()) === "0:01:01", "a second on", 5_000);
  await page.keyboard.press("Shift+ArrowLeft");
  await until(async () => (await position()) === "0:00:51", "ten seconds back", 5_000);
  await $("time-speed-16").click();
  await page.locator("body").click({ position: { x: 5, y: 5 } });
  await page.keyboard.press(" ");
  await until(async () => (await $("time-play").getAttribute("data-playing")) === "true", "it plays", 5_000);
  await until(async () => (await position()) > "0:01:05", "time goes on, sixteen times as fast", 5_000);
  must(moved(there, await poses()).length >= 1, "vehicles move");
  await page.keyboard.press(" ");
  await until(async () => (await $("time-play").getAttribute("data-playing")) === "false", "it is paused", 5_000);
  const at = await position();
  await page.waitForTimeout(500);
  must((await position()) === at, "and stays there");
});

await check("drawers tell, and offer nothing that changes something", async () => {
  await $("tab-vehicles").click();
  await page.locator("[data-testid^=vehicle-row-]").first().click();
  must((await text("drawer-doing")) !== "", "what the vehicle does");
  must((await $("vehicle-pause").count()) === 0, "no pause");
  await page.keyboard.press("Escape");
  await $("tab-orders").click();
});

await check("the server refuses changes, with a reason", async () => {
  const answer = await page.evaluate(async () => {
    const said = await fetch("/api/floor/pause", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    return [said.status, await said.json()];
  });
  must(answer[0] === 409 && answer[1].problem.includes("recording"), JSON.stringify(answer));
  complaints.splice(0, complaints.length, ...complaints.filter((c) => !c.includes("409")));
});

await check("a lost connection comes back to the same moment", async () => {
  await slide(90, "0:01:30");
  await page.evaluate(() => window.taktTest.drop());
  await until(() => $("lost").isVisible(), "the page says that the connection is lost", 10_000);
  await until(async () => (await $("lost").isHidden()) && (await position()) === "0:01:30", "it is back", 20_000);
});

await check("the timeline speaks Chinese", async () => {
  await $("language").click();
  must((await text("run-state")) === "录像", "the run's state");
  must((await $("time-play").getAttribute("title")).includes("播放"), "the buttons");
  await $("language").click();
});

await check("nothing overflows on a laptop and a tablet", () => fits(page));

if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
await check("the browser had nothing to complain about", async () => must(complaints.length === 0, complaints.join("\n")));
await browser.close();
process.exit(summary());
