// One job: what it is, how far, why it ended, its log and curves.
import "../lib/everywhere";

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { pageAt } from "../app/known";
import { archive, cancelJobs, leaving } from "../jobs/actions";
import { lastList } from "../jobs/lastlist";
import { getJson, send } from "../lib/api";
import { href } from "../lib/base";
import { now } from "../lib/clock";
import { quote } from "../lib/filter";
import { Icon } from "../lib/icons";
import { jobInFull, jobTitle, resourceText, schedulerId } from "../lib/jobtext";
import { useKeys } from "../lib/keys";
import { watch } from "../lib/live";
import { coalesce, useResource, type Resource } from "../lib/resource";
import { usePlace } from "../lib/route";
import { isEnded, isQueued } from "../lib/states";
import { toast, toastProblem } from "../lib/toast";
import type { EventList, Job } from "../lib/types";
import { Confirm, copyText, Empty, ProblemBox, Skeleton, StateBadge, WriteButton } from "../lib/ui";
import { ConfigTab, HistoryTab, ScriptTab } from "./config";
import { LogView } from "./log";
import { MetricsTab, useCurves } from "./metrics";
import { linkName, Overview } from "./overview";
import type { Curve } from "./series";
import { mayRequeue, timeline, waitsOf, type Wait } from "./timeline";

/** What it waited, or waits, for; asked again only while it does. Undefined: it waits, and the answer is on its way. */
function useWaits(job: Job): Wait[] | undefined {
  const queued = isQueued(job.state);
  const events = useResource<EventList>((abort) => getJson(`/jobs/${job.id}/events?limit=200&numbers=false`, abort), [job.id, queued ? job.event : job.attempt, queued]);
  const waits = useMemo(() => waitsOf(events.data.value?.items ?? []), [events.data.value]);
  return queued && !events.data.value && !events.problem.value ? undefined : waits;
}

