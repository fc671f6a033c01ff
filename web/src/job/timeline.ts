// A job's way as steps: submitted, waited, ran, ended or will end. Pure.
import { duration, millis, plural, when } from "../lib/format";
import { exitText, reasonText, runSeconds, waitSeconds } from "../lib/jobtext";
import { isEnded, isQueued, stateRow } from "../lib/states";
import type { GatewayEvent, Job } from "../lib/types";

export type StepKind = "done" | "wait" | "now" | "future" | "bad" | "calm";
export interface Step { key: string; title: string; note: string; kind: StepKind; fraction?: number; warning?: string }

/** One reason that a job waited for, and how long: ms; `to` absent: it still does. */
export interface Wait { reason: string; why: string; from: number; to?: number }

/** The history of what it waited for, from its events, oldest first. */
export function waitsOf(events: GatewayEvent[]): Wait[] {
  const waits: Wait[] = [];
  for (const event of events) {
    const data = event.data as { state?: string; reason?: string; why?: string } | undefined;
    const at = millis(event.time);
    if (at === undefined || !data?.state || !["state", "changed", "fresh", "tasks"].includes(event.kind)) continue;
    const last = waits[waits.length - 1];
    const isOpen = last !== undefined && last.to === undefined;
    const [reason, why] = [data.reason ?? "", data.why ?? ""];
    if (isOpen && isQueued(data.state) && last.reason === reason && (reason || last.why === why)) {
      last.why = why || last.why; // the same reason with newer numbers
      continue;
    }
    if (isOpen) last.to = at;
    if (isQueued(data.state) && (reason || why)) waits.push({ reason, why, from: at });
  }
  return waits;
}

/** "Priority 11 min, then Resources 3 min" */
export function waitsText(waits: Wait[], now: number): string {
  const long = waits.filter((wait) => (wait.to ?? now) - wait.from >= 1000);
  return long.slice(-3).map((wait, at) => `${at ? "then " : ""}${wait.reason || wait.why} ${duration(((wait.to ?? now) - wait.from) / 1000)}`).join(", ");
}

function submitted(job: Job, now: number): Step {
  const at = millis(job.submitted_at ?? job.created_at) ?? now;
  const by = job.user ? ` by ${job.user}` : "";
  if (job.state === "submit_failed") return { key: "submit", title: "Not submitted", note: reasonText(job) ?? "", kind: "bad" };
  return { key: "submit", title: job.submitted_at ? "Submitted" : "Accepted", note: `${when(at, now, true)}${by}`, kind: "done" };
}

function waited(job: Job, now: number, waits: Wait[]): Step | undefined {
  const history = waits.length > 1 || !isQueued(job.state) ? waitsText(waits, now) : "";
  const seconds = waitSeconds(job, now);
  if (isQueued(job.state)) {
    const state = stateRow(job.state).label;
    return { key: "wait", title: seconds === undefined ? state : `${state} ${duration(seconds)}`, note: history || (job.why ?? job.reason ?? ""), kind: "wait", fraction: 1 };
  }
  if (!job.started_at && isEnded(job.state)) return undefined;
  if (seconds === undefined || seconds < 2) return undefined;
  return { key: "wait", title: `Waited ${duration(seconds)}`, note: history || (job.started_at ? `until ${when(millis(job.started_at)!, now, true)}` : ""), kind: "wait" };
}

function progressTitle(job: Job): string {
  const { step, total, fraction } = job.progress ?? {};
  if (step !== undefined && total) return `, step ${step.toLocaleString("en")} of ${total.toLocaleString("en")}`;
  return fraction !== undefined ? `, ${Math.round(fraction * 100)} % done` : "";
}

/** How long it still takes: as it says itself, and whether its time limit comes before that. */
function rest(job: Job, seconds: number): { note?: string; warning?: string } {
  const eta = job.progress?.eta_s;
  if (eta === undefined || isEnded(job.state)) return {};
  const limit = job.resources?.time_s;
  const note = `about ${duration(eta)} left`;
  return limit && eta > limit - seconds ? { warning: `${note}: will run into its limit` } : { note };
}

function running(job: Job, now: number): Step | undefined {
  const seconds = runSeconds(job, now);
  if (seconds === undefined) return undefined;
  const ended = isEnded(job.state);
  const limit = job.resources?.time_s;
  const notes = [`since ${when(millis(job.started_at)!, now, true)}`];
  const { note, warning } = rest(job, seconds);
  if (note) notes.push(note);
  if (job.attempt > 1) notes.push(`attempt ${job.attempt}, restarted ${plural(job.attempt - 1, "time")}`);
  if (job.node_list) notes.push(`on ${job.node_list}`);
  if (ended) return { key: "run", title: seconds < 1 ? "Ran under a second" : `Ran ${duration(seconds)}`, note: notes.join(" · "), kind: job.state === "completed" ? "done" : "calm" };
  const fraction = job.progress?.fraction ?? (limit ? seconds / limit : undefined);
  return { key: "run", title: `${stateRow(job.state).label} ${duration(seconds)}${progressTitle(job)}`, note: notes.join(" · "), kind: "now", fraction: Math.min(1, fraction ?? 0.5), warning };
}

function ending(job: Job, now: number): Step | undefined {
  const row = stateRow(job.state);
  if (isEnded(job.state)) {
    if (job.state === "submit_failed") return undefined;
    const at = millis(job.ended_at);
    const exit = job.state === "completed" ? "" : exitText(job);
    return { key: "end", title: row.label, note: [at && when(at, now, true), exit].filter(Boolean).join(", "), kind: row.tone === "ok" ? "done" : row.tone === "bad" ? "bad" : "calm" };
  }
  const start = millis(job.started_at);
  const limit = job.resources?.time_s;
  if (!start || !limit) return undefined;
  const end = start + limit * 1000;
  return { key: "limit", title: `Limit ${when(end, now)}`, note: end > now ? `${duration((end - now) / 1000)} left` : "reached", kind: "future" };
}

export function timeline(job: Job, now: number, waits: Wait[] = []): Step[] {
  return [submitted(job, now), waited(job, now, waits), running(job, now), ending(job, now)].filter((step): step is Step => step !== undefined);
}

/** Only Slurm takes a running job back into its queue; the tasks of an array have no attempts of their own. */
export function mayRequeue(job: Job): boolean {
  return job.scheduler === "slurm" && !job.slurm?.array && !isEnded(job.state) && !isQueued(job.state) && !!job.slurm?.job_id;
}
