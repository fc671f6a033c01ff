// The list's keyboard cursor stands at a job, not at a place: a row that comes above it does not move it on to another
// job, which the next key would cancel. Where its job leaves the list it stands nowhere until it is moved again, from there.
import { signal } from "@preact/signals";

export const cursor = signal<number | undefined>(undefined); // the id of a job
let place = -1; // in the list, where it was last seen

/** Where it is in this list, -1 nowhere. To be called with each list that is shown. */
export function seeCursor(ids: readonly number[]): number {
  const at = cursor.value === undefined ? -1 : ids.indexOf(cursor.value);
  if (at >= 0) place = at;
  return at;
}

/** So many rows on; the place it has then. */
export function moveCursor(ids: readonly number[], by: number): number {
  const at = seeCursor(ids);
  const from = at >= 0 || by < 0 ? place : place - 1; // in the gap that its job left
  place = Math.max(0, Math.min(ids.length - 1, from + by));
  cursor.value = ids[place];
  return place;
}

export function leaveCursor(): void {
  cursor.value = undefined;
  place = -1;
}
