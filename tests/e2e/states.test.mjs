// What the page says and allows when the gateway is gone, is slow or refuses, what it keeps meanwhile, and its keys.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Proxy } from "./proxy.mjs";
import { inScript, live, previewed, rows } from "./steps.mjs";
import { axe, Gateway, openBrowser, openTab, sleep, until, visit } from "./support.mjs";

let gateway;
let proxy;
let browser;
const ids = {};

before(async () => {
  gateway = await Gateway.start({ basePath: "/gate", slots: 1 });
  proxy = await Proxy.start(gateway);
  browser = await openBrowser();
  await gateway.addProject();
  for (const [key, fields] of Object.entries({ ended: { name: "ended", steps: 80 }, failed: { name: "failed", mode: "cuda", steps: 3 }, pieces: { name: "pieces", mode: "lines", steps: 9000 } })) ids[key] = (await gateway.submit(fields)).id;
  for (const id of Object.values(ids)) await gateway.job(id, ["completed", "failed"]);
  ids.running = (await gateway.submit({ name: "runs-on", steps: 20_000, pause: 0.3 })).id;
  await gateway.job(ids.running, "running");
  for (const at of [1, 2, 3]) ids[`waits${at}`] = (await gateway.submit({ name: `waits-${at}`, steps: 5 })).id;
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await proxy?.stop();
  await gateway?.stop();
});

const broken = /Failed to load resource|ERR_|net::/; // what the browser itself says of a connection that is cut
const onPage = (path, options, work) => visit(browser, proxy, path, options, work);

/** Presses the keys one by one. */
async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

describe("the connection", () => {
  test("one stream for all tabs of a browser", { timeout: 60_000 }, async () => {
    const first = await openTab(browser, proxy);
    await first.at("/jobs");
    await live(first);
    const second = await first.context().newPage();
    const asked = [];
    second.on("request", (request) => asked.push(request.url()));
    await second.goto(`${proxy.url}/jobs`);
    await rows(second);
    await live(second);
    const { id } = await gateway.submit({ name: "seen-by-both", steps: 2 });
    await second.waitForSelector("text=seen-by-both");
    assert.equal(asked.filter((url) => url.includes("/events")).length, 0);
    await gateway.post(`/jobs/${id}/cancel`);
    await first.context().close();
  });

  test("a part whose code does not come says so, and comes with a reload", { timeout: 60_000 }, () => onPage("/jobs", { allow: broken }, async (page) => {
    await rows(page);
    let away = true; // until the reload: the part tries by itself, too, when it is told and when the link comes back
    await page.route("**/*", (route) => {
      if (route.request().isNavigationRequest()) away = false;
      return away && route.request().url().endsWith(".js") ? route.abort() : route.continue();
    });
    await page.click('nav a[href$="/settings"]');
    await until("it is told", async () => (await page.textContent("main")).includes("This part of the page did not come"));
    await page.click("text=Reload the page");
    await until("settings are there", async () => (await page.textContent("main h1")) === "Settings");
  }));

  test("a gateway that is killed is told, writes are off with the reason, and all comes back", { timeout: 120_000 }, () => onPage(`/jobs/${ids.running}`, { allow: broken }, async (page) => {
    await live(page);
    await page.waitForSelector(".ll");
    const cancel = page.locator(".jobacts button:has-text('Cancel')");
    assert.equal(await cancel.isDisabled(), false);
    gateway.process.kill("SIGKILL");
    await page.waitForSelector(".live:has-text('Reconnecting, data from')", { timeout: 60_000 });
    await page.waitForSelector(".banner:has-text('Reconnecting')");
    assert.equal(await page.locator(".banner").count(), 1);
    assert.equal(await cancel.isDisabled(), true);
    assert.equal(await cancel.getAttribute("title"), "The gateway cannot be reached");
    assert.ok(await page.locator(".ll").count() > 0, "what was known stays");
    assert.deepEqual(await axe(page), []);
    await gateway.serve();
    await page.waitForSelector(".banner", { state: "detached", timeout: 60_000 });
    await live(page);
    assert.equal(await cancel.isDisabled(), false);
    const last = () => page.locator(".ll .ln").last().textContent().then(Number);
    const was = await last();
    await until("the log to go on", async () => (await last()) > was, 60_000);
  }));

  test("a list that is cut off keeps its rows, and is right again without a reload", { timeout: 120_000 }, () => onPage("/jobs", { allow: broken }, async (page) => {
    await rows(page);
    await live(page);
    const before = await page.locator(".rows .tr").count();
    proxy.cut(true);
    await page.waitForSelector(".banner", { timeout: 60_000 });
    assert.equal(await page.locator(".rows .tr").count(), before);
    const { id } = await gateway.submit({ name: "made-meanwhile", steps: 2 });
    proxy.cut(false);
    await page.waitForSelector("text=made-meanwhile", { timeout: 60_000 });
    await page.waitForSelector(".banner", { state: "detached" });
    await gateway.post(`/jobs/${id}/cancel`);
  }));

  test("an answer with a fault is shown where it belongs, and Retry mends it", { timeout: 60_000 }, () => onPage("/projects", { allow: broken, prepare: () => { proxy.fault = (path) => (path.includes("/projects") && path.includes("/api/") ? 503 : undefined); } }, async (page) => {
    await page.waitForSelector(".notice.n-bad:has-text('503')");
    assert.deepEqual(await axe(page), []);
    assert.ok(await page.locator(".nav a").count() > 3, "the rest of the page stays");
    proxy.fault = undefined;
    await page.click(".notice.n-bad button:has-text('Retry')");
    await page.waitForSelector(".projectlist tbody tr");
    assert.equal(await page.locator(".notice.n-bad").count(), 0);
  }).finally(() => { proxy.fault = undefined; }));
});

