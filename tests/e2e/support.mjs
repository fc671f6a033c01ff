// What the page's tests stand on: a gateway of their own with real jobs, and Debian's Chromium.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "../../web/node_modules/playwright-core/index.mjs";

const here = dirname(fileURLToPath(import.meta.url));
export const root = join(here, "../..");
const axeSource = readFileSync(join(root, "web/node_modules/axe-core/axe.min.js"), "utf8");

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Until check gives something true; its value. */
export async function until(what, check, ms = 45_000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await sleep(100);
  }
}

/** Below the range that passing client sockets take theirs from: it is still free when a stopped gateway comes back. */
async function freePort() {
  const ceiling = parseInt(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "ascii"), 10);
  for (;;) {
    const port = randomInt(ceiling > 12000 ? 10000 : 1100, ceiling);
    const free = await new Promise((done) => {
      const server = createServer().on("error", () => done(false));
      server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
    });
    if (free) return port;
  }
}

/** A gateway with one local cluster, and others where given, in a folder of its own. */
export class Gateway {
  static async start({ basePath = "", slots = 3, clusters = [], jobs = 0 } = {}) {
    const gateway = new Gateway();
    gateway.dir = mkdtempSync(join(tmpdir(), "sluice-page-"));
    gateway.port = await freePort();
    gateway.basePath = basePath;
    gateway.url = `http://127.0.0.1:${gateway.port}${basePath}`;
    mkdirSync(join(gateway.dir, "home"), { recursive: true });
    writeFileSync(join(gateway.dir, "clusters.yaml"),
      JSON.stringify({ version: 1, clusters: [...clusters, { name: "local", type: "local", local: { gpus: "auto", cpu_slots: slots }, poll: { active: 1, pending: 1, gpu: 5 } }] }));
    // so many ended jobs, written by the store itself
    if (jobs) execFileSync(join(root, "build/release/test/bench/fill_jobs"), [join(gateway.dir, "state"), String(jobs), "0", "1"]);
    await gateway.serve();
    await until("the GPUs", async () => (await gateway.get("/gpus?max_age=1s")).items.length > 0);
    return gateway;
  }

  async serve() {
    const words = ["serve", "--state-dir", join(this.dir, "state"), "--listen", `127.0.0.1:${this.port}`, "--clusters", join(this.dir, "clusters.yaml")];
    if (this.basePath) words.push("--base-path", this.basePath);
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SLUICE_")));
    this.said = "";
    this.process = spawn(join(root, "build/sluice"), words, { env: { ...clean, HOME: join(this.dir, "home"), PATH: `${join(here, "bin")}:${process.env.PATH}` }, stdio: ["ignore", "pipe", "pipe"] });
    for (const pipe of [this.process.stdout, this.process.stderr]) pipe.on("data", (bytes) => { this.said += bytes; });
    await until("the gateway", async () => {
      if (this.process.exitCode !== null) throw new Error(`the gateway ended: ${this.said}`);
      return fetch(`${this.url}/healthz`).then((answer) => answer.ok, () => false);
    });
  }

  async end() {
    if (this.process.exitCode === null) {
      this.process.kill("SIGTERM");
      await until("the gateway's end", () => this.process.exitCode !== null || this.process.signalCode !== null).catch(() => this.process.kill("SIGKILL"));
    }
  }

