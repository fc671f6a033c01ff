// From a folder to a result, in Debian's Chromium against a real gateway: by mouse, and by the keyboard alone; and what
// the launch form promises: one job from two clicks, values that survive, faults beside their field.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { badge, inScript, jobHere, previewed, script, tabTo } from "./steps.mjs";
import { axe, Gateway, openBrowser, openTab, root, until, visit } from "./support.mjs";

let gateway;
let browser;

before(async () => {
  gateway = await Gateway.start({ slots: 2 });
  browser = await openBrowser();
  for (const name of ["iris-mouse", "iris-keys"]) cpSync(join(root, "config/example-project"), join(gateway.dir, "home", name), { recursive: true });
  await gateway.addProject();
}, { timeout: 60_000 });

after(async () => {
  await browser?.close();
  await gateway?.stop();
});

const whileTyping = /422 .*jobs:render/; // half a number may be too small for a moment

const onPage = (path, work, options) => visit(browser, gateway, path, { ...options }, work);
const jobsOf = async (project) => (await gateway.get(`/jobs?filter=project:${project}`)).items;

describe("a first run", () => {
  test("by mouse: register, pick, launch, see it end, clone with another rate, cancel", { timeout: 120_000 }, () => onPage("/projects", async (page) => {
    await page.fill("#reg-path", join(gateway.dir, "home/iris-mouse"));
    await page.fill("#reg-name", "iris-mouse");
    await page.click("text=Register");
    await page.waitForURL(/\/projects\/iris-mouse$/);
    await page.click(".pagehead >> text=Launch");
    await page.click("table.av label:has-text('CPUs only')");
    await page.fill("[id='f-param_epochs']", "20");
    await page.click("button:has-text('1h')");
    await inScript(page, "'20'");
    await page.click(".launchbtn");
    const first = await jobHere(page);
    await badge(page, "Completed");
    assert.equal((await gateway.get(`/jobs/${first}`)).resources.time_s, 3600);

    await page.click("a:has-text('Clone')");
    await page.waitForSelector(".notice:has-text('Filled from')");
    assert.equal(await page.inputValue("[id='f-param_epochs']"), "20");
    await page.fill("[id='f-param_lr']", "0.2");
    await page.fill("[id='f-param_epochs']", "100000");
    await inScript(page, "'0.2'");
    await page.click("[role=tab]:has-text('Diff')");
    await page.waitForSelector(".d-new:has-text('0.2')");
    await page.click(".launchbtn");
    const second = await jobHere(page);
    assert.notEqual(second, first);
    await badge(page, "Running");
    assert.ok((await gateway.get(`/jobs/${second}`)).argv.includes("0.2"));
    await page.click(".jobacts >> text=Cancel");
    await page.click("dialog >> text=Cancel the job");
    await badge(page, "Cancelled");
  }));

  test("by the keyboard alone", { timeout: 120_000 }, () => onPage("/jobs", async (page) => {
    await page.waitForSelector(".pagehead h1");
    await page.keyboard.press("g");
    await page.keyboard.press("p");
    await page.waitForSelector("#reg-path");
    await tabTo(page, "#reg-path");
    await page.keyboard.type(join(gateway.dir, "home/iris-keys"));
    await page.keyboard.press("Tab");
    await page.keyboard.type("iris-keys");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/projects\/iris-keys$/);
    await tabTo(page, ".pagehead a.pri");
    await page.keyboard.press("Enter");
    await previewed(page);
    await tabTo(page, "input[name=where]:checked");
    await tabTo(page, "[id='f-param_epochs']");
    await page.keyboard.type("20");
    await inScript(page, "'20'");
    await page.keyboard.press("Control+Enter");
    await jobHere(page);
    await badge(page, "Completed");

    await tabTo(page, ".jobacts a[href*='from=']");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".notice:has-text('Filled from')");
    await previewed(page);
    await tabTo(page, "[id='f-param_lr']");
    await page.keyboard.type("0.3");
    await tabTo(page, "[id='f-param_epochs']");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("100000");
    await tabTo(page, ".launchbtn");
    await page.keyboard.press("Enter");
    await jobHere(page);
    await badge(page, "Running");
    await page.keyboard.press("e");
    await page.waitForSelector("dialog[open]");
    await tabTo(page, "dialog .bad");
    await page.keyboard.press("Enter");
    await badge(page, "Cancelled");
  }, { allow: whileTyping }));
});

