// The parts of the form: what, size, parameters, environment.
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { count, duration, plural, sizeText } from "../lib/format";
import { Icon } from "../lib/icons";
import { ParamField, SelectField, TextField } from "./fields";
import { gpusAsked, moreFields } from "./model";
import { accountsAt, hoursLeft, gpuChoices, qosAt, seconds, slurmTime } from "./size";
import type { Launch } from "./store";

type Part = { store: Launch };

function resolved(store: Launch, path: string): unknown {
  return store.rendered.value?.resolved?.[path]?.value;
}

/** What holds where a field is left empty, as its placeholder. */
function standing(store: Launch, path: string): string {
  const value = resolved(store, path);
  if (value === null || value === undefined) return "";
  if (path === "resources.time" && typeof value === "number") return slurmTime(value);
  if (path === "resources.mem" && typeof value === "number") return sizeText(value);
  return String(value);
}

export function What({ store }: Part): JSX.Element {
  const draft = store.draft.value;
  const config = store.config.value;
  const profiles = Object.keys(config?.profiles ?? {});
  const projects = (store.projects.value ?? []).map((project) => ({ value: project.name, label: project.name }));
  const name = draft.profile && !profiles.includes(draft.profile) && config ? "This project has no such profile" : store.faults.value.profile;
  return (
    <section class="sec" aria-labelledby="what-title">
      <header><h2 id="what-title">What</h2></header>
      <div class="frow">
        <SelectField name="project" label="Project" class="w4" value={draft.project} choices={projects} fault={store.faults.value.project} onChange={(value) => void store.setProject(value)} />
        <SelectField name="profile" label="Entry point" class="w4" value={draft.profile} fault={name} onChange={(profile) => store.set({ profile })}
          choices={[{ value: "", label: String(resolved(store, "train_script") ?? config?.train_script ?? "default") }, ...profiles.map((one) => ({ value: one, label: `profile ${one}` }))]} />
        <TextField name="name" label={<>Run name {!draft.name && <span class="faint">automatic</span>}</>} class="w4" mono value={draft.name} placeholder={store.rendered.value?.name ?? draft.project} fault={store.faults.value.name} onInput={(text) => store.set({ name: text })} />
      </div>
    </section>
  );
}

function Gpus({ store }: Part): JSX.Element | null {
  const draft = store.draft.value;
  if (draft.place?.cpuOnly) return null;
  const { perNode, gpus: all } = store.bounds.value;
  const choices = gpuChoices(perNode?.max);
  const nodes = Math.max(1, Number(draft.nodes || standing(store, "resources.nodes")) || 1);
  const isOver = (n: number): boolean => all !== undefined && n * nodes > all.max;
  const value = gpusAsked(draft, store.config.value) || standing(store, "resources.gpus");
  const other = value !== "" && !choices.includes(Number(value));
  return (
    <fieldset class="field w4">
      <legend class="lab">GPUs per node</legend>
      <div class="seg wide">
        {choices.map((n) => <label key={n}><input type="radio" name="gpus" value={n} checked={value === String(n)} disabled={isOver(n)} onChange={() => store.set({ gpus: String(n) })} />{n}</label>)}
        {other && <label><input type="radio" name="gpus" value={value} checked />{value}</label>}
      </div>
      {store.faults.value.gpus ? <span class="wrongtext"><Icon name="warn" />{store.faults.value.gpus}</span> : all && <span class="hint">At most {all.max} in all: {all.by}</span>}
    </fieldset>
  );
}

const chips: [string, number][] = [["1h", 3600], ["4h", 4 * 3600], ["12h", 12 * 3600], ["1d", 86400]];

function Time({ store }: Part): JSX.Element {
  const { time } = store.draft.value;
  const bound = store.bounds.value.time;
  const max = bound?.max;
  const hint = [bound && `At most ${duration(bound.max)}: ${bound.by}`, store.ran.value].filter(Boolean).join(". ");
  const asked = seconds(time || standing(store, "resources.time"));
  const fault = store.faults.value.time;
  return (
    <div class="field w5 timefield">
      <TextField name="time" label="Time limit" number mono value={time} placeholder={resolved(store, "resources.time") === null ? "the partition's own" : standing(store, "resources.time")} fault={fault} hint={hint || undefined} onInput={(text) => store.set({ time: text })} />
      <div class="seg wide" role="group" aria-label="Usual time limits">
        {chips.map(([label, s]) => <button key={label} type="button" aria-pressed={asked === s} disabled={max !== undefined && s > max} onClick={() => store.set({ time: slurmTime(s) })}>{label}</button>)}
      </div>
    </div>
  );
}

