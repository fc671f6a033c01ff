// What a state means to a person: its words, its colour, its icon. One table, as in src/domain/job_state.c. Pure.
import type { Counts } from "./types";

export type Tone = "run" | "ok" | "warn" | "bad" | "calm";
export type Group = "queued" | "active" | "ended" | "none";

interface StateRow { label: string; tone: Tone; group: Group; icon: string }

const rows: Record<string, StateRow> = {
  held: { label: "Held", tone: "calm", group: "queued", icon: "pause" },
  submitting: { label: "Submitting", tone: "calm", group: "queued", icon: "upload" },
  submit_failed: { label: "Not submitted", tone: "bad", group: "ended", icon: "cross" },
  pending: { label: "Pending", tone: "warn", group: "queued", icon: "clock" },
  configuring: { label: "Configuring", tone: "run", group: "active", icon: "clock" },
  requeued: { label: "Requeued", tone: "warn", group: "queued", icon: "undo" },
  requeue_hold: { label: "Requeued, held", tone: "warn", group: "queued", icon: "pause" },
  requeue_fed: { label: "Requeued", tone: "warn", group: "queued", icon: "undo" },
  special_exit: { label: "Special exit", tone: "warn", group: "queued", icon: "pause" },
  resv_del_hold: { label: "Held, reservation gone", tone: "warn", group: "queued", icon: "pause" },
  running: { label: "Running", tone: "run", group: "active", icon: "dot" },
  suspended: { label: "Suspended", tone: "warn", group: "active", icon: "pause" },
  stopped: { label: "Stopped", tone: "warn", group: "active", icon: "pause" },
  signaling: { label: "Signaling", tone: "run", group: "active", icon: "dot" },
  resizing: { label: "Resizing", tone: "run", group: "active", icon: "dot" },
  stage_out: { label: "Staging out", tone: "run", group: "active", icon: "dot" },
  completing: { label: "Completing", tone: "run", group: "active", icon: "dot" },
  settling: { label: "Settling", tone: "calm", group: "active", icon: "clock" },
  completed: { label: "Completed", tone: "ok", group: "ended", icon: "check" },
  failed: { label: "Failed", tone: "bad", group: "ended", icon: "cross" },
  cancelled: { label: "Cancelled", tone: "calm", group: "ended", icon: "stop" },
  timeout: { label: "Time limit", tone: "bad", group: "ended", icon: "clock" },
  out_of_memory: { label: "Out of memory", tone: "bad", group: "ended", icon: "memory" },
  node_fail: { label: "Node failed", tone: "bad", group: "ended", icon: "clusters" },
  preempted: { label: "Preempted", tone: "warn", group: "ended", icon: "undo" },
  boot_fail: { label: "Boot failed", tone: "bad", group: "ended", icon: "clusters" },
  deadline: { label: "Deadline passed", tone: "bad", group: "ended", icon: "clock" },
  revoked: { label: "Revoked", tone: "calm", group: "ended", icon: "stop" },
  lost: { label: "Lost", tone: "bad", group: "ended", icon: "question" },
};
const unknown: StateRow = { label: "Unknown", tone: "calm", group: "none", icon: "question" };

export const stateWords = Object.keys(rows);

export function stateRow(state: string): StateRow {
  return rows[state] ?? { ...unknown, label: state.replace(/_/g, " ") || unknown.label };
}

export function isEnded(state: string): boolean {
  return stateRow(state).group === "ended";
}

export function isQueued(state: string): boolean {
  return stateRow(state).group === "queued";
}

/** As the filter's `failed`: ended otherwise than completed, cancelled or revoked. */
export function isFailure(state: string): boolean {
  return isEnded(state) && !["completed", "cancelled", "revoked"].includes(state);
}

export interface Summary { all: number; running: number; queued: number; failed: number; completed: number; cancelled: number }

export function summarize(counts: Counts): Summary {
  const sum: Summary = { all: 0, running: 0, queued: 0, failed: 0, completed: 0, cancelled: 0 };
  for (const [state, n] of Object.entries(counts)) {
    sum.all += n;
    if (stateRow(state).group === "active") sum.running += n;
    else if (isQueued(state)) sum.queued += n;
    else if (isFailure(state)) sum.failed += n;
    else if (state === "completed") sum.completed += n;
    else if (state === "cancelled" || state === "revoked") sum.cancelled += n;
  }
  return sum;
}
