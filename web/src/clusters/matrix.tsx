// What is free: GPU types across, partitions down.
import type { JSX } from "preact";

import { GpuBar, usage } from "../jobs/gpus";
import { href } from "../lib/base";
import { gpuName } from "../lib/jobtext";
import type { GpuList, GpuRow } from "../lib/types";
import { Age } from "../lib/ui";
import { query } from "../lib/api";
import { matrixOf, noGpusText, roomText } from "./shape";

function Cell({ row }: { row: GpuRow | undefined }): JSX.Element {
  if (!row) return <td class="none"><span class="sr">none</span></td>;
  const [mine = 0, down = 0] = [row.mine, row.down];
  const { free, inUse: used } = usage(row);
  const more = roomText(row);
  return (
    <td class={row.stale ? "stale" : ""}>
      <span class="cellbar">
        <span><b class="num">{row.free === undefined ? "?" : free}</b> <span class="muted sm">free of {row.total}</span><span class="sr">, {mine} yours, {used} in use, {down} down</span></span>
        <GpuBar total={row.total} mine={mine} inUse={used} down={down} />
        {more && <span class="sm muted">{more}</span>}
      </span>
    </td>
  );
}

export function FreeMatrix({ gpus, named = true }: { gpus: GpuList; named?: boolean }): JSX.Element {
  const rows = gpus.items;
  const { types, lines } = matrixOf(rows);
  const oldest = rows.map((row) => row.observed_at).filter(Boolean).sort()[0];
  return (
    <section class="card" aria-labelledby="free-title">
      <header class="ct"><h2 id="free-title">Free GPUs</h2><span class="sp" />{oldest && <span class="sm muted"><Age at={oldest} prefix="polled " /></span>}</header>
      {lines.length === 0 ? <p class="pad muted">{noGpusText(gpus.clusters ?? [])}</p> : (
        <div class="xscroll" tabIndex={0} role="group" aria-label="Free GPUs by type and partition">
          <table class="list matrix">
            <thead><tr><th scope="col">{named ? "Cluster / partition" : "Partition"}</th>{types.map((type) => <th scope="col" key={type}>{gpuName(type)}</th>)}<th scope="col"><span class="sr">Launch</span></th></tr></thead>
            <tbody>{lines.map((line) => (
              <tr key={`${line.cluster}/${line.partition}`}>
                <th scope="row">{named ? <a href={href(`/clusters/${encodeURIComponent(line.cluster)}`)}>{line.cluster}</a> : line.partition || line.cluster}{named && line.partition && <span class="muted"> / {line.partition}</span>}</th>
                {line.cells.map((row, at) => <Cell key={types[at]} row={row} />)}
                <td class="end"><a class="btn link" href={href(`/jobs${query({ filter: `cluster:${line.cluster}` })}`)} aria-label={`Jobs on ${line.cluster}`}>Jobs</a></td>
              </tr>
            ))}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}
