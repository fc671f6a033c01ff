// What the page tells of its own: notifications, views, waits, who is needed at a login.
import assert from "node:assert/strict";
import { test } from "node:test";

import { budgetText, needsPerson, noGpusText, queueText, type Cluster } from "../src/clusters/shape";
import { mayRequeue, waitsOf, waitsText } from "../src/job/timeline";
import { leftLong } from "../src/jobs/away";
import { readViews, withView } from "../src/jobs/viewlist";
import { tasksOf } from "../src/lib/jobtext";
import { messagesOf, occasionOf } from "../src/lib/told";
import type { Job } from "../src/lib/types";

const job = (fields: Partial<Job>): Job => ({ id: 1, state: "running", attempt: 1, name: "run", ...fields }) as Job;

test("states are occasions to tell of", () => {
  assert.deepEqual(["failed", "timeout", "lost", "completed", "cancelled", "running", "pending", "settling"].map(occasionOf), ["failed", "failed", "failed", "ended", "ended", "started", undefined, undefined]);
});

test("a few jobs are told one by one, with what they died of", () => {
  const failed = job({ id: 7, state: "failed", name: "sft", verdict: { code: "gpu_oom", title: "A GPU ran out of memory", evidence: [{ text: "CUDA out of memory" }] } });
  assert.deepEqual(messagesOf([failed, job({ state: "completed" })], new Set(["failed"])), [{ title: "Failed: sft", body: "A GPU ran out of memory\nCUDA out of memory", tag: "sluice-job-7", path: "/jobs/7" }]);
});

test("many jobs at once are one message", () => {
  const many = [1, 2, 3, 4].map((id) => job({ id, state: "completed" })).concat(job({ id: 5, state: "failed", name: "bad", why: "no disk" }));
  assert.deepEqual(messagesOf(many, new Set(["failed", "ended"])), [{ title: "5 jobs: 4 completed, 1 failed", body: "bad: no disk", tag: "sluice-jobs", path: "/jobs?filter=state:failed" }]);
});

test("what a job waited for is a history with lengths", () => {
  const at = (s: number): string => new Date(s * 1000).toISOString();
  const event = (s: number, kind: string, data: unknown): never => ({ id: s, kind, time: at(s), data }) as never;
  const waits = waitsOf([
    event(100, "created", {}), event(101, "state", { state: "pending", from: "submitting", reason: "Priority", why: "Others stand before it." }),
    event(160, "changed", { state: "pending", reason: "Priority", why: "Others stand before it." }), event(221, "changed", { state: "pending", reason: "Resources", why: "Next in line." }),
    event(281, "state", { state: "running", from: "pending" }),
  ]);
  assert.deepEqual(waits.map(({ reason, from, to }) => [reason, from / 1000, to && to / 1000]), [["Priority", 101, 221], ["Resources", 221, 281]]);
  assert.equal(waitsText(waits, 0).replaceAll("\u202f", " "), "Priority 2 min, then Resources 1 min");
  assert.equal(waitsOf([event(1, "state", { state: "pending", from: "submitting", reason: "Priority" })])[0]?.to, undefined);
  const newer = waitsOf(["3 jobs wait", "2 jobs wait"].map((why, n) => event(n, "changed", { state: "pending", reason: "Priority", why })));
  assert.deepEqual(newer.map(({ why, from }) => [why, from]), [["2 jobs wait", 0]]); // the same wait with newer numbers
});

test("an array's failures come first", () => {
  const tasks = [["completed", 0], ["pending", 1], ["running", 2], ["failed", 3]].map(([state, task]) => ({ state, task }) as never);
  assert.deepEqual(tasksOf(job({ task_list: tasks })).map((one) => one.task), [3, 2, 1, 0]);
});

test("views are read with care and kept by name", () => {
  assert.deepEqual(readViews("nonsense"), []);
  assert.deepEqual(readViews('[{"name":"a","filter":"x"},{"name":1},null]'), [{ name: "a", filter: "x" }]);
  assert.deepEqual(withView([{ name: "b", filter: "1" }, { name: "a", filter: "2" }], { name: "b", filter: "3" }), [{ name: "a", filter: "2" }, { name: "b", filter: "3" }]);
});

test("an absence is one of ten minutes", () => {
  const left = JSON.stringify({ event: 5, at: 0 });
  assert.equal(leftLong(left, 9 * 60_000), undefined);
  assert.deepEqual(leftLong(left, 11 * 60_000), { event: 5, at: 0 });
  assert.deepEqual([leftLong(null, 1e9), leftLong("{", 1e9), leftLong('{"event":0,"at":0}', 1e9)], [undefined, undefined, undefined]);
});

test("only a running job of Slurm, not an array, can be requeued", () => {
  const job = { id: 1, state: "running", scheduler: "slurm", slurm: { job_id: "7" } } as Job;
  assert.equal(mayRequeue(job), true);
  for (const other of [{ state: "pending" }, { state: "completed" }, { scheduler: "process" }, { slurm: { job_id: "7", array: "0-3" } }, { slurm: undefined }])
    assert.equal(mayRequeue({ ...job, ...other } as Job), false, JSON.stringify(other));
});

test("a person is asked for where only one gets in", () => {
  const cluster = (connection: Cluster["connection"], enabled = true): Cluster => ({ name: "a", type: "slurm", state: "unknown", stale: true, enabled, connection });
  assert.deepEqual(["up", "connecting", "needs_login", "refused", "backoff"].map((state) => needsPerson(cluster({ state }))), [false, false, true, true, true]);
  assert.equal(needsPerson(cluster({ state: "connecting", prompt: "Code:" })), true);
  assert.equal(needsPerson(cluster({ state: "refused" }, false)), false);
  assert.equal(budgetText(3, 20, "in the last minute", 1229), "3 of 20 in the last minute, 1,229 since the start");
  assert.equal(budgetText(undefined, 20, "", undefined), undefined);
});

test("a queue is told by jobs and the GPUs they ask for", () => {
  assert.equal(queueText([{ partition: "gpu", jobs: 3, gpus: 8 }, { partition: "cpu", jobs: 1, gpus: 0 }]), "4 jobs wait, for 8 GPUs");
  assert.equal(queueText([{ partition: "cpu", jobs: 1, gpus: 0 }]), "1 job waits");
  assert.equal(queueText(undefined), "");
});

test("a cluster that was never seen is not said to have no GPUs", () => {
  const seen = { name: "alder", observed_at: "2026-03-12T14:20:00Z" };
  assert.equal(noGpusText([seen]), "No GPUs here. Jobs run on CPUs.");
  assert.equal(noGpusText([seen, { name: "cedar" }]), "No GPUs seen: cedar has not been seen yet.");
});