describe("no answer at all", () => {
  // The page's own patience is longer than that of a test.
  const hurry = () => { const wait = AbortSignal.timeout; AbortSignal.timeout = (ms) => wait.call(AbortSignal, window.patient ? ms : 500); };
  const prepare = async (page) => { await page.addInitScript(hurry); await page.route("**/api/v1/projects", () => undefined); };

  test("is told after a while, and Retry mends it", { timeout: 60_000 }, () => onPage("/projects", { prepare }, async (page) => {
    await page.waitForSelector(".notice.n-bad:has-text('has not answered')");
    await page.evaluate(() => { window.patient = true; });
    await page.unroute("**/api/v1/projects");
    await page.click(".notice.n-bad button:has-text('Retry')");
    await page.waitForSelector(".projectlist tbody tr");
    assert.equal(await page.locator(".notice.n-bad").count(), 0);
  }));
});

describe("nothing yet", () => {
  test("an empty gateway says what will be there and what to do", { timeout: 60_000 }, async () => {
    const empty = await Gateway.start();
    try {
      for (const [path, text] of [["/jobs", "No jobs yet"], ["/launch", "No project yet"], ["/projects", "No project yet"]])
        await visit(browser, empty, path, {}, async (page) => {
          await page.waitForSelector(`main:has-text("${text}")`);
          assert.ok(await page.locator("main a.btn, main button, main input").count() > 0, path);
          assert.deepEqual(await axe(page), [], path);
        });
    } finally {
      await empty.stop();
    }
  });

  test("a filter that fits nothing is shown, with the way out", { timeout: 30_000 }, () => onPage("/jobs?filter=tag:nothing", {}, async (page) => {
    await page.waitForSelector(".empty code:has-text('tag:nothing')");
    await page.click(".empty button");
    await rows(page);
    assert.ok(!page.url().includes("filter"));
  }));
});

describe("what is done is done once", () => {
  test("the cancel of a waiting job goes out after five seconds, but not where it was taken back", { timeout: 60_000 }, () => onPage("/jobs?filter=name:waits-", {}, async (page) => {
    await page.waitForSelector(".tr:has-text('waits-3')");
    await press(page, "j", "e");
    await page.click("text=Undo");
    await page.waitForSelector(".toast:has-text('Kept')");
    await press(page, "j", "e");
    await page.waitForSelector(".toast:has-text('waits-2')");
    assert.equal((await gateway.get(`/jobs/${ids.waits2}`)).cancel_requested_at, undefined);
    await gateway.job(ids.waits2, "cancelled"); // asked for later than the other
    assert.equal((await gateway.get(`/jobs/${ids.waits3}`)).cancel_requested_at, undefined);
  }));

  test("the cancel of a waiting job goes out though the page is left", { timeout: 60_000 }, async () => {
    await onPage("/jobs?filter=name:waits-1", {}, async (page) => {
      await rows(page);
      await press(page, "j", "e");
      await page.waitForSelector(".toast:has-text('Cancelling')");
      await page.goto("about:blank");
      await gateway.job(ids.waits1, "cancelled", 45_000);
      await page.at("/jobs");
    });
  });
});

