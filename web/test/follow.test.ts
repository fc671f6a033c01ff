// What counts as a person's move up in a box that follows its end.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Hand } from "../src/job/follow";

const at = (top: number): Hand => {
  const hand = new Hand();
  hand.put(top);
  return hand;
};

test("what the page itself moves is no hand", () => {
  const hand = at(1000);
  assert.equal(hand.movedUp(400, 5000), false);
  hand.act(0);
  assert.equal(hand.movedUp(100, 5000), false); // the wheel was long ago
});

test("a wheel, a key or a finger that moves up is one, and downwards it is none", () => {
  const hand = at(1000);
  hand.act(100);
  assert.equal(hand.movedUp(1100, 150), false);
  assert.equal(hand.movedUp(1000, 200), true);
});

test("so long as a button is down it may drag the scroll bar", () => {
  const hand = at(1000);
  hand.hold();
  assert.equal(hand.movedUp(900, 60_000), true);
  hand.release(60_000);
  assert.equal(hand.movedUp(800, 60_100), true);
  assert.equal(hand.movedUp(700, 90_000), false);
});

test("growth between the wheel and the scroll is not the hand's way", () => {
  const hand = at(1000);
  hand.act(100);
  hand.put(3000);
  assert.equal(hand.movedUp(2950, 120), true);
  assert.equal(hand.movedUp(2950, 130), false);
});

test("once the end is asked for, what the hand did before is over", () => {
  const hand = at(1000);
  hand.act(100);
  hand.forget();
  assert.equal(hand.movedUp(900, 150), false);
});
