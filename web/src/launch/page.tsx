// Launch: one page, no wizard. Left the form, right what will be sent; every field left empty is the project's.
import "../lib/everywhere";

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { base, href } from "../lib/base";
import { plural } from "../lib/format";
import { Icon } from "../lib/icons";
import { gpusText } from "../lib/jobtext";
import { useKeys } from "../lib/keys";
import { usePlace } from "../lib/route";
import { CommandLine, copyText, Empty, Kbd, Notice, ProblemBox, Skeleton, WriteButton } from "../lib/ui";
import { Checks } from "./checks";
import { fieldId } from "./fields";
import { asCommand, asCurl, fieldOf, gpusAsked, moreFields } from "./model";
import { Environment, More, Params, Size, What } from "./parts";
import { Preview } from "./preview";
import { Launch } from "./store";
import { Where } from "./where";

function Head({ store }: { store: Launch }): JSX.Element {
  const project = store.project.value;
  const errors = project?.errors?.length ?? 0;
  const body = store.body.value;
  const secrets = store.secrets.names.value;
  return (
    <div class="pagehead">
      <h1>Launch</h1>
      {project?.branch && <span class="chip"><Icon name="branch" /><bdi>{project.branch}</bdi>{project.sha && <span class="mono">{project.sha.slice(0, 7)}</span>}</span>}
      {project?.dirty && <span class="chip warntext">changed files, go along as they are</span>}
      {errors > 0 && <a class="chip badtext" href={href(`/projects/${encodeURIComponent(project!.name)}`)}>{plural(errors, "fault")} in the configuration</a>}
      <span class="sp" />
      <button type="button" class="btn" onClick={() => void copyText(asCommand(body, secrets), "Command copied")}><Icon name="copy" />Copy as CLI</button>
      <button type="button" class="btn" onClick={() => void copyText(asCurl(body, location.origin + base, secrets), "curl command copied")}><Icon name="copy" />curl</button>
    </div>
  );
}

function Filled({ store }: { store: Launch }): JSX.Element | null {
  const notice = store.notice.value;
  if (!notice) return null;
  const [kind, id, ...name] = notice.split(":");
  const close = <button type="button" class="ibtn" aria-label="Close this notice" onClick={() => { store.notice.value = ""; }}><Icon name="cross" /></button>;
  if (kind === "clone") return <Notice tone="info"><div class="noticerow"><p>Filled from <a href={href(`/jobs/${id}`)}><bdi>{name.join(":") || "job"}</bdi> #{id}</a>: change what should differ, then launch.</p>{close}</div></Notice>;
  if (kind === "unknown") return <Notice tone="info"><div class="noticerow"><p>There is no project <bdi>{[id, ...name].join(":")}</bdi> here: another one is shown.</p>{close}</div></Notice>;
  if (kind === "nojob") return <Notice tone="info"><div class="noticerow"><p>There is no job <bdi>{id}</bdi> to clone: the form starts afresh.</p>{close}</div></Notice>;
  return <Notice tone="info"><div class="noticerow"><p>Your unsent values are back.</p><button type="button" class="btn link" onClick={() => store.startOver()}>Start over</button>{close}</div></Notice>;
}

/** The place of an earlier job is no row any more: never changed without a word. */
function Gone({ store }: { store: Launch }): JSX.Element | null {
  if (!store.gone.value) return null;
  return <Notice><p>There is no <bdi>{store.gone.value}</bdi> to choose now: look at the place below.</p></Notice>;
}

const names: Record<string, string> = { where: "Where", time: "Time limit", gpus: "GPUs", cpus: "CPUs", mem: "Memory", nodes: "Nodes", args: "Arguments", name: "Run name", project: "Project", profile: "Entry point", account: "Account", qos: "QOS" };

/** A field as the form calls it. */
function nameOf(field: string): string {
  return names[field] ?? moreFields.find(({ name }) => name === field)?.label ?? field.replace(/^(param|secret):/, "");
}

/** After a failed launch: what is wrong, with a way to each field. Takes the focus. */
function Failure({ store }: { store: Launch }): JSX.Element | null {
  const problem = store.failure.value;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => { if (problem) box.current?.focus(); }, [problem]);
  if (!problem) return null;
  const fields = problem.errors.map((error) => ({ ...error, field: fieldOf(error.pointer) }));
  const told = new Set(fields.map(({ field }) => field));
  const local = Object.entries(store.faults.value).filter(([field]) => !told.has(field));
  const focus = (field: string): void => {
    const element = document.getElementById(fieldId(field)) ?? document.querySelector<HTMLElement>(field === "where" ? ".av input:checked" : `input[name="${CSS.escape(field)}"]`);
    element?.closest("details")?.setAttribute("open", "");
    element?.focus();
  };
  return (
    <div class="notice n-bad" role="alert" tabIndex={-1} ref={box}>
      <Icon name="warn" />
      <div class="grow">
        <b>Not launched</b>
        {!fields.length && !local.length && <p>{problem.message}</p>}
        <ul class="errs">
          {fields.map((error) => <li key={error.pointer + error.detail}>{error.field ? <button type="button" class="btn link" onClick={() => focus(error.field)}>{nameOf(error.field)}</button> : <code>{error.pointer}</code>} {error.detail}{error.hint && <span class="muted"> {error.hint}</span>}</li>)}
          {local.map(([field, text]) => <li key={field}><button type="button" class="btn link" onClick={() => focus(field)}>{nameOf(field)}</button> {text}</li>)}
        </ul>
        {problem.upstream && <pre class="code sunken">{problem.upstream}</pre>}
        {problem.hint && <p class="muted">{problem.hint}</p>}
      </div>
    </div>
  );
}

