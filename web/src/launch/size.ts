// Durations and sizes of the form, and what a place allows. Pure.
import { count, duration } from "../lib/format";
import type { Place } from "./model";

const unit: Record<string, number> = { s: 1, m: 60, min: 60, h: 3600, d: 86400, w: 604800 };

/** Seconds of 90m, 2d, 1d12h, 12:00:00, 1-12:00:00, 90 (minutes, as Slurm reads it); undefined: no time. */
export function seconds(text: string): number | undefined {
  const word = text.trim();
  if (/^\d+$/.test(word)) return Number(word) * 60;
  const parts = [...word.matchAll(/(\d+(?:\.\d+)?)\s*(min|[smhdw])/g)];
  if (parts.length && parts.map(([all]) => all).join("") === word.replace(/\s+(?=\d)/g, "")) return parts.reduce((sum, [, n, u]) => sum + Number(n) * unit[u!]!, 0);
  const slurm = /^(?:(\d+)-)?(\d+)(?::(\d{1,2}))?(?::(\d{1,2}))?$/.exec(word);
  if (!slurm) return undefined;
  const [, days, a, b, c] = slurm.map((part) => (part === undefined ? undefined : Number(part)));
  if (days !== undefined) return days * 86400 + (a ?? 0) * 3600 + (b ?? 0) * 60 + (c ?? 0);
  return c === undefined ? (a ?? 0) * 60 + (b ?? 0) : (a ?? 0) * 3600 + (b ?? 0) * 60 + c;
}

/** 12:00:00, 2-00:00:00: as sbatch takes it. */
export function slurmTime(s: number): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  const days = Math.floor(s / 86400);
  const tail = `${two(Math.floor((s % 86400) / 3600))}:${two(Math.floor((s % 3600) / 60))}:${two(Math.floor(s % 60))}`;
  return days ? `${days}-${tail}` : tail;
}

export interface Partition {
  name: string; default?: boolean; up?: boolean; max_time_s?: number; default_time_s?: number; nodes?: number; cpus?: number; max_nodes?: number;
  allow_accounts?: string[]; deny_accounts?: string[]; allow_qos?: string[]; deny_qos?: string[]; qos?: string; gpus?: Record<string, number>;
  note?: string; preemptible?: boolean; // from clusters.yaml
}
export interface Association { account: string; user?: string; partition?: string; qos?: string[]; default_qos?: string; max_wall_s?: number; max_tres_per_job?: string; group_tres?: string }
export interface Qos { name: string; priority?: number; max_wall_s?: number; max_tres_per_user?: string; max_tres_per_job?: string; group_tres?: string; max_jobs_per_user?: number; max_submit_per_user?: number }
export interface Budget { account?: string; user?: string; partition?: string; qos?: string; gpus?: number; gpus_in_use?: number; gpu_hours?: number; gpu_hours_used?: number }
export interface Limits { budgets?: Budget[]; cluster?: string; version?: string; cpus?: number; partitions?: Partition[]; associations?: Association[]; qos?: Qos[]; accounting?: boolean }

export function partitionAt(limits: Limits | undefined, name: string): Partition | undefined {
  const list = limits?.partitions ?? [];
  return name ? list.find((partition) => partition.name === name) : list.find((partition) => partition.default);
}

/** Accounts that may run there; undefined: the cluster says nothing of accounts. */
export function accountsAt(limits: Limits | undefined, name: string): string[] | undefined {
  const mine = limits?.associations ?? [];
  if (!mine.length) return undefined;
  const partition = partitionAt(limits, name);
  const may = mine.filter((one) => !one.partition || one.partition === partition?.name).map((one) => one.account);
  const open = (account: string): boolean => (partition?.allow_accounts?.includes(account) ?? true) && !partition?.deny_accounts?.includes(account);
  return [...new Set(may)].filter(open);
}

