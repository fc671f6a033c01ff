// Filters that somebody comes back to: a few that everybody wants, and those kept by name in this browser.
import "../lib/everywhere";

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { Icon } from "../lib/icons";
import { recall, remember } from "../lib/prefs";
import { Dialog } from "../lib/ui";
import { readViews, withView, type View } from "./viewlist";

const usual: View[] = [
  { name: "Failed today", filter: "state:failed age:<1d" }, { name: "Not over yet", filter: "state:active" },
  { name: "Mine this week", filter: "user:me age:<1w" }, { name: "Archived too", filter: "archived:yes" },
];

interface Props { filter: string; setFilter: (text: string) => void; onClose: () => void }

export default function Views({ filter, setFilter, onClose }: Props): JSX.Element {
  const [views, setViews] = useState(() => readViews(recall("views")));
  const [name, setName] = useState("");
  const keep = (next: View[]): void => { setViews(next); remember("views", JSON.stringify(next)); };
  const choose = (view: View): void => { setFilter(view.filter); onClose(); };
  const line = (view: View, mine: boolean): JSX.Element => (
    <li key={view.name}>
      <button class="viewpick" aria-current={view.filter === filter ? "true" : undefined} onClick={() => choose(view)}><b class="ell"><bdi>{view.name}</bdi></b><code class="muted sm ell"><bdi>{view.filter}</bdi></code></button>
      {mine && <button class="ibtn" aria-label={`Remove the view ${view.name}`} onClick={() => keep(views.filter((one) => one !== view))}><Icon name="cross" /></button>}
    </li>
  );
  const save = (event: Event): void => {
    event.preventDefault();
    if (name.trim()) { keep(withView(views, { name: name.trim(), filter })); setName(""); }
  };
  return (
    <Dialog title="Views" onClose={onClose} class="views">
      <h2>Views</h2>
      <ul>{views.map((view) => line(view, true))}{usual.map((view) => line(view, false))}</ul>
      {filter && <form class="viewsave" onSubmit={save}><input class="in" aria-label="Name of this view" placeholder="Name of this view" maxLength={60} value={name} onInput={(event) => setName(event.currentTarget.value)} /><button class="btn" disabled={!name.trim()}>Keep</button></form>}
      <footer><span class="sm muted grow">{filter ? <>Now: <code>{filter}</code></> : "Filter the list, then keep it here by name."}</span><button class="btn" onClick={onClose}>Close</button></footer>
    </Dialog>
  );
}
