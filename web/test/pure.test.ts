// Pure functions of the page. Run by node's own runner over an esbuild bundle: make test-web.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ago, bytes, clock, coarse, count, duration, millis, short, value, when } from "../src/lib/format";
import { complete, quote, terms, termValue, withTerm } from "../src/lib/filter";
import { fuzzyScore, fuzzySort } from "../src/lib/fuzzy";
import { gpuName, jobInFull, reasonText, resourceText, runSeconds, timeText, waitSeconds, whyText } from "../src/lib/jobtext";
import { FrameReader } from "../src/lib/sse";
import { isFailure, stateRow, summarize } from "../src/lib/states";
import type { Job } from "../src/lib/types";
import { fold, isAlarm, lineRange, marked, MAX_SHOWN, pieces, plain } from "../src/job/logtext";
import { chartsOf, inColumn, inOrder, isSpread, lastOf, ofTask, readCurves, restarts, sinceLabel, smooth, splitsSince, stepLabels, summary, tasksIn } from "../src/job/series";
import { timeline } from "../src/job/timeline";
import { bits } from "../src/lib/code";
import { seat } from "../src/jobs/slots";

const narrow = "\u202f";
const plainSpaces = (text: string): string => text.replaceAll(narrow, " ");

test("durations have two units at most", () => {
  const cases: [number, string][] = [[0, "0 s"], [59.6, "1 min"], [61, "1 min 1 s"], [840, "14 min"], [17760, "4 h 56 min"], [90000, "1 d 1 h"], [3600, "1 h"]];
  for (const [seconds, text] of cases) assert.equal(plainSpaces(duration(seconds)), text);
});

test("clocks stand below each other", () => {
  assert.equal(clock(4), "0:04");
  assert.equal(clock(750), "12:30");
  assert.equal(clock(17767), "4:56:07");
  assert.equal(clock(200_000), "2d 07:33");
});

test("ages are coarse and look ahead", () => {
  assert.equal(ago(1000, 1500), "now");
  assert.equal(plainSpaces(ago(0, 12_000)), "12 s ago");
  assert.equal(plainSpaces(ago(600_000, 0)), "in 10 min");
  assert.equal(plainSpaces(coarse(50 * 3600)), "2 d");
});

test("times name the day when it is not today", () => {
  const now = new Date(2026, 2, 14, 12, 0).getTime();
  assert.equal(when(new Date(2026, 2, 14, 9, 5).getTime(), now), "09:05");
  assert.equal(when(new Date(2026, 2, 12, 9, 5).getTime(), now), "Thu 09:05");
  assert.equal(when(new Date(2026, 0, 2, 9, 5).getTime(), now), "2 Jan 09:05");
  assert.equal(when(new Date(2024, 0, 2, 9, 5).getTime(), now), "2 Jan 2024");
  assert.equal(millis("rubbish"), undefined);
});

test("numbers are short and honest", () => {
  assert.equal(count(1234567), "1,234,567");
  assert.equal(short(375_800), "375.8k");
  assert.deepEqual([0.00005, 0.00015, 0.002, 0].map(short), ["5e-5", "1.5e-4", "0.002", "0"]);
  assert.equal(value(3e-5), "3e-5");
  assert.equal(value(0.0003), "3e-4");
  assert.equal(value("NaN"), "NaN");
  assert.equal(value(undefined), "–");
  assert.equal(value(1.40000001), "1.4");
  assert.equal(value(0), "0");
  assert.equal(plainSpaces(bytes(1536)), "1.5 KB");
  assert.equal(plainSpaces(bytes(0)), "0 B");
  assert.deepEqual([5e15, -3.402e38, 1.25e20, 9.99e14].map(value), ["5e15", "-3.4e38", "1.25e20", "999T"]);
});

test("a filter falls into terms with their places", () => {
  assert.deepEqual(terms('state:failed "a b" tag:"x ""y"" z" loose'), [
    { from: 0, to: 12, key: "state", value: "failed" }, { from: 13, to: 18, key: undefined, value: "a b" },
    { from: 19, to: 34, key: "tag", value: 'x "y" z' }, { from: 35, to: 40, key: undefined, value: "loose" }]);
  assert.equal(termValue("gpu:h100 state:running", "state"), "running");
  assert.equal(withTerm("lr state:failed", "state", "running"), "state:running lr");
  assert.equal(withTerm("lr state:failed", "state", undefined), "lr");
  assert.equal(quote("a b"), '"a b"');
});

