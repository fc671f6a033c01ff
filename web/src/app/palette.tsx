// Ctrl-K: pages, jobs and what can be done here, found by typing. A combobox with a list box.
import "../lib/everywhere";

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { getJson, query } from "../lib/api";
import { fuzzySort } from "../lib/fuzzy";
import { Icon } from "../lib/icons";
import { bindings } from "../lib/keys";
import { setTheme } from "../lib/prefs";
import { usePlace } from "../lib/route";
import { stateRow } from "../lib/states";
import type { Job, JobList } from "../lib/types";
import { Dialog, Kbd } from "../lib/ui";
import { knownPages } from "./known";

interface Item { id: string; icon: string; label: string; note?: string; keys?: string; run: () => void }

function fixedItems(go: (path: string) => void): Item[] {
  const places = knownPages.value.filter((page) => page.icon).map((page) => ({
    id: page.path, icon: page.icon!, label: page.title, note: "page", keys: page.key ? `g ${page.key}` : undefined, run: () => go(page.path),
  }));
  const actions = bindings.value.filter((one) => !one.keys.includes("+") && !one.keys.startsWith("g ") && one.group !== "Move")
    .map((one) => ({ id: `key:${one.keys}`, icon: "key", label: one.label, note: one.group, keys: one.keys, run: () => one.run(new KeyboardEvent("keydown")) }));
  const themes = (["light", "dark", "system"] as const).map((name) => ({ id: `theme:${name}`, icon: "settings", label: `Theme: ${name}`, note: "appearance", run: () => setTheme(name) }));
  return [...places, ...actions, ...themes];
}

function jobItem(job: Job, go: (path: string) => void): Item {
  return { id: `job:${job.id}`, icon: stateRow(job.state).icon, label: `${job.id} ${job.name ?? ""}`, note: stateRow(job.state).label, run: () => go(`/jobs/${job.id}`) };
}

function useProjects(go: (path: string) => void): Item[] {
  const [names, setNames] = useState<string[]>([]);
  useEffect(() => { getJson<{ items: { name: string }[] }>("/projects").then((list) => setNames(list.items.map(({ name }) => name)), () => undefined); }, []);
  return names.map((name) => ({ id: `project:${name}`, icon: "projects", label: name, note: "project", run: () => go(`/projects/${encodeURIComponent(name)}`) }));
}

function useJobs(text: string): Job[] {
  const [jobs, setJobs] = useState<Job[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    const filter = text.trim() ? `"${text.trim().replace(/"/g, '""')}"` : undefined;
    const timer = setTimeout(() => {
      getJson<JobList>(`/jobs${query({ filter, limit: 8 })}`, abort.signal).then((list) => setJobs(list.items)).catch(() => undefined);
    }, 90);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [text]);
  return jobs;
}

export default function Palette({ onClose }: { onClose: () => void }): JSX.Element {
  const { go } = usePlace();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const listRef = useRef<HTMLUListElement>(null);
  const jobs = useJobs(text);
  const projects = useProjects(go);
  const byId = /^\d+$/.test(text.trim()) && !jobs.some((job) => String(job.id) === text.trim())
    ? [{ id: "id", icon: "jobs", label: `Job ${text.trim()}`, run: () => go(`/jobs/${text.trim()}`) }] : [];
  const items: Item[] = [...byId, ...fuzzySort(text, [...fixedItems(go), ...(text ? projects : [])], (item) => item.label), ...jobs.map((job) => jobItem(job, go))].slice(0, 14);
  const here = Math.min(at, items.length - 1);
  const choose = (item: Item | undefined): void => { onClose(); item?.run(); };
  const onKey = (event: KeyboardEvent): void => {
    const moves: Record<string, number> = { ArrowDown: here + 1, ArrowUp: here - 1 };
    if (event.key in moves) setAt((moves[event.key]! + items.length) % items.length);
    else if (event.key === "Enter") choose(items[here]);
    else return;
    event.preventDefault();
  };
  useEffect(() => { listRef.current?.children[here]?.scrollIntoView({ block: "nearest" }); }, [here]);
  return (
    <Dialog title="Go to" onClose={onClose} class="palette">
      <label class="in"><Icon name="search" />
        <input autoFocus role="combobox" aria-label="Job, project, page or action" aria-expanded="true" aria-controls="palette-list" aria-activedescendant={items[here] ? `pal-${here}` : undefined}
          placeholder="Job, project, page or action" value={text} onInput={(event) => { setText(event.currentTarget.value); setAt(0); }} onKeyDown={onKey} />
      </label>
      <ul id="palette-list" role="listbox" aria-label="Results" ref={listRef}>
        {items.map((item, index) => (
          <li key={item.id} id={`pal-${index}`} role="option" aria-selected={index === here} onMouseMove={() => setAt(index)} onClick={() => choose(item)}>
            <Icon name={item.icon} /><span class="ell">{item.label}</span><span class="muted sm">{item.note}</span>{item.keys && <Kbd keys={item.keys} />}
          </li>
        ))}
      </ul>
      {items.length === 0 && <p class="muted pad">Nothing fits “{text}”.</p>}
    </Dialog>
  );
}
