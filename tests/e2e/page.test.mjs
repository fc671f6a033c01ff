// The jobs and the job page in Debian's Chromium against a real gateway: what they show and what they do. make test-page.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { live, rows } from "./steps.mjs";
import { axe, Gateway, openBrowser, openTab, seed, until, visit } from "./support.mjs";

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

describe("jobs", () => {
  test("a new job appears and ends by itself", async () => {
    await onPage("/jobs", {}, async (page) => {
      await rows(page);
      await live(page);
      const { id } = await gateway.submit({ name: "appears-by-itself", mode: "ok", steps: 3 });
      await page.waitForSelector("text=appears-by-itself");
      await gateway.post(`/jobs/${id}/cancel`);
      await page.waitForSelector(`.tr:has-text("appears-by-itself") .badge:has-text("Cancelled"), .tr:has-text("appears-by-itself") .badge:has-text("Completed")`);
    });
  });

  test("the filter stands in the address, completes and clears", async () => {
    const halfTyped = /status of 400 .*filter=state/; // asked for while the rest was not typed yet
    await onPage("/jobs", { allow: halfTyped }, async (page) => {
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

  test("a refused filter leaves the rows of the one before, and says that they are", async () => {
    await onPage("/jobs", { allow: /status of 400 .*filter=/ }, async (page) => {
      await rows(page);
      await page.waitForSelector(".filterbar .total:has-text('job')");
      const shown = async (text) => { await page.fill(".combo input", text); await page.keyboard.press("Enter"); };
      await shown("colour:red");
      await page.waitForSelector(".stillof:has-text('the list of all jobs')");
      await page.waitForSelector("[role=table][aria-label='Jobs of the filter before'].old .tr");
      assert.equal((await page.textContent(".filterbar .total")).trim(), "");
      assert.deepEqual(await axe(page), []);
      await shown("state:failed");
      await page.waitForSelector(".filterbar .total:has-text('job')");
      assert.equal(await page.locator(".notice.n-bad, .table.old").count(), 0);
      await shown("state:failed colour:red");
      await page.waitForSelector(".stillof code:has-text('state:failed')");
      await shown("state:failed");
      await page.waitForSelector(".notice.n-bad", { state: "detached" });
      assert.equal(await page.locator(".table.old").count(), 0);
    });
  });

  test("a box that is clicked is ticked, and no longer when clicked again", () => onPage("/jobs?filter=name:eval-mmlu", {}, async (page) => {
    await rows(page);
    const box = page.getByLabel("Select eval-mmlu");
    const ticked = () => page.evaluate(() => document.querySelectorAll(".rows input:checked").length);
    await box.click();
    await page.waitForSelector("text=1 selected");
    assert.equal(await ticked(), 1); // of an ended job: nothing else draws its row anew
    await box.click();
    await page.waitForSelector("text=1 selected", { state: "detached" });
    assert.equal(await ticked(), 0);
  }));

  test("no job stays selected that another list does not show, whatever led to it", () => onPage("/jobs?filter=resnet50", {}, async (page) => {
    const selects = async () => {
      await page.getByLabel("Select resnet50-baseline").click();
      await page.waitForSelector("text=1 selected");
    };
    const noneIs = () => page.waitForSelector("text=1 selected", { state: "detached" });
    await selects();
    await page.click(".failures header a:has-text('All')");
    await page.waitForURL(/filter=state:failed/);
    await noneIs();
    await page.goBack();
    await selects();
    await page.click("button[title='Newest first']");
    await noneIs();
    await selects();
    await page.click(".nav a[href$='/jobs']:not(.brand)");
    await page.waitForSelector(".rows .tr:has-text('eval-mmlu')");
    await noneIs();
    await selects();
    assert.equal(await page.getByLabel("Select all that are loaded").isChecked(), false);
  }));

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

  test("who cancels is asked by id, name and cluster", () => onPage("/jobs?filter=state:running", {}, async (page) => {
    await rows(page);
    const [one, other] = await page.locator(".rows .tr").evaluateAll((all) => all.slice(0, 2).map((row) => [row.querySelector(".id").textContent, row.querySelector(".jobname").textContent]));
    const full = ([id, name]) => `job ${id} “${name}” on local`;
    const asked = async (text) => {
      assert.equal(await page.textContent("dialog h2"), text);
      const body = await page.textContent("dialog .body");
      await page.keyboard.press("Escape");
      await page.waitForSelector("dialog", { state: "detached" });
      return body;
    };
    await page.keyboard.press("j");
    await page.keyboard.press("e");
    await asked(`Cancel ${full(one)}?`);
    await page.keyboard.press("x");
    await page.waitForSelector("text=1 selected");
    await page.keyboard.press("e");
    await asked(`Cancel ${full(one)}?`);
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.waitForSelector("text=2 selected");
    await page.keyboard.press("e");
    const body = await asked("Cancel 2 jobs?");
    for (const job of [one, other]) assert.ok(body.includes(full(job)), body);
    await page.goto(gateway.url + `/jobs/${one[0]}`);
    await page.waitForSelector(".jobacts >> text=Cancel");
    await page.keyboard.press("e");
    await asked(`Cancel ${full(one)}?`);
  }));

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
      const chosen = () => page.textContent(".palette [role=option][aria-selected=true]");
      while (!(await chosen()).includes("whisper-finetune")) await page.keyboard.press("ArrowDown");
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

  test("script, configuration and history tell what was", async () => {
    await onPage(`/jobs/${ids.cuda}/script`, {}, async (page) => { await page.waitForSelector(".listing .cl"); });
    await onPage(`/jobs/${ids.cuda}/config`, {}, async (page) => {
      await page.waitForSelector("table.config tbody tr");
      assert.match(await page.textContent("table.config"), /lr/);
    });
    await onPage(`/jobs/${ids.cuda}/history`, {}, async (page) => { await page.waitForSelector(".history li:has-text('Failed')"); assert.equal(await page.locator(".history li:has-text('metrics')").count(), 0); });
  });

  for (const [state, title] of [["submit_failed", "No log, as it was not submitted"], ["cancelled", "No log, as it never started"]])
    test(`a job that never ran says once that it has no log: ${state}`, () => onPage(`/jobs/${ids.exit}`, {
      prepare: (page) => page.route(new RegExp(`/api/v1/jobs/${ids.exit}$`), async (route) => {
        const response = await route.fetch();
        const { started_at, ended_at, verdict, elapsed_s, ...job } = await response.json();
        await route.fulfill({ response, json: { ...job, state, attempt: 1, why: "Not available (No node has it (type, count).); resources.gpus: .mlops-config.yaml:3:14" } });
      }),
    }, async (page) => {
      await page.waitForSelector(".logcard .empty");
      assert.equal(await page.textContent(".logcard .empty"), title);
      if (state === "submit_failed") assert.match(await page.textContent(".tl"), /Not available\. No node has it \(type, count\); resources\.gpus: /);
    }));

  test("a job that is not there is said plainly", async () => {
    const page = await openTab(browser, gateway);
    await page.at("/jobs/99999");
    await page.waitForSelector(".notice.n-bad");
    assert.match(await page.textContent(".notice.n-bad"), /99999/);
    await page.context().close();
  });
});

