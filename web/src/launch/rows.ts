// The rows of "Where": GPU type x cluster x partition, and one for CPUs where there is something without GPUs. Pure.
import { coarse } from "../lib/format";
import type { ClusterNote, GpuRow, Job, Waited } from "../lib/types";
import type { Place } from "./model";
import { partitionAt, whyNot, type Limits, type Partition } from "./size";

export interface ClusterSeen { name: string; state?: string; enabled?: boolean; scheduler?: string; stale?: boolean; observed_at?: string; error?: string; last_error?: string; connection?: { commands_last_minute?: number; max_commands_per_minute?: number } }
export interface WhereRow {
  key: string;
  place: Place;
  gpu?: GpuRow;
  why: string; // why it cannot be chosen; "" where it can
  stale: boolean;
  at?: string; // when it was seen
  note: string; // of a row without GPUs: what there is
  preemptible?: boolean;
  remark?: string; // what the configuration says of the partition
  waited?: string; // how long jobs here waited
}

export function placeKey(place: Place | null): string {
  return place ? [place.cluster, place.partition, place.cpuOnly ? "cpu" : place.gpuType].join("\n") : "";
}

function saidOf(partition: Partition | undefined): { preemptible?: boolean; remark?: string } {
  return { ...(partition?.preemptible && { preemptible: true }), ...(partition?.note && { remark: partition.note }) };
}

function gpuRow(gpu: GpuRow, cluster: ClusterSeen | undefined, limits: Limits | undefined): WhereRow {
  const place = { cluster: gpu.cluster, partition: gpu.partition ?? "", gpuType: gpu.type ?? "", cpuOnly: false };
  const why = offWhy(cluster) || whyNot(limits, place.partition);
  return { key: placeKey(place), place, gpu, why, stale: gpu.stale ?? cluster?.stale ?? false, at: gpu.observed_at, note: "", ...saidOf(partitionAt(limits, place.partition)) };
}

function offWhy(cluster: ClusterSeen | undefined): string {
  return cluster?.enabled === false ? "the cluster is switched off in the configuration" : "";
}

function cpuRow(cluster: ClusterSeen, partition: Partition | undefined, limits: Limits | undefined): WhereRow {
  const place = { cluster: cluster.name, partition: partition?.name ?? "", gpuType: "", cpuOnly: true };
  const cpus = partition?.cpus ?? limits?.cpus;
  const parts = [partition?.nodes && `${partition.nodes} node${partition.nodes === 1 ? "" : "s"}`, cpus && `${cpus} CPU${cpus === 1 ? "" : "s"}`].filter(Boolean);
  return { key: placeKey(place), place, why: offWhy(cluster) || (partition ? whyNot(limits, partition.name) : ""), stale: cluster.stale ?? false, at: cluster.observed_at, note: parts.join(", "), ...saidOf(partition) };
}

function cpuRows(cluster: ClusterSeen, gpus: GpuRow[], limits: Limits | undefined): WhereRow[] {
  const bare = (limits?.partitions ?? []).filter((partition) => !Object.keys(partition.gpus ?? {}).length && !gpus.some((gpu) => gpu.cluster === cluster.name && gpu.partition === partition.name));
  if (bare.length) return bare.map((partition) => cpuRow(cluster, partition, limits));
  const hasGpus = gpus.some((gpu) => gpu.cluster === cluster.name);
  return hasGpus && cluster.scheduler !== "process" ? [] : [cpuRow(cluster, undefined, limits)];
}

/** Usable rows first, the most free first; CPUs after GPUs. */
export function whereRows(gpus: GpuRow[], clusters: ClusterSeen[], limits: Record<string, Limits | undefined>, notes: ClusterNote[] = []): WhereRow[] {
  const seen = new Map(clusters.map((cluster) => [cluster.name, { ...cluster, ...notes.find((note) => note.name === cluster.name && note.stale) && { stale: true } }]));
  const withGpus = gpus.filter((gpu) => gpu.total > 0).map((gpu) => gpuRow(gpu, seen.get(gpu.cluster), limits[gpu.cluster]));
  withGpus.sort((a, b) => Number(a.why !== "") - Number(b.why !== "") || (b.gpu!.free ?? 0) - (a.gpu!.free ?? 0) || a.key.localeCompare(b.key));
  const withoutGpus = clusters.flatMap((cluster) => cpuRows(seen.get(cluster.name)!, gpus, limits[cluster.name]));
  return [...withGpus, ...withoutGpus].map((row) => ({ ...row, waited: waitedText(notes.find((note) => note.name === row.place.cluster)?.waits, row.place) }));
}

