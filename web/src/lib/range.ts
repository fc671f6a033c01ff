// Which rows of one height are in view, by arithmetic alone. Pure.

export interface View { top: number; height: number } // of the window, in px of the page
export interface Rows { count: number; size: number; margin: number } // margin: where the first begins on the page

/** The rows in view and so many spare ones beyond each edge: from the first up to, not including, the last. */
export function rangeOf({ top, height }: View, { count, size, margin }: Rows, spare: number): [from: number, to: number] {
  const within = (index: number): number => Math.max(0, Math.min(count, index));
  return [within(Math.floor((top - margin) / size) - spare), within(Math.ceil((top + height - margin) / size) + spare)];
}

/** Where the window must be for a row to be whole in view below a head of its list that stays; undefined: where it is. */
export function topFor(index: number, { top, height }: View, { size, margin }: Rows, head: number): number | undefined {
  const start = margin + index * size;
  if (start < top + head) return Math.max(0, start - head);
  return start + size > top + height ? start + size - height : undefined;
}
