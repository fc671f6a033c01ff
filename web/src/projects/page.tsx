// Projects: the folders that can be launched; registering one more.
import "../lib/everywhere";

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { asProblem, getJson, query, send, type Problem } from "../lib/api";
import { href } from "../lib/base";
import { plural } from "../lib/format";
import { Icon } from "../lib/icons";
import { useResource } from "../lib/resource";
import { usePlace } from "../lib/route";
import { toast } from "../lib/toast";
import { Age, CommandLine, Empty, ProblemBox, Skeleton, WriteButton } from "../lib/ui";
import type { Project } from "./shape";

function Register({ onDone }: { onDone: () => void }): JSX.Element {
  const { go } = usePlace();
  const [path, setPath] = useState("");
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<Problem | undefined>();
  const [busy, setBusy] = useState(false);
  const add = async (): Promise<void> => {
    if (!path.trim()) { document.getElementById("reg-path")?.focus(); return; }
    setBusy(true);
    setProblem(undefined);
    try {
      const project = await send<Project>("POST", "/projects", { path: path.trim(), ...(name.trim() ? { name: name.trim() } : {}) });
      toast(`${project.name} is registered`, { tone: "ok" });
      onDone();
      go(`/projects/${encodeURIComponent(project.name)}`);
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  const fault = (field: string): string | undefined => problem?.errors.find((error) => error.pointer === `/${field}`)?.detail;
  const pathFault = fault("path") ?? (problem && !fault("name") ? problem.message : undefined);
  return (
    <form class="card pad regform" aria-label="Register a project" onSubmit={(event) => { event.preventDefault(); void add(); }}>
      <div class="field grow"><label for="reg-path">Folder, as the gateway's machine calls it</label>
        <input id="reg-path" class={`in mono${pathFault ? " wrong" : ""}`} value={path} placeholder="/home/me/my-training" autocomplete="off" spellcheck={false} aria-describedby={pathFault ? "reg-path-wrong" : undefined} aria-invalid={pathFault ? "true" : undefined} onInput={(event) => setPath(event.currentTarget.value)} />
        {pathFault && <span class="wrongtext" id="reg-path-wrong" role="alert"><Icon name="warn" />{pathFault}</span>}</div>
      <div class="field"><label for="reg-name">Name <span class="faint">optional</span></label>
        <input id="reg-name" class="in mono" value={name} autocomplete="off" spellcheck={false} aria-describedby={fault("name") ? "reg-name-wrong" : undefined} onInput={(event) => setName(event.currentTarget.value)} />
        {fault("name") && <span class="wrongtext" id="reg-name-wrong" role="alert">{fault("name")}</span>}</div>
      <WriteButton class="pri" disabled={busy}><Icon name="plus" />Register</WriteButton>
    </form>
  );
}

function Line({ project }: { project: Project }): JSX.Element {
  const at = encodeURIComponent(project.name);
  const faults = project.errors?.length ?? 0;
  return (
    <tr>
      <th scope="row"><a href={href(`/projects/${at}`)}><bdi>{project.name}</bdi></a><span class="sm muted mono block"><bdi>{project.path}</bdi></span></th>
      <td class="git">{project.branch ? <span class="nw"><Icon name="branch" /> <bdi>{project.branch}</bdi> <span class="mono muted">{project.sha?.slice(0, 7)}</span>{project.dirty && <span class="warntext sm"> changed</span>}</span> : <span class="muted">no git</span>}</td>
      <td>{faults ? <a class="badtext" href={href(`/projects/${at}`)}><Icon name="warn" /> {plural(faults, "fault")}</a> : project.config ? <span class="oktext nw"><Icon name="check" /> valid</span> : <span class="muted">none</span>}</td>
      <td class="muted sm read">{project.synced_at && <Age at={project.synced_at} />}</td>
      <td class="end nw"><a class="btn link" href={href(`/jobs${query({ filter: `project:${project.name}` })}`)} aria-label={`Runs of ${project.name}`}>Runs</a><a class="btn" href={href(`/launch${query({ project: project.name })}`)} aria-label={`Launch ${project.name}`}><Icon name="launch" />Launch</a></td>
    </tr>
  );
}

export default function ProjectsPage(): JSX.Element {
  const found = useResource<{ items: Project[] }>((abort) => getJson("/projects", abort), []);
  useEffect(() => { document.title = "Projects · Sluice"; }, []);
  const list = found.data.value?.items;
  return (
    <>
      <div class="pagehead"><h1>Projects</h1></div>
      <Register onDone={() => void found.reload()} />
      {found.problem.value && <ProblemBox problem={found.problem.value} what="The projects cannot be read" retry={() => void found.reload()} />}
      <section class="card" aria-label="Registered projects">
        {!list && !found.problem.value && <Skeleton rows={4} height={44} />}
        {list?.length === 0 && <Empty icon="projects" title="No project yet"><p>A project is a folder with training code, with or without an <code>.mlops-config.yaml</code>. Register one above, or from its folder:</p><CommandLine text="sluice project add ." /></Empty>}
        {list && list.length > 0 && (
          <div class="xscroll" tabIndex={0} role="group" aria-label="Projects">
            <table class="list projectlist"><thead><tr><th scope="col">Project</th><th scope="col">Git</th><th scope="col">Configuration</th><th scope="col">Read</th><th scope="col"><span class="sr">Actions</span></th></tr></thead>
              <tbody>{list.map((project) => <Line key={project.name} project={project} />)}</tbody></table>
          </div>
        )}
      </section>
    </>
  );
}
