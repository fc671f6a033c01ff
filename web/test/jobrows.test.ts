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
