// The launch form at work: loads what there is to choose from, asks for the preview and for the start of this very
// job, keeps what was typed, and makes exactly one job of it.
import { batch, computed, effect, signal } from "@preact/signals";

import { asProblem, fetchApi, getJson, isAway, newKey, Problem, query, send } from "../lib/api";
import { quote } from "../lib/filter";
import { millis } from "../lib/format";
import { lastHeard } from "../lib/live";
import { recall, remember } from "../lib/prefs";
import type { ClusterNote, GpuList, GpuRow, Job } from "../lib/types";
import { askedOf, bodyOf, draftFrom, sizeKey, emptyDraft, fieldOf, gpusAsked, isUntouched, paramFault, paramsOf, type Draft, type JsonObject, type Place, type ProjectConfig } from "./model";
import type { ScriptLine } from "./origins";
import { askable, byStart, firstRow, placeKey, placesOf, rowFor, whereRows, type ClusterSeen } from "./rows";
import { secretNames, Secrets } from "./secrets";
import { boundFaults, boundsAt, chargeFaults, timeHint, type Limits } from "./size";

export interface ProjectSeen { name: string; path: string; branch?: string; sha?: string; dirty?: boolean; synced_at?: string; config?: ProjectConfig | null; errors?: { detail?: string; pointer?: string; origin?: string; hint?: string }[] }
export interface Origin { layer?: string; text?: string; pointer?: string }
export interface Rendered {
  name?: string; script: string; argv?: string[]; resolved?: Record<string, { value: unknown; origin?: Origin }>;
  lines?: ScriptLine[]; warnings?: (string | { text?: string; detail?: string; path?: string; hint?: string })[];
  test?: { accepted?: boolean; start_at?: string; upstream?: string; field?: string; hint?: string };
}
export interface Trial { body: string; size: string; busy: boolean; test?: Rendered["test"]; problem?: Problem; ms?: number }
interface Kept { draft: Draft; from: string; asked?: string; key: { body: string; key: string } }

const RENDER_MS = 150;
const TRIAL_MS = 900;
const OTHERS_MS = 1600; // and then the other rows, one after another
const REFRESH_MS = 30_000;
const LATE_MS = 1500; // a cluster that answers later does not keep the form back

function parsed<T>(text: string | null): T | undefined {
  try {
    return text ? (JSON.parse(text) as T) : undefined;
  } catch {
    return undefined;
  }
}

interface Wanted { project?: string; from?: string; preset?: string }

function session(value?: Kept | null): Kept | undefined {
  try {
    if (value === undefined) return parsed<Kept>(sessionStorage.getItem("sluice.launch"));
    if (value) sessionStorage.setItem("sluice.launch", JSON.stringify(value));
    else sessionStorage.removeItem("sluice.launch");
  } catch {
    // no storage: what is typed lives as long as the page
  }
  return undefined;
}

export class Launch {
  draft = signal<Draft>(emptyDraft());
  projects = signal<ProjectSeen[] | undefined>(undefined);
  project = signal<ProjectSeen | undefined>(undefined);
  gpus = signal<GpuRow[]>([]);
  notes = signal<ClusterNote[]>([]);
  clusters = signal<ClusterSeen[]>([]);
  limits = signal<Record<string, Limits | undefined>>({});
  seenWhere = signal(false);
  rendered = signal<Rendered | undefined>(undefined);
  renderProblem = signal<Problem | undefined>(undefined);
  rendering = signal(false);
  trials = signal<Record<string, Trial>>({});
  ran = signal(""); // how long the last runs took, as a hint
  lastRun = signal<{ id: number; name: string; script: string } | undefined>(undefined);
  loadProblem = signal<Problem | undefined>(undefined);
  failure = signal<Problem | undefined>(undefined);
  submitting = signal(false);
  notice = signal("");
  gone = signal(""); // the place that was meant, where it is not to be had
  touched = signal(false);
  ready = signal(false); // all there is to choose from has come, or is late

