// One cluster: health with the doctor, free GPUs, what its partitions allow, its nodes.
import "../lib/everywhere";

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { getJson, query } from "../lib/api";
import { href } from "../lib/base";
import { bytes, count, duration, plural } from "../lib/format";
import { Icon } from "../lib/icons";
import { gpuName, gpusText } from "../lib/jobtext";
import { watch } from "../lib/live";
import { coalesce, useResource, type Resource, useSettled } from "../lib/resource";
import type { GpuList, QueueDepth } from "../lib/types";
import { Age, ProblemBox, Skeleton } from "../lib/ui";
import type { Limits, Partition } from "../launch/size";
import { Health } from "./health";
import { FreeMatrix } from "./matrix";
import { nodeKind, queueText, type Cluster, type Node } from "./shape";

const SHOWN = 200;

function Usage({ used, total, text }: { used: number | undefined; total: number | undefined; text: string }): JSX.Element {
  if (!total) return <span class="muted">–</span>;
  return <span class="cellbar"><span class="sm num">{text}</span><span class="gbar" aria-hidden="true"><i class="used" style={{ width: `${Math.min(100, (100 * (used ?? 0)) / total)}%` }} /></span></span>;
}

const kinds = { free: ["ok", "check"], busy: ["run", "dot"], full: ["calm", "dot"], off: ["bad", "warn"] } as const;

function NodeLine({ node }: { node: Node }): JSX.Element {
  const [tone, icon] = kinds[nodeKind(node)];
  const gpus = (node.gpus ?? []).filter((gpu) => gpu.total);
  return (
    <tr>
      <th scope="row" class="mono">{node.name}</th>
      <td><span class={`badge b-${tone}`}><Icon name={icon} />{node.state?.toLowerCase() ?? "unknown"}</span></td>
      <td>{gpus.length ? gpus.map((gpu, at) => <Usage key={at} used={gpu.in_use} total={gpu.total} text={`${gpuName(gpu.type)}: ${gpu.in_use ?? 0} of ${gpu.total}`} />) : <span class="muted">–</span>}</td>
      <td><Usage used={node.cpus_in_use} total={node.cpus} text={`${count(node.cpus_in_use ?? 0)} of ${count(node.cpus ?? 0)}`} /></td>
      <td><Usage used={node.mem_in_use_bytes} total={node.mem_bytes} text={`${bytes(node.mem_in_use_bytes ?? 0)} of ${bytes(node.mem_bytes ?? 0)}`} /></td>
      <td class="muted sm">{node.partitions?.split(",").filter(Boolean).join(", ")}</td>
    </tr>
  );
}

function Nodes({ found }: { found: Resource<{ items: Node[] }> }): JSX.Element {
  const [search, setSearch] = useState("");
  const all = found.data.value?.items ?? [];
  const wanted = all.filter((node) => `${node.name} ${node.state} ${node.partitions} ${(node.gpus ?? []).map((gpu) => gpu.type).join(" ")}`.toLowerCase().includes(search.toLowerCase()));
  return (
    <section class="card" aria-labelledby="nodes-title">
      <header class="ct"><h2 id="nodes-title">Nodes</h2><span class="sm muted num">{found.data.value && plural(all.length, "node")}</span><span class="sp" />
        {all.length > 8 && <input class="in find" type="search" aria-label="Find a node" placeholder="Name, state, partition" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />}
        {all[0]?.observed_at && <span class="sm muted"><Age at={all[0].observed_at} /></span>}</header>
      {found.problem.value && <div class="pad"><ProblemBox problem={found.problem.value} what="The nodes cannot be read" retry={() => void found.reload()} /></div>}
      {!found.data.value && !found.problem.value && <Skeleton rows={4} height={34} />}
      {all.length > 0 && (
        <div class="xscroll" tabIndex={0} role="group" aria-label="Nodes">
          <table class="list"><thead><tr><th scope="col">Node</th><th scope="col">State</th><th scope="col">GPUs in use</th><th scope="col">CPUs in use</th><th scope="col">Memory in use</th><th scope="col">Partitions</th></tr></thead>
            <tbody>{wanted.slice(0, SHOWN).map((node) => <NodeLine key={node.name} node={node} />)}</tbody></table>
        </div>
      )}
      {wanted.length > SHOWN && <p class="pad muted sm">{SHOWN} of {count(wanted.length)} shown: search for the others.</p>}
    </section>
  );
}

