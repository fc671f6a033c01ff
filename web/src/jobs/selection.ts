// Which rows are selected.
import { signal } from "@preact/signals";

export const selected = signal<ReadonlySet<number>>(new Set());

export function clearSelection(): void {
  selected.value = new Set();
}
