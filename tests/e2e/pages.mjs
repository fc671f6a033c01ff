// The pages there are, for screenshots, axe and the budgets. Add a row for a new page.
export function shots(ids) {
  const rows = (page) => page.waitForSelector(".rows .tr");
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
    { name: "job-metrics", path: `/jobs/${ids.good}/metrics`, ready: (page) => page.waitForSelector(".chart, .empty") },
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