test("completion offers keys, then values, and goes on after a comma", () => {
  assert.equal(complete("sta", 3, {})[0]?.insert, "state:");
  assert.ok(complete("state:ru", 8, {}).some((offer) => offer.insert === "state:running"));
  assert.ok(complete("state:running,fa", 16, {}).some((offer) => offer.insert === "state:running,failed"));
  assert.deepEqual(complete("cluster:al", 10, { cluster: ["alder", "birch"] }).map((offer) => offer.insert), ["cluster:alder"]);
  assert.equal(complete("x ", 2, {}).length, 10);
});

test("fuzzy search prefers word starts and whole matches", () => {
  assert.equal(fuzzyScore("xyz", "jobs"), -1);
  assert.deepEqual(fuzzySort("cl", ["Cancel", "Clusters"], (text) => text), ["Clusters", "Cancel"]);
});

test("states have words, groups and sums", () => {
  assert.equal(stateRow("out_of_memory").label, "Out of memory");
  assert.equal(stateRow("some_new_state").label, "some new state");
  assert.ok(isFailure("lost") && !isFailure("cancelled") && !isFailure("running"));
  assert.deepEqual(summarize({ running: 2, pending: 3, failed: 1, timeout: 1, completed: 4, cancelled: 1 }), { all: 12, running: 2, queued: 3, failed: 2, completed: 4, cancelled: 1 });
});

const job = (fields: Partial<Job>): Job => ({ id: 1, state: "running", attempt: 1, ...fields }) as Job;

test("a job says what it asked for and why it is so", () => {
  assert.equal(resourceText(job({ resources: { nodes: 2, gpus: 8, gpu_type: "h100" } })), "2 × 8 H100");
  assert.equal(resourceText(job({ resources: { gpus: 1 } })), "1 GPU");
  assert.equal(resourceText(job({ resources: { gpus: 0, cpus: 4 } })), "4 CPUs");
  assert.equal(plainSpaces(gpuName("NVIDIA A100-SXM4-80GB")), "A100 80 GB");
  assert.equal(gpuName("h100"), "H100");
  assert.equal(gpuName("a100_mig"), "a100_mig");
  assert.deepEqual([undefined, "", "any", "gpu"].map(gpuName), ["GPU", "GPU", "GPU", "GPU"]); // one word where the type is not told
  assert.deepEqual([[1, "any"], [2, "gpu"], [2, "h100"]].map(([n, type]) => resourceText(job({ resources: { gpus: n as number, gpu_type: type as string } }))), ["1 GPU", "2 GPUs", "2 H100"]);
  const evidence = [{ line: 3, text: "ImportError: x" }];
  assert.equal(whyText(job({ state: "failed", verdict: { code: "import", title: "Import error", evidence } })), "Import error: ImportError: x");
  assert.equal(whyText(job({ state: "failed", verdict: { code: "import", title: "ImportError: x", evidence } })), "ImportError: x"); // it quotes the line
  assert.equal(whyText(job({ state: "failed", exit_code: 3 })), "exit code 3");
  assert.equal(whyText(job({ state: "pending", why: "Priority: 3 jobs ahead" })), "Priority: 3 jobs ahead");
  assert.equal(whyText(job({ state: "running", cancel_requested_at: "x" })), "Cancelling");
});

test("a job that is asked about is told from others of its name", () => {
  assert.equal(jobInFull(job({ id: 16, name: "runA", cluster: "alder" })), "job 16 “runA” on alder");
  assert.equal(jobInFull(job({ id: 16, name: "", cluster: "alder" })), "job 16 on alder");
});

test("a refusal is told in sentences", () => {
  const told = (why?: string): string | undefined => reasonText(job({ state: "submit_failed", why }));
  const hint = "No node of the partition has what was asked for (GPU type and count, CPUs, reservation).";
  assert.equal(told(`Requested node configuration is not available (${hint}); resources.gpus: .mlops-config.yaml:3:14`),
    "Requested node configuration is not available. No node of the partition has what was asked for (GPU type and count, CPUs, reservation); resources.gpus: .mlops-config.yaml:3:14");
  assert.equal(told(`Not now. (${hint})`), `Not now. ${hint}`);
  assert.equal(told("no room (at all); slurm.account"), "no room (at all); slurm.account");
  assert.equal(told(undefined), undefined);
  assert.equal(told("cut off before its hint begins).); x"), "cut off before its hint begins).); x");
});

