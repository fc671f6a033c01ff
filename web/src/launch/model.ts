// What the launch form holds, and the request it makes. Pure. A field that is empty is left to the project.
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface Param {
  type?: "int" | "float" | "str" | "bool" | "choice" | "path";
  default?: string | number | boolean | null;
  min?: number;
  max?: number;
  choices?: (string | number | boolean)[];
  flag?: string;
  help?: string;
}
export interface ProjectConfig {
  name?: string;
  train_script?: string;
  params?: Record<string, Param>;
  default_overrides?: Record<string, string | number | boolean | null>;
  profiles?: Record<string, JsonObject>;
  resources?: JsonObject;
  env?: JsonObject;
  [more: string]: unknown;
}

/** The row of the table that is chosen. gpuType "" with gpus 0: CPUs only. */
export interface Place { cluster: string; partition: string; gpuType: string; cpuOnly: boolean }
export interface Draft {
  project: string;
  profile: string;
  name: string;
  place: Place | null;
  gpus: string;
  nodes: string;
  time: string;
  cpus: string;
  mem: string;
  account: string;
  qos: string;
  more: Record<string, string>; // what is seldom set, by the name of moreFields
  params: Record<string, string>; // only those that were changed
  args: string;
  rest: JsonObject; // of a cloned request: what this form does not show
}

export function emptyDraft(project = ""): Draft {
  return { project, profile: "", name: "", place: null, gpus: "", nodes: "", time: "", cpus: "", mem: "", account: "", qos: "", more: {}, params: {}, args: "", rest: {} };
}

export interface MoreField { name: string; label: string; at: [string, string?]; list?: boolean; wide?: boolean; placeholder?: string; hint?: string }

/** Fields that most launches leave alone: where each stands in the request. */
export const moreFields: MoreField[] = [
  { name: "tags", label: "Tags", at: ["tags"], list: true, placeholder: "baseline, bf16", hint: "To find it by; comma between" },
  { name: "group", label: "Experiment group", at: ["group"], placeholder: "lr-ablation" },
  { name: "array", label: "Job array", at: ["slurm", "array"], placeholder: "0-9%4", hint: "Tasks, and how many at once" },
  { name: "dependency", label: "After other jobs", at: ["slurm", "dependency"], placeholder: "afterok:1234", hint: "In Slurm's words, with Slurm's numbers" },
  { name: "begin", label: "Not before", at: ["slurm", "begin"], placeholder: "now+1hour" },
  { name: "constraint", label: "Node features", at: ["slurm", "constraint"], placeholder: "nvlink&ib" },
  { name: "exclude", label: "Nodes to avoid", at: ["slurm", "exclude"], list: true, placeholder: "a05, a[07-09]" },
  { name: "reservation", label: "Reservation", at: ["slurm", "reservation"] },
  { name: "description", label: "Description", at: ["description"], wide: true, placeholder: "What this run should show" },
];

/** "a05, a[07-09,11]": commas within brackets are the node list's own. */
function listOf(text: string): string[] {
  return (text.match(/(?:\[[^\]]*\]|[^,\[])+/g) ?? []).map((word) => word.trim()).filter(Boolean);
}

function moreOf(draft: Draft, section?: string): JsonObject {
  const found: JsonObject = {};
  for (const { name, at, list } of moreFields) {
    const text = draft.more[name]?.trim() ?? "";
    if (!text || (at[1] === undefined ? undefined : at[0]) !== section) continue;
    found[at[1] ?? at[0]] = list ? listOf(text) : text;
  }
  return found;
}

export function isUntouched(draft: Draft): boolean {
  const { project: _, place: __, ...mine } = draft;
  const { project: _p, place: _q, ...none } = emptyDraft();
  return JSON.stringify(mine) === JSON.stringify(none);
}

/** The parameters of a project: declared ones, then those that are only given a value. */
export function paramsOf(config: ProjectConfig | undefined, profile: string): [string, Param][] {
  const chosen = config?.profiles?.[profile]?.default_overrides as Record<string, string | number | boolean | null> | undefined;
  const given = { ...config?.default_overrides, ...chosen };
  const declared = Object.entries(config?.params ?? {}).map(([name, param]): [string, Param] =>
    [name, name in given ? { ...param, default: given[name] } : param]);
  const known = new Set(declared.map(([name]) => name));
  const loose = Object.entries(given).filter(([name]) => !known.has(name)).map(([name, value]): [string, Param] => [name, { type: typeOf(value), default: value }]);
  return [...declared, ...loose];
}