describe("the keyboard map", () => {
  test("g and a letter goes to a page, ? tells all, Escape leaves", { timeout: 60_000 }, () => onPage("/jobs", {}, async (page) => {
    await rows(page);
    for (const [key, path] of [["l", "launch"], ["p", "projects"], ["u", "clusters"], ["j", "jobs"]]) {
      await press(page, "g", key);
      await page.waitForURL(new RegExp(`/gate/${path}`));
      await page.waitForSelector("main h1");
    }
    await rows(page);
    await press(page, "?");
    const help = await page.waitForSelector(".keyhelp[open], dialog.keyhelp");
    const said = await help.textContent();
    for (const label of ["Next job", "Open the job", "Select the job", "Cancel the job", "Filter", "Launch", "Clusters"]) assert.ok(said.includes(label), `${label} in ${said}`);
    await press(page, "Tab", "Tab", "Tab"); // goes round: two stops
    assert.ok(await page.evaluate(() => document.querySelector("dialog").contains(document.activeElement)), "focus left the dialog");
    await press(page, "Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    await press(page, "?");
    await page.waitForSelector("dialog.keyhelp");
    await page.click(".nav a[href$='/launch']", { force: true }); // beside it: closes it, and is no click on what is behind
    await page.waitForSelector("dialog", { state: "detached" });
    assert.match(page.url(), /\/jobs$/);
  }));

  test("j k x Enter y on the list", { timeout: 60_000 }, () => onPage("/jobs", { prepare: (page) => page.context().grantPermissions(["clipboard-read", "clipboard-write"]) }, async (page) => {
    await rows(page);
    const at = () => page.getAttribute(".tr.cursor", "aria-rowindex").then(Number);
    await press(page, "j", "j");
    assert.equal(await at(), 3);
    await press(page, "k");
    assert.equal(await at(), 2);
    await press(page, "x");
    await page.waitForSelector("text=1 selected");
    await press(page, "Escape");
    await page.waitForSelector("text=1 selected", { state: "detached" });
    const id = (await page.textContent(".tr.cursor .id")).trim();
    await press(page, "y");
    await page.waitForSelector(`.toast:has-text("Copied ${id}")`);
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), id);
    await press(page, "Enter");
    await page.waitForURL(new RegExp(`/jobs/${id}$`));
    await page.waitForSelector(".jh h1");
    await press(page, "Escape");
    await page.waitForURL(/\/jobs$/);
  }));

  test("/ leads to the filter, out of a selection too", { timeout: 60_000 }, () => onPage("/jobs", {}, async (page) => {
    await rows(page);
    const inFilter = () => page.waitForFunction(() => document.activeElement?.matches(".combo input"));
    await press(page, "/");
    await inFilter();
    await press(page, "Escape", "Escape", "j", "x"); // the offers, then the filter
    await page.waitForSelector("text=1 selected");
    await press(page, "/", "e", "n", "d");
    await inFilter();
    assert.equal(await page.inputValue(".combo input"), "end");
    assert.equal(await page.locator(".rows input:checked").count(), 0);
    await page.waitForSelector("text=1 selected", { state: "detached" });
  }));

  test("Escape on a job leads back to the list as it was left", { timeout: 60_000 }, () => onPage("/jobs?filter=state:failed&sort=oldest", {}, async (page) => {
    await rows(page);
    await page.click(".rows .tr .jobname");
    await page.waitForSelector(".jh h1");
    await page.click(".tabs a:has-text('Log')");
    await page.waitForURL(/\/log$/);
    await press(page, "Escape");
    await page.waitForURL(/\/jobs\?filter=state%3Afailed&sort=oldest$/);
    await rows(page);
    assert.equal(await page.inputValue(".combo input"), "state:failed");
  }));

  test("the keys of what appears work at once", { timeout: 60_000 }, () => onPage("/jobs", {}, async (page) => {
    await rows(page);
    await press(page, "j");
    const isCleared = await page.evaluate(() => new Promise((done) => {
      const key = (name) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
      const isThere = () => document.querySelector("main").textContent.includes("1 selected");
      new MutationObserver((_, observer) => {
        if (!isThere()) return;
        observer.disconnect();
        key("Escape");
        setTimeout(() => done(!isThere()), 500);
      }).observe(document.body, { childList: true, subtree: true, characterData: true });
      key("x");
    }));
    assert.ok(isCleared);
  }));

  test("f w n N ] [ g g G in the log", { timeout: 60_000 }, () => onPage(`/jobs/${ids.ended}/log?q=loss`, {}, async (page) => {
    await page.waitForSelector(".ll");
    await page.waitForSelector("text=/1 of \\d+/");
    await page.focus(".log");
    await press(page, "n");
    await page.waitForSelector("text=/2 of \\d+/");
    await press(page, "N");
    await page.waitForSelector("text=/1 of \\d+/");
    await press(page, "w");
    await page.waitForSelector(".log.wrap");
    await press(page, "w");
    await page.waitForSelector(".log:not(.wrap)");
    await press(page, "g", "g");
    await page.waitForFunction(() => document.querySelector(".log").scrollTop === 0);
    await press(page, "]");
    await page.waitForSelector(".ll.hl:has-text('WARNING')");
    const isAtEnd = () => { const log = document.querySelector(".log"); return log.scrollHeight - log.scrollTop - log.clientHeight < 30; };
    for (let tries = 0; tries < 8 && !(await page.evaluate(isAtEnd)); tries++) { // the way to the warning may still be under way
      await press(page, "G");
      await page.waitForFunction(isAtEnd, undefined, { timeout: 3_000 }).catch(() => undefined);
    }
    assert.ok(await page.evaluate(isAtEnd));
    await press(page, "[");
    await page.waitForSelector(".ll.hl:has-text('WARNING')");
    await press(page, "f");
    await page.waitForSelector(".tog[aria-pressed=true]");
  }));

  test("s and l at the charts", { timeout: 60_000 }, () => onPage(`/jobs/${ids.ended}/metrics`, {}, async (page) => {
    await page.waitForSelector(".chart canvas");
    await press(page, "l");
    await page.waitForURL(/[?&]log=1/);
    await press(page, "s");
    await page.waitForURL(/[?&]smooth=/);
  }));

  test("single keys are off while typing, and can be switched off altogether", { timeout: 60_000 }, () => onPage("/jobs", {}, async (page) => {
    await rows(page);
    await press(page, "/");
    await page.keyboard.type("jx?");
    assert.equal(await page.inputValue(".combo input"), "jx?");
    assert.equal(await page.locator("dialog").count() + await page.locator(".tr.cursor").count(), 0);
    await page.at("/settings");
    await page.click("label:has-text('On') input[type=checkbox]");
    await page.at("/jobs");
    await rows(page);
    await press(page, "j", "?");
    assert.equal(await page.locator("dialog").count() + await page.locator(".tr.cursor").count(), 0);
    await press(page, "Control+k");
    await page.waitForSelector(".palette");
  }));

  test("the palette is there on every page", { timeout: 60_000 }, async () => {
    const page = await openTab(browser, proxy);
    for (const path of ["/jobs", `/jobs/${ids.ended}`, "/launch", "/projects", "/clusters", "/settings"]) {
      await page.at(path);
      await page.waitForSelector("main h1");
      await press(page, "Control+k");
      await page.waitForSelector(".palette [role=option]");
    }
    await page.keyboard.type("clusters");
    await page.waitForSelector(".palette [role=option][aria-selected=true]:has-text('Clusters')");
    await press(page, "Enter");
    await page.waitForURL(/\/clusters$/);
    await page.context().close();
  });
});

