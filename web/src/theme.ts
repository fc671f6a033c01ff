// Runs before the first paint, so that a chosen theme does not flash. Nothing else belongs here.
try {
  const root = document.documentElement;
  const theme = localStorage.getItem("sluice.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (localStorage.getItem("sluice.density") === "roomy") root.dataset.density = "roomy";
} catch {
  // no storage: the system's theme it is
}
