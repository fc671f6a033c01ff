// Which rows are selected.
import { signal } from "@preact/signals";

export const selected = signal<ReadonlySet<number>>(new Set());

export function clearSelection(): void {
  if (selected.peek().size) selected.value = new Set();
}

/** What is not listed is not meant. */
export function keepSelected(listed: ReadonlySet<number>): void {
  const left = [...selected.peek()].filter((id) => listed.has(id));
  if (left.length < selected.peek().size) selected.value = new Set(left);
}
