// make bench-page: the times and heaps of the page's budgets, each as measured / budget, through the browser's own
// protocol. Figures, not tests: what is over its budget is marked, and nothing fails. ONLY="log chart" takes some.
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

import { previewed, rows } from "./steps.mjs";
import { Gateway, openBrowser, openTab, root, sleep, until } from "./support.mjs";

const JOBS = 10_000;
const only = (process.env.ONLY ?? "").split(" ").filter(Boolean);
const slow = { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8 };
const fast = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };

function figure(what, measured, budget, unit = "ms") {
  const shown = measured < 10 ? measured.toFixed(1) : String(Math.round(measured));
  console.log(`${measured <= budget ? "  " : "! "}${what.padEnd(58)} ${shown.padStart(8)} / ${budget} ${unit}`);
}

const share = (values, part) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];
const median = (values) => share(values, 0.5);

/** What the page notes of itself: paints, long tasks, frames, interactions. */
function note() {
  window.seen = { lcp: 0, long: [], frames: [], events: [] };
  const watch = (type, fn, more = {}) => new PerformanceObserver((list) => list.getEntries().forEach(fn)).observe({ type, buffered: true, ...more });
  watch("largest-contentful-paint", (one) => { window.seen.lcp = one.startTime; });
  watch("longtask", (one) => window.seen.long.push(one.duration));
  watch("event", (one) => one.interactionId && window.seen.events.push([one.interactionId, one.duration]), { durationThreshold: 16 });
  window.runFrames = () => {
    let last = performance.now();
    window.seen.frames = [];
    const step = (at) => { window.seen.frames.push(at - last); last = at; window.frame = requestAnimationFrame(step); };
    window.frame = requestAnimationFrame(step);
  };
}

async function open(browser, gateway, { cpu = 1, net = fast, ...options } = {}) {
  const page = await openTab(browser, gateway, { height: 900, ...options });
  await page.addInitScript(note);
  page.cdp = await page.context().newCDPSession(page);
  await page.cdp.send("Network.enable");
  await page.cdp.send("Network.emulateNetworkConditions", net);
  await page.cdp.send("Emulation.setCPUThrottlingRate", { rate: cpu });
  await page.cdp.send("HeapProfiler.enable");
  return page;
}

async function heap(page) {
  await page.cdp.send("HeapProfiler.collectGarbage");
  return (await page.cdp.send("Runtime.getHeapUsage")).usedSize / 1e6;
}

const paints = (page) => page.evaluate(() => ({ fcp: performance.getEntriesByName("first-contentful-paint")[0]?.startTime, lcp: window.seen.lcp, blocked: window.seen.long.reduce((sum, ms) => sum + Math.max(0, ms - 50), 0) }));

/** Milliseconds of work() until the page has painted what check finds. */
async function painted(page, work, check, arg) {
  return page.evaluate(async ([does, finds, given]) => {
    const run = new Function("given", `return (${does})(given)`);
    const found = new Function("given", `return (${finds})(given)`);
    const start = performance.now();
    run(given);
    while (!found(given)) {
      if (performance.now() - start > 20_000) throw new Error(`not painted within 20 s: ${finds}`);
      await new Promise((done) => requestAnimationFrame(done));
    }
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - start;
  }, [work.toString(), check.toString(), arg]);
}

async function times(n, work) {
  const all = [];
  for (let at = 0; at < n; at++) all.push(await work(at));
  return all;
}

async function loading({ browser, gateway }) {
  const load = (options) => times(5, async () => {
    const page = await open(browser, gateway, options);
    await page.at("/jobs");
    await rows(page);
    const first = await page.evaluate(() => performance.now());
    await sleep(700);
    const seen = { ...await paints(page), first };
    await page.context().close();
    return seen;
  });
  const plain = await load();
  figure("first paint, loopback", median(plain.map((one) => one.fcp)), 200);
  figure("largest paint, loopback", median(plain.map((one) => one.lcp)), 300);
  const throttled = await load({ cpu: 4, net: slow });
  figure("largest paint, 4x CPU, 1.6 Mbit/s, 150 ms", median(throttled.map((one) => one.lcp)), 1500);
  const weak = await load({ cpu: 4 });
  figure("first rows, 4x CPU, loopback", median(weak.map((one) => one.first)), 600);
  figure("total blocking time, 4x CPU", median(weak.map((one) => one.blocked)), 100);
}

