// The rows: only those in view are in the document; pages come as they are scrolled to.
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { href } from "../lib/base";
import { now } from "../lib/clock";
import { Icon } from "../lib/icons";
import { jobInFull, jobTitle, resourceText, schedulerId, timeText, whyText } from "../lib/jobtext";
import { useKeys } from "../lib/keys";
import { density } from "../lib/prefs";
import { usePlace } from "../lib/route";
import { isEnded, isQueued } from "../lib/states";
import type { Job } from "../lib/types";
import { Age, Confirm, copyText, Empty, own, Skeleton, StateBadge } from "../lib/ui";
import { useWindowRows } from "../lib/virtual";
import { cancelJobs, leaving } from "./actions";
import { cursor, leaveCursor, moveCursor, seeCursor } from "./cursor";
import { clearSelection, selected } from "./selection";
import { seat, type Slots } from "./slots";
import type { JobRows } from "./store";

const isNarrow = signal(matchMedia("(max-width: 760px)").matches);
matchMedia("(max-width: 760px)").addEventListener("change", (event) => { isNarrow.value = event.matches; });

const NEAR = 10; // rows before the last one that is there: the next page is asked for
const HEAD = 30; // px of the line above the rows, which stays in view
const FIRST = 8; // rows of the first frame
const SPARE = 6; // rows beyond each edge, for those who scroll
let anchor: number | undefined; // the job that a range begins at

function toggle(rows: JobRows, id: number, range: boolean): void {
  const ids = rows.ids.value;
  const next = new Set(selected.value);
  const index = ids.indexOf(id);
  if (index < 0) return;
  const on = !next.has(id);
  const other = range && anchor !== undefined ? ids.indexOf(anchor) : -1;
  const [from, to] = other >= 0 ? [Math.min(other, index), Math.max(other, index)] : [index, index];
  for (const one of ids.slice(from, to + 1)) on ? next.add(one) : next.delete(one);
  anchor = id;
  selected.value = next;
}

function Name({ job }: { job: Job }): JSX.Element {
  const why = whyText(job);
  const isBad = isEnded(job.state) && job.state !== "completed";
  return (
    <>
      <a class="jobname" href={href(`/jobs/${job.id}`)}>{own(jobTitle(job))}</a>
      {(job.tags ?? []).slice(0, why ? 1 : 3).map((tag) => <span key={tag} class="chip tag">{own(tag)}</span>)}
      {why && <span class={`why ell${isBad ? " ended" : ""}`} title={why}>{own(why)}</span>}
    </>
  );
}

function Progress({ job }: { job: Job }): JSX.Element | null {
  const fraction = job.progress?.fraction;
  if (fraction === undefined || isEnded(job.state)) return null;
  return <span class="prog" role="img" aria-label={`${Math.round(fraction * 100)} % done`}><i style={{ width: `${Math.min(100, fraction * 100)}%` }} /></span>;
}

// The box is set by what is selected. A click that is prevented puts it back to how it was, behind every microtask: what is selected changes after that.
function Row({ rows, id, index, start, slot }: { rows: JobRows; id: number; index: number; start: number; slot: number }): JSX.Element | null {
  const job = rows.job(id)?.value;
  if (!job) return null;
  const isSelected = selected.value.has(id);
  const isOld = job.stale === true;
  return (
    <div role="row" data-slot={slot} aria-rowindex={index + 2} aria-selected={isSelected} class={`tr${cursor.value === id ? " cursor" : ""}${leaving.value.has(id) ? " leaving" : ""}`}
      style={{ transform: `translateY(${start}px)` }}>
      <span role="cell" class="sel"><input type="checkbox" aria-label={`Select ${jobTitle(job)}`} checked={isSelected}
        onClick={(event) => { event.preventDefault(); const range = event.shiftKey; setTimeout(() => toggle(rows, id, range)); }} /></span>
      <span role="cell" class="state"><StateBadge state={job.state} stale={isOld} /></span>
      <span role="cell" class="name"><Name job={job} /></span>
      <span role="cell" class="project ell">{own(job.project)}</span>
      <span role="cell" class="where ell">{job.cluster}{schedulerId(job) && <span class="faint mono">{` ${schedulerId(job)}`}</span>}</span>
      <span role="cell" class="res ell">{resourceText(job)}</span>
      <span role="cell" class="time num"><Progress job={job} />{timeText(job, isEnded(job.state) ? 0 : now.value)}</span>
      <Age at={job.created_at} role="cell" class="age muted num nw" />
      <span role="cell" class="id mono faint">{job.id}</span>
    </div>
  );
}

let lastMargin = 290; // where the rows mostly begin: rows far below the edge need not be made to learn it

function useMargin(): [{ current: HTMLDivElement | null }, number] {
  const box = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(lastMargin);
  useEffect(() => {
    const measure = (): void => {
      if (!box.current) return; // no rows yet
      lastMargin = Math.round(box.current.getBoundingClientRect().top + scrollY);
      setMargin(lastMargin);
    };
    const watcher = new ResizeObserver(measure);
    watcher.observe(document.getElementById("main")!);
    return () => watcher.disconnect();
  }, []);
  return [box, margin];
}

/** None in the frame that shows another list than before: it has only what is seen. The spare ones come once it is painted. */
function useSpare(list: number): number {
  const [calm, setCalm] = useState(-1);
  useEffect(() => {
    const timer = setTimeout(() => setCalm(list), 150);
    return () => clearTimeout(timer);
  }, [list]);
  return calm === list ? SPARE : 0;
}

