// One project: where it lies, its configuration with each fault at its line, its last runs.
import "../lib/everywhere";

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { getJson, query, send } from "../lib/api";
import { href } from "../lib/base";
import { now } from "../lib/clock";
import { plural } from "../lib/format";
import { Icon } from "../lib/icons";
import { jobTitle, timeText } from "../lib/jobtext";
import { watch } from "../lib/live";
import { coalesce, useResource } from "../lib/resource";
import { usePlace } from "../lib/route";
import { toast, toastProblem } from "../lib/toast";
import type { Job } from "../lib/types";
import { Age, Confirm, Facts, ProblemBox, Skeleton, StateBadge, WriteButton } from "../lib/ui";
import { configLines, faultPlace, type ConfigFault, type Project } from "./shape";

function Fault({ fault }: { fault: ConfigFault }): JSX.Element {
  return <li class="k-bad"><Icon name="warn" /><span><code>{faultPlace(fault)}</code> {fault.path && <b class="mono">{fault.path}</b>} {fault.text ?? fault.detail}{fault.hint && <span class="muted"> {fault.hint}</span>}</span></li>;
}

function Config({ project }: { project: Project }): JSX.Element {
  const lines = project.config ? configLines(project.config) : [];
  const faults = project.errors ?? [];
  return (
    <section class="card" aria-labelledby="config-title">
      <header class="ct"><h2 id="config-title">Configuration</h2><code class="sm muted">.mlops-config.yaml</code><span class="sp" />{faults.length > 0 ? <span class="badge b-bad"><Icon name="warn" />{plural(faults.length, "fault")}</span> : lines.length > 0 && <span class="badge b-ok"><Icon name="check" />valid</span>}</header>
      {faults.length > 0 && <div class="pad"><p>Nothing can be launched until these are put right in the file:</p><ul class="found">{faults.map((fault, at) => <Fault key={at} fault={fault} />)}</ul></div>}
      {lines.length === 0 && faults.length === 0 && <p class="pad muted">The folder has none: built-in values apply to everything. A file with <code>params:</code> gives the launch form typed fields.</p>}
      {lines.length > 0 && (
        <div class="xscroll cfgtree" tabIndex={0} role="group" aria-label="Configuration as read">
          <pre class="code lcode">{lines.map((line) => <span key={line.path} class="l" title={line.path}>{"  ".repeat(line.depth)}<span class="k">{line.key}</span>:{line.value && <> <span class="s">{line.value}</span></>}{"\n"}</span>)}</pre>
        </div>
      )}
    </section>
  );
}

function Runs({ name }: { name: string }): JSX.Element {
  const filter = `project:${name}`;
  const found = useResource<{ items: Job[] }>((abort) => getJson(`/jobs${query({ filter, limit: 8 })}`, abort), [name]);
  useEffect(() => watch(["jobs"], coalesce(() => void found.reload(), 400)), [name]);
  const runs = found.data.value?.items ?? [];
  return (
    <section class="card" aria-labelledby="runs-title">
      <header class="ct"><h2 id="runs-title">Recent runs</h2><span class="sp" /><a href={href(`/jobs${query({ filter })}`)}>All runs</a></header>
      {!found.data.value && <Skeleton rows={3} height={34} />}
      {found.data.value && !runs.length && <p class="pad muted">None yet.</p>}
      <ul class="runs">{runs.map((job) => <li key={job.id}><StateBadge state={job.state} stale={job.stale} /><a class="ell" href={href(`/jobs/${job.id}`)}><bdi>{jobTitle(job)}</bdi></a><span class="num muted sm nw">{timeText(job, now.value)}</span><span class="muted sm"><Age at={job.created_at} /></span></li>)}</ul>
    </section>
  );
}

export default function ProjectPage({ id }: { id: string }): JSX.Element {
  const { go } = usePlace();
  const name = decodeURIComponent(id);
  const at = `/projects/${encodeURIComponent(name)}`;
  const found = useResource<Project>((abort) => getJson(at, abort), [name]);
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  useEffect(() => { document.title = `${name} · Sluice`; }, [name]);
  const project = found.data.value;
  const sync = async (): Promise<void> => {
    setBusy(true);
    try {
      found.data.value = await send<Project>("POST", `${at}/sync`, {});
      toast("Read again", { tone: "ok" });
    } catch (error) {
      toastProblem(`${name} cannot be read`, error);
    }
    setBusy(false);
  };
  const remove = async (): Promise<void> => {
    try {
      await send("DELETE", at);
      toast(`${name} is forgotten; its jobs stay`, { tone: "ok" });
      go("/projects");
    } catch (error) {
      toastProblem(`${name} cannot be removed`, error);
    }
  };
  return (
    <>
      <div class="crumb"><a href={href("/projects")}>Projects</a><span aria-hidden="true">/</span><bdi>{name}</bdi></div>
      <div class="pagehead">
        <h1><bdi>{name}</bdi></h1><span class="sp" />
        <WriteButton disabled={busy} onClick={() => void sync()}><Icon name="refresh" />Sync</WriteButton>
        <WriteButton class="bad" onClick={() => setAsking(true)}>Remove…</WriteButton>
        <a class="btn pri" href={href(`/launch${query({ project: name })}`)}><Icon name="launch" />Launch</a>
      </div>
      {asking && <Confirm title={`Remove ${name}?`} action="Remove" onYes={() => void remove()} onClose={() => setAsking(false)}><p>The gateway forgets the folder. Nothing on disk is touched, and its jobs stay in the list.</p></Confirm>}
      {found.problem.value && <ProblemBox problem={found.problem.value} what={`Project ${name} cannot be shown`} retry={() => void found.reload()} />}
      {!project && !found.problem.value && <section class="card"><Skeleton rows={6} height={24} /></section>}
      {project && (
        <div class="pgrid">
          <Config project={project} />
          <div class="pside">
            <section class="card" aria-label="Folder">
              <header class="ct"><h2>Folder</h2><span class="sp" />{project.synced_at && <span class="sm muted"><Age at={project.synced_at} prefix="read " /></span>}</header>
              <div class="pad"><Facts rows={[["Path", project.path, true], ["URL", project.url, true], ["Branch", project.branch], ["Commit", project.sha?.slice(0, 12), true], ["Tree", project.dirty ? <span class="warntext">has changes; they go along with a run</span> : project.sha ? "clean" : "not a git repository"], ["Group", project.group]]} /></div>
            </section>
            <Runs name={name} />
          </div>
        </div>
      )}
    </>
  );
}
