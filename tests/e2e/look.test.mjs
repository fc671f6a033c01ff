// What the page does beyond the first run: tells of jobs by the browser's notifications, answers a cluster's login, keeps
// views, says what ended while one was away, why a job waits, and hands seldom fields of the form to the request.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Gateway, openBrowser, openTab, until, wrongs } from "./support.mjs";

let gateway;
let browser;

before(async () => {
  gateway = await Gateway.start({ slots: 2 });
  browser = await openBrowser();
  await gateway.addProject();
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await gateway?.stop();
});

async function onPage(path, work, prepare = async () => undefined) {
  const page = await openTab(browser, gateway);
  try {
    await prepare(page);
    await page.at(path);
    await work(page);
    assert.deepEqual(await wrongs(page), []);
  } finally {
    await page.context().close();
  }
}

/** The browser's interface, answering yes once asked; what it was told to show is kept. */
function standInForNotification() {
  window.told = [];
  window.asked = 0;
  window.Notification = class {
    static permission = localStorage.getItem("test.granted") ? "granted" : "default";
    static async requestPermission() {
      window.asked++;
      localStorage.setItem("test.granted", "1");
      return (window.Notification.permission = "granted");
    }
    constructor(title, options) { window.told.push({ title, ...options }); }
    close() {}
  };
}

const told = (page) => page.evaluate(() => window.told);

describe("notifications of the browser", () => {
  test("asked for by a click, told by one tab, with what the job died of", { timeout: 90_000 }, () => onPage("/settings", async (page) => {
    const box = page.getByRole("checkbox", { name: "Notify: A job failed" });
    await box.waitFor();
    assert.equal(await page.evaluate(() => window.asked), 0);
    await box.click();
    await until("the switch", () => box.isChecked());
    assert.equal(await page.evaluate(() => window.asked), 1);
    const other = await page.context().newPage();
    await other.addInitScript(standInForNotification);
    await other.goto(`${gateway.url}/jobs`);
    await other.getByText("Live", { exact: true }).waitFor();
    const { id } = await gateway.submit({ name: "dies-of-memory", mode: "cuda", steps: 10 });
    await gateway.job(id, "failed");
    const all = await until("the notification", async () => { const list = [...await told(page), ...await told(other)]; return list.length ? list : false; });
    assert.equal(all.length, 1);
    assert.match(all[0].title, /^Failed: dies-of-memory$/);
    assert.match(all[0].body, /GPU ran out of memory/);
    assert.equal(all[0].tag, `sluice-job-${id}`);
  }, (page) => page.addInitScript(standInForNotification)));

  test("nothing is asked for and nothing told unless switched on", { timeout: 60_000 }, () => onPage("/jobs", async (page) => {
    const { id } = await gateway.submit({ name: "quiet", mode: "exit", steps: 10 });
    await gateway.job(id, "failed");
    await page.getByRole("link", { name: "quiet" }).first().waitFor();
    assert.deepEqual([await told(page), await page.evaluate(() => window.asked)], [[], 0]);
  }, (page) => page.addInitScript(standInForNotification)));
});

describe("clusters", () => {
  test("a login's question is answered in the page", { timeout: 60_000 }, async () => {
    const asked = [];
    let isUp = false;
    await onPage("/clusters/local", async (page) => {
      await page.getByText("Needs a login").waitFor();
      await page.getByRole("button", { name: "Log in" }).click();
      const field = page.getByLabel("Verification code:");
      await field.waitFor();
      assert.equal(await field.getAttribute("type"), "password");
      await field.fill("123 456");
      await page.keyboard.press("Enter");
      await page.getByText("Reachable").first().waitFor();
      await until("the form to go", async () => await page.locator(".loginform").count() === 0);
      assert.deepEqual(asked, [{}, { answers: ["123 456"] }]);
    }, async (page) => {
      // The gateway's cluster needs none: its answers are changed on their way, the shapes are those of the OpenAPI document.
      await page.route("**/api/v1/clusters/local", async (route) => {
        const answer = await route.fetch();
        const cluster = await answer.json();
        if (!isUp) cluster.connection.state = "needs_login";
        await route.fulfill({ response: answer, json: cluster });
      });
      await page.route("**/api/v1/clusters/local/connect", async (route) => {
        const body = route.request().postDataJSON();
        asked.push(body);
        isUp = body.answers !== undefined;
        await route.fulfill({ json: { cluster: "local", state: isUp ? "up" : "connecting", prompts: isUp ? [] : [{ text: "Verification code:", echo: false }] } });
      });
    });
  });

  test("commands are counted, and this machine has no budget of them", () => onPage("/clusters/local", async (page) => {
    await page.getByText(/^\d+ in the last minute, [\d,]+ since the start$/).waitFor();
  }));
});