/** A list that was not there is drawn by its first rows, and by all that are seen once those are painted. */
function useWhole(isThere: boolean): boolean {
  const [whole, setWhole] = useState(false);
  useEffect(() => {
    const timer = isThere ? setTimeout(() => setWhole(true)) : undefined;
    return () => clearTimeout(timer);
  }, [isThere]);
  return whole;
}

/** The key of each job's row. */
function useSlots(ids: number[]): Slots {
  const slots = useRef<Slots>(new Map());
  const focused = document.activeElement?.closest<HTMLElement>(".rows .tr")?.dataset.slot;
  slots.current = seat(slots.current, ids, focused === undefined ? undefined : Number(focused));
  return slots.current;
}

function Head({ ids, sort, setSort }: { ids: number[]; sort: string; setSort: (sort: string) => void }): JSX.Element {
  const isOldest = sort === "oldest";
  return (
    <div role="row" class="tr th" aria-rowindex={1}>
      <span role="columnheader" class="sel"><input type="checkbox" aria-label="Select all that are loaded" checked={ids.length > 0 && ids.every((id) => selected.value.has(id))} onChange={(event) => { selected.value = event.currentTarget.checked ? new Set(ids) : new Set(); }} /></span>
      <span role="columnheader" class="state">State</span>
      <span role="columnheader" class="name">Name</span>
      <span role="columnheader" class="project">Project</span>
      <span role="columnheader" class="where">Cluster</span>
      <span role="columnheader" class="res">Size</span>
      <span role="columnheader" class="time">Time</span>
      <span role="columnheader" class="age" aria-sort={isOldest ? "ascending" : "descending"}>
        <button onClick={() => setSort(isOldest ? "" : "oldest")} title={isOldest ? "Oldest first" : "Newest first"}>Created<Icon name={isOldest ? "up" : "down"} /></button>
      </span>
      <span role="columnheader" class="id">Id</span>
    </div>
  );
}

interface TableProps { rows: JobRows; filter: string; setFilter: (text: string) => void; sort: string; setSort: (sort: string) => void }

function useListKeys(rows: JobRows, scrollTo: (index: number) => void, ask: (job: Job) => void): void {
  const { go } = usePlace();
  const move = (by: number): void => scrollTo(moveCursor(rows.ids.value, by));
  const here = (): Job | undefined => (seeCursor(rows.ids.value) < 0 ? undefined : rows.job(cursor.value!)?.value);
  useKeys([
    { keys: "j", label: "Next job", group: "Move", run: () => move(1) },
    { keys: "k", label: "Previous job", group: "Move", run: () => move(-1) },
    { keys: "Enter", label: "Open the job", group: "Move", run: () => { const job = here(); if (job) go(`/jobs/${job.id}`); } },
    { keys: "x", label: "Select the job", group: "This page", run: () => { const job = here(); if (job) toggle(rows, job.id, false); } },
    { keys: "e", label: "Cancel the job", group: "This page", run: () => { const job = here(); if (job && !isEnded(job.state)) isQueued(job.state) ? cancelJobs([job]) : ask(job); } },
    { keys: "y", label: "Copy the job's id", group: "This page", run: () => { const job = here(); if (job) void copyText(String(job.id), `Copied ${job.id}`); } },
  ]);
}

export function JobTable({ rows, filter, setFilter, sort, setSort }: TableProps): JSX.Element {
  const [box, margin] = useMargin();
  const [asked, setAsked] = useState<Job | undefined>(undefined);
  const ids = rows.ids.value;
  const rowSize = isNarrow.value ? 66 : density.value === "roomy" ? 42 : 34;
  const total = rows.hasMore ? (rows.total.value ?? ids.length) : ids.length;
  const { from, to, show } = useWindowRows({ count: total, size: rowSize, margin }, useSpare(rows.lists.value));
  const isWhole = useWhole(ids.length > 0);
  const drawn = ids.slice(from, isWhole ? to : from + FIRST); // the others are on their way
  const slots = useSlots(drawn);
  useEffect(() => { if (to > ids.length - NEAR && rows.hasMore) void rows.more(); }, [to, ids.length, rows.busy.value]);
  useEffect(() => () => { clearSelection(); leaveCursor(); }, []);
  useEffect(() => { seeCursor(ids); }, [ids]);
  useListKeys(rows, (index) => show(index, isNarrow.value ? 0 : HEAD), setAsked);
  if (rows.first.value) return <Skeleton rows={8} height={rowSize} />;
  if (ids.length === 0 && rows.problem.value) return <></>; // told above
  if (ids.length === 0) return <NothingFits filter={filter} clear={() => setFilter("")} />;
  return (
    <div role="table" aria-label={rows.old.value ? "Jobs of the filter before" : "Jobs"} aria-rowcount={total + 1} aria-colcount={9} class={`table jobs${rows.old.value ? " old" : ""}`}>
      <div role="rowgroup"><Head ids={ids} sort={sort} setSort={setSort} /></div>
      <div role="rowgroup" class="rows" ref={box} style={{ height: `${total * rowSize}px` }}>
        {drawn.map((id, at) => {
          const slot = slots.get(id)!;
          return <Row key={slot} rows={rows} id={id} index={from + at} start={(from + at) * rowSize} slot={slot} />;
        })}
      </div>
      {asked && <Confirm title={`Cancel ${jobInFull(asked)}?`} action="Cancel the job" onYes={() => cancelJobs([asked])} onClose={() => setAsked(undefined)}><p>It is running and will lose what was not saved.</p></Confirm>}
    </div>
  );
}

function NothingFits({ filter, clear }: { filter: string; clear: () => void }): JSX.Element {
  return <Empty icon="filter" title="No job fits this filter"><p><code>{filter}</code></p><p><button class="btn" onClick={clear}>Clear the filter</button></p></Empty>;
}
