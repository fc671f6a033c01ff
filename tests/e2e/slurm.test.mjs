// A first-time user's way, on a real Slurm behind a real sshd: register the example project, pick a GPU type, launch,
// watch the curve grow, open the W&B link, cancel, clone with another learning rate. By mouse, and by the keyboard alone.
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Bed } from "./bed.mjs";
import { badge, inScript, jobHere, previewed, tabTo } from "./steps.mjs";
import { Gateway, openBrowser, root, until, visit } from "./support.mjs";

const wandb = "https://wandb.ai/example/iris/runs/a1b2c3d4";
let bed;
let gateway;
let browser;

before(async () => {
  bed = Bed.up();
  gateway = await Gateway.start({ clusters: [{ ...bed.cluster(), partitions: { h100: { preemptible: true, note: "Jobs may be pushed out" } } }] });
  browser = await openBrowser();
  await until("the GPUs of alder", async () => (await gateway.get("/gpus?max_age=1s")).items.some((gpu) => gpu.cluster === "alder"), 60_000);
}, { timeout: 180_000 });

after(async () => {
  await browser?.close();
  await gateway?.stop();
  bed?.down();
}, { timeout: 120_000 });

/** The example project, and what a user of W&B has besides: its greeting in the log. */
function makeProject(name) {
  const path = join(gateway.dir, "home", name);
  cpSync(join(root, "config/example-project"), path, { recursive: true });
  const train = readFileSync(join(path, "train.py"), "utf8");
  writeFileSync(join(path, "train.py"), train.replace("\nHERE = ", `\nprint("wandb: View run at ${wandb}", flush=True)\nHERE = `));
  return path;
}

// What the browser says of answers that are as they should be: a place on the way of the arrow keys that cannot run this
// job, a number that is too small while only half of it is typed.
const honest = /status of 422 .*(dry_run=1|jobs:render)/;

const onPage = (path, work) => visit(browser, gateway, path, {
  allow: honest,
  prepare: (page) => page.context().route("https://wandb.ai/**", (route) => route.fulfill({ contentType: "text/html", body: "<title>W&B</title>" })),
}, work);

/** The curve of the loss grows on the screen, with no reload: what it says of itself changes twice. */
async function curveGrows(page) {
  const curve = await page.waitForSelector("section[aria-label='Chart loss'] .plot:has(canvas)", { timeout: 120_000 });
  const words = () => curve.getAttribute("aria-label");
  const ink = () => curve.$eval("canvas", (canvas) => canvas.toDataURL().length);
  for (let grown = 0; grown < 2; grown++) {
    const [said, drawn] = [await words(), await ink()];
    await until("the curve to grow", async () => (await words()) !== said && (await ink()) !== drawn, 120_000);
  }
}

/** The link opens the run's page in a tab of its own, which cannot reach back to ours. */
async function opensWandb(page, open) {
  await page.waitForSelector(".jobacts a:has-text('W&B')", { timeout: 60_000 });
  const [popup] = await Promise.all([page.context().waitForEvent("page"), open()]);
  await popup.waitForLoadState();
  assert.equal(popup.url(), wandb);
  assert.equal(await popup.evaluate(() => window.opener), null);
  await popup.close();
}

/** What Slurm itself says of the job of the gateway. */
async function inSlurm(id) {
  const job = await gateway.get(`/jobs/${id}`);
  assert.equal(job.cluster, "alder");
  return bed.slurm("scontrol", "show", "job", String(job.slurm.job_id));
}

const cancelledInSlurm = (id) => until("Slurm to say so", async () => (await inSlurm(id)).includes("JobState=CANCELLED"), 60_000);

describe("back into the queue of Slurm", () => {
  const byKey = { name: "by its key", ask: (page) => page.keyboard.press("r"), say: async (page) => { await tabTo(page, "dialog .bad"); await page.keyboard.press("Enter"); } };
  const byMouse = { name: "by its button", ask: (page) => page.click(".jobacts >> text=Requeue"), say: (page) => page.click("dialog >> text=Requeue the job") };
  const restarts = async (id) => (await inSlurm(id)).match(/Restarts=(\d+)/)?.[1];

  before(() => gateway.addProject());

  for (const { name, ask, say } of [byKey, byMouse]) {
    test(name, { timeout: 200_000 }, async () => {
      const { id } = await gateway.submit({ cluster: "alder", name: "again", steps: 20_000, pause: 0.1 });
      await onPage(`/jobs/${id}`, async (page) => {
        await badge(page, "Running");
        await ask(page);
        await page.waitForSelector("dialog:has-text('starts again as attempt 2')");
        await page.keyboard.press("Enter"); // the focus is on Keep
        await page.waitForSelector("dialog", { state: "detached" });
        await badge(page, "Running");
        assert.equal(await restarts(id), "0");
        await ask(page);
        await say(page);
        await page.waitForSelector(".toast:has-text('goes back into the queue')");
        await badge(page, "Pending"); // Slurm holds it back for two minutes, which nobody waits for here
        assert.equal(await restarts(id), "1");
        await page.waitForSelector(".jobacts:not(:has-text('Requeue'))");
        const job = await gateway.get(`/jobs/${id}`);
        assert.equal(job.attempts[0].state, "requeued");
        assert.equal(job.attempt, 2);
        await gateway.post(`/jobs/${id}/cancel`);
        await badge(page, "Cancelled");
      });
    });
  }
});

