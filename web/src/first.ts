// Runs before the first paint and before the page's code is there: a chosen theme must not flash, and the jobs list, which
// most come for, is asked for while the code is on its way. Nothing else belongs here.
import { askEarly } from "./lib/early";
import { firstPage, listPath, viewHere } from "./jobs/listpath";

const view = viewHere();
if (view) askEarly(listPath(view, firstPage));

try {
  const root = document.documentElement;
  const theme = localStorage.getItem("sluice.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (localStorage.getItem("sluice.density") === "roomy") root.dataset.density = "roomy";
} catch {
  // no storage: the system's theme it is
}
