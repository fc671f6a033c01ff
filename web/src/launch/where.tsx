// "Where": one table of GPU type x partition x cluster, by what is free; one choice sets all three.
import type { JSX } from "preact";
import { useLayoutEffect } from "preact/hooks";

import { GpuBar, usage } from "../jobs/gpus";
import { now } from "../lib/clock";
import { gpuName } from "../lib/jobtext";
import { ago, coarse, millis, when } from "../lib/format";
import { Age, Notice, Skeleton } from "../lib/ui";
import { gpusAsked } from "./model";
import { placeKey, type WhereRow } from "./rows";
import type { Launch, Trial } from "./store";

export function placeTitle(row: WhereRow): string {
  if (row.place.cpuOnly) return "CPUs only";
  return gpuName(row.place.gpuType);
}

function Free({ row }: { row: WhereRow }): JSX.Element {
  const gpu = row.gpu;
  if (!gpu) return <span class="muted sm">{row.note || (row.stale && !row.at ? "not seen yet" : "")}</span>;
  const [mine = 0, down = 0] = [gpu.mine, gpu.down];
  const { free, inUse: used } = usage(gpu);
  return (
    <span class="freebar">
      <span class="sm"><b class="num">{gpu.free === undefined ? "?" : free}</b> free of {gpu.total}<span class="sr">, {mine} yours, {used} in use, {down} down</span></span>
      <GpuBar total={gpu.total} mine={mine} inUse={used} down={down} />
    </span>
  );
}

/** When this very job would start, in two short lines. isFree: whether what it asks for is free now, where no
 *  scheduler tells a time (first come, first served). */
export function startText(trial: Trial | undefined, at: number, isFree?: boolean): { head: string; sub: string; tone: string } {
  if (!trial) return { head: "unknown", sub: "", tone: "" };
  if (trial.busy) return { head: "asking…", sub: "", tone: "" };
  if (trial.problem) return { head: "unknown", sub: trial.problem.status === 422 ? "the request has faults" : trial.problem.message, tone: "warntext" };
  if (trial.test?.accepted === false) return { head: "refused", sub: trial.test.upstream ?? "", tone: "badtext" };
  const start = millis(trial.test?.start_at);
  if (start === undefined && isFree !== undefined) return isFree ? { head: "now", sub: "", tone: "oktext" } : { head: "in turn", sub: "first come, first served", tone: "" };
  if (start === undefined) return { head: "unknown", sub: "accepted", tone: "" };
  const wait = (start - at) / 1000;
  return wait < 60 ? { head: "now", sub: "", tone: "oktext" } : { head: `~${when(start, at)}`, sub: `in ${coarse(wait)}`, tone: "" };
}

/** Of a cluster without a scheduler of its own: is there room right now. */
export function isFreeNow(store: Launch, row: WhereRow): boolean | undefined {
  if (store.clusters.value.find((cluster) => cluster.name === row.place.cluster)?.scheduler !== "process") return undefined;
  const asked = Number(gpusAsked(store.draft.value, store.config.value) || store.rendered.value?.resolved?.["resources.gpus"]?.value || 0);
  return row.gpu !== undefined && usage(row.gpu).free >= asked;
}

function Start({ row, store, isChosen }: { row: WhereRow; store: Launch; isChosen: boolean }): JSX.Element {
  if (row.why) return <span class="start"><span aria-hidden="true">–</span><span class="sm">{row.why}</span></span>;
  const trial = store.trials.value[row.key];
  if (!trial && !isChosen)
    return <span class="start"><button type="button" class="btn link sm" onClick={() => void store.tryStart(row.place)} aria-label={`Ask when it would start on ${placeTitle(row)}, ${row.place.cluster} ${row.place.partition}`}>When?</button>{row.waited && <span class="sm">{row.waited}</span>}</span>;
  const text = startText(trial, now.value, isFreeNow(store, row));
  const seen = row.stale && row.at ? `last seen ${ago(millis(row.at)!, now.value)}` : row.stale ? "not seen yet" : "";
  return <span class="start"><b class={text.tone}>{text.head}</b>{(seen || text.sub) && <span class={`sm ell${seen ? " warntext" : ""}`} title={text.sub}>{seen || text.sub}</span>}{row.waited && text.head !== "now" && text.head !== "refused" && <span class="sm">{row.waited}</span>}</span>;
}