async function interactions({ browser, gateway, ids }) {
  const page = await open(browser, gateway, { cpu: 4 });
  await page.at("/jobs");
  await rows(page);
  const keys = async (...all) => { for (const key of all) { await page.keyboard.press(key); await sleep(60); } };
  await keys(..."jjjjjkkxx".split(""), "/", ..."state:failed", "Enter", "Escape");
  await page.click("[aria-label='Clear the filter']");
  await rows(page);
  await keys("Control+k", "a", "b", "Escape", "?", "Escape");
  await page.at(`/jobs/${ids.good}`);
  await page.waitForSelector(".ll");
  const job = await page.evaluate(() => { const kept = window.seen; return kept; });
  for (const tab of ["Log", "Metrics", "Script", "Config", "Overview"]) { await page.click(`.tabs >> text=${tab}`); await sleep(150); }
  await keys("s", "l", "f", "w", "w", "]", "g", "g", "G");
  const all = [...job.events, ...await page.evaluate(() => window.seen.events)];
  const longest = new Map();
  for (const [id, ms] of all) longest.set(id, Math.max(longest.get(id) ?? 0, ms));
  figure(`interaction to next paint, p98 of ${longest.size || 40}, 4x CPU`, share([...longest.values(), 16], 0.98), 120);
  await page.context().close();
}

async function list({ browser, gateway, one }) {
  const page = await open(browser, gateway);
  await page.at("/settings");
  await page.waitForSelector(".facts dt");
  const go = () => document.querySelector(".nav a[href$='/jobs']").click();
  const away = async () => { await page.click(".nav a[href$='/settings']"); await page.waitForSelector(".facts dt"); };
  const first = await times(5, async () => { const ms = await painted(page, go, () => document.querySelector(".rows .tr")); await away(); return ms; });
  figure(`list of ${JOBS} jobs: first paint`, median(first), 60);
  await page.click(".nav a[href$='/jobs']");
  await rows(page);
  const filter = (text) => { const input = document.querySelector(".combo input"); input.value = text; input.dispatchEvent(new InputEvent("input", { bubbles: true })); setTimeout(() => input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }))); };
  const fits = (text) => [...document.querySelectorAll(".rows .badge")].length > 0 && [...document.querySelectorAll(".rows .badge")].every((badge) => badge.textContent.toLowerCase().includes(text.split(":")[1]));
  figure("  filter, to the rows that fit", median(await times(6, (at) => painted(page, filter, fits, ["state:failed", "state:completed", "state:cancelled"][at % 3]))), 33);
  await page.click("[aria-label='Clear the filter']");
  await rows(page);
  await page.evaluate(() => { window.seen.long = []; window.runFrames(); });
  for (let at = 0; at < 10; at++) { await gateway.ask("PATCH", `/jobs/${one}`, { tags: [`patch-${at}`] }); await sleep(300); }
  figure("  one change, longest frame of work", Math.max(0, ...await page.evaluate(() => window.seen.long)), 50);
  await page.context().close();
}

async function events({ browser, gateway, one }) {
  const page = await open(browser, gateway);
  await page.at("/jobs");
  await rows(page);
  await sleep(1000);
  const before = await heap(page);
  await page.evaluate(() => { window.seen.long = []; window.runFrames(); });
  const end = Date.now() + 60_000;
  let sent = 0;
  const writer = async (lane) => {
    for (let at = 0; Date.now() < end; at++) {
      const start = Date.now();
      await gateway.ask("PATCH", `/jobs/${one - lane}`, { tags: [`t${at}`] });
      sent++;
      await sleep(Math.max(0, 50 - (Date.now() - start)));
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, lane) => writer(lane)));
  const long = await page.evaluate(() => window.seen.long);
  figure(`${Math.round(sent / 60)} events/s for 60 s: frames of work over 50 ms`, long.length, 0, "frames");
  figure("  longest", Math.max(0, ...long), 50);
  figure("  growth of the heap", (await heap(page)) - before, 10, "MB");
  await page.context().close();
}

