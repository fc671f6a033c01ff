// The frame of every page: navigation at the side (at the foot on small screens), the state of the connection,
// toasts, palette, help.
import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";

import { href } from "../lib/base";
import { now } from "../lib/clock";
import { ago, count, when } from "../lib/format";
import { Icon, Logo } from "../lib/icons";
import { useKeys, type Binding } from "../lib/keys";
import { late } from "../lib/late";
import { lastHeard, link } from "../lib/live";
import { usePlace } from "../lib/route";
import { Toasts } from "../lib/toast";
import { jobSummary } from "../jobs/counts";
import type { Page } from "./known";
import { pages } from "./pages";

const Palette = late(() => import("./palette"));
const KeyHelp = late(() => import("./help"));
export const overlay = signal<"none" | "palette" | "help">("none");

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

function Nav(): JSX.Element {
  const listed = pages.filter((page) => page.icon);
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

function globalKeys(go: (path: string) => void): Binding[] {
  const pageKeys = pages.filter((page) => page.key).map((page) => ({ keys: `g ${page.key}`, label: page.title, group: "Go to", run: () => go(page.path) }));
  return [
    ...pageKeys,
    { keys: "mod+k", label: "Jobs, pages, actions", group: "Everywhere", run: () => { overlay.value = overlay.value === "palette" ? "none" : "palette"; } },
    { keys: "?", label: "Keyboard shortcuts", group: "Everywhere", run: () => { overlay.value = "help"; } },
  ];
}

/** One banner for the whole page while nothing is heard: values stay, writes are off. */
function OfflineBanner(): JSX.Element | null {
  if (link.value !== "offline") return null;
  return (
    <div class="banner" role="status">
      <Icon name="warn" />Reconnecting to the gateway{lastHeard.value ? `, data from ${when(lastHeard.value, now.value)}` : ""}. Changes are off until it answers.
    </div>
  );
}

export function Shell({ children }: { children: ComponentChildren }): JSX.Element {
  const { go } = usePlace();
  useKeys(globalKeys(go));
  const close = (): void => { overlay.value = "none"; };
  return (
    <>
      <a class="skip" href="#main">To the content</a>
      <Nav />
      <main id="main" tabIndex={-1}><OfflineBanner />{children}</main>
      <Toasts />
      {overlay.value === "palette" && <Palette onClose={close} />}
      {overlay.value === "help" && <KeyHelp onClose={close} />}
    </>
  );
}