  config = computed(() => this.project.value?.config ?? undefined);
  params = computed(() => paramsOf(this.config.value, this.draft.value.profile));
  starts = signal<Record<string, number>>({}); // by row, ms: as told when the last round was over
  rows = computed(() => byStart(whereRows(this.gpus.value, this.clusters.value, this.limits.value, this.notes.value), this.starts.value));
  row = computed(() => rowFor(this.rows.value, this.draft.value.place));
  limitsHere = computed(() => this.limits.value[this.draft.value.place?.cluster ?? ""]);
  /** Who is charged where: what was chosen, else what holds. */
  charged = computed(() => {
    const { place, account, qos } = this.draft.value;
    const standing = (path: string): string => String(this.rendered.value?.resolved?.[path]?.value ?? "");
    return { place, account: account || standing("slurm.account"), qos: qos || standing("slurm.qos") };
  });
  bounds = computed(() => boundsAt(this.limitsHere.value, this.charged.value, this.row.value?.gpu?.gpus_per_node));
  body = computed(() => bodyOf(this.draft.value, this.config.value));
  bodyText = computed(() => JSON.stringify(this.body.value));
  trial = computed(() => this.trials.value[placeKey(this.draft.value.place)]);
  faults = computed(() => this.findFaults());
  secrets = new Secrets(computed(() => secretNames(this.rendered.value?.resolved)));

  private from = "";
  private key = { body: "", key: "" };
  private keyed: string | undefined; // the secrets that went with the key; after a reload nobody knows
  private timers: ReturnType<typeof setTimeout>[] = [];
  private abort?: AbortController;
  private trialAborts = new Map<string, AbortController>();
  private stops: (() => void)[] = [];
  private ended = false;
  private round = 0;
  private asked = ""; // the project that the address names
  private left = new Map<string, Draft>(); // what was typed for projects that are not shown now
  private wanted: Wanted = {};
  private used: Place[] = []; // where the project ran, the newest first
  private isUnfilled = false; // what the address names could not be read

  /** Loads, restores and starts to watch; the answer stops it. */
  start(wanted: Wanted): () => void {
    this.wanted = wanted;
    void this.open(wanted);
    const refresh = setInterval(() => { if (!document.hidden) void this.loadWhere(); }, REFRESH_MS);
    this.stops.push(() => clearInterval(refresh));
    this.stops.push(effect(() => { if (this.bodyText.value && this.draft.value.project && this.draft.value.place) this.soon(); }));
    this.stops.push(lastHeard.subscribe(() => this.askAgain()));
    return () => {
      this.ended = true;
      this.abort?.abort();
      this.timers.forEach(clearTimeout);
      this.stops.forEach((stop) => stop());
    };
  }

  private async open(wanted: Wanted): Promise<void> {
    const where = this.loadWhere();
    const late = setTimeout(() => { this.ready.value = true; }, LATE_MS);
    this.stops.push(() => clearTimeout(late));
    try {
      this.projects.value = (await getJson<{ items: ProjectSeen[] }>("/projects")).items;
      await this.fill(wanted);
      this.isUnfilled = false;
    } catch (error) {
      this.isUnfilled = true;
      this.loadProblem.value = asProblem(error);
    }
    await where;
    this.place();
    this.ready.value = true;
  }

  /** Reads once more what could not be read. */
  async again(): Promise<void> {
    await (this.isUnfilled ? this.open(this.wanted) : this.loadWhere());
  }

  /** The gateway is heard: what failed for want of it is asked for anew. */
  private askAgain(): void {
    const trials = Object.entries(this.trials.value);
    const told = trials.filter(([, { problem }]) => !isAway(problem));
    if (isAway(this.loadProblem.value)) void this.again();
    if (!isAway(this.renderProblem.value) && told.length === trials.length) return;
    this.trials.value = Object.fromEntries(told);
    this.soon();
  }