function typeOf(value: unknown): Param["type"] {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "float";
  return "str";
}

export function defaultText(param: Param): string {
  return param.default === undefined || param.default === null ? "" : String(param.default);
}

/** What is wrong with a value, in words; "" where nothing is. */
export function paramFault(param: Param, text: string): string {
  if (text === "" || (param.type !== "int" && param.type !== "float")) return "";
  const n = Number(text);
  if (Number.isNaN(n)) return param.type === "int" ? "A whole number is wanted" : "A number is wanted, such as 3e-4";
  if (param.type === "int" && !Number.isInteger(n)) return "A whole number is wanted";
  if (param.min !== undefined && param.min !== null && n < param.min) return `At least ${param.min}`;
  if (param.max !== undefined && param.max !== null && n > param.max) return `At most ${param.max}`;
  return "";
}

/** The value as JSON. Text that does not fit stays text: the gateway then says what is wrong with it. */
export function paramValue(param: Param | undefined, text: string): Json {
  if (param?.type === "int" || param?.type === "float") {
    const n = Number(text);
    return text.trim() === "" || !Number.isFinite(n) ? text : n;
  }
  if (param?.type === "bool") return text === "true" ? true : text === "false" ? false : text;
  if (param?.type === "choice") return param.choices?.find((choice) => String(choice) === text) ?? text;
  return text;
}