/** All of the log is held, its last line seen, and it stays so. */
async function isFollowedToItsEnd(page) {
  await page.waitForSelector(".ll:has-text('done')", { timeout: 8000 });
  await sleep(400);
  assert.equal(await page.getAttribute(".logcard .tog", "aria-pressed"), "true");
  assert.ok(await page.evaluate(() => { const log = document.querySelector(".log"); return log.scrollHeight > 9000 * 20 && log.scrollHeight - log.scrollTop - log.clientHeight < 2; }));
}

describe("the log's end", () => {
  for (const width of [1280, 390])
    test(`a log that comes in two pieces opens at its end, and only a hand lets go of it: ${width} px`, { timeout: 90_000 }, async () => {
      for (const path of ["", "/log", "", "/log", "", "/log"]) await onPage(`/jobs/${ids.pieces}${path}`, { width }, isFollowedToItsEnd);
      await onPage(`/jobs/${ids.pieces}/log`, { width }, async (page) => {
        const released = () => page.waitForSelector(".logcard .tog[aria-pressed=false]");
        await isFollowedToItsEnd(page);
        await page.focus(".log");
        await press(page, "PageUp");
        await released();
        await press(page, "G");
        await isFollowedToItsEnd(page);
        await page.hover(".log");
        await page.mouse.wheel(0, -300);
        await released();
      });
    });
});

