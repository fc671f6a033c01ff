// make bench-page: the times and heaps of the page's budgets, each as measured / budget, through the browser's own
// protocol. Figures, not tests: what is over its budget is marked with !, and nothing fails. ONLY="log chart" takes some.
// Beside a time stands what the page's main thread worked for it, by the thread's own clock, which other work on the
// machine does not move: ~ marks a time over its budget of which the thread worked less.
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

import { day } from "./day.mjs";
import { previewed, rows } from "./steps.mjs";
import { Gateway, openBrowser, openTab, root, sleep, until } from "./support.mjs";

const JOBS = 10_000;
const only = (process.env.ONLY ?? "").split(" ").filter(Boolean);
const slow = { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8 };
const fast = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };

const short = (n) => (n < 10 ? n.toFixed(1) : String(Math.round(n)));

function figure(what, measured, budget, unit = "ms", worked = undefined) {
  const mark = measured <= budget ? "  " : worked !== undefined && worked <= budget ? "~ " : "! ";
  console.log(`${mark}${what.padEnd(58)} ${short(measured).padStart(8)} / ${budget} ${unit}${worked === undefined ? "" : `, worked ${short(worked)}`}`);
}

const share = (values, part) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];
const median = (values) => share(values, 0.5);

/** What the page notes of itself: paints, frames, interactions. */
function note() {
  window.seen = { lcp: 0, rows: 0, frames: [], events: [] };
  const watch = (type, fn, more = {}) => new PerformanceObserver((list) => list.getEntries().forEach(fn)).observe({ type, buffered: true, ...more });
  watch("largest-contentful-paint", (one) => { window.seen.lcp = one.startTime; });
  watch("event", (one) => one.interactionId && window.seen.events.push([one.interactionId, one.duration]), { durationThreshold: 16 });
  new MutationObserver((_, observer) => {
    if (!document.querySelector(".rows .tr")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.seen.rows = performance.now(); performance.mark("rows painted"); console.debug("rows painted"); }));
  }).observe(document, { childList: true, subtree: true });
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
  await page.cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  return page;
}