/** 'a "b c"' as a shell would split it: a, b c. Quotes that do not close take the rest. */
export function splitArgs(text: string): string[] {
  const words: string[] = [];
  const found = text.matchAll(/((?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"?|'[^']*'?)+)/g);
  for (const [word] of found) words.push(unquote(word));
  return words;
}

function unquote(word: string): string {
  return word.replace(/"((?:[^"\\]|\\[\s\S])*)"?|'([^']*)'?|\\([\s\S])/g, (_all, double?: string, single?: string, escaped?: string) =>
    double !== undefined ? double.replace(/\\(["\\$`])/g, "$1") : (single ?? escaped ?? ""));
}

/** A word as a shell reads it back. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export function joinArgs(words: string[]): string {
  return words.map(shellWord).join(" ");
}

function number(text: string): Json {
  return /^\d+$/.test(text.trim()) ? Number(text.trim()) : text.trim();
}

function filled(pairs: [string, Json][]): JsonObject {
  return Object.fromEntries(pairs.filter(([, value]) => value !== ""));
}

function object(value: Json | undefined): JsonObject {
  return value && typeof value === "object" && !Array.isArray(value) ? value : {};
}

// A machine of one's own calls its GPUs by the driver's words, blanks and all; no request can name such a type.
function typeName(type = ""): string {
  return /^[A-Za-z0-9_.,+][A-Za-z0-9_.,+-]*$/.test(type) ? type : "";
}

/** GPUs a node, as said; "" leaves it to the project. Whoever picks a GPU wants one, though the project runs without. */
export function gpusAsked(draft: Draft, config: ProjectConfig | undefined): string {
  if (draft.gpus || !draft.place || draft.place.cpuOnly) return draft.gpus;
  const profile = object(config?.profiles?.[draft.profile]);
  const standing = object(profile.resources).gpus ?? config?.resources?.gpus;
  return standing === 0 ? "1" : "";
}

/** What profile and project ask for by themselves, which the form begins with. */
export function askedOf(draft: Draft, config: ProjectConfig | undefined): { gpus: boolean; partition: string; gpuTypes: string[] } {
  const profile = object(config?.profiles?.[draft.profile]);
  const resources = { ...config?.resources, ...object(profile.resources) };
  const slurm = { ...object(config?.slurm as Json), ...object(profile.slurm) };
  const types = Array.isArray(resources.gpu_type) ? resources.gpu_type : [resources.gpu_type];
  return { gpus: resources.gpus !== 0, partition: text(slurm.partition), gpuTypes: types.map(text).filter(Boolean) };
}

function resourcesOf(draft: Draft, config: ProjectConfig | undefined): JsonObject {
  const cpuOnly = draft.place?.cpuOnly ?? false;
  const gpus: [string, Json][] = cpuOnly ? [["gpus", 0]] : [["gpus", number(gpusAsked(draft, config))], ["gpu_type", typeName(draft.place?.gpuType)]];
  return filled([["nodes", number(draft.nodes)], ...gpus, ["cpus", number(draft.cpus)], ["mem", draft.mem.trim()], ["time", draft.time.trim()]]);
}

/** The body of POST /jobs. */
export function bodyOf(draft: Draft, config: ProjectConfig | undefined): JsonObject {
  const specs = Object.fromEntries(paramsOf(config, draft.profile));
  const overrides: JsonObject = {};
  for (const [name, text] of Object.entries(draft.params)) if (text !== "") overrides[name] = paramValue(specs[name], text);
  const resources = { ...object(draft.rest.resources), ...resourcesOf(draft, config) };
  const slurm = { ...object(draft.rest.slurm), ...filled([["partition", draft.place?.partition ?? ""], ["account", draft.account], ["qos", draft.qos]]), ...moreOf(draft, "slurm") };
  const { resources: _, slurm: __, ...rest } = draft.rest;
  const body: JsonObject = { ...rest, ...filled([["project", draft.project], ["cluster", draft.place?.cluster ?? ""], ["profile", draft.profile], ["name", draft.name.trim()]]), ...moreOf(draft) };
  const args = splitArgs(draft.args);
  if (args.length) body.args = args;
  if (Object.keys(overrides).length) body.overrides = overrides;
  if (Object.keys(resources).length) body.resources = resources;
  if (Object.keys(slurm).length) body.slurm = slurm;
  return body;
}

/** What decides when a job can start: its resources and what it asks of Slurm, wherever that is. */
export function sizeKey(body: JsonObject): string {
  const { gpu_type: _, gpus, ...resources } = object(body.resources);
  const { partition: __, ...slurm } = object(body.slurm);
  return JSON.stringify([gpus === 0 ? {} : { gpus: gpus ?? null }, resources, slurm]);
}

function text(value: Json | undefined): string {
  return value === undefined || value === null ? "" : Array.isArray(value) ? value.join(",") : String(value);
}

function without(from: JsonObject, names: string[]): JsonObject {
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)));
}

/** The form filled from the request of a job that ran. What it has no field for is kept in rest. */
export function draftFrom(request: JsonObject): Draft {
  const resources = object(request.resources);
  const slurm = object(request.slurm);
  const more: Record<string, string> = {};
  for (const { name, at } of moreFields) {
    const value = at[1] ? object(request[at[0]])[at[1]] : request[at[0]];
    const words = Array.isArray(value) ? value.map(text).join(", ") : text(value);
    if (words) more[name] = words;
  }
  const own = (section?: string): string[] => moreFields.filter(({ at }) => (at[1] === undefined ? undefined : at[0]) === section).map(({ at }) => at[1] ?? at[0]);
  const rest = without(request, ["project", "cluster", "profile", "name", "args", "overrides", "resources", "slurm", "environment", ...own()]);
  const moreResources = without(resources, ["nodes", "gpus", "gpu_type", "cpus", "mem", "time"]);
  const moreSlurm = without(slurm, ["partition", "account", "qos", ...own("slurm")]);
  if (Object.keys(moreResources).length) rest.resources = moreResources;
  if (Object.keys(moreSlurm).length) rest.slurm = moreSlurm;
  const cpuOnly = resources.gpus === 0;
  return {
    project: text(request.project), profile: text(request.profile), name: text(request.name),
    place: request.cluster ? { cluster: text(request.cluster), partition: text(slurm.partition), gpuType: text(resources.gpu_type), cpuOnly } : null,
    gpus: cpuOnly ? "" : text(resources.gpus), nodes: text(resources.nodes), time: text(resources.time), cpus: text(resources.cpus), mem: text(resources.mem),
    account: text(slurm.account), qos: text(slurm.qos), more,
    params: Object.fromEntries(Object.entries(object(request.overrides)).map(([name, value]) => [name, text(value)])),
    args: joinArgs((Array.isArray(request.args) ? request.args : []).map(text)),
    rest,
  };
}

// --- the same request by other means ---

const options: [string, string][] = [["project", "--project"], ["cluster", "--cluster"], ["profile", "--profile"], ["name", "--name"], ["description", "--description"], ["group", "--group"], ["priority", "--priority"]];
const resourceOptions: Record<string, string> = { gpus: "--gpus", gpu_type: "--gpu-type", nodes: "--nodes", cpus: "--cpus", mem: "--mem", time: "--time" };
// Not dependency: the option takes the gateway's numbers, the form Slurm's.
const slurmOptions: Record<string, string> = { partition: "--partition", account: "--account", qos: "--qos", constraint: "--constraint", array: "--array", begin: "--begin" };

function setOptions(path: string, value: Json): string[] {
  if (value && typeof value === "object" && !Array.isArray(value)) return Object.entries(value).flatMap(([name, inner]) => setOptions(`${path}.${name}`, inner));
  return ["--set", `${path}=${Array.isArray(value) ? JSON.stringify(value) : String(value)}`];
}

function section(name: string, known: Record<string, string>, value: Json | undefined): string[] {
  return Object.entries(object(value)).flatMap(([key, inner]) => (known[key] ? [known[key], text(inner)] : setOptions(`${name}.${key}`, inner)));
}

/** The command that asks for the same. Of secrets it has the names: it takes their values from where it is run. */
export function asCommand(body: JsonObject, secrets: string[] = []): string {
  const words = ["sluice", "submit"];
  for (const [key, option] of options) if (text(body[key])) words.push(option, text(body[key]));
  for (const tag of Array.isArray(body.tags) ? body.tags : []) words.push("--tag", text(tag));
  words.push(...section("resources", resourceOptions, body.resources), ...section("slurm", slurmOptions, body.slurm));
  for (const [name, value] of Object.entries(object(body.overrides))) words.push("--param", `${name}=${text(value)}`);
  const done = [...options.map(([key]) => key), "tags", "resources", "slurm", "overrides", "args"];
  for (const [key, value] of Object.entries(body)) if (!done.includes(key)) words.push(...setOptions(key, value));
  for (const name of secrets) words.push("--secret", name);
  const args = Array.isArray(body.args) ? body.args.map(text) : [];
  return joinArgs(words) + (args.length ? ` -- ${joinArgs(args)}` : "");
}

/** A secret is the shell's variable of that name. By standard input, as arguments can be read by other users. */
export function asCurl(body: JsonObject, origin: string, secrets: string[] = []): string {
  const token = `-H "Authorization: Bearer $SLUICE_TOKEN"`;
  const ask = `curl -fsS ${shellWord(`${origin}/api/v1/jobs`)} ${token} -H "Idempotency-Key: $(uuidgen)" --json`;
  if (!secrets.length) return `${ask} ${shellWord(JSON.stringify(body))}`;
  const plain = JSON.stringify(body).replace(/[\\$`]/g, "\\$&");
  return `${ask} @- <<END\n${plain.slice(0, -1)},"environment":{${secrets.map((name) => `"${name}":"$${name}"`).join(",")}}}\nEND\n`;
}

/** The field of the form that a problem's pointer speaks of; "" where the form has none. */
export function fieldOf(pointer: string): string {
  const [head = "", name = ""] = pointer.replace(/^\//, "").split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (head === "overrides" || head === "params") return `param:${name}`;
  if (head === "environment") return `secret:${name}`;
  if (head === "resources") return name === "gpu_type" || name === "gpu_mem" ? "where" : ({ cpus_per_gpu: "cpus", mem_per_gpu: "mem" }[name] ?? name);
  if (head === "slurm") return name === "partition" ? "where" : name;
  if (head === "cluster") return "where";
  if (moreFields.some(({ at }) => at[0] === head && !at[1])) return head;
  return ["project", "profile", "name", "args"].includes(head) ? head : "";
}
