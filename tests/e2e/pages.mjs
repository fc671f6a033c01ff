// The pages there are, for screenshots, axe and the budgets. Add a row for a new page.
import { previewed, rows } from "./steps.mjs";

export function shots(ids) {
  const log = (page) => page.waitForSelector(".ll");
  return [
    { name: "jobs", path: "/jobs", ready: rows },
    { name: "jobs-filter", path: "/jobs?filter=state:failed", ready: rows },
    { name: "jobs-none", path: "/jobs?filter=tag:nothing", ready: (page) => page.waitForSelector(".empty") },
    { name: "job-running", path: `/jobs/${ids.running}`, ready: log },
    { name: "job-failed", path: `/jobs/${ids.cuda}`, ready: log },
    { name: "job-hostile", path: `/jobs/${ids.hostile}`, ready: log },
    { name: "job-waiting", path: `/jobs/${ids.waiting2}`, ready: (page) => page.waitForSelector(".tl li") },
    { name: "job-log", path: `/jobs/${ids.good}/log?q=WARNING#L120-122`, ready: log },
    { name: "job-metrics", path: `/jobs/${ids.good}/metrics`, ready: (page) => page.waitForSelector(".chart canvas, .empty") },
    { name: "job-script", path: `/jobs/${ids.good}/script`, ready: (page) => page.waitForSelector(".listing") },
    { name: "job-config", path: `/jobs/${ids.good}/config`, ready: (page) => page.waitForSelector(".listing") },
    { name: "job-history", path: `/jobs/${ids.good}/history`, ready: (page) => page.waitForSelector(".history li") },
    { name: "launch", path: "/launch?project=page-tests", ready: (page) => page.waitForSelector(".preview .lcode .l") },
    { name: "launch-clone", path: `/launch?from=${ids.good}`, ready: (page) => page.waitForSelector(".preview .lcode .l") },
    { name: "projects", path: "/projects", ready: (page) => page.waitForSelector(".projectlist tbody tr") },
    { name: "project", path: "/projects/page-tests", ready: (page) => page.waitForSelector(".runs li") },
    { name: "clusters", path: "/clusters", ready: (page) => page.waitForSelector(".chealth") },
    { name: "cluster", path: "/clusters/local", ready: (page) => page.waitForSelector("table.list tbody tr") },
    { name: "settings", path: "/settings", ready: (page) => page.waitForSelector(".facts dt") },
    { name: "palette", path: "/jobs", ready: async (page) => { await rows(page); await page.keyboard.press("Control+k"); await page.waitForSelector(".palette [role=option]"); } },
    { name: "keys", path: "/jobs", ready: async (page) => { await rows(page); await page.keyboard.press("?"); await page.waitForSelector(".keyhelp"); } },
  ];
}

/** Three rows, two of them waiting, one running. */
async function select(page) {
  await rows(page);
  for (const at of [0, 1, 4]) await page.locator(".rows .tr input[type=checkbox]").nth(at).click();
  await page.waitForSelector("text=3 selected");
}

/** How pages look while something is wrong, waited for or asked, for screenshots alone. prepare(page, proxy) comes first. */
export function states(ids) {
  const fails = (part) => (_, proxy) => { proxy.fault = (path) => (path.includes(part) ? 503 : undefined); };
  const shown = (selector) => (page) => page.waitForSelector(selector);
  const cut = (ready) => async (page, proxy) => { await ready(page); await page.waitForSelector(".live:has-text('Live')", { state: "attached" }); proxy.cut(true); await page.waitForSelector(".banner", { timeout: 60_000 }); };
  return [
    { name: "error-jobs", path: "/jobs", prepare: fails("/api/v1/jobs?"), ready: shown(".notice.n-bad") },
    { name: "error-job", path: "/jobs/999999", ready: shown(".notice.n-bad") },
    { name: "error-cluster", path: "/clusters/local", prepare: fails("/nodes"), ready: shown(".notice.n-bad") },
    { name: "error-address", path: "/nowhere", ready: shown(".empty") },
    { name: "error-field", path: "/launch?project=page-tests", ready: async (page) => { await previewed(page); await page.fill("[id='f-param_lr']", "fast"); await page.fill("#f-time", "soon"); await page.waitForSelector(".wrongtext"); } },
    { name: "offline-jobs", path: "/jobs", ready: cut(rows) },
    { name: "offline-job", path: `/jobs/${ids.running}`, ready: cut((page) => page.waitForSelector(".ll")) },
    { name: "offline-launch", path: "/launch?project=page-tests", ready: cut(previewed) },
    { name: "stale-clusters", path: "/clusters", ready: shown(".lasterr") },
    { name: "stale-cluster", path: "/clusters/cedar", ready: shown(".lasterr") },
    { name: "failed-import", path: `/jobs/${ids.import}`, ready: shown(".ll") },
    { name: "pending", path: `/jobs/${ids.waiting3}`, ready: shown(".tl li") },
    { name: "selected", path: "/jobs", ready: select },
    { name: "filter-help", path: "/jobs", ready: async (page) => { await rows(page); await page.focus(".combo input"); await page.keyboard.type("st"); await page.waitForSelector(".combo [role=option]"); } },
    { name: "confirm", path: `/jobs/${ids.running}`, ready: async (page) => { await page.click(".jobacts >> text=Cancel"); await page.waitForSelector("dialog"); } },
    { name: "dialog-cancel", path: "/jobs", ready: async (page) => { await select(page); await page.click(".bulk >> text=Cancel"); await page.waitForSelector("dialog[open]"); } },
    { name: "dialog-tag", path: "/jobs", ready: async (page) => { await select(page); await page.click(".bulk >> text=Tag"); await page.waitForSelector("dialog[open]"); } },
    { name: "dialog-values", path: `/jobs/${ids.good}/metrics`, ready: async (page) => { await page.waitForSelector(".chart canvas"); await page.locator("[aria-label^='Values of']").first().click(); await page.waitForSelector("dialog[open]"); } },
    { name: "dialog-views", path: "/jobs?filter=state:failed", ready: async (page) => { await rows(page); await page.click(".filterbar >> text=Views"); await page.waitForSelector("dialog[open]"); } },
    { name: "dialog-filter", path: "/jobs", ready: async (page) => { await rows(page); await page.click("[aria-label='Help on filters']"); await page.waitForSelector("dialog[open]"); } },
    { name: "dialog-remove", path: "/projects/page-tests", ready: async (page) => { await page.waitForSelector(".runs li"); await page.click("button:has-text('Remove')"); await page.waitForSelector("dialog[open]"); } },
    { name: "time-axis", path: `/jobs/${ids.good}/metrics?x=time&log=1`, ready: shown(".chart canvas") },
  ];
}

/** Of a gateway that nobody used yet. */
export const empties = [
  { name: "empty-jobs", path: "/jobs", ready: (page) => page.waitForSelector("main:has-text('No jobs yet')") },
  { name: "empty-launch", path: "/launch", ready: (page) => page.waitForSelector("main:has-text('No project yet')") },
  { name: "empty-projects", path: "/projects", ready: (page) => page.waitForSelector("main:has-text('No project yet')") },
];
