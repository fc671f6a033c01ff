// Which row's elements show which job. A job that goes leaves its elements to one that comes: to change their words costs
// the browser half of what new ones do. Pure.

export type Slots = ReadonlyMap<number, number>; // job to slot

/** The slots of these jobs: those that stay keep theirs. What kept holds (the focus) goes to no other job. */
export function seat(was: Slots, ids: number[], kept?: number): Slots {
  const stay = new Set(ids);
  const free = [...was].filter(([id, slot]) => !stay.has(id) && slot !== kept).map(([, slot]) => slot).sort((a, b) => b - a);
  let fresh = Math.max(-1, kept ?? -1, ...was.values()) + 1;
  const slots = new Map<number, number>();
  for (const id of ids) slots.set(id, was.get(id) ?? free.pop() ?? fresh++);
  return slots;
}
