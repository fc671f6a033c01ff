// Durations and sizes of the form, and what a place allows. Pure.
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

/** 64G of bytes, where it is whole: 68719476736 is 64G. */
export function sizeText(bytes: number): string {
  for (const [name, size] of [["T", 2 ** 40], ["G", 2 ** 30], ["M", 2 ** 20], ["K", 2 ** 10]] as const) if (bytes >= size && bytes % size === 0) return `${bytes / size}${name}`;
  return String(bytes);
}

export interface Partition {
  name: string; default?: boolean; up?: boolean; max_time_s?: number; default_time_s?: number; nodes?: number; cpus?: number; max_nodes?: number;
  allow_accounts?: string[]; deny_accounts?: string[]; allow_qos?: string[]; deny_qos?: string[]; gpus?: Record<string, number>;
}
export interface Association { account: string; user?: string; partition?: string; qos?: string[] }
export interface Qos { name: string; priority?: number; max_wall_s?: number; max_tres_per_user?: string }
export interface Limits { cluster?: string; version?: string; cpus?: number; partitions?: Partition[]; associations?: Association[]; qos?: Qos[]; accounting?: boolean }

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

export interface Bounds { maxNodes?: number; maxTime?: number; maxGpus?: number }

export function boundsAt(limits: Limits | undefined, place: Place | null, qosName: string, gpusPerNode?: number): Bounds {
  const partition = place ? partitionAt(limits, place.partition) : undefined;
  const qos = limits?.qos?.find((one) => one.name === qosName);
  const least = (...list: (number | undefined)[]): number | undefined => list.reduce((a, b) => (a === undefined ? b : b === undefined ? a : Math.min(a, b)), undefined);
  return { maxNodes: least(partition?.max_nodes, partition?.nodes), maxTime: least(partition?.max_time_s, qos?.max_wall_s), maxGpus: place?.cpuOnly ? 0 : gpusPerNode };
}

/** 1 2 4 8 up to what a node has, and what it has. */
export function gpuChoices(perNode: number | undefined): number[] {
  const top = perNode ?? 8;
  const list = [1, 2, 4, 8, 16].filter((n) => n <= top);
  return list.includes(top) || list.length > 4 ? list : [...list, top];
}
