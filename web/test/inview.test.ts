// Work that waits until it is seen, over a stand-in for the browser's observer.
import assert from "node:assert/strict";
import { test } from "node:test";

import { whenSeen } from "../src/job/inview";

type Entries = { target: unknown; isIntersecting: boolean }[];
let see: (entries: Entries) => void = () => undefined;
Object.assign(globalThis, { IntersectionObserver: class {
  constructor(seen: typeof see) { see = seen; }
  observe(): void {}
  unobserve(): void {}
} });

const turn = (): Promise<void> => new Promise((done) => setTimeout(done));

function piece(name: string, done: string[]): { seen: (isIntersecting: boolean) => void } & ReturnType<typeof whenSeen> {
  const element = {} as Element;
  return { ...whenSeen(element, () => done.push(name)), seen: (isIntersecting) => see([{ target: element, isIntersecting }]) };
}

test("work waits until it is both due and in view, and is done once", async () => {
  const done: string[] = [];
  const one = piece("one", done);
  one.due();
  await turn();
  assert.deepEqual(done, []);
  one.seen(true);
  await turn();
  assert.deepEqual(done, ["one"]);
  one.seen(false);
  one.due();
  one.due();
  await turn();
  assert.deepEqual(done, ["one"]);
  one.seen(true);
  await turn();
  await turn();
  assert.deepEqual(done, ["one", "one"]);
});

test("one piece a task, in the order they were asked for; what has stopped or gone out of view is left out", async () => {
  const done: string[] = [];
  const all = ["a", "b", "c", "d"].map((name) => piece(name, done));
  for (const one of all) { one.seen(true); one.due(); }
  assert.deepEqual(done, []);
  all[1]!.stop();
  all[2]!.seen(false);
  await turn();
  assert.deepEqual(done, ["a"]);
  await turn();
  await turn();
  assert.deepEqual(done, ["a", "d"]);
});
