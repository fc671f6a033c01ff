// The countable budgets of the page: bytes, packages, requests, nodes. Times are figures: make bench-page.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { rows } from "./steps.mjs";
import { Gateway, openBrowser, root, sleep, until, visit } from "./support.mjs";

const JOBS = 10_000;
const LINES = 1_000_000; // of 100 bytes
let gateway;
let browser;
let id;

before(async () => {
  gateway = await Gateway.start({ jobs: JOBS });
  browser = await openBrowser();
  await gateway.addProject();
  id = (await gateway.submit({ name: "long-log", mode: "lines", steps: LINES })).id;
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await gateway?.stop();
});

const onPage = (path, options, work) => visit(browser, gateway, path, options, work);
const nodes = (page) => page.evaluate(() => document.querySelectorAll("*").length);

const assets = join(root, "build/web/assets");
const size = (name) => statSync(join(assets, existsSync(join(assets, `${name}.gz`)) ? `${name}.gz` : name)).size;
const sum = (names) => names.reduce((all, name) => all + size(name), 0);
const KB = 1024;

describe("budgets", () => {
  test("bytes: first load, chunks, all scripts, style", () => {
    const index = readFileSync(join(root, "build/web/index.html"), "utf8");
    const files = readdirSync(assets).filter((name) => /\.(js|css)$/.test(name));
    const scripts = files.filter((name) => name.endsWith(".js"));
    const first = scripts.filter((name) => index.includes(name));
    const style = files.filter((name) => name.endsWith(".css"));
    console.log(`first load ${sum(first)} B gz, all scripts ${sum(scripts)} B gz, style ${sum(style)} B gz`);
    assert.ok(sum(first) <= 35 * KB, `first load: ${sum(first)} B gz`);
    for (const name of scripts.filter((one) => !first.includes(one))) assert.ok(size(name) <= 60 * KB, `${name}: ${size(name)} B gz`);
    assert.ok(sum(scripts) <= 160 * KB, `all scripts: ${sum(scripts)} B gz`);
    assert.ok(sum(style) <= 12 * KB, `style: ${sum(style)} B gz`);
  });

  test("packages: at most 60 installed, 12 at run time", () => {
    const lock = JSON.parse(readFileSync(join(root, "web/package-lock.json"), "utf8"));
    const own = JSON.parse(readFileSync(join(root, "web/package.json"), "utf8"));
    const installed = Object.entries(lock.packages).filter(([path, one]) => path && (!one.optional || existsSync(join(root, "web", path))));
    assert.ok(installed.length <= 60, `${installed.length} installed`);
    assert.ok(Object.keys(own.dependencies).length <= 12);
    assert.ok(!Object.values(lock.packages).some((one) => one.resolved), "the lockfile names a host");
  });

  test("requests before the first rows: at most 6, one origin", () => onPage("/jobs", {
    prepare: (page) => page.addInitScript(() => {
      new MutationObserver((_, watcher) => {
        if (!document.querySelector(".rows .tr")) return;
        watcher.disconnect();
        window.asked = [location.href, ...performance.getEntriesByType("resource").map((one) => one.name)];
      }).observe(document, { childList: true, subtree: true });
    }),
  }, async (page) => {
    await rows(page);
    // Typefaces are not waited for: the browser asks for them at its first text, before the rows where these are slow.
    const asked = (await page.evaluate(() => window.asked)).filter((url) => !/^data:|\.woff2$/.test(url));
    assert.ok(asked.some((url) => url.includes("/api/v1/jobs?")) && asked.length <= 6, asked.join("\n"));
    assert.equal(new Set(page.requests.filter((url) => !url.startsWith("data:")).map((url) => new URL(url).origin)).size, 1);
  }));

  test("a list that comes after the stream has opened is asked for once", () => onPage("/jobs", {
    prepare: (page) => page.route(/\/api\/v1\/jobs\?.*total=true/, async (route) => { await sleep(1500); await route.continue(); }),
  }, async (page) => {
    await rows(page);
    await sleep(1000);
    assert.equal(page.requests.filter((url) => /\/api\/v1\/jobs\?.*total=true/.test(url)).length, 1);
  }));

  test(`the list of ${JOBS} jobs: fewer than 1,200 nodes, at its start and deep inside`, { timeout: 60_000 }, () => onPage("/jobs", {}, async (page) => {
    await rows(page);
    const total = Number(await page.getAttribute("[role=table]", "aria-rowcount"));
    assert.ok(total > JOBS, `${total} rows`);
    assert.ok(await nodes(page) < 1200, `${await nodes(page)} nodes`);
    for (let at = 0; at < 6; at++) {
      await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
      await page.waitForFunction((was) => Number(document.querySelector(".rows .tr:last-child")?.getAttribute("aria-rowindex")) > was, at * 100);
    }
    assert.ok(await nodes(page) < 1200, `${await nodes(page)} nodes`);
  }));

  test(`a log of ${LINES} lines: fewer than 800 nodes, at its end, its start and a match`, { timeout: 400_000 }, async () => {
    await gateway.job(id, "completed", 300_000);
    await onPage(`/jobs/${id}/log`, {}, async (page) => {
      const shown = async (line) => {
        await page.waitForFunction((wanted) => [...document.querySelectorAll(".ll .ln")].some((one) => Number(one.textContent) === wanted), line);
        assert.ok(await nodes(page) < 800, `${await nodes(page)} nodes at line ${line}`);
      };
      await page.waitForSelector(".ll");
      await until("the last line", async () => (await page.textContent(".ll:last-child")).includes("done"));
      assert.ok(await nodes(page) < 800, `${await nodes(page)} nodes`);
      await page.focus(".log");
      await page.keyboard.press("g");
      await page.keyboard.press("g");
      await shown(1);
      await page.keyboard.press("/");
      await page.keyboard.type("line 49999");
      await page.waitForSelector("text=/1 of 11/");
      assert.ok(await nodes(page) < 800, `${await nodes(page)} nodes at a match`);
    });
  });

  test("assets are immutable and compressed, the page is not kept", async () => {
    const index = await fetch(`${gateway.url}/jobs/1`);
    assert.equal(index.headers.get("cache-control"), "no-cache");
    const script = /src="([^"]*main-[^"]*)"/.exec(await index.text())[1];
    const asset = await fetch(`http://127.0.0.1:${gateway.port}${script}`, { headers: { "Accept-Encoding": "br" } });
    assert.match(asset.headers.get("cache-control"), /immutable/);
    assert.equal(asset.headers.get("content-encoding"), "br");
    assert.match(asset.headers.get("content-security-policy"), /script-src 'self'/);
  });
});
