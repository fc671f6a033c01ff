// Pure functions of the launch form, the clusters and the projects pages.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { signal } from "@preact/signals";

import { matrixOf, nodeKind, roomText } from "../src/clusters/shape";
import { changedLines, diffLines, hunks } from "../src/launch/diff";
import { asCommand, asCurl, askedOf, bodyOf, draftFrom, emptyDraft, fieldOf, isUntouched, joinArgs, paramFault, paramsOf, paramValue, sizeKey, splitArgs } from "../src/launch/model";
import { originsOf } from "../src/launch/origins";
import { paint } from "../src/launch/paint";
import { askable, byStart, firstRow, placeKey, placesOf, rowFor, waitedText, whereRows, type Asked } from "../src/launch/rows";
import { secretNames, Secrets } from "../src/launch/secrets";
import { accountsAt, boundFaults, boundsAt, chargeFaults, gpuChoices, hoursLeft, qosAt, seconds, slurmTime, timeHint, tresOf, whyNot, type Limits } from "../src/launch/size";
import { showUtc, sizeText, stamp, timeWord, valueWord, when } from "../src/lib/format";
import { configLines, faultPlace } from "../src/projects/shape";

const config = { params: { lr: { type: "float" as const, default: 0.1, min: 0, max: 1 }, epochs: { type: "int" as const, default: 3 }, amp: { type: "bool" as const } }, default_overrides: { seed: 7, lr: 0.2 } };

test("a field left empty is not in the request", () => {
  const draft = { ...emptyDraft("iris"), place: { cluster: "alder", partition: "gpu", gpuType: "a100", cpuOnly: false } };
  assert.deepEqual(bodyOf(draft, config), { project: "iris", cluster: "alder", resources: { gpu_type: "a100" }, slurm: { partition: "gpu" } });
});

test("a GPU that is picked is asked for, though the project runs without", () => {
  const draft = { ...emptyDraft("iris"), place: { cluster: "alder", partition: "", gpuType: "h100", cpuOnly: false } };
  const small = { ...config, resources: { gpus: 0 }, profiles: { big: { resources: { gpus: 4 } } } };
  assert.deepEqual(bodyOf(draft, small).resources, { gpus: 1, gpu_type: "h100" });
  assert.deepEqual(bodyOf({ ...draft, gpus: "2" }, small).resources, { gpus: 2, gpu_type: "h100" });
  assert.deepEqual(bodyOf({ ...draft, profile: "big" }, small).resources, { gpu_type: "h100" });
});

test("parameters go as their types say", () => {
  const draft = { ...emptyDraft("iris"), params: { lr: "3e-4", epochs: "5", amp: "true", seed: "9" } };
  assert.deepEqual(bodyOf(draft, config).overrides, { lr: 3e-4, epochs: 5, amp: true, seed: 9 });
  assert.equal(paramValue({ type: "int" }, "many"), "many");
  assert.equal(paramValue({ type: "choice", choices: [1, 2] }, "2"), 2);
});

test("what is wrong with a value is said in words", () => {
  assert.equal(paramFault(config.params.lr, "2"), "At most 1");
  assert.equal(paramFault(config.params.lr, "x"), "A number is wanted, such as 3e-4");
  assert.equal(paramFault(config.params.epochs, "1.5"), "A whole number is wanted");
  assert.equal(paramFault(config.params.lr, "1e-3"), "");
});

test("defaults of default_overrides and of a profile go over those of params", () => {
  const params = Object.fromEntries(paramsOf({ ...config, profiles: { big: { default_overrides: { seed: 8 } } } }, "big"));
  assert.equal(params.lr?.default, 0.2);
  assert.equal(params.seed?.default, 8);
});

test("a request and the form that it fills make the same request again", () => {
  const request = { project: "iris", cluster: "alder", name: "x", args: ["a b", "--c"], overrides: { lr: 0.3 }, resources: { gpus: 2, gpu_type: "a100", time: "2h", exclusive: true }, slurm: { partition: "gpu", qos: "high", constraint: "ib" }, tags: ["t"] };
  assert.deepEqual(bodyOf(draftFrom(request), config), request);
  assert.equal(isUntouched(emptyDraft("iris")), true);
  assert.equal(isUntouched(draftFrom(request)), false);
});