/** QOS that account (or any of mine) may ask for there. */
export function qosAt(limits: Limits | undefined, name: string, account: string): string[] {
  const partition = partitionAt(limits, name);
  const mine = (limits?.associations ?? []).filter((one) => (!account || one.account === account) && (!one.partition || one.partition === partition?.name));
  const all = mine.length ? mine.flatMap((one) => one.qos ?? []) : (limits?.qos ?? []).map((one) => one.name);
  return [...new Set(all)].filter((qos) => (partition?.allow_qos?.includes(qos) ?? true) && !partition?.deny_qos?.includes(qos));
}

/** Why nothing can run there; "" where it can. */
export function whyNot(limits: Limits | undefined, name: string): string {
  const partition = partitionAt(limits, name);
  if (!partition) return "";
  if (partition.up === false) return "the partition is down";
  const accounts = accountsAt(limits, name);
  return accounts?.length === 0 ? "none of your accounts may use it" : "";
}

/** "cpu=64,gres/gpu:a100=8,node=2" as numbers by name; the GPUs of this type, or of any, under "gpus". */
export function tresOf(text: string | undefined, gpuType = ""): Record<string, number> {
  const found: Record<string, number> = {};
  for (const part of (text ?? "").split(",")) {
    const [, name, amount] = /^([^=]+)=(\d+)/.exec(part.trim()) ?? [];
    if (name) found[name.toLowerCase()] = Number(amount);
  }
  const gpus = [found["gres/gpu"], gpuType ? found[`gres/gpu:${gpuType.toLowerCase()}`] : undefined].filter((n): n is number => n !== undefined);
  return gpus.length ? { ...found, gpus: Math.min(...gpus) } : found;
}

/** What limits a job at a place, and who says so: "QOS normal", "partition gpu". */
export interface Bound { max: number; by: string }
export interface Bounds { nodes?: Bound; time?: Bound; perNode?: Bound; gpus?: Bound; cpus?: Bound }
interface Asked { place: Place | null; account: string; qos: string }

interface Source { by: string; nodes?: number; time?: number; tres?: string[] }

function sourcesOf(limits: Limits | undefined, { place, account, qos }: Asked): Source[] {
  const partition = place ? partitionAt(limits, place.partition) : undefined;
  const mine = (limits?.associations ?? []).filter((one) => (!account || one.account === account) && (!one.partition || one.partition === partition?.name));
  const own = account || mine.length === 1 ? mine : []; // which of several accounts Slurm takes is not known here
  const named = (name: string | undefined): Source[] => {
    const found = limits?.qos?.find((one) => one.name === name);
    return found ? [{ by: `QOS ${found.name}`, time: found.max_wall_s, tres: [found.max_tres_per_job ?? "", found.max_tres_per_user ?? "", found.group_tres ?? ""] }] : [];
  };
  return [
    ...(partition ? [{ by: `partition ${partition.name}`, nodes: partition.max_nodes, time: partition.max_time_s }, { by: `partition ${partition.name}`, nodes: partition.nodes }] : []),
    ...named(partition?.qos), ...named(qos || own[0]?.default_qos),
    ...own.map((one) => ({ by: `account ${one.account}`, time: one.max_wall_s, tres: [one.max_tres_per_job ?? "", one.group_tres ?? ""] })),
  ];
}

export function boundsAt(limits: Limits | undefined, asked: Asked, gpusPerNode?: number): Bounds {
  const bounds: Bounds = {};
  const tighten = (name: keyof Bounds, max: number | undefined, by: string): void => {
    if (max !== undefined && (bounds[name] === undefined || max < bounds[name].max)) bounds[name] = { max, by };
  };
  for (const { by, nodes, time, tres } of sourcesOf(limits, asked)) {
    tighten("nodes", nodes, by);
    tighten("time", time, by);
    for (const text of tres ?? []) {
      const most = tresOf(text, asked.place?.gpuType);
      tighten("nodes", most.node, by);
      tighten("gpus", most.gpus, by);
      tighten("cpus", most.cpu, by);
    }
  }
  tighten("perNode", asked.place?.cpuOnly ? 0 : gpusPerNode, "what a node has");
  return bounds;
}

