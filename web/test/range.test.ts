import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { rangeOf, topFor } from "../src/lib/range";

const rows = { count: 1000, size: 34, margin: 290 };

describe("rows in view", () => {
  test("at the top of the page those that fit below the margin, the cut one too", () => {
    assert.deepEqual(rangeOf({ top: 0, height: 900 }, rows, 0), [0, 18]); // 17.9 rows
  });

  test("deep inside, spare ones at both edges", () => {
    assert.deepEqual(rangeOf({ top: 290 + 340, height: 68 }, rows, 0), [10, 12]);
    assert.deepEqual(rangeOf({ top: 290 + 341, height: 68 }, rows, 6), [4, 19]); // begins within row 10, ends within row 12
  });

  test("never beyond the ends, and none of an empty list", () => {
    assert.deepEqual(rangeOf({ top: 290 + 34_000, height: 900 }, rows, 6), [994, 1000]);
    assert.deepEqual(rangeOf({ top: 0, height: 100 }, rows, 2), [0, 0]); // they begin below the edge
    assert.deepEqual(rangeOf({ top: 0, height: 900 }, { ...rows, count: 0 }, 6), [0, 0]);
    assert.deepEqual(rangeOf({ top: 9000, height: 900 }, { ...rows, count: 3 }, 6), [3, 3]); // the list has become shorter
  });
});

describe("a row is scrolled to", () => {
  test("only where it is not whole in view, the head kept in mind", () => {
    assert.equal(topFor(0, { top: 0, height: 900 }, rows, 30), undefined);
    assert.equal(topFor(17, { top: 0, height: 900 }, rows, 30), 2); // its lower edge is at 902
    assert.equal(topFor(10, { top: 290 + 340, height: 900 }, rows, 30), 600); // behind the head
    assert.equal(topFor(10, { top: 600, height: 900 }, rows, 30), undefined);
    assert.equal(topFor(0, { top: 5000, height: 900 }, { ...rows, margin: 10 }, 30), 0);
  });
});
