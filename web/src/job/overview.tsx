// The first tab of a job: why it ended so, its curves, the end of its log; beside them what it is.
import type { ComponentChildren, JSX } from "preact";

import { href } from "../lib/base";
import { bytes, duration, millis, sizeText, stamp, value, when } from "../lib/format";
import { evidenceText, reasonText, resourceText, runSeconds, schedulerId, tasksOf } from "../lib/jobtext";
import { Icon } from "../lib/icons";
import { now } from "../lib/clock";
import type { Resource } from "../lib/resource";
import { isEnded, isFailure, isQueued, stateRow } from "../lib/states";
import type { Attempt, Evidence, Job } from "../lib/types";
import { Age, Card, CopyButton, Facts, Notice, StateBadge } from "../lib/ui";
import { LogView } from "./log";
import { OverviewCharts } from "./metrics";
import type { Curve } from "./series";
import type { Wait } from "./timeline";

function EvidenceLine({ job, item }: { job: Job; item: Evidence | string }): JSX.Element {
  const line = typeof item === "string" ? undefined : item.line;
  return (
    <li>
      {line !== undefined && <a class="mono nw" href={`${href(`/jobs/${job.id}/log`)}#L${line}`}>L{line}</a>}
      <code><bdi>{evidenceText(item)}</bdi></code>
    </li>
  );
}

/** Why a job ended as it did, with the lines that say so and what to do next. */
export function VerdictPanel({ job }: { job: Job }): JSX.Element | null {
  const { verdict } = job;
  if (!verdict && !isFailure(job.state)) return null;
  const title = verdict?.title ?? stateRow(job.state).label;
  const evidence = verdict?.evidence ?? [];
  const next = verdict?.next ?? [];
  return (
    <Notice tone={isFailure(job.state) ? "bad" : "info"}>
      <div class="verdict">
        <b>{title}</b>
        {job.why && job.why !== title && <p class="muted"><bdi>{reasonText(job)}</bdi></p>}
        {evidence.length > 0 && <ul class="evidence">{evidence.slice(0, 5).map((item, at) => <EvidenceLine key={at} job={job} item={item} />)}</ul>}
        {next.length > 0 && <ul class="next">{next.map((step, at) => <li key={at}>{typeof step === "string" ? step : (step.text ?? step.title ?? "")}</li>)}</ul>}
      </div>
    </Notice>
  );
}