test("what jobs of a place waited is told, of their type first", () => {
  const waits = [{ partition: "gpu", gpu_type: "a100", jobs: 20, low_s: 120, high_s: 3700 }, { partition: "gpu", jobs: 4, low_s: 0, high_s: 30 }, { partition: "cpu", jobs: 3, low_s: 5, high_s: 600 }];
  const at = (partition: string, gpuType: string) => waitedText(waits, { cluster: "alder", partition, gpuType, cpuOnly: !gpuType })?.replace(/\s/g, " ");
  assert.equal(at("gpu", "a100"), "usually 2 min to 1 h (last 20 jobs)");
  assert.equal(at("gpu", "h100"), "usually at once (last 4 jobs)");
  assert.equal(at("cpu", ""), "usually at once to 10 min (last 3 jobs)");
  assert.equal(at("private", "a100"), undefined);
  const rows = whereRows([{ cluster: "alder", partition: "gpu", type: "a100", total: 8, free: 0 }], [{ name: "alder" }], {}, [{ name: "alder", waits }]);
  assert.equal(rows[0]?.waited?.replace(/\s/g, " "), "usually 2 min to 1 h (last 20 jobs)");
});

test("GPU-hours left are those of who pays, the least of them", () => {
  const limits: Limits = { associations: [{ account: "ml" }, { account: "lab" }], budgets: [
    { account: "ml", gpu_hours: 1000, gpu_hours_used: 400 }, { account: "ml", user: "me", gpu_hours: 100, gpu_hours_used: 20.5 }, { account: "lab", partition: "big", gpu_hours: 5, gpu_hours_used: 9 }, { qos: "high", gpus: 4 }, { qos: "low", gpu_hours: 2 }] };
  const left = (account: string, partition: string, qos = "") => hoursLeft(limits, { place: { cluster: "alder", partition, gpuType: "", cpuOnly: false }, account, qos });
  assert.deepEqual(left("ml", "gpu", "high"), { account: "79 of 100 GPU-hours left", qos: undefined });
  assert.deepEqual(left("lab", "gpu", "low"), { account: undefined, qos: "2 of 2 GPU-hours left" });
  assert.equal(left("lab", "big").account, "0 of 5 GPU-hours left");
  assert.equal(left("", "gpu").account, undefined); // which of two accounts Slurm takes is not known
});

test("a run on CPUs comes back as one on CPUs", () => {
  const request = { project: "iris", cluster: "local", resources: { gpus: 0 } };
  assert.equal(draftFrom(request).place?.cpuOnly, true);
  assert.deepEqual(bodyOf(draftFrom(request), config), request);
});

test("arguments are split and joined as a shell would", () => {
  assert.deepEqual(splitArgs(`a 'b c' "d \\"e" f\\ g x='1 2'`), ["a", "b c", 'd "e', "f g", "x=1 2"]);
  for (const words of [["a"], ["it's", "b c", ""], ["$HOME", "`x`", "a\nb"]]) assert.deepEqual(splitArgs(joinArgs(words)), words);
  assert.deepEqual(splitArgs("  "), []);
});