/** An account or QOS that was chosen for another place, and does not fit this one. */
export function chargeFaults(limits: Limits | undefined, { place, account, qos }: Asked): Record<string, string> {
  const found: Record<string, string> = {};
  const partition = partitionAt(limits, place?.partition ?? "")?.name;
  if (!partition) return found;
  const accounts = accountsAt(limits, partition);
  if (account && accounts && !accounts.includes(account)) found.account = `It may not use partition ${partition}`;
  const may = qosAt(limits, partition, account);
  if (qos && may.length && !may.includes(qos)) found.qos = `Not for ${account || "you"} on partition ${partition}`;
  return found;
}

/** GPU-hours left of what pays, as slurmctld reckons: "120 of 1,000 GPU-hours left"; the least of several. */
export function hoursLeft(limits: Limits | undefined, { place, account, qos }: Asked): { account?: string; qos?: string } {
  const own = account || (limits?.associations?.length === 1 ? limits.associations[0]!.account : "");
  const least = (fits: (one: Budget) => boolean): string | undefined => {
    const left = (limits?.budgets ?? []).filter((one) => fits(one) && one.gpu_hours !== undefined && (!one.partition || one.partition === place?.partition))
      .map((one) => ({ all: one.gpu_hours!, left: Math.max(0, one.gpu_hours! - (one.gpu_hours_used ?? 0)) })).sort((a, b) => a.left - b.left)[0];
    return left && `${count(Math.floor(left.left))} of ${count(left.all)} GPU-hours left`;
  };
  return { account: own ? least((one) => one.account === own) : undefined, qos: qos ? least((one) => one.qos === qos) : undefined };
}

interface Sized { place: Place | null; nodes: string; time: string; gpus: string; cpus: string }

/** What of the size goes over, by field. */
export function boundFaults({ place, nodes, time, gpus, cpus }: Sized, bounds: Bounds): Record<string, string> {
  const found: Record<string, string> = {};
  const asked = seconds(time);
  const over = (n: number, bound: Bound | undefined): bound is Bound => bound !== undefined && n > bound.max;
  if (over(Number(nodes), bounds.nodes)) found.nodes = `At most ${bounds.nodes!.max}: ${bounds.nodes!.by}`;
  if (time && asked === undefined) found.time = "A time such as 90m, 2d or 12:00:00";
  else if (over(asked ?? 0, bounds.time)) found.time = `At most ${duration(bounds.time!.max)}: ${bounds.time!.by}`;
  if (over(Number(cpus) * Math.max(1, Number(nodes) || 1), bounds.cpus)) found.cpus = `At most ${bounds.cpus!.max} CPUs in all: ${bounds.cpus!.by}`;
  if (place?.cpuOnly) return found;
  if (over(Number(gpus), bounds.perNode)) found.gpus = `A node has ${bounds.perNode!.max}`;
  else if (over(Number(gpus) * Math.max(1, Number(nodes) || 1), bounds.gpus)) found.gpus = `At most ${bounds.gpus!.max} GPUs in all: ${bounds.gpus!.by}`;
  return found;
}

/** How long the last runs took, for whoever sets a time limit: "Last 5 runs took 8 h to 9 h"; "" where nothing is known. */
export function timeHint(jobs: { state: string; started_at?: string | null; ended_at?: string | null }[]): string {
  const took = jobs.filter((job) => job.state === "completed").slice(0, 5)
    .map((job) => (Date.parse(job.ended_at ?? "") - Date.parse(job.started_at ?? "")) / 1000).filter((s) => s >= 0);
  if (!took.length) return "";
  const [least, most] = [duration(Math.min(...took)), duration(Math.max(...took))];
  const runs = took.length === 1 ? "The last run" : `The last ${took.length} runs`;
  return `${runs} took ${least === most ? most : `${least} to ${most}`}`;
}

/** 1 2 4 8 up to what a node has, and what it has. */
export function gpuChoices(perNode: number | undefined): number[] {
  const top = perNode ?? 8;
  const list = [1, 2, 4, 8, 16].filter((n) => n <= top);
  return list.includes(top) || list.length > 4 ? list : [...list, top];
}