  private async fill(wanted: Wanted): Promise<void> {
    const kept = session();
    const isSame = kept && (wanted.from ? kept.from === wanted.from : !kept.from || !wanted.project) &&
      (!wanted.project || kept.draft.project === wanted.project || kept.asked === wanted.project);
    this.asked = wanted.project ?? "";
    this.from = wanted.from ?? "";
    if (kept && isSame && (wanted.from || !isUntouched(kept.draft)) && this.known(kept.draft.project)) {
      this.from = kept.from;
      this.key = kept.key;
      this.show(kept.draft);
      this.touched.value = true;
      this.notice.value = "restored";
    } else if (!wanted.from || !(await this.fillFrom(wanted.from))) {
      const name = [wanted.project, recall("launch.project")].find((one) => one && this.known(one)) ?? this.projects.value?.[0]?.name ?? "";
      if (wanted.project && !this.known(wanted.project)) this.notice.value = `unknown:${wanted.project}`;
      this.show({ ...this.remembered(name), ...(wanted.preset ? { profile: wanted.preset } : {}) });
    }
    await this.loadProject();
  }

  private known(name: string): boolean {
    return this.projects.value?.some((project) => project.name === name) ?? false;
  }

  /** False where there is no such job: then the form is as for any run, and says so. */
  private async fillFrom(id: string): Promise<boolean> {
    const request = await getJson<JsonObject>(`/jobs/${encodeURIComponent(id)}/request`).catch((error) => { if (asProblem(error).status === 404) return undefined; throw error; });
    if (!request) {
      this.from = "";
      this.notice.value = `nojob:${id}`;
      return false;
    }
    const job = await getJson<Job>(`/jobs/${encodeURIComponent(id)}`);
    const draft = draftFrom(request);
    const place = draft.place ?? { cluster: job.cluster ?? "", partition: "", gpuType: "", cpuOnly: !job.resources?.gpus };
    if (!job.resources?.gpus) place.cpuOnly = true;
    this.show({ ...draft, project: draft.project || job.project || "", place });
    this.notice.value = `clone:${job.id}:${job.name ?? ""}`;
    return true;
  }

  private remembered(project: string): Draft {
    const kept = parsed<Draft>(recall(`launch.last.${project}`));
    return { ...emptyDraft(project), ...kept, project, rest: {} };
  }

  private show(draft: Draft): void {
    this.draft.value = { ...emptyDraft(), ...draft }; // what an older page kept may lack a field
  }

  /** A place for the job, once rows and project are known. */
  private place(): void {
    const draft = this.draft.value;
    if (!this.seenWhere.value || !draft.project) return;
    const row = rowFor(this.rows.value, draft.place);
    const chosen = row ?? firstRow(this.rows.value, askedOf(draft, this.config.value), this.used);
    this.gone.value = row || !draft.place?.cluster ? "" : [draft.place.cluster, draft.place.partition, draft.place.gpuType].filter(Boolean).join(" / ");
    if (chosen && placeKey(chosen.place) !== placeKey(draft.place)) this.draft.value = { ...draft, place: chosen.place };
  }

  async loadProject(): Promise<void> {
    const name = this.draft.value.project;
    if (!name) return;
    this.project.value = this.projects.value?.find((project) => project.name === name);
    this.lastRun.value = undefined;
    const last = this.loadLast(name);
    try {
      const project = await getJson<ProjectSeen>(`/projects/${encodeURIComponent(name)}`);
      if (this.draft.value.project === name) this.project.value = project;
    } catch (error) {
      this.loadProblem.value = asProblem(error);
    }
    await last;
  }

  private async loadLast(project: string): Promise<void> {
    this.ran.value = "";
    this.used = [];
    try {
      const list = await getJson<{ items: Job[] }>(`/jobs${query({ filter: `project:${quote(project)}`, limit: 20 })}`);
      if (this.draft.value.project !== project) return;
      this.ran.value = timeHint(list.items);
      this.used = placesOf(list.items);
      if (list.items[0]) void this.loadScript(project, list.items[0]);
    } catch {
      // without runs there is no place to prefer, and nothing to compare with
    }
  }

  private async loadScript(project: string, job: Job): Promise<void> {
    try {
      const script = await (await fetchApi(`/jobs/${job.id}/script`)).text();
      if (this.draft.value.project === project) this.lastRun.value = { id: job.id, name: job.name ?? "", script };
    } catch {
      // nothing to compare with
    }
  }