async function pixel({ browser, gateway, one }) {
  const page = await open(browser, gateway);
  await page.at("/jobs");
  await rows(page);
  await page.waitForSelector(".live:has-text('Live')");
  const waits = await times(30, async (at) => {
    const tag = `pixel-${at}`;
    const seen = page.evaluate((wanted) => new Promise((done) => {
      const look = () => (document.querySelector(".rows").textContent.includes(wanted) ? requestAnimationFrame(() => done(Date.now())) : requestAnimationFrame(look));
      look();
    }), tag);
    const start = Date.now();
    await gateway.ask("PATCH", `/jobs/${one}`, { tags: [tag] });
    const ms = (await seen) - start;
    await sleep(200);
    return ms;
  });
  figure("a change in the gateway to its pixel, p95", share(waits, 0.95), 150);
  await page.context().close();
}

async function form({ browser, gateway }) {
  const page = await open(browser, gateway);
  await page.at("/launch?project=page-tests");
  await previewed(page);
  const type = (value) => { const input = document.getElementById("f-param_lr"); input.value = value; input.dispatchEvent(new InputEvent("input", { bubbles: true })); };
  const shown = (value) => document.querySelector(".preview .scr")?.textContent.includes(`'${value}'`);
  const all = await times(20, (at) => painted(page, type, shown, `0.${111 + at}1`));
  figure("launch form: key to the new script, p95", share(all, 0.95), 250);
  await page.context().close();
}

async function openLog(page, id, budget, what) {
  await page.at("/settings");
  await page.waitForSelector(".facts dt");
  await page.evaluate((job) => { history.pushState(null, "", document.querySelector("meta[name=base]").content + `/jobs/${job}/log`); }, id);
  const ms = await painted(page, () => dispatchEvent(new PopStateEvent("popstate")), () => document.querySelector(".ll"));
  figure(`${what}: open`, ms, budget);
}

async function searchLog(page, text, total, what, budget) {
  const ask = (wanted) => { const input = document.querySelector(".logcard input"); input.value = wanted; input.dispatchEvent(new InputEvent("input", { bubbles: true })); };
  const ms = await painted(page, ask, new Function("given", `return document.querySelector(".logcard").textContent.includes("of ${total}")`), text);
  figure(`${what}: search, without its 120 ms of patience`, ms - 120, budget);
}

async function log({ browser, gateway, ids }) {
  const page = await open(browser, gateway);
  await openLog(page, ids.long, 80, "log of 100,000 lines");
  await searchLog(page, "dataloader waited", "2,500", "  all of it", 60);
  await page.evaluate(() => { document.querySelector(".log").scrollTop = 0; window.seen.long = []; window.runFrames(); });
  await page.evaluate(async () => { const box = document.querySelector(".log"); for (let at = 0; at < 120; at++) { box.scrollTop += 900; await new Promise((done) => requestAnimationFrame(done)); } });
  figure("  scrolled: frame, p95", share(await page.evaluate(() => window.seen.frames.slice(1)), 0.95), 17);
  await page.context().close();
}

async function hugeLog({ browser, gateway, ids }) {
  const page = await open(browser, gateway);
  await openLog(page, ids.huge, 300, "log of 1,000,000 lines, 100 MB, at its end");
  await searchLog(page, "line 499999 ", "1", "  on the server", 500);
  figure("  heap of the page", await heap(page), 80, "MB");
  await page.context().close();
}

