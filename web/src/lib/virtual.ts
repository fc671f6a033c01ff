// Long lists: only what is seen is in the document. A thin hook over virtual-core, for the window or a box.
import {
  elementScroll, observeElementOffset, observeElementRect, observeWindowOffset, observeWindowRect, Virtualizer, windowScroll,
} from "@tanstack/virtual-core";
import { useLayoutEffect, useReducer, useState } from "preact/hooks";

export interface VirtualOptions {
  count: number;
  size: number;
  overscan: number;
  element: () => HTMLElement | null;
  keyOf: (index: number) => string | number; // the same function while its answers are the same: another has all rows measured anew
}

const byIndex = (index: number): number => index;

/** Rows of a box that scrolls itself. */
export function useBoxVirtual(options: VirtualOptions): Virtualizer<HTMLElement, Element> {
  const [, render] = useReducer<number, void>((n) => n + 1, 0);
  const full = {
    count: options.count, overscan: options.overscan, getScrollElement: options.element,
    estimateSize: () => options.size, getItemKey: options.keyOf,
    paddingStart: 6, paddingEnd: 8, observeElementRect, observeElementOffset, scrollToFn: elementScroll, onChange: () => render(),
  };
  const [virtual] = useState(() => new Virtualizer<HTMLElement, Element>(full));
  virtual.setOptions(full);
  useLayoutEffect(() => virtual._didMount(), []);
  useLayoutEffect(() => virtual._willUpdate());
  return virtual;
}

/** Rows that scroll with the window; margin: where the list begins on the page. */
export function useWindowVirtual(options: { count: number; size: number; margin: number }): Virtualizer<Window, Element> {
  const [, render] = useReducer<number, void>((n) => n + 1, 0);
  const full = {
    count: options.count, overscan: 6, getScrollElement: () => window, scrollMargin: options.margin,
    estimateSize: () => options.size, getItemKey: byIndex,
    observeElementRect: observeWindowRect, observeElementOffset: observeWindowOffset, scrollToFn: windowScroll,
    initialOffset: () => window.scrollY, initialRect: { width: window.innerWidth, height: window.innerHeight }, onChange: () => render(),
  };
  const [virtual] = useState(() => new Virtualizer<Window, Element>(full));
  const sizeWas = virtual.options.estimateSize(0);
  virtual.setOptions(full);
  useLayoutEffect(() => virtual._didMount(), []);
  useLayoutEffect(() => {
    if (sizeWas !== options.size) virtual.measure();
    virtual._willUpdate();
  });
  return virtual;
}
