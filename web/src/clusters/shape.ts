// Shapes of the clusters pages, and the matrix of what is free. Pure.
import { plural } from "../lib/format";
import { gpuType } from "../lib/jobtext";
import type { ClusterNote, GpuRow, QueueDepth } from "../lib/types";

export interface Connection {
  state?: string; backend?: string; backend_reason?: string; prompt?: string; error?: string; logins?: number; logins_last_hour?: number; login_failures?: number; max_logins_per_hour?: number; login_ends_at?: string;
  commands?: number; commands_last_minute?: number; max_commands_per_minute?: number; held_back?: number; channels?: number; max_channels?: number; queued?: number; latency_s?: number;
}
export interface Cluster {
  name: string; type: string; scheduler?: string; enabled?: boolean; host?: string; workspace?: string; state: string; observed_at?: string; stale: boolean;
  error?: string; last_error?: string; last_error_code?: string; last_error_at?: string; poll_s?: number; clock_skew_s?: number; instructions?: string; requires_vpn?: boolean; connection?: Connection;
  errors?: { text?: string; detail?: string; path?: string; hint?: string }[];
}
export interface Node { cluster?: string; name: string; state?: string; accepts_work?: boolean; partitions?: string; gpus?: { type?: string; total?: number; in_use?: number }[]; cpus?: number; cpus_in_use?: number; mem_bytes?: number; mem_in_use_bytes?: number; observed_at?: string }

export interface Matrix { types: string[]; lines: { cluster: string; partition: string; cells: (GpuRow | undefined)[] }[] }

/** Types across, partitions down; the types with most GPUs first. */
export function matrixOf(rows: GpuRow[]): Matrix {
  const sum = new Map<string, number>();
  for (const row of rows) sum.set(gpuType(row.type), (sum.get(gpuType(row.type)) ?? 0) + row.total);
  const types = [...sum.keys()].sort((a, b) => sum.get(b)! - sum.get(a)! || a.localeCompare(b));
  const lines = new Map<string, Matrix["lines"][number]>();
  for (const row of rows) {
    const key = `${row.cluster}\n${row.partition ?? ""}`;
    const line = lines.get(key) ?? { cluster: row.cluster, partition: row.partition ?? "", cells: types.map(() => undefined) };
    line.cells[types.indexOf(gpuType(row.type))] = row;
    lines.set(key, line);
  }
  return { types, lines: [...lines.values()].sort((a, b) => a.cluster.localeCompare(b.cluster) || a.partition.localeCompare(b.partition)) };
}

/** "3 of 4 nodes whole, 2 asked for"; "" where neither is told. */
export function roomText(row: GpuRow): string {
  const whole = row.whole_nodes_free !== undefined && `${row.whole_nodes_free} of ${plural(row.nodes_total ?? 0, "node")} whole`;
  return [whole, row.pending && `${row.pending} asked for`].filter(Boolean).join(", ");
}

/** "12 jobs wait, for 40 GPUs"; "" where nothing does. */
export function queueText(queue: QueueDepth[] | undefined): string {
  const [jobs, gpus] = (queue ?? []).reduce(([a, b], one) => [a + one.jobs, b + one.gpus], [0, 0]);
  return jobs ? `${plural(jobs, "job waits", "jobs wait")}${gpus ? `, for ${plural(gpus, "GPU")}` : ""}` : "";
}

/** Why there is no row: of a cluster that was never seen nothing is known, not even that it has no GPUs. */
export function noGpusText(clusters: ClusterNote[]): string {
  const unseen = clusters.filter((one) => !one.observed_at).map((one) => one.name);
  if (unseen.length) return `No GPUs seen: ${unseen.join(", ")} ${unseen.length > 1 ? "have" : "has"} not been seen yet.`;
  return "No GPUs here. Jobs run on CPUs.";
}

export interface Health { tone: "ok" | "warn" | "bad" | "calm"; label: string }

const labels: Record<string, Health> = {
  reachable: { tone: "ok", label: "Reachable" },
  unreachable: { tone: "bad", label: "Not reachable" },
  disabled: { tone: "calm", label: "Switched off" },
  unknown: { tone: "calm", label: "Not seen yet" },
  invalid: { tone: "bad", label: "Faulty configuration" },
};

export function healthOf(cluster: Cluster): Health {
  if (cluster.enabled === false) return labels.disabled!;
  const link = cluster.connection?.state;
  if (link === "needs_login") return { tone: "warn", label: "Needs a login" };
  if (link === "refused") return { tone: "bad", label: "Login refused" };
  return labels[cluster.state] ?? { tone: cluster.stale ? "warn" : "calm", label: cluster.state.replaceAll("_", " ") };
}

/** Whether the gateway waits for somebody to log in, or to try again after a refusal. */
export function needsPerson(cluster: Cluster): boolean {
  if (cluster.enabled === false) return false;
  const { state, prompt } = cluster.connection ?? {};
  return prompt !== undefined || state === "needs_login" || state === "refused" || state === "backoff";
}

/** "3 of 20 in the last minute, 229 in all": how much of a budget is used. */
export function budgetText(used: number | undefined, max: number | undefined, span: string, all: number | undefined): string | undefined {
  if (used === undefined && all === undefined) return undefined;
  const now = used === undefined ? "" : max ? `${used} of ${max} ${span}` : `${used} ${span}`;
  return [now, all === undefined ? "" : `${all.toLocaleString("en")} since the start`].filter(Boolean).join(", ");
}

/** "idle, drain": is it usable, in one of four kinds. */
export function nodeKind(node: Node): "free" | "busy" | "full" | "off" {
  if (node.accepts_work === false && !/alloc|mix/.test(node.state ?? "")) return "off";
  const used = node.cpus_in_use ?? 0;
  if (used === 0) return "free";
  return used >= (node.cpus ?? Infinity) ? "full" : "busy";
}
