// The pages there are, for screenshots, axe and the budgets. Add a row for a new page.
export function shots(ids) {
  return [
    { name: "jobs", path: "/jobs", ready: (page) => page.waitForSelector(".rows .tr") },
    { name: "jobs-filter", path: "/jobs?filter=state:failed", ready: (page) => page.waitForSelector(".rows .tr") },
    { name: "jobs-none", path: "/jobs?filter=tag:nothing", ready: (page) => page.waitForSelector(".empty") },
    { name: "job-running", path: `/jobs/${ids.running}`, ready: (page) => page.waitForSelector("h1") },
  ];
}