/** Whether the text stands on one line. */
const isOnOneLine = (page, selector) => page.evaluate((wanted) => {
  const range = document.createRange();
  const element = document.querySelector(wanted);
  range.selectNodeContents(element);
  return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size === 1 && element.clientHeight < 30;
}, selector);

describe("titles beside a long text", () => {
  for (const [theme, width] of [["light", 1280], ["dark", 390]]) {
    test(`More of the launch form is one word beside its arrow: ${theme}, ${width} px`, { timeout: 60_000 }, () => onPage("/launch?project=page-tests", { width, theme }, async (page) => {
      await previewed(page);
      await page.evaluate(() => { document.querySelector(".more summary .sm").textContent = "tags, experiment group, job array, after other jobs, not before, node features, nodes to avoid, reservation, description"; });
      assert.ok(await isOnOneLine(page, ".more summary h2"));
    }));

    test(`the count of a long log leaves its title whole: ${theme}, ${width} px`, { timeout: 60_000 }, () => onPage(`/jobs/${ids.running}`, {
      width, theme, prepare: (page) => page.route("**/log?**", (route) => {
        const body = Array.from({ length: 20_401 }, (_, at) => (at % 16 ? `line ${at}` : `WARNING ${at}`)).join("\n");
        return route.fulfill({ body, headers: { "X-Sluice-Offset": "600000", "X-Sluice-Line": "80000", "X-Sluice-Size": String(600_000 + body.length) } });
      }),
    }, async (page) => {
      await page.waitForSelector(".ll");
      await page.waitForSelector(".alarms");
      if (width > 760) assert.ok(await isOnOneLine(page, ".lt h2"));
      assert.ok(await page.evaluate(() => { const bar = document.querySelector(".lt"); return bar.scrollWidth <= bar.clientWidth; }));
    }));
  }

  for (const width of [320, 390]) {
    test(`Launch stands on one line beside the project's commit: ${width} px`, { timeout: 60_000 }, () => onPage("/launch?project=page-tests", {
      width, prepare: (page) => page.route(/\/api\/v1\/projects/, async (route) => {
        const response = await route.fetch();
        const json = await response.json();
        for (const project of json.items ?? [json]) Object.assign(project, { branch: "master", sha: "9eada1d".padEnd(40, "0") });
        await route.fulfill({ response, json });
      }),
    }, async (page) => {
      await page.waitForSelector(".pagehead .chip:has-text('9eada1d')");
      assert.ok(await isOnOneLine(page, ".pagehead h1"));
    }));
  }
});

describe("typed values", () => {
  test("survive a gateway that was away, and a reload meanwhile", { timeout: 90_000 }, () => onPage("/launch?project=page-tests", { allow: broken }, async (page) => {
    await previewed(page);
    await page.fill("[id='f-param_lr']", "0.0625");
    await page.fill("#f-name", "kept-meanwhile");
    await sleep(50);
    await page.reload();
    await page.waitForSelector(".notice:has-text('Your unsent values are back')");
    assert.equal(await page.inputValue("[id='f-param_lr']"), "0.0625");
    proxy.cut(true);
    await page.waitForSelector(".banner", { timeout: 60_000 });
    assert.equal(await page.locator(".launchbtn").isDisabled(), true);
    proxy.cut(false);
    await page.waitForSelector(".banner", { state: "detached", timeout: 60_000 });
    assert.equal(await page.inputValue("#f-name"), "kept-meanwhile");
    assert.equal(await page.locator(".launchbtn").isDisabled(), false);
  }));

  test("are asked about once the gateway is back", { timeout: 90_000 }, () => onPage("/launch?project=page-tests", { allow: broken }, async (page) => {
    await previewed(page);
    await live(page);
    proxy.cut(true);
    await page.fill("[id='f-param_lr']", "0.03125");
    await page.waitForSelector(".checks .k-bad:has-text('No connection to the gateway')");
    await page.waitForSelector(".oldnote");
    await page.waitForSelector(".banner", { timeout: 60_000 });
    proxy.cut(false);
    await page.waitForSelector(".banner", { state: "detached", timeout: 60_000 });
    await page.waitForSelector(".checks .k-ok:has-text('Accepted by')", { timeout: 20_000 });
    assert.equal(await page.locator(".checks .k-bad, .checks .k-warn, .oldnote").count(), 0);
    await inScript(page, "0.03125");
  }));
});