function nodesHint(store: Launch): string {
  const gpu = store.row.value?.gpu;
  const bound = store.bounds.value.nodes;
  return [gpu?.whole_nodes_free !== undefined && `${plural(gpu.whole_nodes_free, "whole node")} free`, bound && `max ${bound.max}, ${bound.by}`].filter(Boolean).join(", ");
}

function total(store: Launch): string {
  const nodes = Number(store.draft.value.nodes || standing(store, "resources.nodes") || 1);
  const gpus = store.draft.value.place?.cpuOnly ? 0 : Number(gpusAsked(store.draft.value, store.config.value) || standing(store, "resources.gpus") || 0);
  const time = seconds(store.draft.value.time || standing(store, "resources.time"));
  if (!gpus || !nodes) return "";
  return `${plural(nodes * gpus, "GPU")}${time ? ` · up to ${count((nodes * gpus * time) / 3600)} GPU-hours` : ""}`;
}

function Charged({ store }: Part): JSX.Element | null {
  const draft = store.draft.value;
  const limits = store.limitsHere.value;
  const partition = draft.place?.partition ?? "";
  const accounts = accountsAt(limits, partition);
  const qos = qosAt(limits, partition, draft.account);
  const isSlurm = (limits?.partitions?.length ?? 0) > 0 || draft.account || draft.qos;
  if (!isSlurm) return null;
  const list = (names: string[], none: string): { value: string; label: string }[] => [{ value: "", label: none }, ...names.map((name) => ({ value: name, label: name }))];
  const left = hoursLeft(limits, store.charged.value);
  return (
    <>
      <SelectField name="account" label="Account" class="w3" value={draft.account} hint={left.account} fault={store.faults.value.account} choices={list(accounts ?? [], standing(store, "slurm.account") || "default")} onChange={(account) => store.set({ account })} />
      <SelectField name="qos" label="QOS" class="w3" value={draft.qos} hint={left.qos} fault={store.faults.value.qos} choices={list(qos, standing(store, "slurm.qos") || "default")} onChange={(value) => store.set({ qos: value })} />
    </>
  );
}

export function Size({ store }: Part): JSX.Element {
  const draft = store.draft.value;
  const faults = store.faults.value;
  const bare = draft.place?.cpuOnly ?? false;
  return (
    <section class="sec" aria-labelledby="size-title">
      <header><h2 id="size-title">Size</h2><span class="sp" /><span class="sm muted num">{total(store)}</span></header>
      <div class="frow">
        <Gpus store={store} />
        <TextField name="nodes" label="Nodes" class={bare ? "w2" : "w3"} number value={draft.nodes} placeholder={standing(store, "resources.nodes")} hint={nodesHint(store)} fault={faults.nodes} onInput={(nodes) => store.set({ nodes })} />
        {!bare && <Time store={store} />}
        <TextField name="cpus" label="CPUs per task" class={bare ? "w2" : "w3"} number value={draft.cpus} placeholder={standing(store, "resources.cpus")} fault={faults.cpus} onInput={(cpus) => store.set({ cpus })} />
        <TextField name="mem" label="Memory per node" class="w3" mono value={draft.mem} placeholder={standing(store, "resources.mem")} fault={faults.mem} onInput={(mem) => store.set({ mem })} />
        {bare && <Time store={store} />}
        <Charged store={store} />
      </div>
    </section>
  );
}

/** Declared parameters, typed; with many of them a search over their names. */
export function Params({ store }: Part): JSX.Element {
  const [search, setSearch] = useState("");
  const params = store.params.value;
  const values = store.draft.value.params;
  const known = new Set(params.map(([name]) => name));
  const more = Object.keys(values).filter((name) => !known.has(name));
  const changed = Object.keys(values).length;
  const shown = params.filter(([name, param]) => `${name} ${param.help ?? ""}`.toLowerCase().includes(search.toLowerCase()));
  return (
    <section class="sec" aria-labelledby="params-title">
      <header>
        <h2 id="params-title">Parameters</h2>
        {params.length > 0 && <span class="sm muted">{changed ? `${changed} of ${params.length} changed` : `${plural(params.length, "parameter")}, all as the project says`}</span>}
        <span class="sp" />
        {params.length > 8 && <input class="in find" type="search" aria-label="Find a parameter" placeholder="Find" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />}
      </header>
      {params.length === 0 && more.length === 0 && <p class="muted sm">This project declares none. List them under <code>params:</code> in <code>.mlops-config.yaml</code> to get fields here; until then, use arguments.</p>}
      <div class="pfs">
        {shown.map(([name, param]) => <ParamField key={name} name={name} param={param} value={values[name] ?? ""} fault={store.faults.value[`param:${name}`]} onInput={(text) => store.setParam(name, text)} />)}
        {more.map((name) => <ParamField key={name} name={name} param={{ help: "not declared by the project" }} value={values[name] ?? ""} fault={store.faults.value[`param:${name}`]} onInput={(text) => store.setParam(name, text)} />)}
      </div>
      <div class="frow argrow"><TextField name="args" label="Arguments" class="w12" mono value={store.draft.value.args} placeholder="--amp --tag 'two words'" hint="Behind the parameters, split as a shell would" fault={store.faults.value.args} onInput={(args) => store.set({ args })} /></div>
    </section>
  );
}

