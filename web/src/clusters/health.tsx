// One cluster's health: reachable or not and why, how old its figures are, what of its budgets is used, the doctor.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { asProblem, send, type Problem } from "../lib/api";
import { href } from "../lib/base";
import { plural } from "../lib/format";
import { Icon } from "../lib/icons";
import { link } from "../lib/live";
import { offers } from "../lib/offers";
import type { QueueDepth } from "../lib/types";
import { Age, Facts, ProblemBox, WriteButton } from "../lib/ui";
import { Login } from "./login";
import { budgetText, healthOf, queueText, type Cluster } from "./shape";

const toneIcon = { ok: "check", warn: "warn", bad: "cross", calm: "clock" };

function seconds(s: number | undefined): string | undefined {
  if (s === undefined) return undefined;
  return s < 1 ? `${Math.round(s * 1000)} ms` : `${s.toFixed(1)} s`;
}

interface Found { check: string; status: string; text: string; hint?: string }

function Doctor({ cluster }: { cluster: Cluster }): JSX.Element | null {
  const [found, setFound] = useState<Found[] | undefined>();
  const [problem, setProblem] = useState<Problem | undefined>();
  const [busy, setBusy] = useState(false);
  const [has, setHas] = useState<boolean | undefined>();
  useEffect(() => void offers("/clusters/{cluster}/check").then(setHas, () => setHas(true)), [link.value]); // who cannot ask now learns it by the check itself
  const run = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      const answer = await send<{ lines?: Found[] }>("POST", `/clusters/${encodeURIComponent(cluster.name)}/check`);
      setFound(answer.lines ?? []);
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  if (has === false) return null; // not known yet: its place is kept
  const isOk = (one: Found): boolean => one.status === "ok";
  return (
    <>
      <p class="acts"><WriteButton disabled={busy || !has} onClick={() => void run()}><Icon name="check" />{busy ? "Checking…" : "Check this cluster"}</WriteButton></p>
      {problem && <ProblemBox problem={problem} what={`${cluster.name} could not be checked`} />}
      {found && <ul class="found">{found.map((one, at) => <li key={at} class={isOk(one) ? "k-ok" : one.status.startsWith("warn") || one.status === "skipped" ? "k-warn" : "k-bad"}><Icon name={isOk(one) ? "check" : "warn"} /><span><b>{one.check}</b> {one.text}{one.hint && <span class="muted"> {one.hint}</span>}</span></li>)}</ul>}
    </>
  );
}

function LastError({ cluster }: { cluster: Cluster }): JSX.Element | null {
  const text = cluster.error ?? cluster.last_error;
  if (!text) return null;
  const isNow = cluster.stale || cluster.state !== "reachable";
  return (
    <div class={`lasterr${isNow ? " now" : ""}`}>
      <span class="sm muted">{isNow ? "Error" : "Last error"}{cluster.last_error_at && <>, <Age at={cluster.last_error_at} /></>}{cluster.last_error_code && <>, <code>{cluster.last_error_code}</code></>}</span>
      <pre class="code">{text}</pre>
    </div>
  );
}

interface HealthProps { cluster: Cluster; queue?: QueueDepth[]; linked?: boolean; doctor?: boolean; onUp: () => void }

export function Health({ cluster, queue, linked, doctor, onUp }: HealthProps): JSX.Element {
  const health = healthOf(cluster);
  const connection = cluster.connection ?? {};
  return (
    <section class={`card chealth${linked ? "" : " wide"}`} aria-label={`Cluster ${cluster.name}`}>
      <header class="ct">
        <h2>{linked ? <a href={href(`/clusters/${encodeURIComponent(cluster.name)}`)}>{cluster.name}</a> : "Health"}</h2>
        <span class={`badge b-${health.tone}`}><Icon name={toneIcon[health.tone]} />{health.label}</span>
        <span class="sp" />
        {cluster.observed_at ? <span class={`sm ${cluster.stale ? "warntext" : "muted"}`}><Age at={cluster.observed_at} prefix={cluster.stale ? "last seen " : "seen "} /></span> : <span class="sm muted">not seen yet</span>}
      </header>
      <div class="pad cbody">
        <LastError cluster={cluster} />
        {(cluster.errors ?? []).map((error, index) => <p key={index} class="wrongtext"><Icon name="warn" /><code>{error.path}</code> {error.text ?? error.detail}</p>)}
        {cluster.instructions && <p class="instr"><Icon name="info" /><span>{cluster.instructions}</span></p>}
        <Login cluster={cluster} onUp={onUp} />
        <Facts rows={[
          ["Runs by", cluster.scheduler === "process" ? "the gateway, as processes" : cluster.scheduler === "slurm" ? "Slurm" : cluster.scheduler],
          ["Host", cluster.host, true],
          ["Queue", queueText(queue)],
          ["VPN", cluster.requires_vpn && "needed to reach it"],
          ["Workspace", cluster.workspace, true],
          ["Latency", seconds(connection.latency_s ?? cluster.poll_s)],
          ["Clock", Math.abs(cluster.clock_skew_s ?? 0) > 1 ? `${Math.abs(cluster.clock_skew_s!)} s ${cluster.clock_skew_s! > 0 ? "ahead of" : "behind"} the gateway's` : undefined],
          ["Way in", connection.backend && connection.backend !== "local" && <span key="way">{connection.backend}{connection.backend_reason && <span class="muted">, {connection.backend_reason}</span>}</span>],
          ["Logins", connection.logins ? budgetText(connection.logins_last_hour, connection.max_logins_per_hour, "in the last hour", connection.logins) : undefined],
          ["Login ends", connection.login_ends_at && <Age at={connection.login_ends_at} />],
          ["Failed logins", connection.login_failures || undefined],
          ["Commands", budgetText(connection.commands_last_minute, cluster.scheduler === "process" ? undefined : connection.max_commands_per_minute, "in the last minute", connection.commands)],
          ["Channels", connection.channels && connection.max_channels ? `${connection.channels} of ${connection.max_channels} open` : undefined],
          ["Held back", connection.held_back ? `${plural(connection.held_back, "look")} so far, to keep within the budget` : undefined],
          ["Waiting", connection.queued ? `${connection.queued} commands` : undefined],
        ]} />
        {doctor && <Doctor cluster={cluster} />}
      </div>
    </section>
  );
}