/** "usually 2 min to 1 h (last 20 jobs)"; jobs that named no type stand for a place where none of its type are known. */
export function waitedText(waits: Waited[] | undefined, { partition, gpuType }: Place): string | undefined {
  const here = waits?.filter((wait) => (wait.partition ?? "") === partition) ?? [];
  const found = here.find((wait) => (wait.gpu_type ?? "") === gpuType) ?? here.find((wait) => !wait.gpu_type);
  if (!found) return undefined;
  const jobs = ` (last ${found.jobs} jobs)`;
  if (found.high_s < 60) return `usually at once${jobs}`;
  return `usually ${found.low_s < 60 ? "at once" : coarse(found.low_s)} to ${coarse(found.high_s)}${jobs}`;
}

/** The row that is meant: the same place, or as much of it as was said. */
export function rowFor(rows: WhereRow[], place: Place | null): WhereRow | undefined {
  if (!place) return undefined;
  return rows.find((row) => row.key === placeKey(place))
    ?? rows.find((row) => row.place.cluster === place.cluster && (!place.partition || row.place.partition === place.partition) && (place.cpuOnly ? row.place.cpuOnly : !row.place.cpuOnly && (!place.gpuType || row.place.gpuType === place.gpuType)));
}

/** What the project's file asks for, "" and none where it leaves it open. */
export interface Asked { gpus: boolean; partition: string; gpuTypes: string[] }

/** Where jobs of the project ran, the newest first; a place that refused one is none to begin with. */
export function placesOf(jobs: Pick<Job, "state" | "cluster" | "resources">[]): Place[] {
  return jobs.filter((job) => job.cluster && job.state !== "submit_failed")
    .map(({ cluster, resources }) => ({ cluster: cluster!, partition: resources?.partition ?? "", gpuType: resources?.gpu_type ?? "", cpuOnly: !resources?.gpus }));
}

function narrowed(rows: WhereRow[], fits: (row: WhereRow) => boolean): WhereRow[] {
  const found = rows.filter(fits);
  return found.length ? found : rows;
}

/** Where a fresh form starts: what can be chosen, of the kind, partition and type that the project asks for; of these
 *  where it ran last, else the first. A cluster without partitions fits any. */
export function firstRow(rows: WhereRow[], asked: Asked, used: Place[] = []): WhereRow | undefined {
  const usable = rows.filter((row) => !row.why && !row.stale);
  const kind = narrowed(usable, (row) => row.place.cpuOnly !== asked.gpus);
  const type = asked.gpuTypes.find((one) => kind.some((row) => row.place.gpuType === one));
  const typed = type ? kind.filter((row) => row.place.gpuType === type) : kind;
  const named = asked.partition ? typed.find(({ place }) => place.partition === asked.partition) : undefined;
  const fit = named ? typed.filter(({ place }) => place.partition === asked.partition || !place.partition) : typed;
  const before = used.map((place) => rowFor(fit, place)).find(Boolean);
  return before ?? named ?? fit[0] ?? rows.find((row) => !row.why);
}

const MOST_ASKED = 6;

/** Rows that may be asked for a start beside the chosen one: of its kind, seen lately, and only where a cluster's
 *  commands of this minute are not half used, as what is left belongs to the jobs that run; this machine has no such
 *  budget. */
export function askable(rows: WhereRow[], clusters: ClusterSeen[], chosenKey: string): WhereRow[] {
  const cpuOnly = rows.find((row) => row.key === chosenKey)?.place.cpuOnly;
  const left = new Map(clusters.map(({ name, scheduler, connection }) => [name, scheduler === "process" ? Infinity : (connection?.max_commands_per_minute ?? 20) / 2 - (connection?.commands_last_minute ?? 0)]));
  return rows.filter((row) => {
    if (row.key === chosenKey || row.why || row.stale || row.place.cpuOnly !== cpuOnly) return false;
    const n = left.get(row.place.cluster) ?? 0;
    left.set(row.place.cluster, n - 1);
    return n >= 1;
  }).slice(0, MOST_ASKED);
}

/** The order of the table once starts are known: the earliest first, those not known as they stood. */
export function byStart(rows: WhereRow[], starts: Record<string, number>): WhereRow[] {
  const start = (row: WhereRow): number => (row.why ? Infinity : (starts[row.key] ?? Infinity));
  const order = new Map(rows.map((row, at) => [row.key, at]));
  const near = (a: number, b: number): boolean => a === b || Math.abs(a - b) < 60_000; // "now" is one moment
  return [...rows].sort((a, b) => (near(start(a), start(b)) ? order.get(a.key)! - order.get(b.key)! : start(a) - start(b)));
}