test("the command and curl ask for the same", () => {
  const body = { project: "iris", cluster: "alder", overrides: { lr: 0.3 }, resources: { gpus: 2, exclusive: true }, slurm: { partition: "gpu" }, tags: ["a b"], args: ["--x", "it's"] };
  assert.equal(asCommand(body), "sluice submit --project iris --cluster alder --tag 'a b' --gpus 2 --set resources.exclusive=true --partition gpu --param lr=0.3 -- --x 'it'\\''s'");
  assert.match(asCurl(body, "http://gate:1/sub"), /^curl -fsS http:\/\/gate:1\/sub\/api\/v1\/jobs .*--json '\{"project"/);
});

/** What a shell hands to curl's standard input. */
function sentBy(command: string, env: Record<string, string>): unknown {
  return JSON.parse(execFileSync("bash", ["-c", `curl() { cat; }\n${command}`], { encoding: "utf8", env: { ...process.env, ...env } }));
}

test("a command and curl name the secrets, and take them from their shell", () => {
  const body = { project: "iris", description: "costs $5, `x` \\ \"q\"\nit's", args: ["--x"] };
  assert.match(asCommand(body, ["TOK", "KEY"]), / --secret TOK --secret KEY -- --x$/);
  const command = asCurl(body, "http://gate:1", ["TOK", "KEY"]);
  assert.match(command, /"TOK":"\$TOK","KEY":"\$KEY"/);
  assert.deepEqual(sentBy(command, { TOK: "s3cr3t", KEY: "a b" }), { ...body, environment: { TOK: "s3cr3t", KEY: "a b" } });
});

test("secrets are asked for by name, and those that are declared no longer stay behind", () => {
  const names = signal(["TOK"]);
  const secrets = new Secrets(names);
  assert.deepEqual(Object.keys(secrets.faults.value), ["secret:TOK"]);
  assert.equal(secrets.shown("TOK"), undefined); // not before a launch is tried
  secrets.isTried.value = true;
  assert.match(secrets.shown("TOK")!, /needs its value/);
  secrets.set("TOK", "s3cr3t");
  assert.deepEqual([secrets.missing.value, secrets.asRequest()], [[], { environment: { TOK: "s3cr3t" } }]);
  names.value = ["KEY"];
  assert.deepEqual([secrets.missing.value, secrets.asRequest()], [["KEY"], {}]);
  assert.equal(fieldOf("/environment/TOK"), "secret:TOK");
  assert.deepEqual(secretNames({ "env.secrets": { value: ["A"] } }), ["A"]);
  assert.deepEqual(secretNames(undefined), []);
});

test("a pointer finds its field", () => {
  assert.equal(fieldOf("/overrides/lr"), "param:lr");
  assert.equal(fieldOf("/overrides/a~1b"), "param:a/b");
  assert.equal(fieldOf("/resources/time"), "time");
  assert.equal(fieldOf("/resources/gpu_type"), "where");
  assert.equal(fieldOf("/slurm/partition"), "where");
  assert.equal(fieldOf("/frob"), "");
});

test("times are read as Slurm and people write them", () => {
  assert.deepEqual(["90m", "2d", "1d12h", "12:00:00", "1-12:00:00", "90", "2-00", "1.5h", "30:00"].map(seconds), [5400, 172800, 129600, 43200, 129600, 5400, 172800, 5400, 1800]);
  assert.deepEqual(["x", "", "1h x", "-1"].map(seconds), [undefined, undefined, undefined, undefined]);
  assert.equal(slurmTime(129600), "1-12:00:00");
  assert.equal(slurmTime(3600), "01:00:00");
  assert.equal(sizeText(268435456), "256M");
  assert.deepEqual(gpuChoices(4), [1, 2, 4]);
  assert.deepEqual(gpuChoices(6), [1, 2, 4, 6]);
});

const limits: Limits = {
  partitions: [{ name: "gpu", default: true, up: true, max_time_s: 86400, nodes: 4, max_nodes: 2, allow_accounts: ["nlp", "cv"], gpus: { a100: 32 } }, { name: "cpu", up: true, nodes: 8, cpus: 256, deny_qos: ["high"] }, { name: "old", up: false, gpus: { k80: 4 } }, { name: "theirs", allow_accounts: ["bio"], gpus: { h100: 8 } }],
  associations: [{ account: "nlp", qos: ["normal", "high"] }, { account: "cv", partition: "cpu", qos: ["normal"] }],
  qos: [{ name: "high", max_wall_s: 3600, max_tres_per_user: "gres/gpu=4" }],
};

test("resolved sizes and times are written as one would type them", () => {
  for (const s of [1, 59, 60, 600, 5400, 86400, 129_600]) assert.equal(seconds(timeWord(s)), s);
  const cases: [string, unknown, string][] = [
    ["resources.mem", 104_857_600, "100M"], ["resources.mem", 0, "0"], ["resources.mem_per_gpu", 2 ** 34, "16G"], ["code.max_size", 200 * 2 ** 20, "200M"], ["resources.mem", "64G", "64G"],
    ["resources.time", 600, "10m"], ["resources.time", 129_600, "1d12h"], ["resources.cpus", 600, "600"], ["resources.gpu_mem", null, "null"], ["args", ["a"], '["a"]'],
  ];
  for (const [key, value, word] of cases) assert.equal(valueWord(key, value), word, key);
});

test("limits are those of partition, association and QOS", () => {
  assert.deepEqual(accountsAt(limits, "gpu"), ["nlp"]);
  assert.deepEqual(accountsAt(limits, "cpu"), ["nlp", "cv"]);
  assert.deepEqual(qosAt(limits, "cpu", "nlp"), ["normal"]);
  assert.equal(whyNot(limits, "old"), "the partition is down");
  assert.equal(whyNot(limits, "theirs"), "none of your accounts may use it");
  assert.equal(whyNot(undefined, "gpu"), "");
  const place = { cluster: "alder", partition: "gpu", gpuType: "a100", cpuOnly: false };
  const bounds = boundsAt(limits, { place, account: "", qos: "high" }, 8);
  assert.deepEqual(bounds, { nodes: { max: 2, by: "partition gpu" }, time: { max: 3600, by: "QOS high" }, gpus: { max: 4, by: "QOS high" }, perNode: { max: 8, by: "what a node has" } });
  const sized = { place, nodes: "2", time: "2h", gpus: "4", cpus: "" };
  assert.deepEqual(boundFaults(sized, bounds), { time: "At most 1\u202fh: QOS high", gpus: "At most 4 GPUs in all: QOS high" });
  assert.deepEqual(boundFaults({ ...sized, nodes: "3", time: "x", gpus: "16" }, bounds), { nodes: "At most 2: partition gpu", time: "A time such as 90m, 2d or 12:00:00", gpus: "A node has 8" });
  assert.deepEqual(boundFaults({ ...sized, nodes: "1", time: "30m" }, bounds), {});
});

test("an account limits what it is charged for, a partition's QOS whoever comes", () => {
  const strict: Limits = {
    partitions: [{ name: "gpu", default: true, up: true, qos: "part", allow_accounts: ["nlp"] }],
    associations: [{ account: "nlp", qos: ["normal"], default_qos: "normal", max_wall_s: 7200, group_tres: "gres/gpu=16,cpu=64" }],
    qos: [{ name: "normal", max_tres_per_job: "gres/gpu:a100=2,node=3" }, { name: "part", max_tres_per_user: "gres/gpu=12" }],
  };
  const place = { cluster: "alder", partition: "gpu", gpuType: "a100", cpuOnly: false };
  assert.deepEqual(boundsAt(strict, { place, account: "", qos: "" }), { gpus: { max: 2, by: "QOS normal" }, nodes: { max: 3, by: "QOS normal" }, time: { max: 7200, by: "account nlp" }, cpus: { max: 64, by: "account nlp" } });
  assert.deepEqual(tresOf("cpu=4,gres/gpu=8,gres/gpu:h100=2,mem=10G", "h100").gpus, 2);
  assert.deepEqual(tresOf("", "h100"), {});
  assert.deepEqual(chargeFaults(strict, { place, account: "cv", qos: "" }), { account: "It may not use partition gpu" });
  assert.deepEqual(chargeFaults(strict, { place, account: "nlp", qos: "high" }), { qos: "Not for nlp on partition gpu" });
  assert.deepEqual(chargeFaults(strict, { place, account: "nlp", qos: "normal" }), {});
});

test("what the last runs took stands beside the time limit", () => {
  const run = (state: string, minutes: number): { state: string; started_at: string; ended_at: string } => ({ state, started_at: "2026-01-01T00:00:00Z", ended_at: new Date(Date.UTC(2026, 0, 1, 0, minutes)).toISOString() });
  const plainSpaces = (text: string): string => text.replaceAll("\u202f", " ");
  assert.equal(plainSpaces(timeHint([run("failed", 1), run("completed", 30), run("completed", 90)])), "The last 2 runs took 30 min to 1 h 30 min");
  assert.equal(plainSpaces(timeHint([run("completed", 30)])), "The last run took 30 min");
  assert.equal(timeHint([run("failed", 1)]), "");
});

test("rows are asked within the budget, and stand in the order of their starts", () => {
  const gpus = ["a", "b", "c"].map((partition) => ({ cluster: "alder", partition, type: "a100", total: 8, free: 1 }));
  const clusters = [{ name: "alder", scheduler: "slurm", connection: { commands_last_minute: 8, max_commands_per_minute: 20 } }];
  const open: Limits = { partitions: gpus.map(({ partition }) => ({ name: partition, up: true, gpus: { a100: 8 } })) };
  const rows = whereRows(gpus, clusters, { alder: open });
  const [a, b, c] = rows.map((row) => row.key) as [string, string, string];
  assert.deepEqual(askable(rows, clusters, a).map((row) => row.key), [b, c]);
  assert.deepEqual(askable(rows, [{ ...clusters[0]!, connection: { commands_last_minute: 9, max_commands_per_minute: 20 } }], a).map((row) => row.key), [b]);
  assert.deepEqual(askable(rows, [{ ...clusters[0]!, scheduler: "process", connection: { commands_last_minute: 99, max_commands_per_minute: 20 } }], a).map((row) => row.key), [b, c]);
  const hour = 3_600_000;
  assert.deepEqual(byStart(rows, { [c]: hour, [a]: 2 * hour }).map((row) => row.key), [c, a, b]);
  assert.deepEqual(byStart(rows, { [c]: hour, [a]: hour + 1000 }).map((row) => row.key), [a, c, b]);
});

test("a place says what the configuration says of its partition", () => {
  const said: Limits = { partitions: [{ name: "a", gpus: { a100: 8 }, preemptible: true, note: "nights only" }, { name: "cpu", cpus: 8, note: "small" }] };
  const [gpu, cpu] = whereRows([{ cluster: "alder", partition: "a", type: "a100", total: 8 }], [{ name: "alder", scheduler: "slurm" }], { alder: said });
  assert.deepEqual([gpu?.preemptible, gpu?.remark, cpu?.preemptible, cpu?.remark], [true, "nights only", undefined, "small"]);
});

test("what decides a start is its size, not its parameters or its place", () => {
  const one = { ...emptyDraft("p"), gpus: "2", params: { lr: "1" }, place: { cluster: "alder", partition: "a", gpuType: "a100", cpuOnly: false } };
  const other = { ...one, params: { lr: "2" }, place: { ...one.place, partition: "b", gpuType: "h100" } };
  assert.equal(sizeKey(bodyOf(one, undefined)), sizeKey(bodyOf(other, undefined)));
  assert.notEqual(sizeKey(bodyOf(one, undefined)), sizeKey(bodyOf({ ...one, gpus: "4" }, undefined)));
});

test("seldom fields go where the request has them, and come back from it", () => {
  const draft = { ...emptyDraft("p"), more: { tags: "a, b c", array: "0-9%4", exclude: "a05, a[07-09,11]", description: "why" } };
  const body = bodyOf(draft, undefined);
  assert.deepEqual(body, { project: "p", tags: ["a", "b c"], description: "why", slurm: { array: "0-9%4", exclude: ["a05", "a[07-09,11]"] } });
  assert.deepEqual(draftFrom(body).more, draft.more);
  assert.deepEqual(draftFrom(body).rest, {});
});

const asked = (gpus: boolean, partition = "", ...gpuTypes: string[]): Asked => ({ gpus, partition, gpuTypes });

test("a fresh form begins where the project's file says, and there where it ran last", () => {
  const gpu = (cluster: string, partition: string, type: string, free: number) => ({ cluster, partition, type, total: 10, free });
  const gpus = [gpu("alder", "debug", "a100", 9), gpu("alder", "gpu", "a100", 8), gpu("alder", "gpu", "h100", 7), gpu("local", "", "A100 PCIe", 2)];
  const rows = whereRows(gpus, [{ name: "alder", scheduler: "slurm" }, { name: "local", scheduler: "process" }], { alder: { partitions: [{ name: "cpu" }, { name: "debug" }, { name: "gpu" }] } as Limits, local: { cpus: 2 } });
  const first = (...how: [Asked, Place[]?]) => { const place = firstRow(rows, ...how)?.place; return `${place?.cluster}/${place?.partition}/${place?.cpuOnly ? "cpu" : place?.gpuType}`; };
  assert.equal(first(asked(true)), "alder/debug/a100");
  assert.equal(first(asked(true, "gpu")), "alder/gpu/a100");
  assert.equal(first(asked(true, "", "v100", "h100")), "alder/gpu/h100");
  assert.equal(first(asked(true, "gone")), "alder/debug/a100");
  const ran = placesOf([
    { state: "submit_failed", cluster: "alder", resources: { partition: "debug", gpus: 0 } }, { state: "completed", cluster: "local", resources: { gpus: 0 } },
    { state: "failed", cluster: "alder", resources: { partition: "gpu", gpus: 1, gpu_type: "a100" } },
  ]);
  assert.equal(first(asked(false), ran), "local//cpu");
  assert.equal(first(asked(false)), "alder/cpu/cpu");
  assert.equal(first(asked(true), ran), "alder/gpu/a100");
  assert.equal(first(asked(true, "", "h100"), ran), "alder/gpu/h100");
  assert.deepEqual(askedOf({ ...emptyDraft("p"), profile: "big" }, { resources: { gpus: 0 }, slurm: { partition: "cpu" }, profiles: { big: { resources: { gpus: 8, gpu_type: ["h100", "a100"] } } } }), asked(true, "cpu", "h100", "a100"));
});

test("the table has a row a place, those one may not use with the reason, and CPUs", () => {
  const gpus = [{ cluster: "alder", partition: "theirs", type: "h100", total: 8, free: 8 }, { cluster: "alder", partition: "gpu", type: "a100", total: 32, free: 3 }];
  const rows = whereRows(gpus, [{ name: "alder", scheduler: "slurm" }, { name: "local", scheduler: "process" }], { alder: limits, local: { cpus: 2 } });
  assert.deepEqual(rows.map((row) => placeKey(row.place).replaceAll("\n", "/") + (row.why ? ": " + row.why : "")), ["alder/gpu/a100", "alder/theirs/h100: none of your accounts may use it", "alder/cpu/cpu", "local//cpu"]);
  assert.equal(firstRow(rows, asked(true))?.place.partition, "gpu");
  assert.equal(firstRow(rows, asked(false))?.place.partition, "cpu");
  assert.equal(rowFor(rows, { cluster: "alder", partition: "", gpuType: "a100", cpuOnly: false })?.place.partition, "gpu");
});

test("a diff leaves out what differs in every run", () => {
  const token = "jx01m7wzvsdqbn6x5wdv0hhmge5m";
  const before = ["a", `t='${token}'`, "lr 0.1", "same", "end"].join("\n");
  const after = ["a", `t='jx${"0".repeat(26)}'`, "lr 0.3", "more", "same", "end"].join("\n");
  const lines = diffLines(before, after);
  assert.deepEqual([...changedLines(lines)], [3, 4]);
  assert.deepEqual(lines.filter((line) => line.kind === "old").map((line) => line.text), ["lr 0.1"]);
  assert.deepEqual(hunks(lines, 0).map((hunk) => [hunk.skipped, hunk.lines.length]), [[2, 3]]);
  assert.deepEqual(hunks(diffLines(before, before)), []);
});

test("coloured pieces of a line are the line", () => {
  for (const line of ["#SBATCH --time=1 # x", `export A="b $C" # why`, "if [ 'x", "", "fill 'python3' \"${argv[@]}\""]) assert.equal(paint(line).map((piece) => piece.text).join(""), line);
});

test("a line without an origin tells its key alone", () => {
  const origins = originsOf([{ line: 2, path: "name" }, { line: 3, path: "resources.cpus", origin: "project" }, { line: 3, path: "resources.gpus", origin: "flag" }]);
  assert.deepEqual([...origins], [[2, "name"], [3, "resources.cpus: project; resources.gpus: flag"]]);
  assert.equal(originsOf(undefined).size, 0);
});

test("the matrix has types across and partitions down", () => {
  const matrix = matrixOf([{ cluster: "b", partition: "p", type: "a100", total: 4 }, { cluster: "a", partition: "q", type: "h100", total: 8 }, { cluster: "a", partition: "q", type: "a100", total: 2 }]);
  assert.deepEqual(matrix.types, ["h100", "a100"]);
  assert.deepEqual(matrixOf([{ cluster: "a", total: 1 }, { cluster: "b", type: "any", total: 1 }, { cluster: "c", type: "gpu", total: 1 }]).types, ["gpu"]);
  assert.deepEqual([1, 3].map((nodes_total) => roomText({ cluster: "a", total: 4, whole_nodes_free: 1, nodes_total, pending: 2 })), ["1 of 1 node whole, 2 asked for", "1 of 3 nodes whole, 2 asked for"]);
  assert.deepEqual(matrix.lines.map((line) => [line.cluster, line.cells.map((cell) => cell?.total)]), [["a", [8, 2]], ["b", [undefined, 4]]]);
  assert.equal(nodeKind({ name: "n", state: "drained", accepts_work: false }), "off");
  assert.equal(nodeKind({ name: "n", state: "mixed", accepts_work: true, cpus: 8, cpus_in_use: 3 }), "busy");
});

test("a configuration is shown a line a key, a fault with its place", () => {
  assert.deepEqual(configLines({ a: { b: 1, c: {} }, d: ["x"] }).map((line) => `${line.depth}${line.path}=${line.value}`), ["0a=", "1a.b=1", "1a.c={}", '0d=["x"]']);
  assert.equal(faultPlace({ file: ".mlops-config.yaml", line: 3, column: 14 }), ".mlops-config.yaml:3:14");
});

test("times are told in UTC when that is wished", () => {
  const at = Date.UTC(2026, 2, 12, 14, 22, 5);
  showUtc(true);
  assert.equal(stamp(at), "2026-03-12 14:22:05");
  assert.equal(when(at, at), "14:22");
  showUtc(false);
});