test("run and wait times stop at the end", () => {
  const times = { created_at: "2026-01-01T00:00:00Z", started_at: "2026-01-01T00:01:00Z", ended_at: "2026-01-01T00:03:00Z" };
  const now = Date.parse("2026-01-01T00:10:00Z");
  assert.equal(runSeconds(job({ ...times, state: "completed" }), now), 120);
  assert.equal(runSeconds(job(times), now), 540);
  assert.equal(waitSeconds(job(times), now), 60);
  assert.equal(timeText(job({ created_at: times.created_at, state: "pending" }), now), `waits 10${narrow}min`);
});

test("the timeline tells what was, is and will be", () => {
  const now = Date.parse("2026-01-01T01:00:00Z");
  const steps = timeline(job({ created_at: "2026-01-01T00:00:00Z", started_at: "2026-01-01T00:10:00Z", resources: { time_s: 7200 }, progress: { fraction: 0.5, eta_s: 3000 } }), now);
  assert.deepEqual(steps.map((step) => step.kind), ["done", "wait", "now", "future"]);
  assert.equal(steps[2]?.fraction, 0.5);
  assert.ok(plainSpaces(steps[2]!.note).includes("about 50 min left"));
  assert.deepEqual(timeline(job({ state: "failed", created_at: "2026-01-01T00:00:00Z", started_at: "2026-01-01T00:00:01Z", ended_at: "2026-01-01T00:00:05Z", exit_code: 1 }), now).map((step) => step.kind), ["done", "calm", "bad"]);
  assert.deepEqual(timeline(job({ state: "submit_failed", why: "no" }), now).map((step) => step.kind), ["bad"]);
});

test("a job that needs longer than its limit leaves it is warned of", () => {
  const now = Date.parse("2026-01-01T00:54:00Z");
  const run = (eta_s: number, time_s?: number) => {
    const step = timeline(job({ started_at: "2026-01-01T00:00:00Z", resources: { time_s }, progress: { eta_s } }), now).find(({ key }) => key === "run")!;
    return [/ left/.test(step.note), step.warning && plainSpaces(step.warning)];
  };
  assert.deepEqual(run(720, 3600), [false, "about 12 min left: will run into its limit"]);
  assert.deepEqual(run(360, 3600), [true, undefined]);
  assert.deepEqual(run(720), [true, undefined]);
  assert.equal(timeline(job({ state: "timeout", started_at: "2026-01-01T00:00:00Z", ended_at: "2026-01-01T00:50:00Z", resources: { time_s: 600 }, progress: { eta_s: 720 } }), now)[1]?.warning, undefined);
});

test("event frames come whole, however they are cut", () => {
  const text = ":\n\nid: 5\nevent: state\ndata: {\"a\":1}\n\nevent: x\r\ndata: 1\r\ndata: 2\r\n\r\n";
  const reader = new FrameReader();
  assert.deepEqual([...text].flatMap((letter) => reader.feed(letter)).slice(0, 1), [{ id: "5", event: "state", data: '{"a":1}' }]);
  assert.deepEqual(new FrameReader().feed(text).map((frame) => frame.data), ['{"a":1}', "1\n2"]);
});

test("log lines are folded and harmless", () => {
  assert.equal(fold("  0%\r 50%\r100%"), "100%");
  assert.equal(fold("windows\r"), "windows");
  assert.equal(plain("\x1b[31mred\x1b[0m \x1b]0;title\x07x\x1b[2J"), "red x");
  assert.deepEqual(pieces("\x1b[31mred\x1b[0m on"), [{ text: "red", class: "ansi-red-fg" }, { text: " on", class: "" }]);
  assert.deepEqual(pieces("a\u202eb\x00c"), [{ text: "a\u2039U+202E\u203ab\ufffdc", class: "" }]);
  assert.equal(pieces("x".repeat(100_000))[0]?.text.length, MAX_SHOWN);
  assert.equal(pieces("<script>")[0]?.text, "<script>");
  assert.equal(pieces("\x1b]8;;javascript:x\x07link\x1b]8;;\x07").map((piece) => piece.text).join(""), "link");
});