/** What the main thread has worked so far, ms. */
const worked = async (page) => 1000 * (await page.cdp.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;

/** The main thread's tasks and marks while work() goes on. */
async function traced(browser, page, work) {
  await browser.startTracing(page, { categories: ["disabled-by-default-devtools.timeline", "blink.user_timing"] });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const mains = new Set(traceEvents.filter((event) => event.name === "thread_name" && event.args.name === "CrRendererMain").map((event) => `${event.pid} ${event.tid}`));
  return traceEvents.filter((event) => mains.has(`${event.pid} ${event.tid}`));
}

const lengths = (events) => events.filter((event) => event.name === "RunTask" && event.tdur !== undefined).map((event) => event.tdur / 1000);

/** What the main thread works for each of its tasks while work() goes on, ms, the longest first. */
const tasksOf = async (browser, page, work) => lengths(await traced(browser, page, work)).sort((a, b) => b - a);

const over50 = (tasks) => tasks.filter((ms) => ms > 50).length;

async function heap(page) {
  await page.cdp.send("HeapProfiler.collectGarbage");
  return (await page.cdp.send("Runtime.getHeapUsage")).usedSize / 1e6;
}

const paints = (page) => page.evaluate(() => ({ fcp: performance.getEntriesByName("first-contentful-paint")[0]?.startTime, lcp: window.seen.lcp, rows: window.seen.rows }));

/** Milliseconds of work() until the page has painted what check finds; page.worked: what its thread worked for that. */
async function painted(page, work, check, arg) {
  const before = await worked(page);
  const ms = await page.evaluate(async ([does, finds, given]) => {
    const run = new Function("given", `return (${does})(given)`);
    const found = new Function("given", `return (${finds})(given)`);
    const start = performance.now();
    // looks when the document changes: a look at each frame would be work of its own, the more the busier the machine
    await new Promise((done, fail) => {
      const late = setTimeout(() => fail(new Error(`not painted within 20 s: ${finds}`)), 20_000);
      const look = () => { if (found(given)) { watcher.disconnect(); clearTimeout(late); done(); } };
      const watcher = new MutationObserver(look);
      watcher.observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
      run(given);
      look();
    });
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - start;
  }, [work.toString(), check.toString(), arg]);
  page.worked = (await worked(page)) - before;
  return ms;
}

/** The medians of n paintings: by the wall, and what the thread worked. */
async function paintings(page, n, paint) {
  const all = await times(n, async (at) => ({ ms: await paint(at), worked: page.worked }));
  return [median(all.map((one) => one.ms)), median(all.map((one) => one.worked))];
}

async function times(n, work) {
  const all = [];
  for (let at = 0; at < n; at++) all.push(await work(at));
  return all;
}

/** Nothing is asked of the page before it is at rest: the question's own script would be work of the thread that is measured. */
async function loading({ browser, gateway }) {
  const load = (options) => times(5, async () => {
    const page = await open(browser, gateway, options);
    const events = await traced(browser, page, async () => {
      const isPainted = page.waitForEvent("console", (said) => said.text() === "rows painted");
      await page.goto(`${gateway.url}/jobs`, { waitUntil: "commit" });
      await isPainted;
      await sleep(700);
    });
    const seen = await paints(page);
    await page.context().close();
    const painted = events.find((event) => event.name === "rows painted");
    const sum = (all) => all.reduce((total, ms) => total + ms, 0);
    return { ...seen, worked: sum(lengths(events.filter((event) => event.ts < painted.ts))), blocked: sum(lengths(events).map((ms) => Math.max(0, ms - 50))) };
  });
  const mid = (loads, name) => median(loads.map((one) => one[name]));
  const plain = await load();
  figure("first paint, loopback", mid(plain, "fcp"), 200, "ms", mid(plain, "worked"));
  figure("largest paint, loopback", mid(plain, "lcp"), 300, "ms", mid(plain, "worked"));
  const throttled = await load({ cpu: 4, net: slow });
  figure("largest paint, 4x CPU, 1.6 Mbit/s, 150 ms", mid(throttled, "lcp"), 1500, "ms", mid(throttled, "worked"));
  const weak = await load({ cpu: 4 });
  figure("first rows, 4x CPU, loopback", mid(weak, "rows"), 600, "ms", mid(weak, "worked"));
  figure("total blocking time, 4x CPU", mid(weak, "blocked"), 100);
}

/** Each interaction's longest task, by the thread's own clock, beside what the browser noted from key to paint. */
async function interactions({ browser, gateway, ids }) {
  const page = await open(browser, gateway, { cpu: 4 });
  const noted = [];
  const longest = [];
  const keep = async () => noted.push(...(await page.evaluate(() => window.seen.events)).map(([id, ms]) => [`${longest.length} ${id}`, ms])); // a page that is left takes its notes along
  const act = async (what, work) => longest.push({ what, ms: (await tasksOf(browser, page, async () => { await work(); await sleep(150); }))[0] ?? 0 });
  const keys = async (...all) => { for (const key of all) await act(key, () => page.keyboard.press(key)); };
  const click = (what) => act(what, () => page.click(what));
  await page.at("/jobs");
  await rows(page);
  await keys(..."jjjjjkkxx".split(""), "/", ..."state:failed", "Enter", "Escape");
  await click("[aria-label='Clear the filter']");
  await rows(page);
  await keys("Control+k", "a", "b", "Escape", "?", "Escape");
  await keep();
  await page.at(`/jobs/${ids.good}`);
  await page.waitForSelector(".ll");
  for (const tab of ["Log", "Metrics", "Script", "Config", "Overview"]) await click(`.tabs >> text=${tab}`);
  await keys("s", "l", "f", "w", "w", "g", "g", "G"); // each of them is seen: to one that changes nothing no paint belongs
  await keep();
  const each = new Map();
  for (const [id, ms] of noted) each.set(id, Math.max(each.get(id) ?? 0, ms));
  const all = [...each.values(), ...Array(Math.max(0, longest.length - each.size)).fill(16)]; // below 16 ms the browser notes none
  const worst = longest.reduce((most, one) => (one.ms > most.ms ? one : most));
  figure(`interaction to next paint, p98 of ${longest.length}, 4x CPU`, share(all, 0.98), 120, "ms", share(longest.map((one) => one.ms), 0.98));
  console.log(`     the longest task of all: ${short(worst.ms)} ms, of "${worst.what}"`);
  await page.context().close();
}

async function list({ browser, gateway, one }) {
  const page = await open(browser, gateway);
  await page.at("/settings");
  await page.waitForSelector(".facts dt");
  const go = () => document.querySelector(".nav a[href$='/jobs']").click();
  const away = async () => { await page.click(".nav a[href$='/settings']"); await page.waitForSelector(".facts dt"); };
  const [first, firstWorked] = await paintings(page, 5, async () => { await away(); return painted(page, go, () => document.querySelector(".rows .tr")); });
  figure(`list of ${JOBS} jobs: first paint`, first, 60, "ms", firstWorked);
  const filter = (text) => { const input = document.querySelector(".combo input"); input.value = text; input.dispatchEvent(new InputEvent("input", { bubbles: true })); setTimeout(() => input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }))); };
  const fits = (text) => [...document.querySelectorAll(".rows .badge")].length > 0 && [...document.querySelectorAll(".rows .badge")].every((badge) => badge.textContent.toLowerCase().includes(text.split(":")[1]));
  const [fit, fitWorked] = await paintings(page, 6, (at) => painted(page, filter, fits, ["state:failed", "state:completed", "state:cancelled"][at % 3]));
  figure("  filter, to the rows that fit", fit, 33, "ms", fitWorked);
  await page.click("[aria-label='Clear the filter']");
  await rows(page);
  const tasks = await tasksOf(browser, page, async () => { for (let at = 0; at < 10; at++) { await gateway.ask("PATCH", `/jobs/${one}`, { tags: [`patch-${at}`] }); await sleep(300); } });
  figure("  one change, longest task", tasks[0] ?? 0, 16);
  await page.context().close();
}