describe("the launch form", () => {
  test("two clicks make one job, and the last values come back", { timeout: 60_000 }, () => onPage("/launch?project=page-tests", async (page) => {
    await previewed(page);
    await page.fill("[id='f-param_steps']", "3");
    await page.fill("#f-name", "twice");
    await inScript(page, "'3'");
    await page.evaluate(() => { const button = document.querySelector(".launchbtn"); button.click(); button.click(); });
    await jobHere(page);
    await gateway.until("the job", async () => (await jobsOf("page-tests")).some((job) => job.state === "completed"));
    assert.equal((await jobsOf("page-tests")).filter((job) => job.name === "twice").length, 1);
    await page.at("/launch?project=page-tests");
    await previewed(page);
    assert.equal(await page.inputValue("[id='f-param_steps']"), "3");
    assert.equal(await page.inputValue("#f-name"), "");
  }));

  test("an answer that is lost, and a second try, make one job", { timeout: 60_000 }, async () => {
    const page = await openTab(browser, gateway);
    await page.at("/launch?project=page-tests");
    await previewed(page);
    await page.fill("#f-name", "lost-answer");
    let lost = 0;
    await page.route("**/api/v1/jobs", async (route) => {
      if (route.request().method() !== "POST" || lost++) return route.continue();
      await route.fetch();
      return route.abort();
    });
    await inScript(page, "lost-answer");
    await page.click(".launchbtn");
    await page.waitForSelector(".notice:has-text('Not launched')");
    await page.click(".launchbtn");
    await jobHere(page);
    assert.equal((await jobsOf("page-tests")).filter((job) => job.name === "lost-answer").length, 1);
    await page.context().close();
  });

  test("what was typed survives a reload, with a notice", { timeout: 60_000 }, () => onPage("/launch?project=page-tests", async (page) => {
    await previewed(page);
    await page.fill("[id='f-param_lr']", "0.125");
    await page.fill("#f-args", "--x 'two words'");
    await page.reload();
    await page.waitForSelector(".notice:has-text('Your unsent values are back')");
    assert.equal(await page.inputValue("[id='f-param_lr']"), "0.125");
    assert.equal(await page.inputValue("#f-args"), "--x 'two words'");
    await page.click("text=Start over");
    assert.equal(await page.inputValue("[id='f-param_lr']"), "");
  }));

  test("a clone of a place or of a job that is not there says so", { timeout: 60_000 }, async () => {
    const job = await gateway.submit({ name: "elsewhere", slurm: { partition: "gpuu" } });
    await onPage(`/launch?from=${job.id}`, async (page) => {
      await page.waitForSelector(".notice:has-text('There is no local / gpuu to choose now')");
      await page.locator(".av input:not([disabled], :checked)").first().check();
      await page.waitForSelector(".notice:has-text('There is no local')", { state: "detached" });
    });
    await onPage("/launch?from=999999", async (page) => {
      await previewed(page);
      await page.waitForSelector(".notice:has-text('There is no job 999999 to clone')");
    }, { allow: /404 .*999999/ });
  });

  test("a fault stands beside its field and on top, and nothing is sent", { timeout: 60_000 }, async () => {
    const page = await openTab(browser, gateway);
    await page.at("/launch?project=page-tests");
    await previewed(page);
    const before = (await jobsOf("page-tests")).length;
    await page.fill("[id='f-param_lr']", "fast");
    await page.fill("#f-mem", "lots");
    await page.waitForSelector("#f-mem-wrong");
    assert.equal(await page.getAttribute("#f-mem", "aria-describedby"), "f-mem-wrong");
    assert.match(await page.getAttribute("[id='f-param_lr']", "aria-describedby"), /f-param_lr-wrong/);
    await page.click(".launchbtn");
    await page.waitForSelector("[role=alert]:has-text('Not launched')");
    assert.deepEqual(await axe(page), []);
    await page.click("[role=alert] button:has-text('mem')");
    assert.equal(await page.evaluate(() => document.activeElement.id), "f-mem");
    assert.equal((await jobsOf("page-tests")).length, before);
    await page.fill("#f-mem", "300M");
    await page.fill("[id='f-param_lr']", "0.5");
    await page.waitForFunction(() => !document.querySelector(".wrongtext"));
    await page.context().close();
  });

  test("the preview follows the keys, and a line tells its origin", { timeout: 60_000 }, () => onPage("/launch?project=page-tests", async (page) => {
    await previewed(page);
    const times = [];
    for (const value of ["0.11", "0.12", "0.13", "0.14", "0.15"]) {
      await page.fill("[id='f-param_lr']", "");
      const start = Date.now();
      await page.fill("[id='f-param_lr']", value);
      await page.waitForFunction((wanted) => document.querySelector(".preview .scr")?.textContent.includes(`'${wanted}'`), value, { polling: 10 });
      times.push(Date.now() - start);
    }
    console.log(`  key to preview: ${times.join(" ")} ms`);
    await page.focus(".lcode button.ln");
    assert.match(await page.textContent(".preview .from"), /Line \d+: \S+/);
    assert.match(await script(page), /#!\/bin\/bash/);
    await page.click("[role=tab]:has-text('Resolved')");
    await page.waitForSelector("table.res th:has-text('overrides.lr')");
  }));

  test("a secret is typed for one launch and kept nowhere", { timeout: 90_000 }, async () => {
    const path = join(gateway.dir, "home/with-secret");
    mkdirSync(path);
    writeFileSync(join(path, ".mlops-config.yaml"), "name: with-secret\ntrain_script: train.py\nresources: {gpus: 0, cpus: 1, mem: 256M}\nenv: {secrets: [TOK]}\n");
    writeFileSync(join(path, "train.py"), "import os\nprint('TOK has', len(os.environ['TOK']), 'letters')\n");
    await gateway.post("/projects", { path, name: "with-secret" });
    const prepare = (page) => page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await onPage("/launch?project=with-secret", async (page) => {
      const field = page.getByLabel("Secret TOK");
      const copied = async (button) => { await page.click(`button:has-text('${button}')`); return page.evaluate(() => navigator.clipboard.readText()); };
      await previewed(page);
      await page.waitForSelector(".checks .k-bad:has-text('No value yet for TOK')");
      await page.click(".launchbtn");
      await page.waitForSelector("[role=alert]:has-text('Not launched')");
      assert.equal(await field.getAttribute("aria-describedby"), "f-secret_TOK-wrong");
      assert.deepEqual(await axe(page), []);
      await page.click("[role=alert] button:has-text('TOK')");
      assert.equal(await page.evaluate(() => document.activeElement.id), "f-secret_TOK");
      await field.fill("hunter22");
      assert.equal(await field.getAttribute("type"), "password");
      await page.fill("#f-name", "knows-its-secret");
      await page.waitForFunction(() => !document.querySelector(".wrongtext, .checks .k-bad"));
      assert.match(await copied("Copy as CLI"), / --secret TOK$/);
      const curl = await copied("curl");
      assert.match(curl, /"environment":\{"TOK":"\$TOK"\}/);
      const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, location.href]));
      assert.match(kept, /knows-its-secret/);
      assert.doesNotMatch(kept + curl, /hunter22/);
      await page.click(".launchbtn");
      const id = await jobHere(page);
      await badge(page, "Completed");
      assert.match(await gateway.get(`/jobs/${id}/log`), /TOK has 8 letters/);
      assert.doesNotMatch(await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }])), /hunter22/);
    }, { prepare });
  });

  test("one fault of the configuration is one", { timeout: 60_000 }, () => onPage("/launch?project=page-tests", async (page) => {
    await page.waitForSelector(".pagehead .badtext");
    assert.equal(await page.textContent(".pagehead .badtext"), "1 fault in the configuration");
    await page.unrouteAll({ behavior: "ignoreErrors" }); // an answer may be on its way through the route
  }, {
    prepare: (page) => page.route(/\/api\/v1\/projects/, async (route) => {
      const response = await route.fetch();
      const json = await response.json();
      for (const project of json.items ?? [json]) project.errors = [{ file: ".mlops-config.yaml", line: 1, text: "made up" }];
      await route.fulfill({ response, json });
    }),
  }));

  test("a faulty configuration is shown at its line", { timeout: 60_000 }, async () => {
    const path = join(gateway.dir, "home/broken");
    mkdirSync(path);
    writeFileSync(join(path, ".mlops-config.yaml"), "name: broken\nresources:\n  gpuss: 3\n");
    await gateway.post("/projects", { path });
    await onPage("/projects/broken", async (page) => {
      await page.waitForSelector(".found code:has-text('.mlops-config.yaml:3:3')");
      await page.click("text=Remove…");
      await page.click("dialog >> text='Remove'");
      await page.waitForURL(/\/projects$/);
    });
    await until("it to be gone", async () => !(await gateway.get("/projects")).items.some((project) => project.name === "broken"));
  });
});