test("warnings are found under colours, words that only look like them are not", () => {
  assert.ok(isAlarm("\x1b[33mWARNING\x1b[0m x") && isAlarm("Traceback (most recent call last):") && isAlarm("ValueError: x") && isAlarm("DeprecationWarning: x"));
  assert.ok(!isAlarm("forewarned terrors") && !isAlarm("val_error 0.3"));
});

test("marks fall across colours", () => {
  const parts = marked([{ text: "ab", class: "x" }, { text: "cd", class: "" }], "BC");
  assert.deepEqual(parts.map((part) => [part.text, part.mark ?? false]), [["a", false], ["b", true], ["c", true], ["d", false]]);
});

test("links to lines", () => {
  assert.deepEqual(lineRange("#L120-140"), [120, 140]);
  assert.deepEqual(lineRange("#L7"), [7, 7]);
  assert.equal(lineRange("#x"), undefined);
});

test("smoothing does not depend on how points were sampled, and keeps gaps", () => {
  const at = (n: number): { x: number[]; y: number[] } => ({ x: Array.from({ length: n }, (_, i) => (i * 1000) / (n - 1)), y: Array.from({ length: n }, (_, i) => (i < n / 2 ? 0 : 1)) });
  const few = at(101);
  const many = at(1001);
  const a = smooth(few.x, few.y, 0.5)[75]!;
  const b = smooth(many.x, many.y, 0.5)[750]!;
  assert.ok(Math.abs(a - b) < 0.02, `${a} ${b}`);
  assert.deepEqual(smooth([0, 1, 2], [1, null, 1], 0.5)[1], null);
  assert.deepEqual(smooth([0, 1, 2], [1, 2, 3], 0), [1, 2, 3]);
});

test("a curve tells where its run began again, by time or by a step that goes back", () => {
  const [timed] = readCurves({ items: [{ name: "loss", steps: [0, 10, 20, 10, 20, 30], times: [100, 110, 120, 200, 210, 220], values: [1, 1, 1, 1, 1, 1] }] });
  assert.deepEqual(restarts(timed!, [], false), []);
  assert.deepEqual(restarts(timed!, [150], false), [10]);
  assert.deepEqual(restarts(timed!, [150, 500], true), [200]);
  const [untimed] = readCurves({ items: [{ name: "loss", steps: [0, 10, 20, 10, 20], values: [1, 1, 1, 1, 1] }] });
  assert.deepEqual(restarts(untimed!, [150], false), [10]);
});

test("points of one time stand by their steps, a lone point by its time", () => {
  const of = (...time: number[]) => ({ name: "loss", step: time.map((_, at) => at), time, value: time.map(() => 1) });
  assert.equal(isSpread([of(100.5, 100.5, 100.5)]), false);
  assert.equal(isSpread([of(100.5, 100.5), of(101)]), false);
  assert.equal(isSpread([of(100.5, 100.501)]), true);
  assert.equal(isSpread([of(100.5), of(100.5)]), true);
  assert.equal(isSpread([of(NaN, NaN)]), false);
});

test("the time axis counts from the first point, and none stands before it", () => {
  const since = (...at: Parameters<typeof splitsSince>) => splitsSince(...at).map((x) => sinceLabel(x - at[0], at[3]));
  assert.deepEqual(since(1796008100.469, 1796008099.469, 1796008101.469, 0.5), ["0 s", "0.5 s", "1 s"]);
  assert.deepEqual(since(1796008100.106, 1796008100.106, 1796008100.1105, 0.001), ["0 ms", "1 ms", "2 ms", "3 ms", "4 ms"]);
  assert.deepEqual(since(1796008100.469, 1796008100.469, 1796008220.469, 60), ["0:00", "1:00", "2:00"]);
});

test("the tasks of an array have their curves", () => {
  const curves = readCurves({ items: ["task10/train/loss", "task2/train/loss", "task2/lr", "note"].map((name) => ({ name, steps: [1], values: [1] })) });
  assert.deepEqual(tasksIn(curves), [2, 10]);
  assert.deepEqual(ofTask(curves, 2).map(({ name, key }) => [name, key]), [["lr", "task2/lr"], ["train/loss", "task2/train/loss"]]);
  assert.equal(ofTask(curves, undefined).length, 4);
});