async function events({ browser, gateway, one }) {
  const page = await open(browser, gateway);
  await page.at("/jobs");
  await rows(page);
  await sleep(1000);
  const before = await heap(page);
  let sent = 0;
  const tasks = await tasksOf(browser, page, async () => {
    const end = Date.now() + 60_000;
    const writer = async (lane) => {
      for (let at = 0; Date.now() < end; at++) {
        const start = Date.now();
        await gateway.ask("PATCH", `/jobs/${one - lane}`, { tags: [`t${at}`] });
        sent++;
        await sleep(Math.max(0, 50 - (Date.now() - start)));
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, lane) => writer(lane)));
  });
  figure(`${Math.round(sent / 60)} events/s for 60 s: tasks over 50 ms`, over50(tasks), 0, "tasks");
  figure("  longest", tasks[0] ?? 0, 50);
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
  figure("launch form: key to the new script, p95", share(all, 0.95), 250, "ms", page.worked);
  await page.context().close();
}

async function openLog(page, id, budget, what) {
  await page.at("/settings");
  await page.waitForSelector(".facts dt");
  await page.evaluate((job) => { history.pushState(null, "", document.querySelector("meta[name=base]").content + `/jobs/${job}/log`); }, id);
  const ms = await painted(page, () => dispatchEvent(new PopStateEvent("popstate")), () => document.querySelector(".ll"));
  figure(`${what}: open`, ms, budget, "ms", page.worked);
}

async function searchLog(page, text, total, what, budget) {
  const ask = (wanted) => { const input = document.querySelector(".logcard input"); input.value = wanted; input.dispatchEvent(new InputEvent("input", { bubbles: true })); };
  const ms = await painted(page, ask, new Function("given", `return document.querySelector(".logcard").textContent.includes("of ${total}")`), text);
  figure(`${what}: search, without its 120 ms of patience`, ms - 120, budget, "ms", page.worked);
}

async function log({ browser, gateway, ids }) {
  const page = await open(browser, gateway);
  await openLog(page, ids.long, 80, "log of 100,000 lines");
  await searchLog(page, "dataloader waited", "2,500", "  all of it", 60);
  await page.evaluate(() => { document.querySelector(".log").scrollTop = 0; window.runFrames(); });
  const before = await worked(page);
  await page.evaluate(async () => { const box = document.querySelector(".log"); for (let at = 0; at < 120; at++) { box.scrollTop += 900; await new Promise((done) => requestAnimationFrame(done)); } });
  figure("  scrolled: frame, p95", share(await page.evaluate(() => window.seen.frames.slice(1)), 0.95), 17, "ms", ((await worked(page)) - before) / 120);
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
  const tasks = await tasksOf(browser, page, () => sleep(30_000));
  await gateway.job(id, "completed", 120_000);
  await until("the end", async () => (await page.textContent(".ll:last-child")).includes("done"), 60_000);
  figure("log followed at 5,000 lines/s: tasks over 50 ms", over50(tasks), 0, "tasks");
  figure("  longest", tasks[0] ?? 0, 50);
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
      box.scrollTop += box.clientHeight; // never further: what lies between would not be drawn
      await new Promise((done) => requestAnimationFrame(done));
    }
    const numbers = [...seen.keys()].sort((a, b) => a - b);
    const shift = seen.get(numbers[0]) - numbers[0];
    return { seen: numbers.length, wrong: numbers.filter((number, at) => seen.get(number) - number !== shift || (at && number !== numbers[at - 1] + 1)).length };
  });
  figure(`  lines lost or doubled, of ${wrong.seen} looked at`, wrong.wrong, 0, "lines");
  await page.context().close();
}

