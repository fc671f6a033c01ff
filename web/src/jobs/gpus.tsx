// Free GPUs now, one row a type and cluster: what is yours, in use, down, free, and how old the figures are.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { getJson } from "../lib/api";
import { gpuName, gpuType } from "../lib/jobtext";
import { watch } from "../lib/live";
import { useResource } from "../lib/resource";
import type { GpuList, GpuRow } from "../lib/types";
import { Age } from "../lib/ui";

export interface TypeSum { type: string; clusters: string[]; total: number; free: number; mine: number; inUse: number; down: number; at?: string; stale: boolean }

/** What is left and what is used: mine is newer than the last look at the cluster, so that both must fit. */
export function usage(row: GpuRow): { free: number; inUse: number } {
  const inUse = Math.max(row.in_use ?? 0, row.mine ?? 0);
  return { inUse, free: Math.max(0, Math.min(row.free ?? 0, row.total - inUse - (row.down ?? 0))) };
}

/** Rows by type, the most free first. Partitions overlap on nodes: of one cluster and type the largest row counts. */
export function sumByType(rows: GpuRow[]): TypeSum[] {
  const perCluster = new Map<string, GpuRow>();
  for (const row of rows) {
    const key = `${row.cluster}\n${gpuType(row.type)}`;
    const known = perCluster.get(key);
    if (!known || row.total > known.total) perCluster.set(key, row);
  }
  const types = new Map<string, TypeSum>();
  for (const row of perCluster.values()) {
    const type = gpuType(row.type);
    const sum = types.get(type) ?? { type, clusters: [], total: 0, free: 0, mine: 0, inUse: 0, down: 0, stale: false };
    sum.clusters.push(row.cluster);
    sum.total += row.total;
    const { free, inUse } = usage(row);
    sum.free += free;
    sum.mine += row.mine ?? 0;
    sum.inUse += inUse;
    sum.down += row.down ?? 0;
    sum.stale ||= row.stale ?? false;
    if (row.observed_at && (!sum.at || row.observed_at < sum.at)) sum.at = row.observed_at;
    types.set(type, sum);
  }
  return [...types.values()].sort((a, b) => b.free - a.free || b.total - a.total);
}

/** mine | in use by others | down (hatched) | free, as widths. */
export function GpuBar({ total, mine, inUse, down }: { total: number; mine: number; inUse: number; down: number }): JSX.Element {
  const part = (n: number): { width: string } => ({ width: `${total ? (100 * Math.max(0, n)) / total : 0}%` });
  return (
    <span class="gbar" aria-hidden="true">
      <i class="mine" style={part(mine)} /><i class="used" style={part(inUse - mine)} /><i class="downed" style={part(down)} />
    </span>
  );
}

export function FreeGpus(): JSX.Element | null {
  const gpus = useResource<GpuList>((abort) => getJson("/gpus?max_age=60", abort), []);
  useEffect(() => {
    const stop = watch(["gpus"], () => void gpus.reload());
    const timer = setInterval(() => { if (!document.hidden) void gpus.reload(); }, 30_000);
    return () => { stop(); clearInterval(timer); };
  }, []);
  const list = gpus.data.value;
  if (!list) return <section class="card strip" aria-hidden="true" />;
  const sums = sumByType(list.items);
  const oldest = sums.map((sum) => sum.at).filter(Boolean).sort()[0];
  const silent = (list.clusters ?? []).filter((cluster) => cluster.stale);
  return (
    <section class="card strip" aria-label="Free GPUs now">
      <header><h2>Free GPUs</h2>{oldest && <span class="muted sm"><Age at={oldest} /></span>}</header>
      {sums.length === 0 && <p class="muted">{silent.length ? "No figures yet." : "No cluster here has GPUs; jobs run on CPUs."}</p>}
      <ul>
        {sums.slice(0, 6).map((sum) => (
          <li key={sum.type} class={sum.stale ? "stale" : ""} title={sum.clusters.join(", ")}>
            <b class="nw">{gpuName(sum.type)}</b>
            <span class="num"><b>{sum.free}</b> free of {sum.total}</span>
            <GpuBar total={sum.total} mine={sum.mine} inUse={sum.inUse} down={sum.down} />
          </li>
        ))}
      </ul>
      {silent.map((cluster) => <p key={cluster.name} class="warntext sm">{cluster.name}: {cluster.observed_at ? <Age at={cluster.observed_at} prefix="last seen " /> : "not seen yet"}</p>)}
    </section>
  );
}
