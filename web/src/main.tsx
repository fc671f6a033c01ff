// The page starts here.
import { effect } from "@preact/signals";
import { render } from "preact";
import { ErrorBoundary } from "preact-iso/lazy";
import { LocationProvider, Route, Router } from "preact-iso/router";
import { useEffect } from "preact/hooks";

import "./lib/everywhere";
import { pages } from "./app/pages";
import { Shell } from "./app/shell";
import { base, href } from "./lib/base";
import { startKeys } from "./lib/keys";
import { startCounts } from "./jobs/counts";
import { startLive } from "./lib/live";
import { notifyOf } from "./lib/prefs";
import { usePlace } from "./lib/route";
import { Empty } from "./lib/ui";

function Missing() {
  return <Empty icon="question" title="There is nothing at this address"><p><a href={href("/jobs")}>All jobs</a></p></Empty>;
}

function Start() {
  const { go } = usePlace();
  useEffect(() => go("/jobs", true), []);
  return null;
}

function App() {
  return (
    <LocationProvider scope={base ? new RegExp(`^${base}(/|$)`) : undefined}>
      <ErrorBoundary>
        <Shell>
          <Router>
            <Route path={`${base}/`} component={Start} />
            {pages.map((page) => <Route key={page.path} path={base + page.path} component={page.view} />)}
            <Route default component={Missing} />
          </Router>
        </Shell>
      </ErrorBoundary>
    </LocationProvider>
  );
}

startKeys();
setTimeout(() => { // a task of its own: by then a list that came before this code is read
  render(<App />, document.getElementById("app")!);
  requestAnimationFrame(() => setTimeout(startListening));
});

/** Once there is something to see. */
function startListening(): void {
  startLive();
  startCounts();
  effect(() => { if (notifyOf.value.length) void import("./lib/notify").then(({ startNotify }) => startNotify()); });
}