test("curves of several shapes, in order, on common charts", () => {
  const [curve] = readCurves({ items: [{ key: "train/loss", points: [[0, 3], [2, "NaN"], [1, 2], [1, 1]] }] });
  assert.deepEqual(curve?.value, [3, null, 2, 1]);
  assert.deepEqual(inOrder(curve!, false), { x: [0, 1, 2], y: [3, 1, null], low: undefined, high: undefined });
  const two = readCurves({ items: [{ name: "eval/loss", steps: [1], values: [2] }, { name: "train/loss", steps: [1], values: [2], min: [1], max: [3] }, { name: "lr", steps: [1], values: [1] }] });
  const worded = readCurves({ items: ["Train Loss", "Val Loss", "gpu 0 memory", "gpu 1 memory"].map((name) => ({ name, steps: [1], values: [1] })) });
  assert.deepEqual(chartsOf(worded).map((chart) => [chart.title, chart.curves.length]), [["Loss", 2], ["gpu 0 memory", 1], ["gpu 1 memory", 1]]);
  assert.deepEqual(chartsOf(two).map((chart) => [chart.title, chart.curves.length]), [["loss", 2], ["lr", 1]]);
  const [merged] = readCurves({ items: [{ name: "loss", total: 5000, steps: [0, 10], min: [1, "NaN"], max: [3, 4] }] });
  assert.deepEqual([merged?.value, merged?.low, merged?.high], [[2, null], [1, null], [3, 4]]);
  assert.ok(summary(two[0]!, String).includes("eval/loss stays"));
});

test("a curve that ended in NaN says so, not the last number before it", () => {
  const read = (item: object) => readCurves({ items: [{ name: "loss", steps: [1, 2, 3], ...item }] })[0]!;
  const diverged = read({ values: [2, 1.5, "NaN"] });
  assert.equal(lastOf(diverged), "NaN");
  assert.match(summary(diverged, String), /falls from 2 to 1.5, .*, now NaN$/);
  assert.equal(lastOf(read({ values: [2, "Infinity", 1.5] })), 1.5);
  assert.equal(lastOf(read({ min: [2, 1, 1], max: [3, 2, 2], last: "-Infinity" })), "-Infinity");
  assert.equal(summary(read({ values: ["NaN", "NaN", "NaN"] }), String), "loss: NaN");
  assert.equal(lastOf(read({ values: [1, 2, null] })), 2);
  assert.deepEqual(inColumn([1.25, "NaN", null, 2]), ["1.25", "NaN", "–", "2.00"]);
});

test("a script's lines keep every character", () => {
  for (const line of ['#SBATCH --time=12:00:00', 'export A="b $C" # why', "srun python train.py --lr=3e-4 '$x'", ""]) assert.equal(bits(line).map((bit) => bit.text).join(""), line);
  assert.equal(bits("#SBATCH -n 1")[0]?.class, "d");
});

test("a job that goes leaves its row to one that comes, but for the row that holds the focus", () => {
  const first = seat(new Map(), [10, 9, 8]);
  assert.deepEqual([...first], [[10, 0], [9, 1], [8, 2]]);
  assert.deepEqual([...seat(first, [9, 8, 7])], [[9, 1], [8, 2], [7, 0]]);
  assert.deepEqual([...seat(first, [5, 4, 3])], [[5, 0], [4, 1], [3, 2]]);
  assert.deepEqual([...seat(first, [5, 4, 3], 1)], [[5, 0], [4, 2], [3, 3]]);
});

test("an axis never says the same of two steps", () => {
  assert.deepEqual(stepLabels([0, 500, 1000, 1500]), ["0", "500", "1k", "1.5k"]);
  assert.deepEqual(stepLabels([1199, 1199.5, 1200, 1200.5, 1201]), ["1199", "", "1200", "", "1201"]);
});

test("values below each other have as many decimals, unless one is no plain number", () => {
  assert.deepEqual(inColumn([1.18, 1.216, 1.7, 3, null, -2.05]), ["1.180", "1.216", "1.700", "3.000", "–", "-2.050"]);
  assert.deepEqual(inColumn([1, 20, 300]), ["1", "20", "300"]);
  assert.deepEqual(inColumn([0.00003, 0.5]), ["3e-5", "0.5"]);
  assert.deepEqual(inColumn([]), []);
});
