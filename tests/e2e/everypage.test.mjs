// What holds on every page: nothing for axe to find in either theme, wide and narrow, nothing that jumps, nothing too
// wide at 320 px, everything below a base path behind a proxy, and hostile text shown harmlessly in every field.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { shots } from "./pages.mjs";
import { Proxy } from "./proxy.mjs";
import { endless, noScripts, spiteful, spoilAnswers, unbroken } from "./spoil.mjs";
import { live, rows } from "./steps.mjs";
import { axe, Gateway, openBrowser, openTab, seed, shifted, sleep, until, visit, wrongs } from "./support.mjs";

let gateway;
let proxy;
let browser;
let ids;

before(async () => {
  gateway = await Gateway.start({ basePath: "/gate" });
  proxy = await Proxy.start(gateway);
  browser = await openBrowser();
  ids = await seed(gateway);
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await proxy?.stop();
  await gateway?.stop();
});

const overWide = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** What sticks to the foot (the launch bar) covers what can be scrolled up, which axe takes for a fault: high enough for both. */
const openedOut = (page) => page.evaluate(() => (document.querySelector(".dock") ? Math.min(4000, document.documentElement.scrollHeight + 200) : innerHeight));

/** All pages one after another in one tab; check(page, shot) answers what is wrong with one. */
async function everyPage(options, check) {
  const page = await openTab(browser, proxy, options);
  const found = [];
  for (const shot of shots(ids)) {
    await page.goto("about:blank"); // a fresh document each, though only the hash may differ
    page.wrong.length = 0;
    await page.at(shot.path);
    await shot.ready?.(page).catch((error) => found.push(`${shot.name}: ${error.message.split("\n")[0]}`));
    for (const line of [...await check(page, shot), ...await wrongs(page)]) found.push(`${shot.name}: ${line}`);
    for (const width of options.width < 500 ? [options.width, 320] : [options.width]) {
      await page.setViewportSize({ width, height: options.height });
      const over = await overWide(page);
      if (over > 0) found.push(`${shot.name}: ${over} px too wide at ${width} px`);
    }
    await page.setViewportSize({ width: options.width, height: options.height });
  }
  await page.context().close();
  return found;
}

describe("every page, below a base path behind a proxy", () => {
  for (const theme of ["light", "dark"])
    for (const width of [1440, 390])
      test(`axe finds nothing, nothing jumps or scrolls sideways: ${theme}, ${width} px`, { timeout: 900_000 }, async () => {
        assert.deepEqual(await everyPage({ width, height: 900, theme }, async (page) => {
          await sleep(100);
          const jumped = await shifted(page);
          await page.setViewportSize({ width, height: await openedOut(page) });
          return [...await axe(page), ...(jumped > 0.02 ? [`CLS ${jumped.toFixed(3)}`] : [])];
        }), []);
      });

  test("nothing was asked for beside the base path, and an old address leads there", async () => {
    await visit(browser, proxy, "/jobs", {}, async (page) => {
      await rows(page);
      await page.click(".rows .tr .jobname");
      await page.waitForURL(/\/gate\/jobs\/\d+$/);
      await page.click(".nav a.brand");
      await rows(page);
      assert.equal(new URL(page.url()).pathname, "/gate/jobs");
    });
    assert.deepEqual(proxy.strays, []);
  });
});

describe("while it lives", () => {
  test("nothing jumps on the list while jobs come, change and go", { timeout: 90_000 }, () => visit(browser, proxy, "/jobs", {}, async (page) => {
    await rows(page);
    await live(page);
    const fresh = [];
    for (let at = 0; at < 5; at++) {
      fresh.push((await gateway.submit({ name: `live-${at}`, steps: 10 })).id);
      await gateway.ask("PATCH", `/jobs/${fresh[at]}`, { tags: [`round-${at}`] });
      await page.waitForSelector(`.tr:has-text("live-${at}"):has-text("round-${at}")`);
    }
    for (const id of fresh) await gateway.post(`/jobs/${id}/cancel`);
    await page.waitForFunction((n) => [...document.querySelectorAll(".rows .tr")].filter((row) => /live-\d/.test(row.textContent) && /Cancelled/.test(row.textContent)).length === n, fresh.length);
    assert.ok(await shifted(page) <= 0.02, `CLS ${await shifted(page)}`);
  }));

  for (const path of ["", "/log", "/metrics"])
    test(`nothing jumps on a running job${path && `, ${path}`}`, { timeout: 60_000 }, () => visit(browser, proxy, `/jobs/${ids.running}${path}`, {}, async (page) => {
      await live(page);
      await page.waitForSelector(path === "/metrics" ? ".chart canvas" : ".ll");
      const grown = () => page.evaluate(() => document.querySelector(".ll:last-child .ln")?.textContent ?? document.querySelector(".plot").getAttribute("aria-label"));
      for (let at = 0, was = await grown(); at < 3; at++, was = await grown()) await until("it to grow", async () => (await grown()) !== was);
      assert.ok(await shifted(page) <= 0.02, `CLS ${await shifted(page)}`);
    }));
});

describe("hostile text in every field of every answer", () => {
  for (const [what, more] of [["code, escapes and turned text", spiteful], ["words without an end", endless]])
    for (const width of [1440, 390])
      test(`${what}, ${width} px`, { timeout: 900_000 }, async () => {
        const page = await openTab(browser, proxy, { width, height: 900 });
        const asked = await spoilAnswers(page, more);
        const found = [];
        for (const shot of shots(ids)) {
          await page.goto("about:blank");
          page.wrong.length = 0;
          await page.at(shot.path);
          await page.waitForSelector("main h1").catch(() => found.push(`${shot.name}: no page`));
          await until("the answers", () => asked.open === 0 && asked.count > 0);
          await sleep(250); // what follows from them is drawn
          const said = (await wrongs(page)).filter((line) => !/Failed to load resource/.test(line)); // spoiled names are not found
          for (const line of [...said, ...await noScripts(page), ...await unbroken(page)]) found.push(`${shot.name}: ${line}`);
          if (await overWide(page) > 0) found.push(`${shot.name}: ${await overWide(page)} px too wide`);
          asked.count = 0;
        }
        await page.context().close();
        assert.deepEqual(found, []);
      });
});