function summary(store: Launch): string {
  const { place, nodes, cpus } = store.draft.value;
  if (!place) return "";
  const resolved = store.rendered.value?.resolved;
  const at = (path: string): string => String(resolved?.[path]?.value ?? "");
  const n = nodes || at("resources.nodes") || "1";
  const size = place.cpuOnly ? plural(Number(cpus || at("resources.cpus") || 1), "CPU") : gpusText(Number(gpusAsked(store.draft.value, store.config.value) || at("resources.gpus") || 1), place.gpuType);
  return `${n === "1" ? "" : `${n} × `}${size} on ${[place.cluster, place.partition].filter(Boolean).join(" / ")}`;
}

function Dock({ store, launch }: { store: Launch; launch: () => void }): JSX.Element {
  const busy = store.submitting.value;
  const off = !store.draft.value.project || !store.draft.value.place;
  return (
    <div class="dock">
      <span class="muted num ell">{summary(store)}</span>
      <span class="sp" />
      {store.touched.value && <button type="button" class="btn ghost" onClick={() => store.startOver()}>Start over</button>}
      <WriteButton class="pri launchbtn" disabled={busy || off} aria-busy={busy} onClick={(event) => { event.preventDefault(); launch(); }}>
        <Icon name="launch" /><span class="two"><span aria-hidden={busy}>Launch</span><span aria-hidden={!busy}>Submitting…</span></span><Kbd keys="mod+Enter" />
      </WriteButton>
    </div>
  );
}

function NoProjects(): JSX.Element {
  return (
    <section class="card">
      <Empty icon="projects" title="No project yet">
        <p>A project is a folder with your training code. Register one, and it can be launched here.</p>
        <p><a class="btn pri" href={href("/projects")}><Icon name="plus" />Register a project</a></p>
        <CommandLine text="sluice project add ." />
      </Empty>
    </section>
  );
}

export default function LaunchPage(): JSX.Element {
  const { query, go } = usePlace();
  const store = useMemo(() => new Launch(), [query.from, query.project, query.preset]);
  const [onlyUsable, setOnlyUsable] = useState(false);
  useEffect(() => store.start({ project: query.project, from: query.from, preset: query.preset }), [store]);
  useEffect(() => { document.title = "Launch · Sluice"; }, []);
  const launch = (): void => void store.launch().then((id) => { if (id !== undefined) go(`/jobs/${id}`); });
  useKeys([{ keys: "mod+enter", label: "Launch", group: "Launch", run: launch }]);
  if (store.loadProblem.value && !store.projects.value) return <><h1>Launch</h1><ProblemBox problem={store.loadProblem.value} what="The form cannot be filled" retry={() => location.reload()} /></>;
  if (store.projects.value?.length === 0) return <><div class="pagehead"><h1>Launch</h1></div><NoProjects /></>;
  return (
    <>
      <Head store={store} />
      {store.ready.value && <><Filled store={store} /><Gone store={store} /></>}
      <Failure store={store} />
      {store.loadProblem.value && <ProblemBox problem={store.loadProblem.value} what="Not everything could be read" retry={() => void store.again()} />}
      {!store.ready.value ? <section class="card"><Skeleton rows={14} height={34} /></section> : (
        <form class="lgrid" aria-label="Launch a job" onSubmit={(event) => { event.preventDefault(); launch(); }}>
          <div class="card lform">
            <What store={store} />
            <section class="sec" aria-labelledby="where-title">
              <header><h2 id="where-title">Where</h2><span class="sm muted wide-only">by what is free; sets cluster, partition and GPU type</span><span class="sp" />
                <label class="checkrow sm muted"><input type="checkbox" checked={onlyUsable} onChange={(event) => setOnlyUsable(event.currentTarget.checked)} />only usable</label></header>
              <Where store={store} onlyUsable={onlyUsable} />
            </section>
            <Size store={store} />
            <Params store={store} />
            <Environment store={store} />
            <More store={store} />
          </div>
          <div class="lside">
            <Checks store={store} />
            <Preview store={store} />
          </div>
        </form>
      )}
      <Dock store={store} launch={launch} />
    </>
  );
}
