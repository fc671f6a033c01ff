// The page in Debian's Chromium against a real gateway: what it shows, what it does, what it weighs, and that nothing
// goes wrong on the way. make test-page.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { rows } from "./steps.mjs";
import { axe, Gateway, openBrowser, openTab, root, seed, sleep, until, visit, wrongs } from "./support.mjs";
import { shots } from "./pages.mjs";

let gateway;
let browser;
let ids;

before(async () => {
  gateway = await Gateway.start();
  browser = await openBrowser();
  ids = await seed(gateway);
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await gateway?.stop();
});

const onPage = (path, options, work) => visit(browser, gateway, path, options, work);


describe("accessibility", () => {
  for (const theme of ["light", "dark"])
    for (const width of [1440, 390])
      test(`axe finds nothing: ${theme}, ${width} px`, { timeout: 180_000 }, async () => {
        const found = [];
        for (const shot of shots(ids)) {
          const page = await openTab(browser, gateway, { width, height: 900, theme });
          await page.at(shot.path);
          await shot.ready?.(page);
          await sleep(150);
          for (const line of await axe(page)) found.push(`${shot.name}: ${line}`);
          for (const line of await wrongs(page)) found.push(`${shot.name}: ${line}`);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (over > 0) found.push(`${shot.name}: ${over} px too wide`);
          await page.context().close();
        }
        assert.deepEqual(found, []);
      });

  test("no page scrolls sideways at 320 px", { timeout: 90_000 }, async () => {
    for (const shot of shots(ids))
      await onPage(shot.path, { width: 320, height: 640 }, async (page) => {
        await shot.ready?.(page);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320, shot.name);
      });
  });
});

describe("jobs", () => {
  test("a new job appears and ends by itself", async () => {
    await onPage("/jobs", {}, async (page) => {
      await rows(page);
      await until("the stream", async () => (await page.textContent(".live")).includes("Live"));
      const { id } = await gateway.submit({ name: "appears-by-itself", mode: "ok", steps: 3 });
      await page.waitForSelector("text=appears-by-itself");
      await gateway.post(`/jobs/${id}/cancel`);
      await page.waitForSelector(`.tr:has-text("appears-by-itself") .badge:has-text("Cancelled"), .tr:has-text("appears-by-itself") .badge:has-text("Completed")`);
    });
  });

  test("the filter stands in the address, completes and clears", async () => {
    await onPage("/jobs", {}, async (page) => {
      await rows(page);
      await page.keyboard.press("/");
      await page.keyboard.type("state:fa");
      await page.waitForSelector("#filter-offers [role=option]");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await until("the address", () => page.url().includes("filter=state%3Afailed"));
      await until("the rows", async () => (await page.locator(".rows .tr").count()) === (await page.locator(".rows .b-bad").count()));
      await page.reload();
      await rows(page);
      assert.equal(await page.inputValue(".combo input"), "state:failed");
      await page.click('[aria-label="Clear the filter"]');
      await until("all rows", async () => (await page.locator(".rows .b-ok").count()) > 0);
    });
  });

  test("a wrong filter is explained in the gateway's words", async () => {
    const page = await openTab(browser, gateway);
    await page.at("/jobs?filter=colour:red");
    await page.waitForSelector(".notice.n-bad");
    assert.match(await page.textContent(".notice.n-bad"), /known are state cluster/);
    await page.context().close();
  });

  test("the cancel of a waiting job can be taken back", async () => {
    await onPage("/jobs?filter=name:grid-seed-3", {}, async (page) => {
      await rows(page);
      await page.keyboard.press("j");
      await page.keyboard.press("e");
      await page.click("text=Undo");
      await sleep(5500);
      const job = await gateway.get(`/jobs/${ids.waiting3}`);
      assert.equal(job.cancel_requested_at, undefined);
    });
  });

  test("selected jobs are tagged and archived by keyboard alone", async () => {
    await onPage("/jobs?filter=name:eval-mmlu", {}, async (page) => {
      await rows(page);
      await page.keyboard.press("j");
      await page.keyboard.press("x");
      await page.waitForSelector("text=1 selected");
      await page.click("text=Tag");
      await page.waitForFunction(() => document.activeElement?.tagName === "INPUT");
      await page.keyboard.type("flaky");
      await page.keyboard.press("Enter");
      await until("the tag", async () => (await gateway.get(`/jobs/${ids.exit}`)).tags?.includes("flaky"));
      await page.waitForSelector('.tr .chip:has-text("flaky")');
    });
  });

  test("names that would like to be code stay text", async () => {
    await onPage("/jobs", {}, async (page) => {
      await rows(page);
      assert.equal(await page.textContent('.jobname:has-text("onerror")'), "<img src=x onerror=window.hacked=1>");
      assert.equal(await page.locator("main img").count(), 0);
    });
    await onPage(`/jobs/${ids.hostile}`, {}, async (page) => {
      await page.waitForSelector(".ll");
      assert.equal(await page.locator("main img, main script").count(), 0);
      assert.match(await page.title(), /^<img src=x/);
      const text = await page.textContent(".log");
      assert.ok(text.includes("\u2039U+202E\u203a") && text.includes("more characters"));
    });
  });

  test("the palette finds a job and goes there", async () => {
    await onPage("/jobs", {}, async (page) => {
      await rows(page);
      await page.keyboard.press("Control+k");
      await page.waitForSelector(".palette");
      await page.keyboard.type("whisper");
      await page.waitForSelector('.palette [role=option]:has-text("whisper-finetune")');
      await page.keyboard.press("Enter");
      await until("the job's page", () => page.url().endsWith(`/jobs/${ids.running2}`));
    });
  });
});

