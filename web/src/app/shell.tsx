// The frame of every page: navigation, the state of the connection, toasts, palette, help.
import type { ComponentChildren, JSX } from "preact";

import { now } from "../lib/clock";
import { when } from "../lib/format";
import { Icon } from "../lib/icons";
import { useKeys, type Binding } from "../lib/keys";
import { late } from "../lib/late";
import { lastHeard, link } from "../lib/live";
import { usePlace } from "../lib/route";
import { Toasts } from "../lib/toast";
import { Nav } from "./nav";
import { overlay } from "./overlay";
import { pages } from "./pages";

const Palette = late(() => import("./palette"));
const KeyHelp = late(() => import("./help"));

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