function commandOf(job: Job): string {
  return (job.argv ?? []).map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`)).join(" ");
}

function parentLink(job: Job): ComponentChildren {
  const id = job.parent?.id;
  return id === undefined ? undefined : <a href={href(`/jobs/${id}`)}>{job.parent?.kind ?? "from"} {id}</a>;
}

function commitText(job: Job): ComponentChildren {
  const { sha, branch, dirty, tree } = job.commit ?? {};
  if (sha) return <><span class="mono">{sha.slice(0, 7)}</span> {branch}{dirty ? ", modified" : ""}</>;
  return tree ? <span class="mono" title={tree}>{tree.slice(0, 12)}</span> : undefined;
}

function gpuHours(job: Job): string | undefined {
  const gpus = (job.resources?.gpus ?? 0) * (job.resources?.nodes ?? 1);
  const seconds = runSeconds(job, now.value);
  return gpus && seconds ? `${value(Number(((gpus * seconds) / 3600).toPrecision(2)))} GPU-hours` : undefined;
}

/** As it was typed; of the gateway it comes in bytes. */
function memText(mem: string): string {
  return /^\d+$/.test(mem) ? sizeText(Number(mem)) : mem;
}

function usageText(job: Job): string | undefined {
  const { max_rss_bytes: rss, cpu_s: cpu, gpu_util: gpu } = job.usage ?? {};
  return [rss && `${bytes(rss)} memory`, cpu && `${duration(cpu)} CPU`, gpu !== undefined && `GPU ${Math.round(gpu * 100)} %`].filter(Boolean).join(", ") || undefined;
}

function DetailsCard({ job }: { job: Job }): JSX.Element {
  const command = commandOf(job);
  const created = millis(job.created_at);
  return (
    <section class="card side">
      <h2>Details</h2>
      <Facts rows={[
        ["Project", job.project && <a href={href(`/jobs?filter=project:${encodeURIComponent(job.project)}`)}><bdi>{job.project}</bdi></a>],
        [job.commit?.sha ? "Commit" : "Code", commitText(job)],
        ["Command", command && <span class="cmdline mono"><bdi>{command}</bdi><CopyButton compact text={command} label="Copy the command" /></span>],
        ["Asked for", [resourceText(job), job.resources?.mem && `${memText(job.resources.mem)} memory`, job.resources?.time_s && duration(job.resources.time_s)].filter(Boolean).join(", ")],
        ["Partition", job.resources?.partition], ["Account", [job.resources?.account, job.resources?.qos].filter(Boolean).join(", ")],
        ["Nodes", job.node_list, true], ["Used", [gpuHours(job), usageText(job)].filter(Boolean).join(", ")],
        ["Scheduler id", schedulerId(job), true], ["Array", job.slurm?.array, true],
        ["Group", job.group], ["From", parentLink(job)], ["Priority", job.priority ? String(job.priority) : undefined],
        ["Created", created && <span class="num">{stamp(created)}</span>],
        ["Seen", job.observed_at && <span><Age at={job.observed_at} /></span>],
        ["Token", job.token && <span class="mono ell token" title={job.token}>{job.token}</span>],
      ]} />
      {job.description && <p class="descr"><bdi>{job.description}</bdi></p>}
    </section>
  );
}

function LinksCard({ job }: { job: Job }): JSX.Element | null {
  const links = (job.links ?? []).filter((link) => /^https?:\/\//.test(link.url));
  if (!links.length) return null;
  return (
    <section class="card side"><h2>Links</h2>
      <ul class="linklist">{links.map((link) => (
        <li key={link.url}><a href={link.url} target="_blank" rel="noreferrer noopener"><Icon name="external" /><bdi>{link.title ?? link.name ?? linkName(link.kind, link.url)}</bdi></a>
          {link.line !== undefined && <a class="mono faint sm" href={`${href(`/jobs/${job.id}/log`)}#L${link.line}`}>L{link.line}</a>}</li>
      ))}</ul>
    </section>
  );
}

const linkNames: Record<string, string> = { wandb: "W&B", mlflow: "MLflow", comet: "Comet", clearml: "ClearML", neptune: "Neptune", aim: "Aim", tensorboard: "TensorBoard" };

export function linkName(kind: string | undefined, url: string): string {
  return linkNames[kind ?? ""] ?? kind ?? new URL(url).host;
}

function MetricsCard({ job }: { job: Job }): JSX.Element | null {
  const rows = Object.entries(job.metrics ?? {});
  if (!rows.length) return null;
  return (
    <section class="card side"><h2>Metrics</h2>
      <table class="plain num"><thead><tr><th scope="col">Name</th><th scope="col">Last</th><th scope="col">Best</th></tr></thead>
        <tbody>{rows.slice(0, 12).map(([name, one]) => <tr key={name}><td class="mono">{name}</td><td>{value(one.last)}</td><td>{value(one.best ?? one.min)}</td></tr>)}</tbody></table>
    </section>
  );
}

function attemptRow(attempt: Attempt, at: number): JSX.Element {
  const start = millis(attempt.started_at);
  const end = millis(attempt.ended_at);
  return (
    <tr key={at}>
      <td class="num">{attempt.n ?? attempt.attempt ?? at + 1}</td><td>{stateRow(attempt.state ?? "").label}</td><td class="mono">{attempt.node_list}</td>
      <td class="num">{start ? stamp(start).slice(5) : ""}</td><td class="num nw">{start && end ? duration((end - start) / 1000) : ""}</td><td>{attempt.signal ? `signal ${attempt.signal}` : attempt.exit_code !== undefined ? `exit ${attempt.exit_code}` : ""}</td>
    </tr>
  );
}

