// Clusters: what is free where, and how each of them is. One that fails holds up no other.
import "../lib/everywhere";

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { getJson } from "../lib/api";
import { watch } from "../lib/live";
import { coalesce, useResource } from "../lib/resource";
import type { GpuList } from "../lib/types";
import { CommandLine, Empty, ProblemBox, Skeleton } from "../lib/ui";
import { Health } from "./health";
import { FreeMatrix } from "./matrix";
import type { Cluster } from "./shape";

export default function ClustersPage(): JSX.Element {
  const clusters = useResource<{ items: Cluster[] }>((abort) => getJson("/clusters", abort), []);
  const gpus = useResource<GpuList>((abort) => getJson("/gpus?max_age=60", abort), []);
  useEffect(() => { document.title = "Clusters · Sluice"; }, []);
  useEffect(() => {
    const again = coalesce(() => { void clusters.reload(); void gpus.reload(); }, 500);
    const stop = watch(["clusters", "gpus"], again);
    const timer = setInterval(() => { if (!document.hidden) again(); }, 30_000);
    return () => { stop(); clearInterval(timer); };
  }, []);
  const list = clusters.data.value?.items;
  return (
    <>
      <div class="pagehead"><h1>Clusters</h1></div>
      {gpus.problem.value && <ProblemBox problem={gpus.problem.value} what="Free GPUs cannot be read" retry={() => void gpus.reload()} />}
      {clusters.problem.value && <ProblemBox problem={clusters.problem.value} what="The clusters cannot be read" retry={() => void clusters.reload()} />}
      {gpus.data.value ? <FreeMatrix gpus={gpus.data.value} /> : <section class="card"><Skeleton rows={3} height={40} /></section>}
      {list?.length === 0 && <section class="card"><Empty icon="clusters" title="No cluster yet"><p>Clusters are described in <code>clusters.yaml</code>. This checks what it says:</p><CommandLine text="sluice config check" /></Empty></section>}
      <div class="cgrid">{list ? list.map((cluster) => <Health key={cluster.name} cluster={cluster} queue={gpus.data.value?.clusters?.find((one) => one.name === cluster.name)?.queue} linked onUp={() => { void clusters.reload(); void gpus.reload(); }} />) : <section class="card"><Skeleton rows={6} height={24} /></section>}</div>
    </>
  );
}