  async loadWhere(): Promise<void> {
    const quiet = <T,>(wait: Promise<T>): Promise<T | undefined> => wait.catch((error) => { this.loadProblem.value ??= asProblem(error); return undefined; });
    const [clusters, gpus] = await Promise.all([quiet(getJson<{ items: ClusterSeen[] }>("/clusters")), quiet(getJson<GpuList>("/gpus?max_age=60"))]);
    if (this.ended) return;
    batch(() => {
      if (clusters) this.clusters.value = clusters.items;
      if (gpus) { this.gpus.value = gpus.items; this.notes.value = gpus.clusters ?? []; }
      if (clusters && gpus) { this.seenWhere.value = true; if (!this.isUnfilled) this.loadProblem.value = undefined; }
    });
    await Promise.all((clusters?.items ?? []).filter((cluster) => cluster.enabled !== false && !this.limits.value[cluster.name]).map((cluster) => this.loadLimits(cluster.name)));
  }

  private async loadLimits(cluster: string): Promise<void> {
    try {
      const limits = await getJson<Limits>(`/clusters/${encodeURIComponent(cluster)}/partitions`);
      this.limits.value = { ...this.limits.value, [cluster]: limits };
    } catch {
      // a cluster that does not answer limits nothing; its row says that it is not seen
    }
  }

  /** A change by hand. */
  set(change: Partial<Draft>): void {
    const draft = { ...this.draft.value, ...change };
    batch(() => {
      this.draft.value = draft;
      this.touched.value = true;
      this.failure.value = undefined;
      if (change.place) this.gone.value = "";
      if (!change.project) this.keep();
    });
  }

  setParam(name: string, text: string): void {
    const params = { ...this.draft.value.params, [name]: text };
    if (text === "") delete params[name];
    this.set({ params });
  }

  setSecret(name: string, value: string): void {
    this.secrets.set(name, value);
    this.failure.value = undefined;
  }

  async setProject(name: string): Promise<void> {
    this.left.set(this.draft.value.project, this.draft.value);
    batch(() => {
      this.show(this.left.get(name) ?? this.remembered(name));
      this.project.value = undefined;
      this.rendered.value = undefined;
      this.secrets.clear();
      this.notice.value = "";
      this.from = "";
    });
    remember("launch.project", name);
    await this.loadProject();
    this.place();
    this.keep();
  }

  startOver(): void {
    session(null);
    this.from = "";
    this.notice.value = "";
    this.touched.value = false;
    this.failure.value = undefined;
    this.secrets.clear();
    this.show(emptyDraft(this.draft.value.project));
    this.place();
  }

  private keep(): void {
    session({ draft: this.draft.value, from: this.from, key: this.key, asked: this.asked });
  }

  // --- preview and test ---

  private soon(): void {
    this.timers.forEach(clearTimeout);
    this.timers = [
      setTimeout(() => void this.render(), RENDER_MS), setTimeout(() => void this.tryStart(), TRIAL_MS), setTimeout(() => void this.tryOthers(), OTHERS_MS),
    ];
  }

  /** The other places for a job of this size, one after another; then the table is in the order of their starts. */
  private async tryOthers(): Promise<void> {
    const round = ++this.round;
    const size = sizeKey(this.body.value);
    for (const row of askable(this.rows.value, this.clusters.value, placeKey(this.draft.value.place))) {
      if (this.trials.value[row.key]?.size !== size) await this.tryStart(row.place);
      if (this.ended || round !== this.round) return;
    }
    const told = Object.entries(this.trials.value).filter(([, trial]) => trial.size === size && !trial.busy);
    this.starts.value = Object.fromEntries(told.flatMap(([key, { test }]) => (test?.accepted ? [[key, millis(test.start_at) ?? Infinity]] : [])));
  }

  private async post(path: string, body: string, abort: AbortController): Promise<Rendered> {
    return (await fetchApi(path, { method: "POST", headers: { "Content-Type": "application/json" }, body, signal: abort.signal })).json() as Promise<Rendered>;
  }

  private async render(): Promise<void> {
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    this.rendering.value = true;
    try {
      const rendered = await this.post("/jobs:render", this.bodyText.value, abort);
      if (abort.signal.aborted) return;
      batch(() => { this.rendered.value = rendered; this.renderProblem.value = undefined; });
    } catch (error) {
      if (abort.signal.aborted) return;
      this.renderProblem.value = asProblem(error);
    }
    this.rendering.value = false;
  }