  async stop() {
    await this.post("/jobs:cancel", { filter: "state:active" }).catch(() => undefined);
    await this.until("no job running", async () => (await this.get("/jobs?filter=state:active&limit=1")).items.length === 0, 8000).catch(() => undefined);
    await this.end();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  until(what, check, ms) { return until(what, check, ms); }

  async ask(method, path, body) {
    const answer = await fetch(`${this.url}/api/v1${path}`, { method, headers: body ? { "Content-Type": "application/json" } : {}, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text && answer.headers.get("content-type").includes("json") ? JSON.parse(text) : text;
  }

  get(path) { return this.ask("GET", path); }
  post(path, body) { return this.ask("POST", path, body); }

  /** The example project of these tests, copied; name says how it is registered. */
  async addProject(name = "page-tests") {
    const path = join(this.dir, "home", name);
    if (!existsSync(path)) cpSync(join(here, "project"), path, { recursive: true });
    await this.post("/projects", { path, name });
    return name;
  }

  submit(fields) {
    const { mode, lr, steps, pause, ...rest } = fields;
    const given = Object.entries({ mode, lr, steps, pause }).filter(([, value]) => value !== undefined);
    return this.post("/jobs", { project: "page-tests", cluster: "local", overrides: Object.fromEntries(given), ...rest });
  }

  job(id, state, ms = 60_000) {
    return until(`job ${id} to be ${state}`, async () => {
      const job = await this.get(`/jobs/${id}`);
      return [state].flat().includes(job.state) ? job : false;
    }, ms);
  }
}

/** Jobs of every kind: ended well and badly, running, waiting, with names that would like to be code. */
export async function seed(gateway) {
  await gateway.addProject();
  const ids = {};
  const add = async (key, fields) => { ids[key] = (await gateway.submit(fields)).id; };
  await add("first", { name: "resnet50-baseline", lr: 0.1, steps: 400, tags: ["baseline"] });
  await add("good", { name: "sft-llama3-8b-lr1e-4", lr: 1e-4, steps: 1200 });
  await add("import", { name: "vit-b16-imagenet", mode: "import", steps: 60 });
  await add("cuda", { name: "sft-llama3-8b-lr3e-4-batch64", mode: "cuda", lr: 3e-4, steps: 300, tags: ["sweep-7", "bf16"] });
  await add("missing", { name: "tulu3-mix-ablation", mode: "missing", steps: 40 });
  await add("exit", { name: "eval-mmlu", mode: "exit", steps: 20 });
  await add("hostile", { name: "<img src=x onerror=window.hacked=1>", mode: "hostile", steps: 30, description: "</title><script>window.hacked=1</script>", tags: ["<b>tag</b>"] });
  for (const id of Object.values(ids)) await gateway.job(id, ["completed", "failed"]);
  await add("running", { name: "sft-llama3-8b-lr2e-4", lr: 2e-4, steps: 20_000, pause: 0.2, tags: ["keep"] });
  await add("gpu", { name: "dpo-llama3-8b", lr: 5e-5, steps: 20_000, pause: 0.5, resources: { gpus: 2 } });
  await add("running2", { name: "whisper-finetune", lr: 1e-5, steps: 20_000, pause: 0.4 });
  await add("running3", { name: "clip-pretrain", lr: 5e-4, steps: 20_000, pause: 0.4 });
  for (const key of ["running", "gpu"]) await gateway.job(ids[key], "running");
  for (let at = 1; at <= 3; at++) await add(`waiting${at}`, { name: `grid-seed-${at}`, steps: 100, tags: ["grid"] });
  return ids;
}

/** Chromium as the design says, with an empty profile. */
export async function openBrowser() {
  return chromium.launch({
    executablePath: "/usr/bin/chromium", headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** A tab that keeps what went wrong in it: console errors, page errors, CSP reports, requests to other origins. */
export async function openTab(browser, gateway, { width = 1440, height = 900, theme = "light", touch = width < 760 } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, hasTouch: touch, deviceScaleFactor: touch ? 2 : 1, locale: "en-GB", timezoneId: "UTC", reducedMotion: "reduce" });
  const page = await context.newPage();
  page.wrong = [];
  page.requests = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.wrong.push(`console: ${message.text()} ${message.location().url}`));
  page.on("pageerror", (error) => page.wrong.push(`error: ${error.message}`));
  page.on("request", (request) => {
    page.requests.push(request.url());
    if (!request.url().startsWith(gateway.url) && !request.url().startsWith("data:")) page.wrong.push(`foreign request: ${request.url()}`);
  });
  await page.addInitScript(() => {
    window.cspReports = [];
    window.shift = 0;
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.hadRecentInput ? 0 : entry.value; }).observe({ type: "layout-shift", buffered: true });
    addEventListener("securitypolicyviolation", (event) => window.cspReports.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
  });
  page.at = (path) => page.goto(gateway.url + path, { waitUntil: "domcontentloaded" });
  return page;
}

/** How much has jumped since the page was opened (CLS). */
export const shifted = (page) => page.evaluate(() => window.shift);

/** Violations of WCAG 2.2 A and AA and of axe's own good practice, one line each. Runs beside the page's CSP. */
export async function axe(page) {
  await page.evaluate(axeSource);
  const result = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], rules: { "target-size": { enabled: true } } }));
  return result.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.target.join(" ") + " | " + (node.failureSummary ?? "").split("\n").slice(1, 2).join("")).join("; ")}`);
}

export async function wrongs(page) {
  return [...page.wrong, ...(await page.evaluate(() => window.cspReports)).map((report) => `CSP: ${report}`)];
}

/** work(page) at path in a tab of its own, which then must have gone without a fault. allow: what may be said all the
 *  same. How the page looked when it failed is kept in build/log/page. */
export async function visit(browser, gateway, path, { allow, prepare, ...options }, work) {
  const page = await openTab(browser, gateway, options);
  try {
    await prepare?.(page);
    await page.at(path);
    await work(page);
    assert.deepEqual((await wrongs(page)).filter((line) => !allow?.test(line)), []);
    assert.equal(await page.evaluate(() => window.hacked), undefined, "a script of a name or a log ran");
  } catch (error) {
    await keepPicture(page, path).catch(() => undefined);
    throw error;
  } finally {
    await page.context().close();
  }
}

async function keepPicture(page, path) {
  const folder = join(root, "build/log/page");
  mkdirSync(folder, { recursive: true });
  const name = `${path.replace(/\W+/g, "-").slice(0, 60)}-${Date.now() % 1e6}`;
  await page.screenshot({ path: join(folder, `${name}.png`) });
  writeFileSync(join(folder, `${name}.txt`), `${page.url()}\n${(await wrongs(page)).join("\n")}\n`);
}
