// Runs before the first paint and before the page's code is there: a chosen theme must not flash, and the jobs list, which
// most come for, is asked for while the code is on its way. Nothing else belongs here.
import { base } from "./lib/base";
import { askEarly } from "./lib/early";
import { firstPage, listPath } from "./jobs/listpath";

if ([`${base}/`, `${base}/jobs`].includes(location.pathname)) {
  const asked = new URLSearchParams(location.search);
  askEarly(listPath({ filter: asked.get("filter") ?? "", sort: asked.get("sort") ?? "", archived: false }, firstPage));
}

try {
  const root = document.documentElement;
  const theme = localStorage.getItem("sluice.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (localStorage.getItem("sluice.density") === "roomy") root.dataset.density = "roomy";
} catch {
  // no storage: the system's theme it is
}
