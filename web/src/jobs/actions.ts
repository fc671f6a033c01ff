// What can be done to jobs, from any page. Cancelling a job that only waits can be taken back for five seconds; the
// request goes out after that, or when the page is left.
import { signal } from "@preact/signals";

import { send } from "../lib/api";
import { plural } from "../lib/format";
import { isEnded, isQueued } from "../lib/states";
import { toast, toastProblem } from "../lib/toast";
import type { Job, ProblemBody } from "../lib/types";
import { jobTitle } from "../lib/jobtext";

const UNDO_MS = 5000;

/** Jobs whose cancel waits for its undo to pass. */
export const leaving = signal<ReadonlySet<number>>(new Set());

interface BulkAnswer { items: { id: number; status: number; problem?: ProblemBody }[] }

function mark(ids: number[], on: boolean): void {
  const next = new Set(leaving.value);
  ids.forEach((id) => (on ? next.add(id) : next.delete(id)));
  leaving.value = next;
}

/** Answers how many were asked to end; of the others it tells why not. */
async function cancelNow(ids: number[]): Promise<number> {
  try {
    const answer = await send<BulkAnswer>("POST", "/jobs:cancel", { ids });
    const refused = answer.items.filter((item) => item.status >= 300);
    if (refused.length) toast(`${plural(refused.length, "job")} not cancelled: ${refused[0]!.problem?.detail ?? refused[0]!.problem?.title ?? ""}`, { tone: "bad" });
    return ids.length - refused.length;
  } catch (error) {
    toastProblem(`Cannot cancel ${plural(ids.length, "job")}`, error);
    return 0;
  }
}

function cancelWithUndo(jobs: Job[]): void {
  const ids = jobs.map((job) => job.id);
  const done = (): void => { clearTimeout(timer); removeEventListener("pagehide", leave); mark(ids, false); };
  const leave = (): void => { done(); void cancelNow(ids); };
  const timer = setTimeout(() => { done(); void cancelNow(ids); }, UNDO_MS);
  addEventListener("pagehide", leave);
  mark(ids, true);
  const what = jobs.length === 1 ? `“${jobTitle(jobs[0]!)}”` : plural(jobs.length, "waiting job");
  toast(`Cancelling ${what}`, { action: { label: "Undo", run: () => { done(); toast("Kept", { tone: "ok" }); } }, ms: UNDO_MS });
}

/** Cancels what has not ended. Jobs that wait can be kept again for 5 s; for running ones the page has asked before. */
export function cancelJobs(jobs: Job[]): void {
  const open = jobs.filter((job) => !isEnded(job.state) && !job.cancel_requested_at);
  const waiting = open.filter((job) => isQueued(job.state));
  const running = open.filter((job) => !isQueued(job.state));
  if (waiting.length) cancelWithUndo(waiting);
  if (running.length) void cancelNow(running.map((job) => job.id)).then((asked) => { if (asked) toast(`Asked to cancel ${plural(asked, "job")}`, { tone: "ok" }); });
}

/** Changes fields of each; tells how many were refused. */
export async function patchJobs(jobs: Job[], change: (job: Job) => Record<string, unknown>, done: string): Promise<void> {
  let refused: unknown;
  let failed = 0;
  for (const job of jobs) {
    try {
      await send("PATCH", `/jobs/${job.id}`, change(job));
    } catch (error) {
      refused = error;
      failed++;
    }
  }
  if (failed) toastProblem(`${plural(failed, "job")} not changed`, refused);
  else toast(done, { tone: "ok" });
}

export function addTag(jobs: Job[], tag: string): Promise<void> {
  return patchJobs(jobs, (job) => ({ tags: [...new Set([...(job.tags ?? []), tag])] }), `Tagged ${plural(jobs.length, "job")} “${tag}”`);
}

export function archive(jobs: Job[], on: boolean): Promise<void> {
  return patchJobs(jobs, () => ({ archived: on }), `${plural(jobs.length, "job")} ${on ? "archived" : "back in the list"}`);
}
