// Shapes of the API as the page uses them: the generated types (schema.d.ts), made precise where the document says
// only "object". Everything that may be unknown is optional: absent means unknown.
import type { components } from "./schema";

type Schemas = components["schemas"];

export interface Evidence { line?: number; text?: string; source?: string; [more: string]: unknown }
export interface Verdict { code: string; title: string; evidence?: (Evidence | string)[]; next?: (string | { text?: string; title?: string })[] }
export interface Progress { fraction?: number; eta_s?: number; step?: number; total?: number }
export interface Link { kind?: string; title?: string; url: string; line?: number; name?: string }
export interface MetricLast { last?: number | string; best?: number | string; min?: number | string; max?: number | string; step?: number }
export interface Attempt {
  attempt?: number; n?: number; state?: string; started_at?: string; ended_at?: string; submitted_at?: string; node_list?: string;
  exit_code?: number; signal?: number; reason?: string; why?: string; job_id?: string;
}
export interface Task { task: number; state: string; attempt?: number; node_list?: string; started_at?: string; ended_at?: string; exit_code?: number; signal?: number }
export interface Commit { sha?: string; branch?: string; dirty?: boolean; tree?: string }

export type Job = Omit<Schemas["Job"], "tags" | "args" | "argv" | "attempts" | "verdict" | "progress" | "links" | "metrics" |
  "usage" | "commit" | "parent" | "slurm"> & {
  tags?: string[]; args?: string[]; argv?: string[]; attempts?: Attempt[]; verdict?: Verdict; progress?: Progress; links?: Link[];
  metrics?: Record<string, MetricLast>; usage?: { max_rss_bytes?: number; cpu_s?: number; gpu_util?: number };
  commit?: Commit; parent?: { id?: number; kind?: string };
  task_list?: Task[];
  slurm?: { job_id?: string; array_job_id?: string; array?: string; tasks?: Record<string, number> };
};
export interface JobList { items: Job[]; next: string | number | null; total?: number | null; event?: number }
export type Counts = Record<string, number>;
export interface GpuRow {
  cluster: string; partition?: string; type?: string; total: number; free?: number; in_use?: number; mine?: number; down?: number;
  pending?: number; whole_nodes_free?: number; nodes_total?: number; gpus_per_node?: number; observed_at?: string; stale?: boolean;
}
/** What waits in a partition, of all users. */
export interface QueueDepth { partition: string; jobs: number; gpus: number }
export interface ClusterNote { name: string; observed_at?: string; age_s?: number; stale?: boolean; error?: string | null; queue?: QueueDepth[]; waits?: Waited[] }
/** How long the newest jobs at a place waited. */
export interface Waited { partition?: string; gpu_type?: string; jobs: number; low_s: number; high_s: number }
export interface GpuList { items: GpuRow[]; clusters?: ClusterNote[] }
export interface GatewayEvent { id: number; time?: string; topic?: string; kind: string; job?: number; data?: unknown }
export interface EventList { items: GatewayEvent[]; next?: number | null }
export interface FieldError { pointer: string; detail: string; origin?: string; hint?: string }
export interface ProblemBody {
  type?: string; title?: string; status?: number; detail?: string; code?: string; hint?: string; upstream?: string; errors?: FieldError[];
}
