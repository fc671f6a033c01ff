// The log as the page holds it, over a gateway that answers when told to.
import assert from "node:assert/strict";
import { test } from "node:test";

const LINES = 500_000;
const text = Array.from({ length: LINES }, (_, at) => `line ${at + 1}\n`).join("");

/** A window into the text, as GET /jobs/1/log gives it. */
function answer(address: string): Response {
  const asked = new URL(address, "http://gate.example").searchParams;
  const [line, limit] = [Number(asked.get("line")), Number(asked.get("limit")) || Infinity];
  let offset = line ? text.indexOf(`line ${line}\n`) : Number(asked.get("offset"));
  if (offset < 0) offset += text.length;
  const end = line ? text.indexOf(`line ${line + Number(asked.get("lines"))}\n`) : offset + limit;
  return new Response(text.slice(offset, end), { headers: { "X-Sluice-Offset": String(offset), "X-Sluice-Size": String(text.length) } });
}

async function storeOver(fetched: (address: string) => Promise<Response>): Promise<import("../src/job/logstore").LogStore> {
  Object.assign(globalThis, { document: { querySelector: () => null }, fetch: fetched });
  return new (await import("../src/job/logstore")).LogStore(1);
}

test("a line that is asked for while more is on its way comes behind it", async () => {
  let arrive = (): void => undefined;
  let isSlow = false;
  const store = await storeOver((address) => (isSlow ? new Promise((done) => { arrive = () => done(answer(address)); }) : Promise.resolve(answer(address))));
  await store.load();
  assert.ok(store.hasEarlier);
  isSlow = true;
  const more = store.more();
  const first = store.around(1);
  isSlow = false;
  arrive();
  await more;
  assert.equal(await first, 0);
  assert.equal(store.lines[0], "line 1");
  assert.equal(store.numberOf(0), 1);
});

test("from a stretch in the middle one comes to what is behind it, and to the end", async () => {
  const store = await storeOver((address) => Promise.resolve(answer(address)));
  await store.load();
  assert.equal(store.lines.at(-1), `line ${LINES}`);
  assert.ok(!store.hasLater);
  assert.ok((await store.around(200_000)) >= 0);
  const held = store.lines.length;
  assert.ok(store.hasLater);
  await store.more(); // a look for news, every few seconds
  assert.equal(store.lines.length, held);
  await store.later();
  const first = store.numberOf(0)!;
  assert.ok(store.lines.length > held);
  store.lines.slice(0, -1).forEach((line, at) => assert.equal(line, `line ${first + at}`));
  while (store.hasLater) await store.later();
  assert.equal(store.lines.at(-1), `line ${LINES}`);
  await store.around(200_000);
  await store.load();
  assert.equal(store.lines.at(-1), `line ${LINES}`);
  assert.ok(!store.hasLater && store.hasEarlier);
});

test("a log that has not begun is empty, and one that went is read from its start when it is there again", async () => {
  let file: string | undefined;
  const store = await storeOver((address) => {
    const offset = Math.max(0, Number(new URL(address, "http://gate.example").searchParams.get("offset")));
    const headers = { "X-Sluice-Offset": String(offset), "X-Sluice-Size": String(file?.length ?? 0), "X-Sluice-Begun": file === undefined ? "0" : "1" };
    return Promise.resolve(new Response(file?.slice(offset) ?? "", { headers }));
  });
  await store.load();
  assert.ok(store.loaded.value && !store.begun.value && !store.problem.value);
  assert.deepEqual(store.lines, []);
  file = "one\n";
  await store.more();
  assert.ok(store.begun.value);
  file = undefined;
  await store.more();
  assert.deepEqual(store.lines, ["one"]); // what was seen stays
  file = "anew\nmore\n";
  await store.more();
  assert.deepEqual(store.lines, ["anew", "more"]);
});