function Timeline({ job, waits }: { job: Job; waits: Wait[] }): JSX.Element {
  const steps = timeline(job, isEnded(job.state) ? (now.peek()) : now.value, waits);
  return (
    <section class="card tl" aria-label="Timeline">
      <ol>
        {steps.map((step) => (
          <li key={step.key} class={`${step.kind}${step.key === "run" ? " wide" : ""}`} aria-current={step.kind === "now" ? "step" : undefined}>
            <span class="bar" aria-hidden="true">{step.kind === "now" && <i style={{ width: `${(step.fraction ?? 0) * 100}%` }} />}</span>
            <b>{step.title}</b><span class="sm num muted">{step.note}</span>{step.warning && <span class="sm num warntext">{step.warning}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Back into the queue, the attempt that is seen and no later one. */
async function requeue(job: Job): Promise<void> {
  try {
    await send("POST", `/jobs/${job.id}/requeue`, { attempt: job.attempt });
    toast(`“${jobTitle(job)}” goes back into the queue`, { tone: "ok" });
  } catch (error) {
    toastProblem("Cannot requeue", error);
  }
}

function Actions({ job }: { job: Job }): JSX.Element {
  const [asking, setAsking] = useState<"cancel" | "requeue">();
  const link = (job.links ?? []).find((one) => /^https?:\/\//.test(one.url));
  const canCancel = !isEnded(job.state) && !job.cancel_requested_at && !leaving.value.has(job.id);
  const cancel = (): void => { if (isQueued(job.state)) cancelJobs([job]); else setAsking("cancel"); };
  const canRequeue = mayRequeue(job) && canCancel;
  const { go } = usePlace();
  useKeys([
    { keys: "e", label: "Cancel the job", run: () => canCancel && cancel() },
    { keys: "r", label: "Requeue the job", run: () => canRequeue && setAsking("requeue") },
    { keys: "y", label: "Copy the job's id", run: () => void copyText(String(job.id), `Copied ${job.id}`) },
    { keys: "Escape", label: "Back to the list", group: "Move", run: () => go(lastList()) },
  ]);
  return (
    <div class="jobacts">
      {link && <a class="btn" href={link.url} target="_blank" rel="noreferrer noopener"><Icon name="external" />{linkName(link.kind, link.url)}</a>}
      {pageAt("/launch") && <a class="btn" href={href(`/launch?from=${job.id}`)}><Icon name="copy" />Clone</a>}
      {isEnded(job.state) && <WriteButton onClick={() => void archive([job], !job.archived)}><Icon name="archive" />{job.archived ? "Unarchive" : "Archive"}</WriteButton>}
      {canRequeue && <WriteButton onClick={() => setAsking("requeue")}><Icon name="undo" />Requeue</WriteButton>}
      {!isEnded(job.state) && <WriteButton class="bad" disabled={!canCancel} onClick={cancel}><Icon name="stop" />{canCancel ? "Cancel" : "Cancelling"}</WriteButton>}
      {asking === "requeue" && <Confirm title={`Requeue ${jobInFull(job)}?`} action="Requeue the job" onYes={() => void requeue(job)} onClose={() => setAsking(undefined)}><p>This run ends and loses what was not saved; the job starts again as attempt {job.attempt! + 1}.</p></Confirm>}
      {asking === "cancel" && <Confirm title={`Cancel ${jobInFull(job)}?`} action="Cancel the job" onYes={() => cancelJobs([job])} onClose={() => setAsking(undefined)}><p>It is running and will lose what was not saved.</p></Confirm>}
    </div>
  );
}

function Header({ job }: { job: Job }): JSX.Element {
  const id = schedulerId(job);
  return (
    <>
      <div class="crumb"><a href={href(lastList())}>Jobs</a><span aria-hidden="true">/</span>
        {job.project && <><a class="ell" href={href(`/jobs?filter=${encodeURIComponent(`project:${quote(job.project)}`)}`)}><bdi>{job.project}</bdi></a><span aria-hidden="true">/</span></>}
        <span class="mono">{job.id}</span></div>
      <div class="jh">
        <h1><bdi>{jobTitle(job)}</bdi></h1>
        <StateBadge state={job.state} stale={job.stale} />
        <div class="meta">
          <span class="chip mono">{job.cluster}{id ? ` ${id}` : ""}</span>
          {resourceText(job) && <span class="chip">{resourceText(job)}</span>}
          {job.resources?.partition && <span class="chip">{job.resources.partition}</span>}
          {(job.tags ?? []).map((tag) => <a key={tag} class="chip tag" href={href(`/jobs?filter=${encodeURIComponent(`tag:${quote(tag)}`)}`)}><bdi>{tag}</bdi></a>)}
          {job.archived && <span class="chip"><Icon name="archive" />archived</span>}
        </div>
        <Actions job={job} />
      </div>
    </>
  );
}

const tabs = [["", "Overview"], ["log", "Log"], ["metrics", "Metrics"], ["script", "Script"], ["config", "Config"], ["history", "History"]] as const;

function Tabs({ job, tab, curves }: { job: Job; tab: string; curves: number }): JSX.Element {
  return (
    <nav class="tabs" aria-label="Parts of the job">
      {tabs.map(([name, label]) => (
        <a key={name} href={href(`/jobs/${job.id}${name && `/${name}`}`)} aria-current={tab === name ? "page" : undefined}>
          {label}{name === "metrics" && curves > 0 && <span class="n num">{curves}</span>}
        </a>
      ))}
    </nav>
  );
}

/** The tab that was clicked is seen to be a frame before what it leads to is drawn: that may take a while. */
function useDrawn(tab: string): string {
  const [drawn, setDrawn] = useState(tab);
  useEffect(() => setDrawn(tab), [tab]); // once painted
  return drawn;
}

interface PartProps { job: Job; tab: string; curves: Resource<Curve[]>; waits: Wait[] }

function LogTab({ job }: { job: Job }): JSX.Element {
  const { query, setQuery } = usePlace();
  return <LogView job={job} tall search={query.q} attempt={query.attempt ? Number(query.attempt) : undefined} task={query.task ? Number(query.task) : undefined} onSearch={(q) => setQuery({ q })} onWhich={(which) => setQuery(which)} />;
}

function Part({ job, tab, curves, waits }: PartProps): JSX.Element | null {
  switch (tab) {
    case "": return <Overview job={job} curves={curves} waits={waits} />;
    case "log": return <LogTab job={job} />;
    case "metrics": return <MetricsTab job={job} curves={curves} />;
    case "script": return <ScriptTab job={job} />;
    case "config": return <ConfigTab job={job} />;
    case "history": return <HistoryTab job={job} />;
    default: return <Empty icon="question" title="A job has no such page"><p><a href={href(`/jobs/${job.id}`)}>Its overview</a></p></Empty>;
  }
}

function Body({ job, tab }: { job: Job; tab: string }): JSX.Element {
  const curves = useCurves(job);
  const waits = useWaits(job);
  const drawn = useDrawn(tab);
  const part = useMemo(() => waits && <Part job={job} tab={drawn} curves={curves} waits={waits} />, [job, drawn, waits]);
  if (!waits) return <><Header job={job} /><Skeleton rows={8} /></>;
  return (
    <>
      <Header job={job} />
      <Timeline job={job} waits={waits} />
      <Tabs job={job} tab={tab} curves={curves.data.value?.length ?? 0} />
      {part}
    </>
  );
}

export default function JobPage({ id, tab = "" }: { id: string; tab?: string }): JSX.Element {
  const found = useResource<Job>((abort) => getJson(`/jobs/${encodeURIComponent(id)}`, abort), [id]);
  const job = found.data.value;
  const number = job?.id;
  useEffect(() => (number === undefined ? undefined : watch([`job:${number}`], coalesce(() => void found.reload(), 150))), [number]);
  useEffect(() => { document.title = `${job ? jobTitle(job) : `Job ${id}`} · Sluice`; }, [job?.name, id]);
  if (job && (String(job.id) === id || job.token === id || id === "last")) return <Body key={job.id} job={job} tab={tab} />;
  if (found.problem.value) return <ProblemBox problem={found.problem.value} what={`Job ${id} cannot be shown`} retry={() => void found.reload()} />;
  return <Skeleton rows={12} />;
}
