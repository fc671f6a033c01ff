// The navigation: at the side, at the foot on small screens. index.html holds it as it is before the page's code has come
// (web/build.mjs): nothing in it may need a browser to be drawn.
import type { JSX } from "preact";

import { href } from "../lib/base";
import { now } from "../lib/clock";
import { ago, count, when } from "../lib/format";
import { Icon, Logo } from "../lib/icons";
import { lastHeard, link } from "../lib/live";
import { usePlace } from "../lib/route";
import { jobSummary } from "../jobs/counts";
import { knownPages, type Page } from "./known";
import { overlay } from "./overlay";

function isHere(page: Page, path: string): boolean {
  const root = page.path.split("/:")[0]!;
  return path === root || path.startsWith(`${root}/`);
}

function NavLink({ page }: { page: Page }): JSX.Element {
  const { path } = usePlace();
  const active = page.path === "/jobs" ? jobSummary.value.running + jobSummary.value.queued : 0;
  return (
    <a href={href(page.path)} aria-current={isHere(page, path) ? "page" : undefined} class={page.section ?? ""}>
      <Icon name={page.icon!} /><span>{page.title}</span>
      {active > 0 && <span class="k num" title={`${active} running or waiting`}>{count(active)}</span>}
    </a>
  );
}

function Connection(): JSX.Element {
  const states = {
    connecting: ["calm", "Connecting"],
    live: ["ok", "Live"],
    polling: ["ok", "Up to date"],
    offline: ["bad", "Reconnecting"],
  } as const;
  const [tone, word] = states[link.value];
  const heard = lastHeard.value;
  const age = !heard ? "" : link.value === "offline" ? `, data from ${when(heard, now.value)}` : now.value - heard > 20_000 ? `, heard ${ago(heard, now.value)}` : "";
  return <span class="live"><span class={`spot s-${tone}`} />{word}{age}</span>;
}

export function Nav(): JSX.Element {
  const listed = knownPages.value.filter((page) => page.icon);
  const deep = listed.filter((page) => page.section);
  return (
    <nav class="nav" aria-label="Main">
      <a class="brand" href={href("/jobs")}><Logo />sluice</a>
      {listed.filter((page) => !page.section).map((page) => <NavLink key={page.path} page={page} />)}
      {deep.length > 0 && <div class="sep" />}
      {deep.map((page) => <NavLink key={page.path} page={page} />)}
      <div class="foot">
        <button class="find" onClick={() => { overlay.value = "palette"; }}><Icon name="search" />Go to<kbd>Ctrl K</kbd></button>
        <Connection />
      </div>
    </nav>
  );
}