/** What most launches leave alone, folded away until something of it is set. */
export function More({ store }: Part): JSX.Element {
  const draft = store.draft.value;
  const used = moreFields.filter(({ name }) => draft.more[name]);
  const faulty = moreFields.some(({ name }) => store.faults.value[name]);
  const isSlurm = store.clusters.value.find((cluster) => cluster.name === draft.place?.cluster)?.scheduler !== "process";
  const shown = moreFields.filter(({ name, at }) => at[0] !== "slurm" || isSlurm || draft.more[name]);
  return (
    <details class="sec more" open={faulty || undefined}>
      <summary><h2>More</h2><span class="sm muted ell">{used.length ? used.map(({ label, name }) => `${label}: ${draft.more[name]}`).join(" · ") : shown.map(({ label }) => label.toLowerCase()).join(", ")}</span></summary>
      <div class="frow">
        {shown.map(({ name, label, wide, placeholder, hint }) => (
          <TextField key={name} name={name} label={label} class={wide ? "w12" : "w4"} value={draft.more[name] ?? ""} placeholder={placeholder} hint={hint} fault={store.faults.value[name]}
            onInput={(text) => store.set({ more: { ...draft.more, [name]: text } })} />
        ))}
      </div>
    </details>
  );
}

function environmentFacts(store: Launch): [string, string][] {
  const at = (path: string): unknown => resolved(store, path);
  const list = (path: string): string => (Array.isArray(at(path)) ? (at(path) as unknown[]).join(", ") : "");
  const activate = String(at("env.activate") ?? "");
  const runtime = activate === "none" || !activate ? "the cluster's own" : `${activate} ${at("conda_env") ?? at("env.venv") ?? ""}`.trim();
  const code = { snapshot: "a snapshot of the folder as it is now", in_place: `in place: ${at("code.path") ?? store.project.value?.path ?? ""}`, git: `git ${at("code.ref") ?? ""}` }[String(at("code.mode"))] ?? "";
  const vars = Object.entries(store.rendered.value?.resolved ?? {}).filter(([path]) => path.startsWith("env.vars.")).map(([path, { value }]) => `${path.slice(9)}=${String(value)}`).join(" ");
  const facts: [string, string][] = [["Environment", runtime], ["Interpreter", String(at("python") ?? "")], ["Modules", list("env.modules")], ["Variables", vars], ["From yours", list("env.pass")], ["Code", code]];
  return facts.filter(([, value]) => value !== "");
}

/** The project names them; their values come with each launch, as nobody keeps them. */
function SecretFields({ store }: Part): JSX.Element | null {
  const { names, values } = store.secrets;
  if (!names.value.length) return null;
  return (
    <div class="frow secrets">
      {names.value.map((name) => (
        <TextField key={name} secret mono name={`secret:${name}`} label={<>Secret <code>{name}</code></>} class="w4" value={values.value[name] ?? ""} hint="For this launch only, stored nowhere"
          fault={store.secrets.shown(name)} onInput={(text) => store.setSecret(name, text)} />
      ))}
    </div>
  );
}

export function Environment({ store }: Part): JSX.Element {
  const rest = Object.keys(store.draft.value.rest);
  return (
    <section class="sec" aria-labelledby="env-title">
      <header><h2 id="env-title">Environment</h2><span class="sm muted">from the project's file</span></header>
      <dl class="facts">{environmentFacts(store).map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name}=`} class="mono">{value}</dd>])}</dl>
      <SecretFields store={store} />
      {rest.length > 0 && <p class="sm muted restnote">Kept from the run this was filled from: <code>{rest.join(", ")}</code>. <button type="button" class="btn link" onClick={() => store.set({ rest: {} })}>Leave out</button></p>}
    </section>
  );
}
