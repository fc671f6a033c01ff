// What is said of jobs that ended or started, in how many messages. Pure.
import { endText, exitText, jobTitle } from "./jobtext";
import { isEnded, isFailure, stateRow } from "./states";
import type { Job } from "./types";

export type Occasion = "failed" | "ended" | "started";
export interface Message { title: string; body: string; tag: string; path: string }

const MOST_ALONE = 3; // more at once are told in one sentence

export function occasionOf(state: string): Occasion | undefined {
  if (isFailure(state)) return "failed";
  if (isEnded(state)) return "ended";
  return state === "running" ? "started" : undefined;
}

function words(job: Job): string {
  if (isFailure(job.state)) {
    const [title = exitText(job), line] = endText(job);
    return [title, line].filter(Boolean).join("\n");
  }
  return [job.project, job.cluster].filter(Boolean).join(" on ");
}

/** What is shown for jobs that changed: one message each, or one for all of them. Pure. */
export function messagesOf(jobs: Job[], wanted: ReadonlySet<Occasion>): Message[] {
  const told = jobs.filter((job) => { const one = occasionOf(job.state); return one !== undefined && wanted.has(one); });
  if (told.length <= MOST_ALONE)
    return told.map((job) => ({ title: `${stateRow(job.state).label}: ${jobTitle(job)}`, body: words(job), tag: `sluice-job-${job.id}`, path: `/jobs/${job.id}` }));
  const count = new Map<string, number>();
  for (const job of told) count.set(stateRow(job.state).label.toLowerCase(), (count.get(stateRow(job.state).label.toLowerCase()) ?? 0) + 1);
  const failed = told.filter((job) => isFailure(job.state));
  return [{
    title: `${told.length} jobs: ${[...count].map(([word, n]) => `${n} ${word}`).join(", ")}`,
    body: failed.slice(0, MOST_ALONE).map((job) => `${jobTitle(job)}: ${words(job).split("\n")[0]}`).join("\n"),
    tag: "sluice-jobs", path: failed.length ? "/jobs?filter=state:failed" : "/jobs",
  }];
}