/** Whether every chart in view is drawn. */
const filled = () => {
  const all = [...document.querySelectorAll(".plot")].filter((one) => one.getBoundingClientRect().top < innerHeight);
  return all.length > 0 && all.every((one) => one.querySelector("canvas"));
};

async function chart({ browser, gateway, ids }) {
  const page = await open(browser, gateway);
  await page.at(`/jobs/${ids.long}/metrics`);
  await page.waitForSelector(".chart canvas");
  const go = () => [...document.querySelectorAll(".tabs a")].find((one) => one.textContent.startsWith("Metrics")).click();
  const [made, madeWorked] = await paintings(page, 3, async () => { await page.click(".tabs >> text=Script"); await page.waitForSelector(".listing"); return painted(page, go, filled); });
  const n = await page.locator(".chart canvas").count();
  figure(`${n} charts of 100,000 points: create, a chart`, made / n, 60, "ms", madeWorked / n);
  const flip = () => {
    for (const plot of document.querySelectorAll(".uplot")) plot.classList.add("old"); // a logarithmic axis is another plot
    [...document.querySelectorAll(".tog")].find((one) => one.textContent === "Log").click();
  };
  const [flipped, flipWorked] = await paintings(page, 6, () => painted(page, flip, () => !document.querySelector(".uplot.old")));
  figure("  redraw on a logarithmic axis, a chart", flipped / n, 10, "ms", flipWorked / n);
  await page.context().close();
}

/** Twenty charts that follow one pointer, of 2,000 points each. */
async function charts({ browser, gateway }) {
  const { id } = await gateway.submit({ name: "twenty", steps: 1, pause: 600 });
  await gateway.job(id, "running");
  const point = (step) => ({ step, ...Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`part/m${at}`, Math.sin(step / (50 + at))])) });
  for (let from = 0; from < 2000; from += 200) await gateway.post(`/jobs/${id}/metrics`, { points: Array.from({ length: 200 }, (_, at) => point(from + at)) });
  await until("the series", async () => Object.keys((await gateway.get(`/jobs/${id}`)).metrics ?? {}).length >= 20);
  await gateway.post(`/jobs/${id}/cancel`);
  await gateway.job(id, "cancelled");
  const page = await open(browser, gateway, { height: 2400 }); // all twenty in view
  await page.at(`/jobs/${id}/metrics`);
  await page.waitForFunction(() => document.querySelectorAll(".chart canvas").length >= 20);
  const go = () => [...document.querySelectorAll(".tabs a")].find((one) => one.textContent.startsWith("Metrics")).click();
  const make = async () => { await page.click(".tabs >> text=Script"); await page.waitForSelector(".listing"); return painted(page, go, filled); };
  const [made, madeWorked] = await paintings(page, 3, make);
  figure("twenty charts of 2,000 points: create, a chart", made / 20, 60, "ms", madeWorked / 20);
  const tasks = await tasksOf(browser, page, make);
  figure("  longest task meanwhile", tasks[0], 60);
  const box = await page.locator(".chart .plot").first().boundingBox();
  const before = await worked(page);
  for (let at = 0; at < 100; at++) await page.mouse.move(box.x + 60 + at * 2, box.y + 60);
  figure("  a move of the pointer, worked", ((await worked(page)) - before) / 100, 16);
  figure("  nodes of the page", await page.evaluate(() => document.querySelectorAll("*").length), 1200, "");
  await page.context().close();
}

const parts = { loading, interactions, list, events, pixel, form, log, hugeLog, follow, chart, charts, day: (on) => day({ ...on, open, heap, figure }) };

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
