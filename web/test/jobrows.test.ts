// The rows of the list over a gateway that refuses one filter.
import assert from "node:assert/strict";
import { test } from "node:test";

type Asked = URLSearchParams;
const asked: Asked[] = [];

function answer(address: string): Response {
  const query = new URL(address, "http://gate.example").searchParams;
  asked.push(query);
  if (query.get("filter") === "colour:red") return Response.json({ detail: "known are state cluster" }, { status: 400 });
  return Response.json({ items: [{ id: query.get("filter") ? 7 : 9, event: 1 }], next: 5, total: 40, event: 1 });
}

test("rows of another filter than asked for are told, and no part of that one joins them", async () => {
  Object.assign(globalThis, { document: { querySelector: () => null }, BroadcastChannel: undefined, fetch: async (address: string) => answer(address) });
  const rows = new (await import("../src/jobs/store")).JobRows();
  const all = { filter: "", sort: "", archived: false };
  await rows.show(all);
  assert.equal(rows.old.value, undefined);
  await rows.show({ ...all, filter: "colour:red" });
  assert.deepEqual([rows.problem.value?.status, rows.ids.value, rows.old.value], [400, [9], all]);
  const before = asked.length;
  await rows.more();
  assert.equal(asked.length, before);
  await rows.show({ ...all, filter: "state:failed" });
  assert.deepEqual([rows.problem.value, rows.ids.value, rows.old.value], [undefined, [7], undefined]);
  await rows.show({ ...all, filter: "colour:red" });
  await rows.show({ ...all, filter: "state:failed" });
  assert.deepEqual([rows.ids.value, rows.old.value], [[7], undefined]);
});

test("nothing is selected that another filter, order or change took out of the list", async () => {
  const answers: Record<string, { id: number; event: number }[]> = { "": [{ id: 9, event: 1 }, { id: 8, event: 1 }], "state:failed": [{ id: 7, event: 1 }] };
  const items = (query: URLSearchParams) => answers[query.get("filter") ?? ""];
  Object.assign(globalThis, { document: { querySelector: () => null }, BroadcastChannel: undefined,
    fetch: async (address: string) => Response.json({ items: items(new URL(address, "http://gate.example").searchParams), next: null, event: 1 }) });
  const rows = new (await import("../src/jobs/store")).JobRows();
  const { selected } = await import("../src/jobs/selection");
  const all = { filter: "", sort: "", archived: false };
  const select = (...ids: number[]): void => { selected.value = new Set(ids); };
  await rows.show(all);
  select(9, 8);
  await rows.show(all);
  assert.deepEqual([...selected.value], [9, 8]); // the same list once more
  answers[""]!.pop();
  await rows.reload();
  assert.deepEqual([...selected.value], [9]);
  assert.equal(rows.job(8), undefined);
  for (const other of [{ ...all, filter: "state:failed" }, { ...all, sort: "oldest" }, { ...all, archived: true }]) {
    await rows.show(all);
    select(9);
    const shown = rows.show(other);
    assert.equal(selected.value.size, 0, JSON.stringify(other)); // before its rows are there
    await shown;
  }
});

test("what was asked for before the code was there is taken once, for that very question, and asked again where it failed", async () => {
  const paths: string[] = [];
  let isUp = true;
  Object.assign(globalThis, { document: { querySelector: () => null }, BroadcastChannel: undefined, fetch: async (address: string) => {
    paths.push(address);
    return isUp ? Response.json({ items: [{ id: 9, event: 1 }], next: null, event: 1 }) : Response.json({}, { status: 503 });
  } });
  const { askEarly, takeEarly } = await import("../src/lib/early");
  const { firstPage, listPath } = await import("../src/jobs/listpath");
  const { JobRows } = await import("../src/jobs/store");
  const all = { filter: "", sort: "", archived: false };
  const asked = listPath(all, firstPage);
  askEarly(asked);
  const rows = new JobRows();
  await rows.show(all);
  await rows.show(all); // as the page does when it is drawn
  assert.deepEqual([paths, rows.ids.value], [[`/api/v1${asked}`], [9]]);
  await rows.reload();
  assert.equal(paths.length, 2); // the early answer is not news for ever
  askEarly(asked);
  assert.equal(takeEarly(listPath({ ...all, filter: "state:failed" }, firstPage)), undefined);
  isUp = false;
  askEarly(asked);
  isUp = true;
  const again = new JobRows();
  await again.show(all);
  assert.deepEqual([again.problem.value, again.ids.value], [undefined, [9]]);
});
