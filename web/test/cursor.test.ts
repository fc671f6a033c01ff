// The keyboard cursor of the list, while the list changes under it.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { cursor, leaveCursor, moveCursor, seeCursor } from "../src/jobs/cursor";

beforeEach(leaveCursor);

test("the cursor goes down and up and stays within the list", () => {
  const ids = [9, 8, 7];
  assert.equal(seeCursor(ids), -1);
  assert.deepEqual([moveCursor(ids, 1), cursor.value], [0, 9]);
  assert.deepEqual([moveCursor(ids, 1), moveCursor(ids, 1), moveCursor(ids, 1), cursor.value], [1, 2, 2, 7]);
  assert.deepEqual([moveCursor(ids, -1), cursor.value], [1, 8]);
  leaveCursor();
  assert.deepEqual([moveCursor(ids, -1), cursor.value], [0, 9]);
});

test("a job that comes above does not move the cursor to another job", () => {
  moveCursor([9, 8, 7], 1);
  moveCursor([9, 8, 7], 1);
  assert.deepEqual([seeCursor([11, 10, 9, 8, 7]), cursor.value], [3, 8]);
  assert.deepEqual([moveCursor([11, 10, 9, 8, 7], -1), cursor.value], [2, 9]);
});

test("where its job leaves the list no other takes its place, and the next move goes on from there", () => {
  for (const [by, next] of [[1, 7], [-1, 9]] as const) {
    leaveCursor();
    moveCursor([9, 8, 7], 1);
    moveCursor([9, 8, 7], 1);
    assert.equal(seeCursor([9, 7]), -1);
    moveCursor([9, 7], by);
    assert.equal(cursor.value, next);
  }
});

test("in an empty list it stands nowhere", () => {
  moveCursor([], 1);
  assert.equal(cursor.value, undefined);
  assert.deepEqual([moveCursor([5], 1), cursor.value], [0, 5]);
});
