// What the gateway and the scheduler say of this request before it is sent.
import type { ComponentChildren, JSX } from "preact";

import { now } from "../lib/clock";
import { millis, when } from "../lib/format";
import { Icon } from "../lib/icons";
import { Age } from "../lib/ui";
import type { Launch } from "./store";
import { placeTitle, startText } from "./where";

type Tone = "ok" | "warn" | "bad" | "calm";
interface Check { tone: Tone; text: ComponentChildren; note?: ComponentChildren }

const icons: Record<Tone, string> = { ok: "check", warn: "warn", bad: "cross", calm: "clock" };
const words: Record<Tone, string> = { ok: "Fine: ", warn: "Warning: ", bad: "Fault: ", calm: "" };

function trialCheck(store: Launch): Check | undefined {
  const trial = store.trial.value;
  const isSlurm = store.clusters.value.find((cluster) => cluster.name === store.draft.value.place?.cluster)?.scheduler !== "process";
  const who = isSlurm ? "Slurm (test only)" : "the cluster";
  if (!trial) return undefined;
  if (trial.busy) return { tone: "calm", text: `Asking ${who}…` };
  if (trial.problem) return { tone: "warn", text: `Not tested: ${trial.problem.message}` };
  if (trial.test?.accepted === false) return { tone: "bad", text: <>Refused by {who}{trial.test.upstream && <code class="up">{trial.test.upstream}</code>}{trial.test.hint}</> };
  return { tone: "ok", text: `Accepted by ${who}`, note: trial.ms ? `${(trial.ms / 1000).toFixed(1)} s` : undefined };
}

function checksOf(store: Launch): Check[] {
  const list: Check[] = [];
  const row = store.row.value;
  const project = store.project.value;
  const problem = store.renderProblem.value;
  if (problem) list.push({ tone: "bad", text: problem.message });
  else if (store.rendered.value) list.push({ tone: "ok", text: "Configuration and parameters are valid" });
  const missing = store.secrets.missing.value;
  if (missing.length) list.push({ tone: "bad", text: `No value yet for ${missing.join(", ")}: give it under Environment` });
  const tried = problem ? undefined : trialCheck(store);
  if (tried) list.push(tried);
  if (row?.stale) list.push({ tone: "warn", text: <>The cluster does not answer{row.at && <>, <Age at={row.at} prefix="last seen " /></>}. A job waits in the gateway until it does.</> });
  if (project?.dirty) list.push({ tone: "warn", text: "The working tree has changes; they go along and are recorded" });
  for (const warning of store.rendered.value?.warnings ?? []) list.push({ tone: "warn", text: typeof warning === "string" ? warning : (warning.detail ?? warning.text ?? JSON.stringify(warning)) });
  return list;
}

function Estimate({ store }: { store: Launch }): JSX.Element | null {
  const trial = store.trial.value;
  if (!trial?.test?.start_at || trial.busy) return null;
  const text = startText(trial, now.value);
  return (
    <div class="est">
      <p><span class="big">{text.head === "now" ? "Starts now" : text.head}</span>{text.sub && <span class="muted">{text.sub}, by Slurm's test</span>}</p>
      <Sooner store={store} at={millis(trial.test.start_at)!} />
    </div>
  );
}

/** Another row that would start the same job a good deal sooner. */
function Sooner({ store, at }: { store: Launch; at: number }): JSX.Element | null {
  const here = store.row.value?.key;
  const best = store.rows.value.find((row) => row.key !== here && !row.why && (store.starts.value[row.key] ?? Infinity) < at - 300_000);
  if (!best) return null;
  const start = store.starts.value[best.key]!;
  const when_ = start - now.value < 60_000 ? "now" : `at ${when(start, now.value)}`;
  return <p class="sm"><button type="button" class="btn link sooner" onClick={() => store.set({ place: best.place })}>{placeTitle(best)} on {[best.place.cluster, best.place.partition].filter(Boolean).join(" / ")} would start {when_}</button></p>;
}

export function Checks({ store }: { store: Launch }): JSX.Element {
  const list = checksOf(store);
  return (
    <section class="card checks" aria-label="Checks" aria-live="off">
      <Estimate store={store} />
      <ul>
        {list.length === 0 && <li class="muted"><Icon name="clock" /><span>Checks follow when project and place are chosen</span></li>}
        {list.map((check, at) => <li key={at} class={`k-${check.tone}`}><Icon name={icons[check.tone]} /><span><span class="sr">{words[check.tone]}</span>{check.text}</span>{check.note && <span class="sm faint num">{check.note}</span>}</li>)}
      </ul>
    </section>
  );
}
