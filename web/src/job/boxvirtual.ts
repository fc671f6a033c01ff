// Lines of a box that scrolls itself: only what is seen is in the document. A thin hook over virtual-core.
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";

export interface VirtualOptions {
  count: number;
  size: number;
  element: () => HTMLElement | null;
  keyOf: (index: number) => number; // the same function while its answers are the same: another has all rows measured anew
  shape: unknown; // of the lines: with another all are drawn anew
}

const SPARE = 12; // lines beyond each edge, for those who scroll
const FEW = 2; // in a frame that shows other lines than the one before: the others come once it is painted
const FAR = 24; // lines; as far is a jump

/** How many lines beyond the edges are drawn, by where the first one in view is. */
function useSpare(first: number, shape: unknown): number {
  const was = useRef({ first: -FAR, shape });
  const [moved, move] = useReducer<number, void>((n) => n + 1, 0);
  const isJump = useRef(true);
  if (Math.abs(first - was.current.first) >= FAR || shape !== was.current.shape) isJump.current = true;
  was.current = { first, shape };
  useEffect(() => {
    if (!isJump.current) return undefined;
    const timer = setTimeout(() => { isJump.current = false; move(); }, 100);
    return () => clearTimeout(timer);
  }, [first, shape, moved]);
  return isJump.current ? FEW : SPARE;
}

export function useBoxVirtual(options: VirtualOptions): Virtualizer<HTMLElement, Element> {
  const [, render] = useReducer<number, void>((n) => n + 1, 0);
  const full = {
    count: options.count, overscan: FEW, getScrollElement: options.element,
    estimateSize: () => options.size, getItemKey: options.keyOf,
    paddingStart: 6, paddingEnd: 8, observeElementRect, observeElementOffset, scrollToFn: elementScroll, onChange: () => render(),
  };
  const [virtual] = useState(() => new Virtualizer<HTMLElement, Element>(full));
  virtual.setOptions(full);
  virtual.options.overscan = useSpare(virtual.calculateRange()?.startIndex ?? 0, options.shape);
  useLayoutEffect(() => virtual._didMount(), []);
  useLayoutEffect(() => virtual._willUpdate());
  return virtual;
}