function Row({ row, store }: { row: WhereRow; store: Launch }): JSX.Element {
  const isChosen = placeKey(store.draft.value.place) === row.key;
  const id = `w-${row.key.replace(/[^A-Za-z0-9]/g, "_")}`;
  const where = [row.place.cluster, row.place.partition].filter(Boolean).join(" / ");
  const choose = (): void => { if (!row.why) store.set({ place: row.place }); };
  return (
    <tr class={`${isChosen ? "sel" : ""}${row.why ? " off" : ""}`} onClick={choose}>
      <td><input type="radio" name="where" id={id} checked={isChosen} disabled={row.why !== ""} aria-label={`${placeTitle(row)} on ${where}${row.why ? `: ${row.why}` : ""}`} onChange={choose} /></td>
      <td><label class="wname" for={id}><b>{placeTitle(row)}</b><span class="sm">{where}{row.preemptible && <span class="chip" title="Jobs may be pushed out here">preemptible</span>}</span>{row.remark && <span class="sm remark"><bdi>{row.remark}</bdi></span>}</label></td>
      <td class="bc"><Free row={row} /></td>
      <td class="wn num">{row.gpu ? <>{row.gpu.whole_nodes_free ?? "?"} of {row.gpu.nodes_total ?? "?"}</> : ""}</td>
      <td><Start row={row} store={store} isChosen={isChosen} /></td>
    </tr>
  );
}

function Legend({ store }: { store: Launch }): JSX.Element {
  const oldest = store.gpus.value.map((gpu) => gpu.observed_at).filter(Boolean).sort()[0] ?? store.clusters.value.map((cluster) => cluster.observed_at).filter(Boolean).sort()[0];
  return (
    <div class="wherelegend">
      {store.gpus.value.length > 0 && <><span><i class="mine" />yours</span><span><i class="used" />in use</span><span><i class="downed" />down or drained</span><span><i />free</span></>}
      <span class="sp" />
      {oldest && <span><Age at={oldest} prefix="polled " /></span>}
    </div>
  );
}

/** Rows change places as starts become known, and an element that is moved loses the focus: whoever goes through them by keys keeps the place. */
function useKeptFocus(within: string): void {
  const held = document.activeElement?.closest(within) ? document.activeElement.id : "";
  useLayoutEffect(() => {
    if (held && document.activeElement?.id !== held) document.getElementById(held)?.focus({ preventScroll: true });
  });
}

export function Where({ store, onlyUsable }: { store: Launch; onlyUsable: boolean }): JSX.Element {
  const rows = store.rows.value.filter((row) => !onlyUsable || !row.why);
  useKeptFocus(".av");
  if (!store.seenWhere.value) return <Skeleton rows={3} height={46} />;
  if (!store.rows.value.length) return <Notice tone="info">No cluster is configured. Add one to clusters.yaml; this table then shows where there is room.</Notice>;
  const fault = store.faults.value.where;
  return (
    <>
      <table class="av" aria-labelledby="where-title" aria-describedby={fault ? "f-where-wrong" : undefined}>
        <thead><tr><th scope="col"><span class="sr">Choose</span></th><th scope="col">GPU</th><th scope="col">Free now</th><th scope="col" class="wn">Whole nodes free</th><th scope="col">Start of this job</th></tr></thead>
        <tbody>{rows.map((row) => <Row key={row.key} row={row} store={store} />)}</tbody>
      </table>
      {fault && <p class="wrongtext" id="f-where-wrong">{fault}</p>}
      <Legend store={store} />
    </>
  );
}
