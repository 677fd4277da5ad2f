// Drives the dashboard as a person does, in a real browser, against a running `takt run`.
//
//   takt run --api 127.0.0.1:0 --dashboard 127.0.0.1:0 --ports-file ports.json &
//   npm install --no-save && PORTS_FILE=ports.json node dashboard.mjs
//
// PORTS_FILE or URL     where the dashboard is
// CHROMIUM              the browser (/usr/bin/chromium)
// SCREENSHOT            where a picture of the page goes; none without it

import { check, must, summary, until } from "./check.mjs";
import { fits, open } from "./page.mjs";

/** A transport across the floor takes a minute or two; a busy machine may be slow. */
const ORDER_MS = 300_000;

const { url, browser, page, complaints, $, text, runState, poses, moved } = await open();

async function chooseStation(end, name) {
  await $(`rush-${end}`).selectOption({ label: name });
}

await check("the page loads and shows a running floor", async () => {
  await page.goto(url);
  await until(async () => (await runState()) === "running", "the floor runs", 60_000);
  must((await text("kpi-throughput")).includes("/h"), "the throughput has its unit");
});

await check("vehicles move", async () => {
  await until(async () => (await poses()).length > 0, "vehicles are drawn", 20_000);
  const before = await poses();
  await until(async () => moved(before, await poses()).length >= 2, "two vehicles are elsewhere", 60_000);
});

await check("the map is zoomed and moved by keyboard, wheel and drag", async () => {
  await $("map").focus();
  for (const key of ["+", "ArrowLeft", "ArrowUp", "-", "0"]) await page.keyboard.press(key);
  const box = await $("map").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.wheel(0, -300);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + 80, box.y + box.height / 2 + 40, { steps: 4 });
  await page.mouse.up();
  must(await $("drawer").isHidden(), "a drag is no click");
  await page.keyboard.press("0");
});

await check("what is wrong with an order is said beside the field", async () => {
  await $("rush-order").click();
  await $("rush-submit").click();
  must((await text("problem-from")) !== "" && (await text("problem-to")) !== "", "missing stations are named");
  await chooseStation("from", "store-1");
  await chooseStation("to", "store-1");
  await $("rush-quantity").fill("1.5");
  await $("rush-submit").click();
  must((await text("problem-to")).includes("another station"), "the same station twice is refused");
  must((await text("problem-quantity")).includes("whole number"), "half a piece is refused");
  await $("dialog-back").click();
});

let order = null;
await check("a rush order is submitted", async () => {
  await $("rush-order").click();
  await chooseStation("from", "store-1");
  await chooseStation("to", "smt1-1");
  await $("rush-submit").click();
  await until(async () => (await $("dialog").getAttribute("open")) === null, "the order is accepted", 20_000);
  const title = await $("drawer").getAttribute("aria-label");
  order = title.match(/\d+/)?.[0];
  must(order, `the drawer shows the order, not "${title}"`);
  must((await text("drawer-doing")) !== "", "it says what the order is doing");
  await $("drawer-close").click();
  // The answer to the order and the next picture of the floor come separately, in either order.
  await until(() => $(`order-row-${order}`).isVisible(), "the order is in the list", 10_000);
});

await check("a station's drawer offers a rush order to it, filled in", async () => {
  await $("tab-stations").click();
  await $("station-row-smt1-2").click();
  await $("rush-here").click();
  const chosen = (end) => $(`rush-${end}`).evaluate((select) => select.selectedOptions[0].textContent);
  must((await chosen("to")) === "smt1-2", "to this station");
  must((await chosen("from")) === "store-2", "from where its parts come from");
  await $("dialog-back").click();
  await $("drawer-close").click();
  await $("tab-orders").click();
});

await check("the language is switched in place, and stays after a reload", async () => {
  must((await text("tab-orders")) === "Orders", "English at first");
  await $("language").click();
  must((await text("tab-orders")) === "订单", "then Chinese");
  must((await page.evaluate(() => document.documentElement.lang)) === "zh-CN", "the page says so");
  await page.reload();
  await until(async () => (await text("run-state")) === "运行中", "Chinese after a reload", 30_000);
  await $("language").click();
  must((await text("tab-orders")) === "Orders", "back to English");
});

await check("a vehicle is chosen, paused and resumed", async () => {
  await $("tab-vehicles").click();
  const row = page.locator("[data-testid^=vehicle-row-]").last();
  const id = await row.getAttribute("data-testid");
  await row.click();
  await $("vehicle-pause").click();
  await until(async () => (await $(id).getAttribute("data-state")) === "paused", "it is paused", 20_000);
  // Lists and drawer are drawn at their own times.
  await until(async () => (await text("drawer-why")).includes("paused"), "the drawer says why it stands", 5_000);
  await $("vehicle-resume").click();
  await until(async () => (await $(id).getAttribute("data-state")) !== "paused", "it goes on", 20_000);
  await page.keyboard.press("Escape");
  must(await $("drawer").isHidden(), "Escape closes the drawer");
  await $("tab-orders").click();
});

await check("the floor is paused and resumed, with a question before", async () => {
  await $("pause-floor").click();
  await $("dialog-back").click();
  must((await runState()) === "running", "no pause without a yes");
  await $("pause-floor").click();
  await $("dialog-yes").click();
  await until(async () => (await runState()) === "paused", "the floor is paused", 20_000);
  let before = await poses();
  await until(async () => {
    const after = await poses();
    const still = moved(before, after).length === 0;
    before = after;
    return still;
  }, "vehicles stand", 30_000);
  await $("pause-floor").click();
  await $("dialog-yes").click();
  await until(async () => (await runState()) === "running", "the floor goes on", 20_000);
});

await check("a lost connection is shown and comes back", async () => {
  // A browser's offline mode leaves an open WebSocket alone, so the page cuts its own and finds no way back at first.
  await page.route("**/api/floor", (route) => route.abort());
  await page.evaluate(() => window.taktTest.drop());
  await until(() => $("lost").isVisible(), "the page says that the connection is lost", 10_000);
  must((await text("lost")).includes("old"), "with the age of the data");
  await page.unroute("**/api/floor");
  await until(async () => (await $("lost").isHidden()) && (await runState()) === "running", "it is back", 30_000);
  complaints.splice(0, complaints.length, ...complaints.filter((c) => !c.includes("ERR_FAILED")));
});

await check("the order ends completed", async () => {
  must(order, "an order was submitted");
  await until(async () => (await $(`order-row-${order}`).getAttribute("data-state")) === "completed",
    `order ${order} is completed`, ORDER_MS);
});

await check("both languages have the same words, with the same gaps", async () => {
  const [en, zh] = await page.evaluate(async () => [(await import("/words_en.js")).EN, (await import("/words_zh.js")).ZH]);
  must(Object.keys(en).length > 100, "there are words");
  must(Object.keys(en).sort().join() === Object.keys(zh).sort().join(), "the same keys");
  const gaps = (words) => [...new Set(words.match(/\{\w+\}/g) ?? [])].sort().join();
  const unlike = Object.keys(en).filter((key) => gaps(en[key]) !== gaps(zh[key]));
  must(unlike.length === 0, `other gaps: ${unlike}`);
});

await check("nothing overflows on a laptop and a tablet", async () => {
  await fits(page);
});

if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
await check("the browser had nothing to complain about", async () => must(complaints.length === 0, complaints.join("\n")));
await browser.close();
process.exit(summary());