describe("jobs", () => {
  test("a view is kept by name and comes back", { timeout: 60_000 }, () => onPage("/jobs?filter=state:failed", async (page) => {
    await page.locator(".rows .tr").first().waitFor();
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByLabel("Name of this view").fill("my failures");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: /my failures/ }).first().waitFor();
    await page.keyboard.press("Escape");
    await page.at("/jobs");
    await page.locator(".rows .tr").first().waitFor();
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("button", { name: /^my failures/ }).click();
    await until("the filter", () => page.url().includes("filter=state%3Afailed") || page.url().includes("filter=state:failed"));
  }));

  test("all that are loaded are selected at once", () => onPage("/jobs", async (page) => {
    await page.locator(".rows .tr").first().waitFor();
    const rows = await page.locator(".rows .tr").count();
    await page.getByLabel("Select all that are loaded").click();
    await page.getByText(`${rows} selected`).waitFor();
  }));

  test("what ended while one was away is told", { timeout: 60_000 }, async () => {
    const { event } = await gateway.get("/jobs?limit=1");
    const { id } = await gateway.submit({ name: "overnight", mode: "exit", steps: 10 });
    await gateway.job(id, "failed");
    await onPage("/jobs", async (page) => {
      await page.locator(".since").getByText("1 failed").waitFor();
      assert.equal(await page.locator(".since").getByText("completed").count(), 0);
    }, (page) => page.addInitScript((left) => localStorage.getItem("sluice.left") || localStorage.setItem("sluice.left", JSON.stringify({ event: left, at: Date.now() - 3_600_000 })), event));
  });
});

describe("a job", () => {
  test("tells why it waits and what it waited for", { timeout: 90_000 }, async () => {
    const busy = [];
    for (let at = 0; at < 2; at++) busy.push((await gateway.submit({ name: "holds-a-slot", steps: 20_000, pause: 0.5 })).id);
    for (const id of busy) await gateway.job(id, "running");
    const { id } = await gateway.submit({ name: "waits", steps: 5 });
    await gateway.job(id, "pending");
    await onPage(`/jobs/${id}`, async (page) => {
      await page.getByRole("heading", { name: "Why it waits" }).waitFor();
      await page.locator(".waits .now").getByText("Next in line").waitFor();
      await page.locator(".tl .wait b").getByText(/\s([3-9]|[1-9]\d)\s?s$/).waitFor(); // under two seconds are no wait worth a step
      await gateway.post("/jobs:cancel", { ids: busy });
      await gateway.job(id, "completed");
      await page.locator(".tl .wait").getByText(/^Waited/).waitFor();
      await page.locator(".tl .wait").getByText(/Resources/).waitFor();
      assert.equal(await page.getByRole("heading", { name: "Why it waits" }).count(), 0);
    });
  });
});

describe("the form", () => {
  test("hands seldom fields to the request", { timeout: 60_000 }, () => onPage("/launch?project=page-tests", async (page) => {
    await page.locator(".preview .lcode .l").first().waitFor();
    await page.locator(".more summary").click();
    await page.getByLabel("Tags").fill("night, bf16");
    await page.getByLabel("Description").fill("a look");
    await page.getByLabel("steps").fill("5");
    await page.getByRole("button", { name: /^Launch/ }).click();
    await until("the job's page", () => /\/jobs\/\d+$/.test(page.url()));
    const job = await gateway.get(`/jobs/${page.url().split("/").pop()}`);
    assert.deepEqual([job.tags, job.description], [["night", "bf16"], "a look"]);
    await page.at(`/launch?from=${job.id}`);
    await page.locator(".more summary").getByText("night, bf16").waitFor();
  }));
});