/** Shown where there was more than one: what happened each time. */
function Attempts({ job }: { job: Job }): JSX.Element | null {
  const attempts = job.attempts ?? [];
  if (attempts.length < 2) return null;
  return (
    <Card title={<>Attempts <span class="muted">{attempts.length}</span></>}>
      <div class="pad scrollx" tabIndex={0} role="region" aria-label="Attempts"><table class="plain"><thead><tr>{["", "State", "Nodes", "Start", "Ran", "End"].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead><tbody>{attempts.map(attemptRow)}</tbody></table></div>
    </Card>
  );
}

const SHOWN_TASKS = 200;

/** An array's tasks, what failed before what runs before the rest; each leads to its log. */
function Tasks({ job }: { job: Job }): JSX.Element | null {
  const list = tasksOf(job);
  if (!list.length) return null;
  const counts = Object.entries(job.slurm?.tasks ?? {}).filter(([state]) => state !== "total");
  return (
    <Card title={<>Tasks <span class="muted">{list.length}</span></>} extra={<span class="sm muted num">{counts.map(([state, n]) => `${n} ${stateRow(state).label.toLowerCase()}`).join(", ")}</span>}>
      <div class="pad scrollx" tabIndex={0} role="region" aria-label="Tasks"><table class="plain"><thead><tr>{["Task", "State", "Node", "Ran", "End", ""].map((name) => <th key={name} scope="col">{name || <span class="sr">Log</span>}</th>)}</tr></thead>
        <tbody>{list.slice(0, SHOWN_TASKS).map((task) => {
          const [start, end] = [millis(task.started_at), millis(task.ended_at)];
          return (
            <tr key={task.task}><td class="num">{task.task}</td><td><StateBadge state={task.state} /></td><td class="mono">{task.node_list}</td><td class="num nw">{start ? duration(((end ?? now.value) - start) / 1000) : ""}</td>
              <td>{task.signal ? `signal ${task.signal}` : task.exit_code !== undefined ? `exit ${task.exit_code}` : ""}</td><td>{start && <a href={href(`/jobs/${job.id}/log?task=${task.task}`)} aria-label={`Log of task ${task.task}`}>Log</a>}</td></tr>
          );
        })}</tbody></table></div>
      {list.length > SHOWN_TASKS && <p class="pad sm muted">{SHOWN_TASKS} of {list.length} shown: <code>sluice show {job.id} --tasks</code> lists all.</p>}
    </Card>
  );
}

/** Why it waits, in words, and for what it waited before that. */
function Waiting({ job, waits }: { job: Job; waits: Wait[] }): JSX.Element | null {
  if (!isQueued(job.state) || !waits.length) return null;
  return (
    <Card title="Why it waits">
      <ol class="waits">{[...waits].reverse().map((wait, at) => (
        <li key={`${wait.from}${wait.reason}`} class={at === 0 && wait.to === undefined ? "now" : "muted"}>
          <span class="num sm">{duration(((wait.to ?? now.value) - wait.from) / 1000)}</span>
          <span><bdi>{wait.why || wait.reason}</bdi>{wait.why && wait.reason && <code class="faint sm"> {wait.reason}</code>}</span>
          <span class="sm muted num">since {when(wait.from, now.value, true)}</span>
        </li>
      ))}</ol>
    </Card>
  );
}

export function Overview({ job, curves, waits }: { job: Job; curves: Resource<Curve[]>; waits: Wait[] }): JSX.Element {
  return (
    <div class="g">
      <div class="col">
        <VerdictPanel job={job} />
        {job.stale && <Notice icon="clock">Cluster {job.cluster} cannot be reached: this is what was seen <Age at={job.observed_at} />.</Notice>}
        <Waiting job={job} waits={waits} />
        <OverviewCharts job={job} curves={curves} />
        <Attempts job={job} />
        <Tasks job={job} />
        <LogView job={job} />
      </div>
      <aside class="col" aria-label="About the job">
        <LinksCard job={job} />
        <MetricsCard job={job} />
        <DetailsCard job={job} />
        {!isEnded(job.state) && job.cancel_requested_at && <Notice icon="stop">Cancel asked for <Age at={job.cancel_requested_at} />; the scheduler has not confirmed it yet.</Notice>}
      </aside>
    </div>
  );
}