  /** Asks the scheduler when this very job would start: on the chosen row, or on another one. */
  async tryStart(at = this.draft.value.place): Promise<void> {
    if (!at || this.submitting.value || document.hidden) return;
    const key = placeKey(at);
    const body = JSON.stringify(bodyOf({ ...this.draft.value, place: at }, this.config.value));
    if (this.trials.value[key]?.body === body) return;
    if (key === placeKey(this.draft.value.place) && this.renderProblem.value) return;
    this.trialAborts.get(key)?.abort();
    const abort = new AbortController();
    this.trialAborts.set(key, abort);
    const size = sizeKey(this.body.value);
    const put = (trial: Trial): void => { this.trials.value = { ...this.trials.value, [key]: trial }; };
    const began = performance.now();
    put({ body, size, busy: true });
    try {
      const { test } = await this.post("/jobs?dry_run=1", body, abort);
      if (!abort.signal.aborted) put({ body, size, busy: false, test, ms: performance.now() - began });
    } catch (error) {
      if (!abort.signal.aborted) put({ body, size, busy: false, problem: asProblem(error) });
    }
  }

  // --- faults by field ---

  private findFaults(): Record<string, string> {
    const found: Record<string, string> = {};
    for (const problem of [this.failure.value, this.renderProblem.value])
      for (const error of problem?.errors ?? []) {
        const field = fieldOf(error.pointer);
        if (field) found[field] ??= error.detail + (error.hint ? `. ${error.hint}` : "");
      }
    for (const [name, param] of this.params.value) {
      const fault = paramFault(param, this.draft.value.params[name] ?? "");
      if (fault) found[`param:${name}`] = fault;
    }
    return { ...this.refusal(), ...this.secrets.faults.value, ...found, ...boundFaults({ ...this.draft.value, gpus: gpusAsked(this.draft.value, this.config.value) }, this.bounds.value), ...chargeFaults(this.limitsHere.value, this.draft.value) };
  }

  /** What the scheduler's test refuses of the form as it stands, at the field that it names. */
  private refusal(): Record<string, string> {
    const { body, busy, test } = this.trial.value ?? {};
    if (busy || body !== this.bodyText.value || test?.accepted !== false) return {};
    const text = [test.upstream, test.hint].filter(Boolean).join(". ") || "Refused by the scheduler";
    return { [(test.field && fieldOf(test.field.replaceAll(".", "/"))) || "where"]: text };
  }

  // --- the launch ---

  /** The same form makes the same key, so that a second click, or one after a lost answer, makes no second job. */
  private keyNow(body: string, secrets: string): string {
    if (this.key.body !== body || (this.keyed ?? secrets) !== secrets) this.key = { body, key: newKey() };
    this.keyed = secrets;
    this.keep();
    return this.key.key;
  }

  /** The new job's id; undefined where it failed, which `failure` then tells. */
  async launch(): Promise<number | undefined> {
    if (this.submitting.value) return undefined;
    this.failure.value = undefined;
    this.secrets.isTried.value = true;
    const body = this.bodyText.value;
    const secrets = this.secrets.asRequest();
    const local = Object.entries(this.faults.value);
    if (local.length) {
      this.failure.value = this.renderProblem.value ?? new Problem(422, { code: "invalid", detail: local.map(([, text]) => text).join(" ") });
      return undefined;
    }
    batch(() => { this.submitting.value = true; this.failure.value = undefined; });
    try {
      const job = await send<Job>("POST", "/jobs", { ...JSON.parse(body), ...secrets }, this.keyNow(body, JSON.stringify(secrets)));
      remember("launch.project", this.draft.value.project);
      remember(`launch.last.${this.draft.value.project}`, JSON.stringify({ ...this.draft.value, name: "", rest: {} }));
      session(null);
      return job.id;
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status !== 0) this.key = { body: "", key: "" };
      batch(() => { this.failure.value = problem; this.submitting.value = false; });
      return undefined;
    }
  }
}
