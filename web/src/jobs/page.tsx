// All jobs, live: free GPUs, the last failures, and the list with its filter.
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { href } from "../lib/base";
import { count } from "../lib/format";
import { Icon } from "../lib/icons";
import { termValue, withTerm } from "../lib/filter";
import { usePlace } from "../lib/route";
import { CommandLine, Empty, ProblemBox } from "../lib/ui";
import { counts, jobSummary } from "./counts";
import { FilterBar } from "./filterbar";
import { FreeGpus } from "./gpus";
import { Failures } from "./failures";
import { rememberList } from "./lastlist";
import { viewHere, type View } from "./listpath";
import { JobRows } from "./store";
import { JobTable } from "./table";
import { pageAt } from "../app/known";

/** The list is taken in before anything is drawn: it is what the page waits for, ahead of figures. */
function beginEarly(): JobRows | undefined {
  const view = viewHere();
  if (!view) return undefined;
  const rows = new JobRows();
  void rows.show(view);
  return rows;
}

let early = beginEarly();

function takeRows(view: View): JobRows {
  const rows = early ?? new JobRows();
  early = undefined;
  void rows.show(view);
  return rows;
}

const shown = [
  { key: "running", label: "Running", of: () => jobSummary.value.running },
  { key: "queued", label: "Waiting", of: () => jobSummary.value.queued },
  { key: "failed", label: "Failed", of: () => jobSummary.value.failed },
  { key: "completed", label: "Completed", of: () => jobSummary.value.completed },
] as const;

/** Not counted yet, or the gateway was away from the start: no number, rather than a 0 that nobody said. */
const told = (jobs: number): string => (counts.value ? count(jobs) : "–");

function StateTabs({ filter, setFilter }: { filter: string; setFilter: (text: string) => void }): JSX.Element {
  const chosen = termValue(filter, "state");
  return (
    <div class="counts" role="group" aria-label="Jobs by state">
      <button aria-pressed={chosen === undefined} onClick={() => setFilter(withTerm(filter, "state", undefined))}>All <b class="num">{told(jobSummary.value.all)}</b></button>
      {shown.map(({ key, label, of }) => (
        <button key={key} class={of() ? `c-${key}` : ""} aria-pressed={chosen === key} onClick={() => setFilter(withTerm(filter, "state", chosen === key ? undefined : key))}>
          {label} <b class="num">{told(of())}</b>
        </button>
      ))}
    </div>
  );
}

/** The rows stay while a filter is typed; where it fails they are not what it asks for. */
function StillOf({ view }: { view: View }): JSX.Element {
  return <p class="sm muted stillof">Below is still {view.filter ? <>the list of <code>{view.filter}</code></> : "the list of all jobs"}.</p>;
}

function NoJobs(): JSX.Element {
  return (
    <section class="card">
      <Empty icon="jobs" title="No jobs yet">
        <p>What you run on your clusters will stand here, with its state, its log and its curves.</p>
        {pageAt("/launch") && <p><a class="btn pri" href={href("/launch")}><Icon name="launch" />Launch the first</a></p>}
        <p>From a terminal, in a project's folder:</p>
        <CommandLine text="sluice submit -- python train.py" />
      </Empty>
    </section>
  );
}

/** The list's own query. The list stays drawn while the page that one goes to is on its way, whose address says nothing of it. */
function useListQuery(): [Record<string, string>, ReturnType<typeof usePlace>["setQuery"]] {
  const { path, query, setQuery } = usePlace();
  const own = useRef(query);
  if (/^\/jobs\/?$/.test(path)) own.current = query;
  return [own.current, setQuery];
}

export function JobsPage(): JSX.Element {
  const [query, setQuery] = useListQuery();
  const filter = query.filter ?? "";
  const sort = query.sort ?? "";
  const rows = useMemo(() => takeRows({ filter, sort, archived: false }), []); // on its way while the page is drawn
  const [painted, setPainted] = useState(rows.first.value); // figures are asked for once the rows are there to see, or while they are waited for
  useEffect(() => rows.start(), []);
  useEffect(() => { if (!rows.first.value) setTimeout(() => setPainted(true)); }, [rows.first.value]);
  useLayoutEffect(() => { void rows.show({ filter, sort, archived: false }); }, [filter, sort]); // by an address; else it is asked already
  useEffect(() => { document.title = "Jobs · Sluice"; }, []);
  useEffect(() => rememberList(filter, sort), [filter, sort]);
  const setFilter = (text: string): void => {
    if (text !== filter) void rows.show({ filter: text, sort, archived: false }); // before the page is drawn anew for it
    setQuery({ filter: text || undefined });
  };
  const isNew = !rows.first.value && !filter && rows.total.value === 0 && counts.value !== undefined && jobSummary.value.all === 0;
  return (
    <>
      <div class="pagehead">
        <h1>Jobs</h1>
        <StateTabs filter={filter} setFilter={setFilter} />
        <span class="sp" />
        {pageAt("/launch") && <a class="btn pri launch" href={href("/launch")}><Icon name="launch" />Launch</a>}
      </div>
      <div class="overview">{!painted ? <><section class="card strip" /><section class="card failures" /></> : <><FreeGpus /><Failures /></>}</div>
      {isNew ? <NoJobs /> : (
        <section class="card list" aria-label="List of jobs">
          <FilterBar filter={filter} setFilter={setFilter} rows={rows} />
          {rows.problem.value && <div class="pad"><ProblemBox problem={rows.problem.value} what={filter ? "The filter or the list failed" : "The list cannot be read"} retry={() => void rows.reload()} />{rows.old.value && <StillOf view={rows.old.value} />}</div>}
          <JobTable rows={rows} filter={filter} setFilter={setFilter} sort={sort} setSort={(to) => setQuery({ sort: to || undefined })} />
        </section>
      )}
    </>
  );
}