async function follow({ browser, gateway, ids: _ }) {
  const { id } = await gateway.submit({ name: "fast-lines", mode: "lines", steps: 150_000, pause: 0.0002 });
  await gateway.job(id, "running");
  const page = await open(browser, gateway);
  await page.at(`/jobs/${id}/log`);
  await page.waitForSelector(".ll");
  await page.evaluate(() => { window.seen.long = []; window.runFrames(); });
  await sleep(30_000);
  const long = await page.evaluate(() => window.seen.long);
  await gateway.job(id, "completed", 120_000);
  await until("the end", async () => (await page.textContent(".ll:last-child")).includes("done"), 60_000);
  figure("log followed at 5,000 lines/s: frames of work over 50 ms", long.length, 0, "frames");
  figure("  longest", Math.max(0, ...long), 50);
  await page.focus(".log");
  await page.keyboard.press("g");
  await page.keyboard.press("g");
  await page.waitForFunction(() => document.querySelector(".log").scrollTop < 40);
  const wrong = await page.evaluate(async () => {
    const box = document.querySelector(".log");
    const seen = new Map();
    for (let at = 0; at < 20_000; at++) {
      for (const row of document.querySelectorAll(".ll")) { const number = Number(row.querySelector(".ln").textContent); const said = /line (\d+) /.exec(row.textContent); if (said) seen.set(number, Number(said[1])); }
      if (box.scrollTop + box.clientHeight >= box.scrollHeight - 4) break;
      box.scrollTop += box.clientHeight + 300;
      await new Promise((done) => requestAnimationFrame(done));
    }
    const numbers = [...seen.keys()].sort((a, b) => a - b);
    const shift = seen.get(numbers[0]) - numbers[0];
    return { seen: numbers.length, wrong: numbers.filter((number, at) => seen.get(number) - number !== shift || (at && number !== numbers[at - 1] + 1)).length };
  });
  figure(`  lines lost or doubled, of ${wrong.seen} looked at`, wrong.wrong, 0, "lines");
  await page.context().close();
}

async function chart({ browser, gateway, ids }) {
  const page = await open(browser, gateway);
  await page.at(`/jobs/${ids.long}/metrics`);
  await page.waitForSelector(".chart canvas");
  await page.click(".tabs >> text=Script");
  await page.waitForSelector(".listing");
  const go = () => [...document.querySelectorAll(".tabs a")].find((one) => one.textContent.startsWith("Metrics")).click();
  figure("charts of 100,000 points: create, all of them", await painted(page, go, () => document.querySelector(".chart canvas")), 60);
  const flip = () => [...document.querySelectorAll(".tog")].find((one) => one.textContent === "Log").click();
  figure("  redraw on a logarithmic axis", median(await times(6, () => painted(page, flip, () => true))), 10);
  await page.context().close();
}

const parts = { loading, interactions, list, events, pixel, form, log, hugeLog, follow, chart };

async function prepared(gateway) {
  await gateway.addProject();
  const ids = {};
  for (const [key, fields] of Object.entries({ good: { steps: 1200 }, long: { steps: 100_000 }, huge: { mode: "lines", steps: 1_000_000 } })) ids[key] = (await gateway.submit({ name: key, ...fields })).id;
  for (const id of Object.values(ids)) await gateway.job(id, "completed", 300_000);
  return ids;
}

const gateway = await Gateway.start({ jobs: JOBS });
const browser = await openBrowser();
try {
  console.log(`measured / budget, at ${execFileSync("git", ["describe", "--always", "--dirty"], { cwd: root, encoding: "utf8" }).trim()}, load ${execFileSync("cut", ["-d", " ", "-f1", "/proc/loadavg"], { encoding: "utf8" }).trim()} on ${availableParallelism()} processors`);
  const ids = await prepared(gateway);
  const one = (await gateway.get("/jobs?limit=1")).items[0].id;
  for (const [name, part] of Object.entries(parts))
    if (!only.length || only.includes(name)) await part({ browser, gateway, ids, one }).catch((error) => console.log(`! ${name}: ${error.message.split("\n")[0]}`));
} finally {
  await browser.close();
  await gateway.stop();
}
