// What the gateway offers, while it can and cannot tell.
import assert from "node:assert/strict";
import { test } from "node:test";

test("a failed look at what the gateway offers is no answer, and is not kept", async () => {
  let looks = 0;
  let isUp = false;
  const document = { paths: { "/api/v1/notifiers": {} } };
  const fetched = async (): Promise<Response> => { looks++; return isUp ? Response.json(document) : new Response("{}", { status: 503 }); };
  Object.assign(globalThis, { document: { querySelector: () => null }, fetch: fetched });
  const { offers } = await import("../src/lib/offers");
  await assert.rejects(offers("/notifiers"));
  isUp = true;
  assert.deepEqual([await offers("/notifiers"), await offers("/nothing")], [true, false]);
  assert.equal(looks, 2); // the good answer is kept
});
