// What the job was made of: the script that was sent; every resolved value with where it came from; what happened.
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { fetchApi, getJson } from "../lib/api";
import { Code } from "../lib/code";
import { now } from "../lib/clock";
import { millis, stamp, valueWord, when } from "../lib/format";
import { Icon } from "../lib/icons";
import { useResource } from "../lib/resource";
import { stateRow } from "../lib/states";
import type { EventList, GatewayEvent, Job } from "../lib/types";
import { Card, CopyButton, Empty, ProblemBox, Skeleton, Toggle } from "../lib/ui";

export function ScriptTab({ job }: { job: Job }): JSX.Element {
  const script = useResource<string>(async (abort) => (await fetchApi(`/jobs/${job.id}/script`, { signal: abort })).text(), [job.id]);
  const text = script.data.value;
  if (script.problem.value) return <ProblemBox problem={script.problem.value} what="The script cannot be read" retry={() => void script.reload()} />;
  if (text === undefined) return <Skeleton rows={14} />;
  return <Card title="Script as it was sent" extra={<><span class="grow" /><CopyButton text={text} label="Copy" /></>}>{text ? <Code text={text} label="Batch script" /> : <Empty icon="jobs" title="No script was sent" />}</Card>;
}

interface Origin { layer?: string; text?: string }
interface Manifest { request?: Record<string, unknown>; resolved?: Record<string, { value: unknown; origin?: Origin }>; diff?: string; script_sha256?: string }
interface Row { key: string; value: string; raw: string; origin: string; rank: number; isDefault: boolean }

const layers = ["request", "profile", "project", "cluster", "gateway"];

function rowsOf(manifest: Manifest): Row[] {
  return Object.entries(manifest.resolved ?? {}).map(([key, item]) => {
    const { value, origin } = item;
    const layer = layers.indexOf(origin?.layer ?? "");
    return {
      key, value: valueWord(key, value), raw: typeof value === "string" ? value : JSON.stringify(value), origin: origin?.text ?? "", rank: layer < 0 ? layers.length : layer,
      isDefault: !origin?.layer || origin.layer === "built-in",
    };
  }).sort((a, b) => Number(a.isDefault) - Number(b.isDefault) || a.rank - b.rank || a.key.localeCompare(b.key));
}

export function ConfigTab({ job }: { job: Job }): JSX.Element {
  const manifest = useResource<Manifest>((abort) => getJson(`/jobs/${job.id}/manifest`, abort), [job.id]);
  const [text, setText] = useState("");
  const [all, setAll] = useState(false);
  if (manifest.problem.value) return <ProblemBox problem={manifest.problem.value} what="The configuration cannot be read" retry={() => void manifest.reload()} />;
  const body = manifest.data.value;
  if (!body) return <Skeleton rows={14} />;
  const rows = rowsOf(body);
  const shown = rows.filter((row) => (all || !row.isDefault || text) && `${row.key} ${row.value} ${row.raw} ${row.origin}`.toLowerCase().includes(text.toLowerCase()));
  return (
    <>
      <Card title="Resolved configuration" extra={<><label class="in findkey"><Icon name="search" /><input aria-label="Find a key or value" placeholder="Find a key or value" value={text} onInput={(event) => setText(event.currentTarget.value)} /></label><span class="grow" /><Toggle on={all} onChange={setAll}>Defaults too</Toggle></>}>
        <div class="scrollx pad" tabIndex={0} role="region" aria-label="Values">
          <table class="plain config"><thead><tr><th scope="col">Key</th><th scope="col">Value</th><th scope="col">From</th></tr></thead>
            <tbody>{shown.map((row) => <tr key={row.key} class={row.isDefault ? "muted" : ""}><td class="mono">{row.key}</td><td class="mono" title={row.raw === row.value ? undefined : row.raw}><bdi>{row.value}</bdi></td><td class="sm muted">{row.origin}</td></tr>)}</tbody></table>
          {!shown.length && <p class="muted">{rows.length ? (text ? "Nothing of that name." : "Every value is a default.") : "Nothing was kept of this job's configuration."}</p>}
        </div>
      </Card>
      <Card title="Request as it came" extra={<><span class="grow" /><CopyButton text={JSON.stringify(body.request ?? {}, null, 2)} label="Copy" /></>}><Code text={JSON.stringify(body.request ?? {}, null, 2)} label="Request" /></Card>
      {body.diff && <Card title="Uncommitted changes"><Code text={body.diff} label="Uncommitted changes" /></Card>}
    </>
  );
}

const kinds: Record<string, string> = { created: "Accepted", launching: "Sent to the scheduler", state: "State", changed: "Changed", cancel: "Cancel asked for", edited: "Changed by a user", code: "State of the code", verdict: "Verdict", why: "Why it waits", link: "Link found" };

function eventText(event: GatewayEvent): string {
  const data = event.data as Record<string, unknown> | undefined;
  if (!data || typeof data !== "object") return "";
  if (typeof data.url === "string") return data.url;
  const from = typeof data.from === "string" ? `${stateRow(data.from).label} → ` : "";
  const to = typeof data.to === "string" ? stateRow(data.to).label : typeof data.state === "string" ? stateRow(data.state).label : "";
  const why = data.why ?? data.reason ?? data.title ?? data.text;
  return [`${from}${to}`, why].filter(Boolean).join(": ") || Object.entries(data).map(([key, one]) => `${key} ${typeof one === "string" ? one : JSON.stringify(one)}`).join(", ");
}

export function HistoryTab({ job }: { job: Job }): JSX.Element {
  const events = useResource<EventList>((abort) => getJson(`/jobs/${job.id}/events?limit=200&numbers=false`, abort), [job.id, job.event]);
  const list = events.data.value;
  if (events.problem.value) return <ProblemBox problem={events.problem.value} what="The history cannot be read" retry={() => void events.reload()} />;
  if (!list) return <Skeleton rows={8} />;
  return (
    <Card title={<>History <span class="muted">{list.items.length}</span></>}>
      <ol class="history">{list.items.map((event) => {
        const at = millis(event.time);
        return <li key={event.id}><time class="num muted" title={at ? stamp(at) : ""}>{at ? when(at, now.peek(), true) : ""}</time><b>{kinds[event.kind] ?? event.kind.replace(/_/g, " ")}</b><span class="muted"><bdi>{eventText(event)}</bdi></span></li>;
      })}</ol>
    </Card>
  );
}