describe("a first run on Slurm", () => {
  test("by mouse", { timeout: 400_000 }, () => onPage("/projects", async (page) => {
    await page.fill("#reg-path", makeProject("iris-mouse"));
    await page.fill("#reg-name", "iris-mouse");
    await page.click("text=Register");
    await page.waitForURL(/\/projects\/iris-mouse$/);
    await page.click(".pagehead >> text=Launch");
    const h100 = "table.av tr:has(input[aria-label^='H100 on alder / h100'])";
    await page.waitForSelector(`${h100}:has-text("preemptible"):has-text("Jobs may be pushed out")`);
    await page.click(`${h100} label`);
    await page.fill("[id='f-param_epochs']", "60000");
    await inScript(page, "'60000'");
    await inScript(page, "h100");
    await page.click(".launchbtn");
    const first = await jobHere(page);
    await badge(page, "Running");
    const said = await inSlurm(first);
    assert.match(said, /Partition=h100/);
    assert.match(said, /gres[:/]gpu[:/]h100[:=]1/);
    await curveGrows(page);
    await opensWandb(page, () => page.click(".jobacts a:has-text('W&B')"));
    await page.click(".jobacts >> text=Cancel");
    await page.click("dialog >> text=Cancel the job");
    await badge(page, "Cancelled");
    await cancelledInSlurm(first);

    await page.click("a:has-text('Clone')");
    await page.waitForSelector(".notice:has-text('Filled from')");
    await previewed(page);
    assert.equal(await page.inputValue("[id='f-param_epochs']"), "60000");
    assert.match(await page.getAttribute("input[name=where]:checked", "aria-label"), /^H100 on alder \/ h100/);
    await page.fill("[id='f-param_lr']", "0.2");
    await inScript(page, "'0.2'");
    await page.click(".launchbtn");
    const second = await jobHere(page);
    await badge(page, "Running");
    assert.notEqual(second, first);
    const job = await gateway.get(`/jobs/${second}`);
    assert.ok(job.argv.includes("0.2") && job.argv.includes("60000"), job.argv.join(" "));
    assert.equal(job.resources.partition, "h100");
    await gateway.post(`/jobs/${second}/cancel`);
    await badge(page, "Cancelled");
  }));

  test("by the keyboard alone", { timeout: 400_000 }, () => onPage("/jobs", async (page) => {
    const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    await page.waitForSelector(".pagehead h1");
    await press("g", "p");
    await page.waitForSelector("#reg-path");
    await tabTo(page, "#reg-path");
    await page.keyboard.type(makeProject("iris-keys"));
    await press("Tab");
    await page.keyboard.type("iris-keys");
    await press("Enter");
    await page.waitForURL(/\/projects\/iris-keys$/);
    await tabTo(page, ".pagehead a.pri");
    await press("Enter");
    await previewed(page);
    await tabTo(page, "input[name=where]");
    const chosen = () => page.evaluate(() => document.activeElement.getAttribute("aria-label"));
    for (let at = 0; at < 40 && !/^A100 on alder \/ a100/.test(await chosen()); at++) await press("ArrowDown");
    assert.match(await chosen(), /^A100 on alder \/ a100/);
    await tabTo(page, "[id='f-param_epochs']");
    await page.keyboard.type("60000");
    await inScript(page, "'60000'");
    await press("Control+Enter");
    const first = await jobHere(page);
    await badge(page, "Running");
    assert.match(await inSlurm(first), /gres[:/]gpu[:/]a100[:=]1/);
    await curveGrows(page);
    await opensWandb(page, async () => { await tabTo(page, ".jobacts a[href*='wandb']"); await press("Enter"); });
    await press("e");
    await page.waitForSelector("dialog[open]");
    await tabTo(page, "dialog .bad");
    await press("Enter");
    await badge(page, "Cancelled");
    await cancelledInSlurm(first);

    await tabTo(page, ".jobacts a[href*='from=']");
    await press("Enter");
    await page.waitForSelector(".notice:has-text('Filled from')");
    await previewed(page);
    await tabTo(page, "[id='f-param_lr']");
    await page.keyboard.type("0.3");
    await inScript(page, "'0.3'");
    await tabTo(page, ".launchbtn");
    await press("Enter");
    const second = await jobHere(page);
    await badge(page, "Running");
    assert.notEqual(second, first);
    assert.ok((await gateway.get(`/jobs/${second}`)).argv.includes("0.3"));
    await press("e");
    await page.waitForSelector("dialog[open]");
    await tabTo(page, "dialog .bad");
    await press("Enter");
    await badge(page, "Cancelled");
  }));
});
