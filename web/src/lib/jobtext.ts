// What a job's fields say in words. Pure.
import { clock, duration, millis, plural } from "./format";
import { isEnded, isFailure, isQueued } from "./states";
import type { Evidence, Job, Task } from "./types";

export function jobTitle(job: Job): string {
  return job.name || `job ${job.id}`;
}

/** job 16 “runA” on alder: which of those that may have the same name. */
export function jobInFull(job: Job): string {
  return [`job ${job.id}`, job.name && `“${job.name}”`, job.cluster && `on ${job.cluster}`].filter(Boolean).join(" ");
}

/** The type to sum by: a cluster may say nothing of it, or "gpu", and a request "any". */
export function gpuType(type: string | undefined): string {
  return type && type !== "any" ? type : "gpu";
}

/** H100, A100 80 GB: what people call "h100" and "NVIDIA A100-SXM4-80GB"; GPU where the type is not told. */
export function gpuName(type: string | undefined): string {
  if (!type || gpuType(type) === "gpu") return "GPU";
  const short = type.replace(/^(?:nvidia|amd|tesla|geforce|quadro)[ _-]+/i, "").replace(/[ -](?:sxm\d?|pcie|nvl|hbm\d?e?)\b/gi, "");
  const spaced = short.replace(/[ _-](\d+) ?gb?$/i, " $1\u202fGB");
  return /^[a-z]+\d+[a-z]*( |$)/.test(spaced) ? spaced.toUpperCase() : spaced;
}

/** 8 H100, 1 GPU, 2 GPUs */
export function gpusText(gpus: number, type: string | undefined): string {
  return gpuType(type) === "gpu" ? plural(gpus, "GPU") : `${gpus} ${gpuName(type)}`;
}

/** 2 × 8 H100, 1 GPU, 4 CPUs */
export function resourceText(job: Job): string {
  const { nodes = 1, gpus, gpu_type: type, cpus } = job.resources ?? {};
  if (gpus) return `${nodes > 1 ? `${nodes} × ` : ""}${gpusText(gpus, type)}`;
  if (cpus) return `${nodes > 1 ? `${nodes} × ` : ""}${cpus} CPU${cpus === 1 ? "" : "s"}`;
  return nodes > 1 ? `${nodes} nodes` : "";
}

/** Seconds it has run, or ran; undefined before its start. */
export function runSeconds(job: Job, now: number): number | undefined {
  if (job.elapsed_s !== undefined) return job.elapsed_s;
  const start = millis(job.started_at);
  if (start === undefined) return undefined;
  const end = isEnded(job.state) ? millis(job.ended_at) : now;
  return end === undefined ? undefined : Math.max(0, (end - start) / 1000);
}

/** Seconds it has waited, or waited before it started. */
export function waitSeconds(job: Job, now: number): number | undefined {
  const from = millis(job.submitted_at ?? job.created_at);
  if (from === undefined) return undefined;
  const to = millis(job.started_at) ?? (isEnded(job.state) ? millis(job.ended_at) : now);
  return to === undefined ? undefined : Math.max(0, (to - from) / 1000);
}

/** The time column: run time; "waits 3 min" before that. */
export function timeText(job: Job, now: number): string {
  if (isQueued(job.state)) {
    const wait = waitSeconds(job, now);
    return wait === undefined ? "" : `waits ${duration(wait)}`;
  }
  const run = runSeconds(job, now);
  return run === undefined ? "" : clock(run);
}

export function evidenceText(item: Evidence | string | undefined): string {
  if (!item) return "";
  return typeof item === "string" ? item : (item.text ?? "");
}

/** Why it is so. A refusal comes as "words (hint.); field: place": its hint is a sentence of its own. */
export function reasonText(job: Job): string | undefined {
  const { why } = job;
  const end = why?.search(/\.\)(; |$)/) ?? -1;
  if (!why || end < 0) return why;
  let depth = 1;
  let at = end;
  while (at > 0 && depth > 0) depth += { ")": 1, "(": -1 }[why[--at]!] ?? 0;
  if (depth > 0) return why; // cut off
  const said = why.slice(0, at).trimEnd();
  return `${said}${/[.!]$/.test(said) ? "" : "."} ${why.slice(at + 1, end)}${why.slice(end + 2) || "."}`;
}

/** Why it ended, and the line of its log that says so best, which comes first; once where the title quotes it. */
export function endText(job: Job): [title: string | undefined, line: string] {
  const line = evidenceText(job.verdict?.evidence?.[0]);
  return [job.verdict?.title ?? reasonText(job), line === job.verdict?.title ? "" : line];
}

/** One line about it: why it waits, why it ended; empty where nothing is to be said. */
export function whyText(job: Job): string {
  if (job.cancel_requested_at && !isEnded(job.state)) return "Cancelling";
  if (isEnded(job.state) && job.state !== "completed") {
    const [title = exitText(job), line] = endText(job);
    return [title, line].filter(Boolean).join(": ");
  }
  if (job.state === "completed") return "";
  if (job.progress?.eta_s !== undefined && !isQueued(job.state)) return `about ${duration(job.progress.eta_s)} left`;
  return job.why ?? job.reason ?? "";
}

export function exitText(job: Job): string {
  if (job.signal) return `ended by signal ${job.signal}`;
  return job.exit_code !== undefined ? `exit code ${job.exit_code}` : "";
}

/** The id people use at this cluster: Slurm's where there is one. */
export function schedulerId(job: Job): string {
  return job.slurm?.job_id ?? job.slurm?.array_job_id ?? "";
}

/** Tasks of an array as one looks for them: failed, then running, then waiting, then done. */
export function tasksOf(job: Job): Task[] {
  const rank = (task: Task): number => (isFailure(task.state) ? 0 : isQueued(task.state) ? 2 : isEnded(task.state) ? 3 : 1);
  return [...(job.task_list ?? [])].sort((a, b) => rank(a) - rank(b) || a.task - b.task);
}