describe("job", () => {
  test("the log is searched whole, counted exactly, and linked by line", async () => {
    await onPage(`/jobs/${ids.good}/log`, {}, async (page) => {
      await page.waitForSelector(".ll");
      await page.keyboard.press("/");
      await page.keyboard.type("warning");
      await page.waitForSelector("text=1 of 30");
      await page.keyboard.press("Enter");
      await page.waitForSelector("text=2 of 30");
      await page.locator(".ll .ln").nth(3).click();
      await until("the link", () => /#L\d+$/.test(page.url()));
      const line = page.url().split("#L")[1];
      await page.reload();
      await page.waitForSelector(".ll.hl");
      assert.equal((await page.textContent(".ll.hl .ln")).trim(), line);
    });
  });

  test("a running log is followed", async () => {
    await onPage(`/jobs/${ids.running}/log`, {}, async (page) => {
      await page.waitForSelector(".ll");
      const last = () => page.locator(".ll .ln").last().textContent().then(Number);
      const first = await last();
      await until("new lines", async () => (await last()) > first + 3);
    });
  });

  test("the log's rows stay few", async () => {
    await onPage(`/jobs/${ids.good}/log`, {}, async (page) => {
      await page.waitForSelector(".ll");
      assert.ok((await page.locator(".ll").count()) < 120);
      assert.ok((await page.evaluate(() => document.querySelectorAll("*").length)) < 1200);
    });
  });

  test("script, configuration and history tell what was", async () => {
    await onPage(`/jobs/${ids.cuda}/script`, {}, async (page) => { await page.waitForSelector(".listing .cl"); });
    await onPage(`/jobs/${ids.cuda}/config`, {}, async (page) => {
      await page.waitForSelector("table.config tbody tr");
      assert.match(await page.textContent("table.config"), /lr/);
    });
    await onPage(`/jobs/${ids.cuda}/history`, {}, async (page) => { await page.waitForSelector(".history li:nth-child(3)"); });
  });

  test("a job that is not there is said plainly", async () => {
    const page = await openTab(browser, gateway);
    await page.at("/jobs/99999");
    await page.waitForSelector(".notice.n-bad");
    assert.match(await page.textContent(".notice.n-bad"), /99999/);
    await page.context().close();
  });
});

describe("the connection", () => {
  test("one stream for all tabs of a browser", async () => {
    const first = await openTab(browser, gateway);
    await first.at("/jobs");
    await until("the stream", async () => (await first.textContent(".live")).includes("Live"));
    const second = await first.context().newPage();
    const asked = [];
    second.on("request", (request) => asked.push(request.url()));
    await second.goto(`${gateway.url}/jobs`);
    await second.waitForSelector(".rows .tr");
    await until("the leader's word", async () => (await second.textContent(".live")).includes("Live"));
    const { id } = await gateway.submit({ name: "seen-by-both", steps: 2 });
    await second.waitForSelector("text=seen-by-both");
    assert.equal(asked.filter((url) => url.includes("/events")).length, 0);
    await gateway.post(`/jobs/${id}/cancel`);
    await first.context().close();
  });

  test("a gateway that ends and comes back is told and found again", { timeout: 60_000 }, async () => {
    const page = await openTab(browser, gateway);
    await page.at("/jobs");
    await rows(page);
    await until("the stream", async () => (await page.textContent(".live")).includes("Live"));
    await gateway.end();
    await page.waitForSelector(".banner", { timeout: 20_000 });
    assert.ok((await page.locator(".rows .tr").count()) > 0, "what was known stays");
    await gateway.serve();
    await page.waitForSelector(".banner", { state: "detached", timeout: 30_000 });
    await page.context().close();
  });

  test("it works below a base path, whichever address is opened first", async () => {
    const other = await Gateway.start({ basePath: "/gate" });
    try {
      const page = await openTab(browser, other);
      await page.at("/jobs/7/log");
      await page.waitForSelector(".notice.n-bad");
      page.wrong.length = 0;
      await page.click(".nav a.brand");
      await page.waitForSelector("text=No jobs yet");
      assert.equal(new URL(page.url()).pathname, "/gate/jobs");
      assert.deepEqual(await wrongs(page), []);
      await page.context().close();
    } finally {
      await other.stop();
    }
  });
});

describe("budgets", () => {
  const assets = join(root, "build/web/assets");
  const size = (name) => (existsSync(join(assets, `${name}.gz`)) ? statSync(join(assets, `${name}.gz`)).size : statSync(join(assets, name)).size);
  const files = () => readdirSync(assets).filter((name) => /\.(js|css)$/.test(name));

  test("bytes: first load, chunks, style", () => {
    const index = readFileSync(join(root, "build/web/index.html"), "utf8");
    const first = files().filter((name) => name.endsWith(".js") && index.includes(name));
    const sum = (names) => names.reduce((all, name) => all + size(name), 0);
    const scripts = files().filter((name) => name.endsWith(".js"));
    console.log(`first load ${sum(first)} B gz, all scripts ${sum(scripts)} B gz, style ${sum(files().filter((name) => name.endsWith(".css")))} B gz`);
    assert.ok(sum(first) <= 45 * 1024, `first load: ${sum(first)} B gz`);
    for (const name of scripts.filter((name) => !first.includes(name))) assert.ok(size(name) <= 60 * 1024, `${name}: ${size(name)} B gz`);
    assert.ok(sum(scripts) <= 160 * 1024, `all scripts: ${sum(scripts)} B gz`);
    assert.ok(sum(files().filter((name) => name.endsWith(".css"))) <= 12 * 1024);
  });

  test("packages: at most 60 installed, 12 at run time", () => {
    const lock = JSON.parse(readFileSync(join(root, "web/package-lock.json"), "utf8"));
    const own = JSON.parse(readFileSync(join(root, "web/package.json"), "utf8"));
    const installed = Object.entries(lock.packages).filter(([path, one]) => path && (!one.optional || existsSync(join(root, "web", path))));
    assert.ok(installed.length <= 60, `${installed.length} installed`);
    assert.ok(Object.keys(own.dependencies).length <= 12);
    assert.ok(!Object.values(lock.packages).some((one) => one.resolved), "the lockfile names a host");
  });

  test("requests before the first rows: at most 6, one origin", async () => {
    await onPage("/jobs", {}, async (page) => {
      await rows(page);
      const seen = page.requests.filter((url) => !url.startsWith("data:"));
      const until = seen.findIndex((url) => url.includes("/api/v1/jobs?"));
      assert.ok(until >= 0 && until < 6, seen.join("\n"));
      assert.equal(new Set(seen.map((url) => new URL(url).origin)).size, 1);
    });
  });

  test("nothing jumps while the page loads", async () => {
    await onPage("/jobs", {}, async (page) => {
      await rows(page);
      await sleep(800);
      const shift = await page.evaluate(() => new Promise((done) => {
        let sum = 0;
        new PerformanceObserver((list) => { for (const entry of list.getEntries()) sum += entry.hadRecentInput ? 0 : entry.value; }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => done(sum), 200);
      }));
      assert.ok(shift <= 0.02, `CLS ${shift}`);
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
