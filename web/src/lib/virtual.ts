// Long lists that scroll with the window: only what is seen is in the document. The log's lines, which may be of many
// heights, have job/boxvirtual.ts.
import { useLayoutEffect, useReducer, useRef } from "preact/hooks";

import { rangeOf, topFor, type Rows, type View } from "./range";

// Kept, as to ask the window for them lays out a page that has just changed.
const view: View = { top: scrollY, height: innerHeight };
const looks = new Set<() => void>();

function look(): void {
  view.top = scrollY;
  view.height = innerHeight;
  looks.forEach((one) => one());
}

addEventListener("scroll", look, { passive: true });
addEventListener("resize", look);

export interface WindowRows { from: number; to: number; show: (index: number, head: number) => void }

/** The rows to draw, spare ones beyond each edge among them. */
export function useWindowRows(rows: Rows, spare: number): WindowRows {
  const [, render] = useReducer<number, void>((n) => n + 1, 0);
  const [from, to] = rangeOf(view, rows, spare);
  const drawn = useRef({ rows, spare, from, to });
  drawn.current = { rows, spare, from, to };
  useLayoutEffect(() => {
    const again = (): void => {
      const is = drawn.current;
      const [first, end] = rangeOf(view, is.rows, is.spare);
      if (first !== is.from || end !== is.to) render();
    };
    looks.add(again);
    return () => { looks.delete(again); };
  }, []);
  return {
    from, to,
    show: (index, head) => {
      const top = topFor(index, view, rows, head);
      if (top !== undefined) scrollTo(0, top);
    },
  };
}