function PartitionLine({ partition, queue }: { partition: Partition; queue: QueueDepth | undefined }): JSX.Element {
  const gpus = Object.entries(partition.gpus ?? {}).map(([type, n]) => gpusText(n, type)).join(", ");
  const list = (may: string[] | undefined, not: string[] | undefined): string => (may?.length ? may.join(", ") : not?.length ? `all but ${not.join(", ")}` : "all");
  return (
    <tr>
      <th scope="row" class="mono">{partition.name}{partition.default && <span class="chip">default</span>}{partition.preemptible && <span class="chip" title="Jobs may be pushed out here">preemptible</span>}{partition.note && <span class="sm remark"><bdi>{partition.note}</bdi></span>}</th>
      <td>{partition.up === false ? <span class="badtext">down</span> : "up"}</td>
      <td class="num">{partition.nodes ?? "–"}{partition.max_nodes ? `, at most ${partition.max_nodes} a job` : ""}</td>
      <td class="num nw">{queue?.jobs ? `${count(queue.jobs)}${queue.gpus ? `, for ${plural(queue.gpus, "GPU")}` : ""}` : "–"}</td>
      <td class="num">{partition.cpus ?? "–"}</td>
      <td>{gpus || "–"}</td>
      <td class="num">{partition.max_time_s ? duration(partition.max_time_s) : "no limit"}</td>
      <td>{list(partition.allow_accounts, partition.deny_accounts)}</td>
      <td>{list(partition.allow_qos, partition.deny_qos)}</td>
    </tr>
  );
}

function Allowed({ limits, queue }: { limits: Limits; queue: QueueDepth[] }): JSX.Element | null {
  const mine = limits.associations ?? [];
  if (!limits.partitions?.length) return null;
  return (
    <section class="card" aria-labelledby="parts-title">
      <header class="ct"><h2 id="parts-title">Partitions and limits</h2><span class="sp" />{limits.version && <span class="sm muted">Slurm {limits.version}</span>}</header>
      <div class="xscroll" tabIndex={0} role="group" aria-label="Partitions">
        <table class="list"><thead><tr><th scope="col">Partition</th><th scope="col">State</th><th scope="col">Nodes</th><th scope="col">Jobs waiting</th><th scope="col">CPUs</th><th scope="col">GPUs</th><th scope="col">Longest job</th><th scope="col">Accounts</th><th scope="col">QOS</th></tr></thead>
          <tbody>{limits.partitions.map((partition) => <PartitionLine key={partition.name} partition={partition} queue={queue.find((one) => one.partition === partition.name)} />)}</tbody></table>
      </div>
      {mine.length > 0 && <p class="pad sm muted">You may charge {mine.map((one) => `${one.account}${one.partition ? ` on ${one.partition}` : ""}${one.qos?.length ? ` (QOS ${one.qos.join(", ")})` : ""}`).join("; ")}.</p>}
    </section>
  );
}

export default function ClusterPage({ id }: { id: string }): JSX.Element {
  const at = `/clusters/${encodeURIComponent(id)}`;
  const cluster = useResource<Cluster>((abort) => getJson(at, abort), [id]);
  const gpus = useResource<GpuList>((abort) => getJson(`${at}/gpus?max_age=60`, abort), [id]);
  const nodes = useResource<{ items: Node[] }>((abort) => getJson(`${at}/nodes`, abort), [id]);
  const limits = useResource<Limits>((abort) => getJson(`${at}/partitions`, abort), [id]);
  useEffect(() => { document.title = `${id} · Sluice`; }, [id]);
  useEffect(() => {
    const again = coalesce(() => { void cluster.reload(); void gpus.reload(); void nodes.reload(); }, 500);
    return watch(["clusters", "gpus"], again);
  }, [id]);
  const isThere = useSettled([cluster, gpus, nodes, limits]);
  const queue = gpus.data.value?.clusters?.find((one) => one.name === id)?.queue ?? [];
  return (
    <>
      <div class="crumb"><a href={href("/clusters")}>Clusters</a><span aria-hidden="true">/</span><span>{id}</span></div>
      <div class="pagehead"><h1>{id}</h1>{queueText(queue) && <span class="chip">{queueText(queue)}</span>}<span class="sp" /><a class="btn" href={href(`/jobs${query({ filter: `cluster:${id}` })}`)}><Icon name="jobs" />Jobs here</a></div>
      {!isThere ? <section class="card"><Skeleton rows={6} height={24} /></section> : <>
        {cluster.problem.value && <ProblemBox problem={cluster.problem.value} what={`Cluster ${id} cannot be shown`} retry={() => void cluster.reload()} />}
        {cluster.data.value ? <Health cluster={cluster.data.value} doctor onUp={() => { void cluster.reload(); void gpus.reload(); void nodes.reload(); void limits.reload(); }} /> : !cluster.problem.value && <section class="card"><Skeleton rows={6} height={24} /></section>}
        {gpus.data.value && <FreeMatrix gpus={gpus.data.value} named={false} />}
        {limits.problem.value && <ProblemBox problem={limits.problem.value} what="Partitions and limits cannot be read" retry={() => void limits.reload()} />}
        {limits.data.value && <Allowed limits={limits.data.value} queue={queue} />}
        <Nodes found={nodes} />
      </>}
    </>
  );
}
